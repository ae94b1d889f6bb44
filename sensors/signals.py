"""Signals: what an event asks people to see, before anybody has seen it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sensors.alarms import Alarm
from sensors.subjects import Subject
from sensors.topology import DeviceId, SiteId
from sensors.verdicts import Severity


class SignalKind(StrEnum):
    """It began, it is over, somebody silenced the panel, somebody reset the panel."""

    ACTIVE = "active"
    CLEARED = "cleared"
    SILENCED = "silenced"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One edge of something that alerts. `mark` is what makes two signals the same alert.

    `event` says what it is about, and tells apart what shares a rule.
    `parameters` fill the message in any language. SILENCED and RESET speak for everything that `device` reports.
    """

    kind: SignalKind
    mark: str
    site: SiteId
    rule: str
    event: Alarm
    subject: Subject
    device: DeviceId
    severity: Severity
    time: datetime
    received: datetime
    zone: str = ""
    test: bool = False
    doubts: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the parameters against change."""
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
