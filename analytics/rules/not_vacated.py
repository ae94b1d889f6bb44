"""S08: an office that is still assigned to somebody who has left, or the second one after a concurrent post."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.frame import RunData, not_applicable, room_subject
from analytics.rules.record import months_after, recorded
from sensors.topology import Person, PersonId, Registry, Room, RoomCategory, RoomId
from sensors.verdicts import Finding

RULE = "S08"
HOLDERS, LEFT = "room.holders", "person.left"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """Why a room must be given up: since when somebody has no right to it, and by when it must be vacated."""

    ended: date
    vacate_by: date
    second_office: bool = False


def is_office(room: Room) -> bool:
    """Say whether a room is one that people hold: an office that may be spoken of."""
    return room.category is RoomCategory.OFFICE and not room.is_meeting_room and not room.restricted


def offices_of(registry: Registry, person: PersonId) -> list[Room]:
    """Return the offices that a person holds, that of their own department first, else in the registry's order."""
    held = [room for room in registry.rooms.values() if is_office(room) and person in room.holders]
    home = registry.people[person].department
    return sorted(held, key=lambda room: home is not None and room.department != home)


def vacated_by(data: RunData, person: Person) -> date | None:
    """Return the last day on which somebody who has left may keep an office; None for who has not left."""
    months = int(data.thresholds.value(RULE, "vacate_months"))
    return None if person.left is None else months_after(person.left, months)


def not_vacated(data: RunData) -> list[Finding]:
    """Return the verdict about each office: somebody left, or gave a second post up, and the time to vacate is over.

    Of several such holders the first to have left counts: one room is one finding.
    """
    seconds = _second_offices(data)
    offices = [room for room in data.registry.rooms.values() if is_office(room)]
    return [_judged(data, room, seconds) for room in offices]


def _judged(data: RunData, room: Room, seconds: dict[RoomId, list[_Claim]]) -> Finding:
    if not room.holders:
        return not_applicable(data, RULE, room_subject(room.id), HOLDERS)
    claims = sorted([*_departures(data, room), *seconds.get(room.id, [])], key=lambda claim: claim.vacate_by)
    if not claims:
        return recorded(
            data, RULE, room_subject(room.id), fault=False, value=0, threshold=_days(data), unit="d", told={}
        )
    first = claims[0]
    return recorded(
        data,
        RULE,
        room_subject(room.id),
        fault=data.window.last > first.vacate_by,
        value=max(0, (data.window.last - first.ended).days),
        threshold=(first.vacate_by - first.ended).days,
        unit="d",
        since=first.vacate_by + timedelta(days=1),
        told={
            "left": first.ended.isoformat(),
            "vacate_by": first.vacate_by.isoformat(),
            "claims": sum(claim.ended <= data.window.last for claim in claims),
            "post": "second_office" if first.second_office else None,
        },
    )


def _days(data: RunData) -> int:
    """Return the time to vacate in days, counted back from the last day of the window."""
    months = int(data.thresholds.value(RULE, "vacate_months"))
    return (data.window.last - months_after(data.window.last, -months)).days


def _departures(data: RunData, room: Room) -> Iterator[_Claim]:
    for holder in room.holders:
        person = data.registry.people[holder]
        vacate_by = vacated_by(data, person)
        if person.left is not None and vacate_by is not None:
            yield _Claim(ended=person.left, vacate_by=vacate_by)


def _second_offices(data: RunData) -> dict[RoomId, list[_Claim]]:
    """Return the claims on second offices whose reason, a concurrent post, has ended; the first office is kept."""
    months = int(data.thresholds.value(RULE, "second_office_months"))
    claims: dict[RoomId, list[_Claim]] = {}
    for person in data.registry.people.values():
        ended = person.concurrent_post_ended
        if ended is None or person.left is not None:
            continue
        for room in offices_of(data.registry, person.id)[1:]:
            claim = _Claim(ended=ended, vacate_by=months_after(ended, months), second_office=True)
            claims.setdefault(room.id, []).append(claim)
    return claims
