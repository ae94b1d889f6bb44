"""F09: a fire door that must be shut stands open."""

from alerts.watch.doors import OpenDoor
from alerts.watch.machine import MINUTE_MS, SECOND_MS, limit_ms
from sensors.alarms import Alarm
from sensors.topology import OpeningKind
from sensors.verdicts import Severity


class FireDoorOpen(OpenDoor):
    """Yellow after a minute, orange after five."""

    alarm = Alarm.FIRE_DOOR_OPEN
    kind = OpeningKind.FIRE_CLOSED
    tiers = (
        (limit_ms("F09", "open_s", SECOND_MS), Severity.YELLOW),
        (limit_ms("F09", "open_orange_min", MINUTE_MS), Severity.ORANGE),
    )
