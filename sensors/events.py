"""Events: what fire panels, detectors and doors report, as opposed to measured values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sensors.readings import ReadingFlag
from sensors.topology import DeviceId, SiteId


class EventType(StrEnum):
    """The closed list of event types. SMOKE is a standalone detector (烟感报警), not a panel's fire (火警).

    OFFLINE is what a gateway or the broker says of a device: its last will, its death; silence alone is none.
    """

    FIRE = "fire"
    FAULT = "fault"
    ISOLATION = "isolation"
    SUPERVISORY = "supervisory"
    MANUAL_MODE = "manual_mode"
    SILENCED = "silenced"
    RESET = "reset"
    ROLL_CALL = "roll_call"
    SMOKE = "smoke"
    LEAK = "leak"
    GRANTED = "granted"
    DENIED = "denied"
    FORCED = "forced"
    EXIT_REQUEST = "exit_request"
    TAMPER = "tamper"
    HELD = "held"
    OFFLINE = "offline"


class EventState(StrEnum):
    """Active and cleared are the two edges of a lasting state; momentary has no end."""

    ACTIVE = "active"
    CLEARED = "cleared"
    MOMENTARY = "momentary"


LASTING_EVENTS = frozenset(
    {
        EventType.FIRE,
        EventType.FAULT,
        EventType.ISOLATION,
        EventType.SUPERVISORY,
        EventType.MANUAL_MODE,
        EventType.SMOKE,
        EventType.LEAK,
        EventType.FORCED,
        EventType.TAMPER,
        EventType.HELD,
        EventType.OFFLINE,
    }
)
"""Events that stay until cleared; the others are momentary."""

VITAL_EVENTS = frozenset({EventType.FIRE, EventType.SMOKE, EventType.LEAK, EventType.FORCED})
"""Events that must reach a person even from an unknown device or with a wrong clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `id` is the sender's own, None where it gives none; `doubts` says what was wrong but not decisive.

    `credential` is a digest of the card or code that a door read (sensors.credentials), empty where none was told.
    """

    site: SiteId
    gateway: str
    device: DeviceId
    type: EventType
    state: EventState
    time: datetime
    received: datetime
    id: str | None = None
    zone: str = ""
    test: bool = False
    flags: ReadingFlag = ReadingFlag.NONE
    doubts: tuple[str, ...] = ()
    credential: str = ""
