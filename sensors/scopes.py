"""What a token for a program may do: scopes, each a part of what its account may."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from sensors.actors import Permission


class Scope(StrEnum):
    """One thing that a token can be made for. Managing users is in none: no program hands out rights."""

    READ = "read"
    EXPORT = "export"
    ALERTS = "alerts"
    LOGS = "logs"
    ITEMS = "items"
    FINDINGS = "findings"
    DATA = "data"
    CONFIGURE = "configure"
    AUDIT = "audit"


SCOPES: Mapping[Scope, frozenset[Permission]] = MappingProxyType(
    {
        Scope.READ: frozenset({Permission.READ}),
        Scope.EXPORT: frozenset({Permission.READ, Permission.EXPORT}),
        Scope.ALERTS: frozenset({Permission.READ, Permission.ACKNOWLEDGE_ALERT, Permission.HOLD_DRILL}),
        Scope.LOGS: frozenset({Permission.READ, Permission.KEEP_LOG, Permission.APPROVE_ISOLATION}),
        Scope.ITEMS: frozenset(
            {Permission.READ, Permission.MANAGE_ITEM, Permission.WORK_ON_ITEM, Permission.SIGN_OFF_ITEM}
        ),
        Scope.FINDINGS: frozenset({Permission.READ, Permission.JUDGE_FINDING}),
        Scope.DATA: frozenset({Permission.READ, Permission.MANAGE_DATA}),
        Scope.CONFIGURE: frozenset({Permission.READ, Permission.CONFIGURE}),
        Scope.AUDIT: frozenset({Permission.READ_AUDIT}),
    }
)
"""What each scope allows, at most: a token never does what its account may not."""


def allowed_by(scopes: Iterable[Scope]) -> frozenset[Permission]:
    """Return what these scopes allow together."""
    return frozenset().union(*(SCOPES[scope] for scope in scopes))
