"""Who does something: every transition of an alert or an item names one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Self


class Role(StrEnum):
    """What a person is in the building. Administration is split in three, as 等保 (GB/T 22239) asks."""

    VIEWER = "viewer"
    FACILITY_MANAGER = "facility_manager"
    SAFETY_OFFICER = "safety_officer"
    AUDITOR = "auditor"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDIT_ADMINISTRATOR = "audit_administrator"


class Permission(StrEnum):
    """What can be allowed."""

    READ = "read"
    EXPORT = "export"
    """Take away what may be read as a file: papers, tables."""
    ACKNOWLEDGE_ALERT = "acknowledge_alert"
    HOLD_DRILL = "hold_drill"
    """Have alerts of a place told as an exercise, which people may then take less seriously."""
    KEEP_LOG = "keep_log"
    """Write into the duty log and the log of tests, say what was found on site, ask for isolations."""
    APPROVE_ISOLATION = "approve_isolation"
    MANAGE_ITEM = "manage_item"
    """Propose, assign, cancel."""
    WORK_ON_ITEM = "work_on_item"
    """Start and report done."""
    SIGN_OFF_ITEM = "sign_off_item"
    JUDGE_FINDING = "judge_finding"
    MANAGE_DATA = "manage_data"
    """Look through the quarantine and have it judged again."""
    CONFIGURE = "configure"
    MANAGE_USERS = "manage_users"
    READ_AUDIT = "read_audit"


PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Permission.READ, Permission.EXPORT}),
        Role.FACILITY_MANAGER: frozenset(
            {
                Permission.READ,
                Permission.EXPORT,
                Permission.ACKNOWLEDGE_ALERT,
                Permission.KEEP_LOG,
                Permission.APPROVE_ISOLATION,
                Permission.MANAGE_ITEM,
                Permission.WORK_ON_ITEM,
                Permission.SIGN_OFF_ITEM,
                Permission.JUDGE_FINDING,
                Permission.MANAGE_DATA,
            }
        ),
        Role.SAFETY_OFFICER: frozenset(
            {
                Permission.READ,
                Permission.EXPORT,
                Permission.ACKNOWLEDGE_ALERT,
                Permission.HOLD_DRILL,
                Permission.KEEP_LOG,
                Permission.APPROVE_ISOLATION,
                Permission.WORK_ON_ITEM,
                Permission.SIGN_OFF_ITEM,
            }
        ),
        Role.AUDITOR: frozenset({Permission.READ, Permission.EXPORT, Permission.READ_AUDIT}),
        Role.SYSTEM_ADMINISTRATOR: frozenset(
            {Permission.READ, Permission.EXPORT, Permission.CONFIGURE, Permission.MANAGE_DATA}
        ),
        Role.SECURITY_ADMINISTRATOR: frozenset({Permission.MANAGE_USERS}),
        Role.AUDIT_ADMINISTRATOR: frozenset({Permission.READ_AUDIT}),
    }
)
"""What each role allows. No administrator may read or change what another one answers for."""


class LimitKind(StrEnum):
    """What a role can be limited to."""

    SITE = "site"
    BUILDING = "building"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """A place within which a role counts: `building:a`. A role with several counts in each of them."""

    role: Role
    kind: LimitKind
    id: str

    def __str__(self) -> str:
        """Return the written form, `viewer@building:a`."""
        return f"{self.role}@{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the limit of its written form. Raises ValueError."""
        role, _, place = text.partition("@")
        kind, _, identifier = place.partition(":")
        return cls(Role(role), LimitKind(kind), identifier)


LIMITABLE = frozenset({Role.VIEWER, Role.FACILITY_MANAGER, Role.SAFETY_OFFICER})
"""Roles that can be limited. Audit and administration are of the whole site or of nobody."""


class NotPermittedError(Exception):
    """The actor may not do this."""

    def __init__(self, actor: "Actor", permission: Permission) -> None:
        """Name both."""
        super().__init__(f"{actor.id} may not {permission.value.replace('_', ' ')}")
        self.actor = actor
        self.permission = permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person, or a part of the program (`system:analysis`), that acts.

    `only` is what a token lets them do of all that they may; None where nothing is held back. A role of `limits` counts
    within its places, any other everywhere.
    """

    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    is_system: bool = False
    only: frozenset[Permission] | None = None
    limits: frozenset[Limit] = frozenset()

    def may(self, permission: Permission) -> bool:
        """Say whether the actor is allowed to do this."""
        if self.only is not None and permission not in self.only:
            return False
        return self.is_system or any(permission in PERMISSIONS[role] for role in self.roles)

    def where(self, permission: Permission) -> frozenset[Limit] | None:
        """Return the places within which the actor may do this, None for everywhere."""
        if self.is_system:
            return None
        limited = {limit.role for limit in self.limits}
        held = {role for role in self.roles if permission in PERMISSIONS[role]}
        return None if held - limited else frozenset(limit for limit in self.limits if limit.role in held)

    def must(self, permission: Permission) -> None:
        """Return when the actor is allowed to do this. Raises NotPermittedError."""
        if not self.may(permission):
            raise NotPermittedError(self, permission)


def system_actor(part: str) -> Actor:
    """Return the actor for a part of the program, `system:PART`."""
    return Actor(id=f"system:{part}", name=part, is_system=True)
