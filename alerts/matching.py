"""Which alerts a route, a silence or an inhibition means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from alerts.alarms import ALARMS
from sensors.alarms import AlarmKind
from sensors.signals import Signal
from sensors.verdicts import Severity

MATCHED: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "kinds": AlarmKind,
        "severities": Severity,
        "rules": str,
        "buildings": str,
        "gateways": str,
        "subjects": str,
        "zones": str,
    }
)
"""What can be named, and what reads it from a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """What is named must hold, of each list any one; an empty list asks nothing. `subjects` are written `device:p1`."""

    kinds: frozenset[AlarmKind] = frozenset()
    severities: frozenset[Severity] = frozenset()
    rules: frozenset[str] = frozenset()
    buildings: frozenset[str] = frozenset()
    gateways: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()

    @property
    def asks_nothing(self) -> bool:
        """Say whether everything matches."""
        return not any(getattr(self, name) for name in self.__slots__)

    def matches(self, signal: Signal) -> bool:
        """Say whether the signal is meant."""
        asked = (
            (self.kinds, ALARMS[signal.event].kind),
            (self.severities, signal.severity),
            (self.rules, signal.rule),
            (self.buildings, signal.parameters.get("building", "")),
            (self.gateways, signal.parameters.get("gateway", "")),
            (self.subjects, str(signal.subject)),
            (self.zones, signal.zone),
        )
        return all(not wanted or found in wanted for wanted, found in asked)
