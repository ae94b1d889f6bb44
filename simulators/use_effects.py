"""Faults of use: rooms used too little, or by too few. Each takes people out of a room before the day is lived.

Whoever does not stay in a room is somewhere else in the building.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.hours import Hours
from sensors.topology import BuildingId, Registry, Room, RoomId
from simulators.arithmetic import Flags, Ints
from simulators.days import working_spans
from simulators.faults import Fault, FaultKind
from simulators.grid import STEP_MINUTES, DayGrid
from simulators.people import ELSEWHERE, OUTSIDE, PeopleDay, counts, passages
from simulators.rooms import Rooms

STRIDE = 7
SEEN_EVERY_DAYS = 13
"""A near miss of an idle office is used on every thirteenth day: on more of 40 workdays than S01 allows."""


@dataclass(frozen=True, slots=True)
class House:
    """What an effect on use looks at: the site, the rooms' columns, and the day."""

    registry: Registry
    rooms: Rooms
    grid: DayGrid

    @property
    def work(self) -> Hours:
        """Return the working hours in minutes."""
        return working_spans(self.registry.site)


def limited(people: PeopleDay, faults: Sequence[Fault], house: House) -> PeopleDay:
    """Return where people are on a day under faults of use."""
    for fault in faults:
        limit = LIMITS.get(fault.kind)
        if limit is not None and house.grid.share_of_steps(fault.span).any():
            column = house.rooms.column[RoomId(fault.subject.id)]
            during = np.repeat(house.grid.share_of_steps(fault.span) > 0, STEP_MINUTES)
            kept = limit(people.workers[:, column], fault, house, house.rooms.rooms[column])
            people = _with_workers(people, column, np.where(during, kept, people.workers[:, column]))
    for fault in faults:
        if fault.kind is FaultKind.FEW_PEOPLE and house.grid.share_of_steps(fault.span).any():
            people = _few_people(people, fault, house)
    return people


def idle_rooms(faults: Iterable[Fault], grid: DayGrid) -> frozenset[RoomId]:
    """Return the rooms whose holders stay away on a day."""
    return frozenset(
        RoomId(fault.subject.id)
        for fault in faults
        if fault.kind is FaultKind.IDLE_ROOM and grid.share_of_steps(fault.span).any()
        if not (fault.near_miss and grid.day.toordinal() % SEEN_EVERY_DAYS == 0)
    )


Limit = Callable[[Ints, Fault, House, Room], Ints]
"""Returns how many stay in a room at each minute, of those who would."""


def _little_used(workers: Ints, fault: Fault, house: House, room: Room) -> Ints:
    """Leave the room for the day once it was used for the rule's limit ÷ the severity of the working hours."""
    rule = "S03" if room.is_meeting_room else "S02"
    share = CATALOGUE[rule].parameter("utilisation_pct") / 100 / fault.severity
    inside = house.grid.minutes_in(list(house.work))
    steps = round(share * int(np.count_nonzero(inside)) / STEP_MINUTES)
    used = np.cumsum((workers > 0) & inside)
    stays: Flags = (used <= steps * STEP_MINUTES) & inside
    return np.where(stays, workers, 0)


def _small_groups(workers: Ints, fault: Fault, _house: House, room: Room) -> Ints:
    """Let no more meet than S05's limit ÷ the severity of the seats, and always somebody where somebody did."""
    share = CATALOGUE["S05"].parameter("fill_ratio") / fault.severity
    seats = room.capacity or 1
    most = int(np.ceil(share * seats)) if fault.near_miss else int(share * seats)
    return np.minimum(workers, max(most, 1))


def _few_people(people: PeopleDay, fault: Fault, house: House) -> PeopleDay:
    """Let people come for half a day each until the peak is S06's limit ÷ the severity of the building's headcount.

    Visitors count; where fewer would come anyway, nothing changes. So every room goes on being used.
    """
    building = house.registry.buildings[BuildingId(fault.subject.id)]
    wanted = CATALOGUE["S06"].parameter("utilisation_pct") / 100 / fault.severity * (building.headcount or 0)
    most = int(np.ceil(wanted)) if fault.near_miss else int(wanted)
    inside = house.rooms.of_building(building.id)
    visitors = people.workers - counts(people.place, len(house.rooms))
    together = np.cumsum(visitors[:, inside], axis=1)[:, -1]
    place = people.place.copy()
    for person, half in _in_turn(people, inside, house):
        present = place[person, half] != OUTSIDE
        if int(np.max(together[half] + present)) <= most:
            together[half] += present
        else:
            place[person, half] = OUTSIDE
    workers = counts(place, len(house.rooms)) + visitors
    return replace(people, place=place, workers=workers, passages=passages(place, people.meetings))


def _in_turn(people: PeopleDay, inside: Flags, house: House) -> Iterator[tuple[int, slice]]:
    """Yield who of a building comes first and for which half of the day.

    Everybody has one half, those who share a room by turns; then those have the other who share theirs with the fewest.
    """
    noon = (house.work[0][1] + house.work[-1][0]) // 2
    halves = (slice(None, noon), slice(noon, None))
    staff = np.flatnonzero(inside[people.home])
    turned = np.roll(staff, -STRIDE * house.grid.day.toordinal())
    homes = people.home[turned]
    # who has a room with empty seats comes together with the others of it, else it would be far too large (S05)
    full = np.bincount(homes, minlength=len(inside))[homes] >= house.rooms.seats[homes]
    before = np.array([np.count_nonzero(homes[:number] == home) for number, home in enumerate(homes)])
    shift = np.where(full, before % 2, house.grid.day.toordinal() % 2).tolist()
    units = list(zip(turned.tolist(), shift, strict=True))
    yield from ((person, halves[half]) for person, half in units)
    alone_first = np.argsort(house.rooms.seats[homes], kind="stable").tolist()
    yield from ((person, halves[1 - half]) for person, half in (units[number] for number in alone_first))


def _with_workers(people: PeopleDay, column: int, kept: Ints) -> PeopleDay:
    workers = people.workers.copy()
    workers[:, column] = kept
    place = people.place.copy()
    here = place == column
    too_many = np.cumsum(here, axis=0) > kept[None, :]
    place[here & too_many] = ELSEWHERE
    return replace(people, workers=workers, place=place)


LIMITS: Mapping[FaultKind, Limit] = MappingProxyType(
    {FaultKind.LITTLE_USED: _little_used, FaultKind.SMALL_GROUPS: _small_groups}
)
"""What a kind leaves of the use of a room."""
