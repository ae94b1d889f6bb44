"""An alert and its states (after ISA-18.2), with the transitions as a table."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sensors.subjects import Subject
from sensors.topology import SiteId
from sensors.verdicts import Severity


class AlertState(StrEnum):
    """Unacknowledged and active; seen; over but not seen; over and seen."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARED_UNACKNOWLEDGED = "cleared_unacknowledged"
    CLEARED = "cleared"


class AlertAction(StrEnum):
    """What happens to an alert."""

    RAISE = "raise"
    ACKNOWLEDGE = "acknowledge"
    CLEAR = "clear"


TRANSITIONS: Mapping[tuple[AlertState, AlertAction], AlertState] = MappingProxyType(
    {
        (AlertState.RAISED, AlertAction.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
        (AlertState.RAISED, AlertAction.CLEAR): AlertState.CLEARED_UNACKNOWLEDGED,
        (AlertState.ACKNOWLEDGED, AlertAction.CLEAR): AlertState.CLEARED,
        (AlertState.CLEARED_UNACKNOWLEDGED, AlertAction.ACKNOWLEDGE): AlertState.CLEARED,
    }
)
"""Every legal step; RAISE makes a new alert."""

OPEN_STATES = frozenset({AlertState.RAISED, AlertState.ACKNOWLEDGED, AlertState.CLEARED_UNACKNOWLEDGED})


class IllegalAlertStepError(Exception):
    """A step that the table of transitions does not have."""

    def __init__(self, state: AlertState, action: AlertAction) -> None:
        """Name both."""
        super().__init__(f"{action.value} is not possible for an alert that is {state.value.replace('_', ' ')}")
        self.state = state
        self.action = action


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `id` follows from fingerprint and onset, so that raising it twice is raising it once.

    `parameters` fill the message of the rule in any language; no text is stored.
    """

    id: str
    fingerprint: str
    site: SiteId
    rule: str
    subject: Subject
    severity: Severity
    onset: datetime
    received: datetime
    state: AlertState = AlertState.RAISED
    zone: str = ""
    test: bool = False
    doubts: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the parameters against change."""
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStep:
    """One transition of one alert: who, when, and why; `on_behalf_of` is whom the actor did it for, as it was told."""

    alert_id: str
    action: AlertAction
    state: AlertState
    actor_id: str
    at: datetime
    note: str = ""
    on_behalf_of: str = ""


def fingerprint(site: SiteId, rule: str, subject: Subject, zone: str = "") -> str:
    """Return what makes two signals the same alert."""
    return "|".join((site, rule, str(subject), zone))


def alert_id(mark: str, onset: datetime) -> str:
    """Return the id of an alert: a hash of its fingerprint and onset."""
    return hashlib.sha256(f"{mark}|{onset.isoformat()}".encode()).hexdigest()[:32]
