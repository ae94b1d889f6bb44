"""F09: a fire door that must be shut stands open."""

from alerts.watch.doors import OpenDoor
from alerts.watch.machine import MINUTE_MS, SECOND_MS
from sensors.alarms import Alarm
from sensors.topology import OpeningKind
from sensors.verdicts import Severity


class FireDoorOpen(OpenDoor):
    """Yellow after a minute, orange after five."""

    alarm = Alarm.FIRE_DOOR_OPEN
    kind = OpeningKind.FIRE_CLOSED
    tiers = (
        ("open_s", SECOND_MS, Severity.YELLOW),
        ("open_orange_min", MINUTE_MS, Severity.ORANGE),
    )
