"""S10: rooms that are let, lent or held by an enterprise."""

from analytics.frame import RunData, not_applicable, room_subject
from analytics.rules.record import recorded
from sensors.topology import Room, Tenure
from sensors.verdicts import Finding

RULE = "S10"
TENURE = "room.tenure"


def wrongly_held(data: RunData) -> list[Finding]:
    """Return the verdict about each room whose tenure is written down: its area, m², where others have it."""
    return [_judged(data, room) for room in data.registry.rooms.values() if not room.restricted]


def _judged(data: RunData, room: Room) -> Finding:
    subject = room_subject(room.id)
    if room.tenure is None:
        return not_applicable(data, RULE, subject, TENURE)
    taken_m2 = 0.0 if room.tenure is Tenure.OWN else room.usable_area_m2
    limit_m2 = data.thresholds.value(RULE, "taken_m2")
    return recorded(
        data,
        RULE,
        subject,
        fault=taken_m2 > limit_m2,
        value=taken_m2,
        threshold=limit_m2,
        unit="m²",
        told={"tenure": room.tenure.value},
    )
