"""The question put together from the registry, how rooms are used, and what units need; what is left out, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import ceil

from analytics.reallocation.model import Meetings, Party, Question, Space
from sensors.catalogue.figures import area_quota
from sensors.space_wishes import NO_WISHES, Need, SpaceWishes
from sensors.topology import BuildingId, DepartmentId, Person, PersonId, Registry, Room, RoomCategory, RoomId, Tenure
from sensors.utilisation import GroupUse, Scope, Utilisation

MEETING_FILL_PCT = 60
"""Vendors of room booking aim at 60–75 %; the careful end."""
LEAST_WORKDAYS = 10
"""A room that was seen on fewer workdays is not touched. The project's own choice."""
IDLE, UNDERUSED, NORMAL = "idle", "underused", "normal"
KNOWN_USES = frozenset({IDLE, UNDERUSED, NORMAL})


class Untouched(StrEnum):
    """Why a room stays as it is, whatever else is proposed."""

    INSUFFICIENT_DATA = "insufficient_data"
    NO_AREA = "no_area"
    NO_RANK = "no_rank"
    NO_UNIT = "no_unit"
    SEVERAL_ROOMS = "several_rooms"
    TENURE = "tenure"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A question, the rooms that it leaves out with why, and how each room was used over so many workdays."""

    question: Question
    untouched: Mapping[RoomId, Untouched]
    uses: Mapping[RoomId, str]
    workdays: Mapping[RoomId, int | None]
    no_capacity: tuple[RoomId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a question is gathered from. `oversized` are the rooms that S05 finds; `day` says who has left."""

    registry: Registry
    use: Utilisation
    day: date
    oversized: frozenset[RoomId] = frozenset()
    wishes: SpaceWishes = field(default=NO_WISHES)


class NeedWithoutQuotaError(ValueError):
    """A need whose rank has no quota."""

    def __init__(self, need: Need) -> None:
        """Say what to do."""
        super().__init__(f"need {need.id}: rank {need.rank!r} has no quota; write it with its level, like 县级/正科级")


def gather(known: Known) -> Gathered:
    """Return the question; restricted rooms are in nothing of it. Raises NeedWithoutQuotaError."""
    registry = known.registry
    rooms = [room for room in registry.rooms.values() if _is_spoken_of(room)]
    standings = {each.room: each for each in known.use.rooms}
    uses = {room.id: standings[room.id].use if room.id in standings else "unknown" for room in rooms}
    workdays = {room.id: standings[room.id].workdays if room.id in standings else None for room in rooms}
    held = _rooms_held(known, rooms)
    why = {room.id: reason for room in rooms if (reason := _left_out(known, room, uses, workdays, held)) is not None}
    touched = [room for room in rooms if room.id not in why]
    question = Question(
        spaces=tuple(_space(room, known.wishes) for room in touched),
        parties=(
            *(_party(known, room, uses[room.id]) for room in touched if _people(known, room)),
            *(_need(known, need) for need in known.wishes.needs),
        ),
        meetings=tuple(_meetings(known, touched)),
        floors=_whole_floors(registry, {room.id for room in touched}),
        homes=_homes(rooms),
    )
    unsaid = tuple(room.id for room in touched if room.capacity is None and not room.is_meeting_room)
    return Gathered(question=question, untouched=why, uses=uses, workdays=workdays, no_capacity=unsaid)


def _is_spoken_of(room: Room) -> bool:
    is_office = room.category is RoomCategory.OFFICE
    return not room.restricted and (is_office or room.is_meeting_room)


def _people(known: Known, room: Room) -> list[Person]:
    """Return who sits in a room: its holders who have not left."""
    holders = (known.registry.people[holder] for holder in room.holders)
    return [person for person in holders if person.left is None or person.left > known.day]


def _rooms_held(known: Known, rooms: Sequence[Room]) -> Counter[PersonId]:
    return Counter(person.id for room in rooms for person in _people(known, room))


def _left_out(
    known: Known,
    room: Room,
    uses: Mapping[RoomId, str],
    workdays: Mapping[RoomId, int | None],
    held: Counter[PersonId],
) -> Untouched | None:
    """Return the first reason to leave a room as it is."""
    people, seen = _people(known, room), workdays[room.id]
    reasons = {
        Untouched.KEPT: room.id in known.wishes.keep,
        Untouched.TENURE: room.tenure not in {None, Tenure.OWN},
        Untouched.NO_AREA: room.usable_area_m2 <= 0,
        Untouched.INSUFFICIENT_DATA: uses[room.id] not in KNOWN_USES or (seen is not None and seen < LEAST_WORKDAYS),
        Untouched.SEVERAL_ROOMS: any(held[person.id] > 1 for person in people),
        Untouched.NO_RANK: any(_quota_m2(known, person.rank) is None for person in people),
        Untouched.NO_UNIT: bool(people) and _unit(known, room) is None,
    }
    # A room in use that nobody is said to hold is somebody's all the same.
    reasons[Untouched.KEPT] |= not people and not room.is_meeting_room and uses[room.id] != IDLE
    return next((reason for reason, holds in reasons.items() if holds), None)


