"""An alert and its states (after ISA-18.2), with the transitions as a table."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from alerts.alarms import ALARMS
from sensors.alarms import Alarm, AlarmKind
from sensors.signals import Signal
from sensors.subjects import Subject
from sensors.topology import SiteId
from sensors.verdicts import Severity


class AlertState(StrEnum):
    """Where an alert stands; ISA-18.2 calls `cleared` normal, and `cleared_unacknowledged` returned, unacknowledged."""

    RAISED = "raised"
    """Active, and seen by nobody."""
    ACKNOWLEDGED = "acknowledged"
    CLEARED_UNACKNOWLEDGED = "cleared_unacknowledged"
    CLEARED = "cleared"
    SHELVED = "shelved"
    """Put aside by a person, until an instant."""
    SUPPRESSED = "suppressed"
    """Suppressed by design: another alert explains it."""
    OUT_OF_SERVICE = "out_of_service"
    """What it is about is being worked on."""


class AlertAction(StrEnum):
    """What happens to an alert."""

    RAISE = "raise"
    ACKNOWLEDGE = "acknowledge"
    CLEAR = "clear"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    SUPPRESS = "suppress"
    RELEASE = "release"
    TAKE_OUT = "take_out"
    PUT_BACK = "put_back"


TRANSITIONS: Mapping[tuple[AlertState, AlertAction], AlertState] = MappingProxyType(
    {
        (AlertState.RAISED, AlertAction.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
        (AlertState.RAISED, AlertAction.CLEAR): AlertState.CLEARED_UNACKNOWLEDGED,
        (AlertState.RAISED, AlertAction.SHELVE): AlertState.SHELVED,
        (AlertState.RAISED, AlertAction.SUPPRESS): AlertState.SUPPRESSED,
        (AlertState.RAISED, AlertAction.TAKE_OUT): AlertState.OUT_OF_SERVICE,
        (AlertState.ACKNOWLEDGED, AlertAction.CLEAR): AlertState.CLEARED,
        (AlertState.ACKNOWLEDGED, AlertAction.SHELVE): AlertState.SHELVED,
        (AlertState.ACKNOWLEDGED, AlertAction.TAKE_OUT): AlertState.OUT_OF_SERVICE,
        (AlertState.CLEARED_UNACKNOWLEDGED, AlertAction.ACKNOWLEDGE): AlertState.CLEARED,
        # What held it back is over and the cause lasts: it asks for a person anew.
        (AlertState.SHELVED, AlertAction.UNSHELVE): AlertState.RAISED,
        (AlertState.SUPPRESSED, AlertAction.RELEASE): AlertState.RAISED,
        (AlertState.OUT_OF_SERVICE, AlertAction.PUT_BACK): AlertState.RAISED,
        # A person put it aside, or was told of what explains it: nobody needs to see its end.
        (AlertState.SHELVED, AlertAction.CLEAR): AlertState.CLEARED,
        (AlertState.SUPPRESSED, AlertAction.CLEAR): AlertState.CLEARED,
        (AlertState.OUT_OF_SERVICE, AlertAction.CLEAR): AlertState.CLEARED,
        (AlertState.SUPPRESSED, AlertAction.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
        (AlertState.SUPPRESSED, AlertAction.TAKE_OUT): AlertState.OUT_OF_SERVICE,
    }
)
"""Every legal step; RAISE makes a new alert."""

NEVER_FOR_FIRE = frozenset(
    {
        (AlertState.RAISED, AlertAction.SHELVE),
        *((state, AlertAction.SUPPRESS) for state in AlertState),
        *((state, AlertAction.TAKE_OUT) for state in AlertState),
    }
)
"""Steps that a real fire never takes: it is put aside only after a person has seen it."""

OPEN_STATES = frozenset(AlertState) - {AlertState.CLEARED}
"""Not over, or seen by nobody."""

ACTIVE_STATES = OPEN_STATES - {AlertState.CLEARED_UNACKNOWLEDGED}
"""The cause lasts, whether or not it rings."""


REAL_FIRES = frozenset({Alarm.FIRE, Alarm.SMOKE, Alarm.HEAT, Alarm.EXIT_LOCKED})
"""What nothing holds back, whatever colour it came with; with them everything red of the kind fire."""


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


def is_legal(alert: Alert, action: AlertAction) -> bool:
    """Say whether the alert can take this step now; a real fire cannot take every one."""
    step = (alert.state, action)
    return step in TRANSITIONS and not (step in NEVER_FOR_FIRE and is_real_fire_alert(alert))


def is_real_fire(signal: Signal) -> bool:
    """Say whether nothing may keep this from people: it burns, smokes or shuts people in, and is no test."""
    return not signal.test and _is_of_fire(signal.event, signal.severity)


def is_real_fire_alert(alert: Alert) -> bool:
    """Say the same of an alert; one that another version called otherwise counts when it is red."""
    event = alert.parameters.get("event", "")
    if alert.test:
        return False
    if event not in Alarm.__members__.values():
        return alert.severity is Severity.RED
    return _is_of_fire(Alarm(event), alert.severity)


def _is_of_fire(event: Alarm, severity: Severity) -> bool:
    return event in REAL_FIRES or (severity is Severity.RED and ALARMS[event].kind is AlarmKind.FIRE)


def fingerprint(site: SiteId, rule: str, subject: Subject, zone: str = "") -> str:
    """Return what makes two signals the same alert."""
    return "|".join((site, rule, str(subject), zone))


def alert_id(mark: str, onset: datetime) -> str:
    """Return the id of an alert: a hash of its fingerprint and onset."""
    return hashlib.sha256(f"{mark}|{onset.isoformat()}".encode()).hexdigest()[:32]