def _quota_m2(known: Known, rank: str | None) -> float | None:
    quota = area_quota(rank, known.registry.site.organ_level) if rank else None
    return None if quota is None else quota.area_m2


def _unit(known: Known, room: Room) -> DepartmentId | None:
    """Return whose a room is: the unit of all who hold it, else the one it is written down for."""
    units = {person.department for person in _people(known, room)}
    return units.pop() if len(units) == 1 and None not in units else room.department


def _space(room: Room, wishes: SpaceWishes) -> Space:
    return Space(
        id=room.id,
        building=room.building,
        floor=f"{room.building}/{room.floor}",
        area_m2=room.usable_area_m2,
        capacity=room.capacity or 0,
        unit=room.department,
        is_leased=room.id in wishes.leased,
        is_reachable=f"{room.building}/{room.floor}" in wishes.reachable,
        is_shared=room.is_meeting_room,
    )


def _party(known: Known, room: Room, use: str) -> Party:
    people = _people(known, room)
    unit = _unit(known, room)
    if unit is None:
        msg = f"room {room.id} has no unit and should have been left out"
        raise RuntimeError(msg)
    return Party(
        id=room.id,
        unit=unit,
        people=len(people),
        quota_m2=sum(_quota_m2(known, person.rank) or 0 for person in people),
        room=room.id,
        may_move=use in {IDLE, UNDERUSED} or room.id in known.oversized,
        needs_access=any(person.id in known.wishes.access for person in people),
    )


def _need(known: Known, need: Need) -> Party:
    quota_m2 = _quota_m2(known, need.rank) if need.people else 0.0
    if quota_m2 is None:
        raise NeedWithoutQuotaError(need)
    return Party(
        id=need.id,
        unit=need.unit,
        people=need.people,
        quota_m2=quota_m2 * need.people,
        may_move=True,
        needs_access=need.needs_access,
        least_m2=need.area_m2,
    )


def _meetings(known: Known, touched: Iterable[Room]) -> Iterable[Meetings]:
    """Yield how many meeting rooms each building needs; only where the use of each of them is known by the hour."""
    figures = {group.rooms[0]: group for group in known.use.groups if group.scope is Scope.ROOM}
    by_building: dict[BuildingId, list[Room]] = {}
    for room in touched:
        if room.is_meeting_room:
            by_building.setdefault(room.building, []).append(room)
    for building, rooms in by_building.items():
        if all(room.id in figures and figures[room.id].cells for room in rooms):
            peak_pct = _busiest_pct([figures[room.id] for room in rooms])
            largest = max(rooms, key=lambda room: (room.capacity or 0, room.usable_area_m2, room.id))
            keep = max(1, ceil(peak_pct / MEETING_FILL_PCT))
            yield Meetings(building=building, keep=keep, largest=largest.id)


def _busiest_pct(groups: Iterable[GroupUse]) -> float:
    """Return the sum over rooms of the share of time used, in the hour of the week in which it is greatest, %."""
    hours = Counter[tuple[int, int]]()
    for group in groups:
        for cell in group.cells:
            # hundredths, for a Counter counts whole numbers
            hours[cell.weekday, cell.hour] += round(100 * cell.used_pct)
    return max(hours.values(), default=0) / 100


def _whole_floors(registry: Registry, touched: set[RoomId]) -> Mapping[str, tuple[RoomId, ...]]:
    """Return the floors of which every office and service room, restricted ones too, is part of the question."""
    floors: dict[str, list[RoomId]] = {}
    for room in registry.rooms.values():
        if room.category in {RoomCategory.OFFICE, RoomCategory.SERVICE}:
            floors.setdefault(f"{room.building}/{room.floor}", []).append(room.id)
    return {floor: tuple(rooms) for floor, rooms in floors.items() if touched.issuperset(rooms)}


def _homes(rooms: Iterable[Room]) -> Mapping[DepartmentId, frozenset[str]]:
    floors: dict[DepartmentId, set[str]] = {}
    for room in rooms:
        if room.department is not None:
            floors.setdefault(room.department, set()).add(f"{room.building}/{room.floor}")
    return {unit: frozenset(own) for unit, own in floors.items()}
