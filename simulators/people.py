"""People: who is where at each minute of a day, by individual schedules and a Markov chain for each person.

Someone comes, works in their own room, is elsewhere now and then, goes to meetings, has lunch, leaves, and at times
stays late. Visitors join meetings. A cleaner goes round before work. Figures without a source are the project's own.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sensors.hours import Hours, parse_hours
from sensors.topology import Person, PersonId, Registry, Room, RoomId
from simulators.arithmetic import Flags, Floats, Ints
from simulators.chance import Keys, between, keys, mostly, uniform
from simulators.days import working_spans
from simulators.grid import DayGrid
from simulators.meetings import Meeting, MeetingRooms
from simulators.rooms import Rooms

Places = NDArray[np.int16]
OUTSIDE, ELSEWHERE = -2, -1
"""Places that are no room: out of the building; in its corridors, stairs, toilets."""

AWAY_DAY = 0.06
"""The probability that someone is on duty elsewhere or ill on a workday."""
BRIDGE_AWAY, BRIDGE_DAYS, LONG_HOLIDAY_DAYS = 0.35, 2, 5
"""Around a holiday of so many days, as the Spring Festival, more take leave on the workdays next to it."""
LATE_DAY, LATE_MIN = 0.04, (60.0, 170.0)
"""The probability of staying late, and by how many minutes."""
NAP_AT_DESK = 0.5
"""The probability of spending the later part of the lunch break in one's own room (午休)."""
CLEANING_MIN = (4.0, 9.0)

SLOT_MIN = 10
AT_DESK = 0.85
"""The probability of being in one's own room between arrival and departure, meetings apart."""
MOBILITY = 0.2
"""How often someone changes place: Page's parameter of mobility, μ."""
ERRAND = 0.25
"""The share of leavings that lead out of the building."""
CHANGES = 2 * MOBILITY / (MOBILITY + 1)
LEAVES, RETURNS = CHANGES * (1 - AT_DESK), CHANGES * AT_DESK
"""The chances per slot of leaving the desk and of coming back to it.

Source: Page, Robinson, Morel, Scartezzini, "A generalised stochastic model for the simulation of occupant presence",
Energy and Buildings 40 (2008) 83-98: 2μ ÷ (μ + 1)·(1 − P) and ·P for a constant P; with more than two places as in
Wang, Yan, Jiang, "A novel approach for building occupancy simulation", Building Simulation 4 (2011) 149-167.
"""
_DRAWS = 8
"""How many numbers of chance a person's day takes apart from the chain."""


@dataclass(frozen=True, slots=True)
class PeopleDay:
    """Where people are on one local day."""

    place: Places
    """Per person and minute: the room's column, ELSEWHERE or OUTSIDE."""
    workers: Ints
    """Per minute and room: those who work or meet there, visitors with them."""
    cleaners: Ints
    """Per minute and room."""
    meetings: tuple[Meeting, ...] = ()
    passages: tuple[tuple[int, bool], ...] = ()
    """Each passing of the building's door: the minute, and whether inward; in order of time."""
    home: Places = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    """Per person: the column of their own room."""

    @property
    def present(self) -> Ints:
        """Return per minute and room how many are there."""
        return self.workers + self.cleaners


@dataclass(frozen=True, slots=True)
class People:
    """The people of a site, and their days under a seed."""

    registry: Registry
    rooms: Rooms
    seed: int
    _desks: tuple[tuple[Person, Room], ...] = field(init=False)
    _keys: Keys = field(init=False)
    _home: NDArray[np.int16] = field(init=False)
    _meetings: MeetingRooms = field(init=False)
    _cleaning_keys: Keys = field(init=False)

    def __post_init__(self) -> None:
        """Seat each person in the first of their rooms; restricted rooms take no part."""
        desks = tuple(_desks(self.registry))
        put = object.__setattr__
        put(self, "_desks", desks)
        put(self, "_keys", keys(self.seed, "person", [person.id for person, _ in desks]))
        put(self, "_home", np.array([self.rooms.column[room.id] for _, room in desks], dtype=np.int16))
        put(self, "_meetings", MeetingRooms.of_site(self.rooms, self.seed))
        put(self, "_cleaning_keys", keys(self.seed, "cleaning", [room.id for room in self.rooms.rooms]))

    def day(
        self,
        grid: DayGrid,
        *,
        worked: bool,
        near_holiday: bool = False,
        idle: AbstractSet[RoomId] = frozenset(),
    ) -> PeopleDay:
        """Return where people are; the holders of `idle` rooms stay away, only the cleaners come there."""
        place = np.full((len(self._desks), grid.minutes), OUTSIDE, dtype=np.int16)
        shape = (grid.minutes, len(self.rooms))
        if not worked:
            return PeopleDay(place, np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64), home=self._home)
        blocks = self._blocks(grid, self._comes(grid.day, near_holiday=near_holiday, idle=idle))
        in_house = _within(blocks, grid.minutes)
        place[in_house] = self._wanders(grid, blocks)[in_house]
        meetings = tuple(self._meetings.held(grid, working_spans(self.registry.site), in_house))
        visitors = np.zeros(shape, dtype=np.int64)
        for meeting in meetings:
            place[list(meeting.members), meeting.start : meeting.end] = meeting.room
            visitors[meeting.start : meeting.end, meeting.room] += meeting.visitors
        return PeopleDay(
            place=place,
            workers=counts(place, len(self.rooms)) + visitors,
            cleaners=self._cleaning(grid),
            meetings=meetings,
            passages=passages(place, meetings),
            home=self._home,
        )

    def _comes(self, day: date, *, near_holiday: bool, idle: AbstractSet[RoomId]) -> Flags:
        """Say of each person whether they come on a workday."""
        away = AWAY_DAY + (BRIDGE_AWAY if near_holiday else 0.0)
        drawn = uniform(self._keys, np.array([day.toordinal() * _DRAWS]))
        able = [room.id not in idle and not room.restricted and not _on_leave(p, day) for p, room in self._desks]
        return (drawn >= away) & np.array(able, dtype=np.bool_)

    def _blocks(self, grid: DayGrid, comes: Flags) -> Ints:
        """Return per person the minutes of arrival, out to lunch, back from it, and departure; equal where absent."""
        work = working_spans(self.registry.site)
        drawn = uniform(self._keys[:, None], grid.day.toordinal() * _DRAWS + np.arange(1, _DRAWS))
        start, end = work[0][0], work[-1][1]
        arrival = mostly(drawn[:, 0], start - 30, start - 8, start + 20)
        departure = mostly(drawn[:, 1], end - 20, end + 5, end + 75)
        late = drawn[:, 2] < LATE_DAY
        departure += np.where(late, between(drawn[:, 2] / LATE_DAY, *LATE_MIN), 0.0)
        out, back = _lunch(work, drawn[:, 3], drawn[:, 4], drawn[:, 5])
        blocks = np.stack([arrival, out, back, np.minimum(departure, grid.minutes - 1.0)], axis=1).astype(np.int64)
        return np.where(comes[:, None], blocks, 0)

    def _wanders(self, grid: DayGrid, blocks: Ints) -> Places:
        """Return where each person would be at each minute in house: a chain of three places, at the desk on coming.

        The desk is left with the chance LEAVES for the corridors or, for one in four, out of the building; from
        either they come back with the chance RETURNS, so that AT_DESK is the share of time at the desk.
        """
        slots = grid.minutes // SLOT_MIN
        drawn = uniform(self._keys[:, None], (grid.day.toordinal() << 10) + (1 << 40) + np.arange(slots))
        begins = blocks[:, (0, 2)] // SLOT_MIN
        state = np.zeros((slots, len(self._desks)), dtype=np.int16)
        now = state[0]
        for slot in range(1, slots):
            draw = drawn[:, slot]
            goes = np.where(draw < LEAVES * ERRAND, OUTSIDE, np.where(draw < LEAVES, ELSEWHERE, 0))
            now = np.where(now == 0, goes, np.where(draw < RETURNS, 0, now)).astype(np.int16)
            now = np.where((begins == slot).any(axis=1), np.int16(0), now)
            state[slot] = now
        minutes = np.repeat(state.T, SLOT_MIN, axis=1)
        return np.where(minutes == 0, self._home[:, None], minutes)

    def _cleaning(self, grid: DayGrid) -> Ints:
        """Return one cleaner's way through the rooms of each floor, within the site's cleaning hours."""
        changes = np.zeros((grid.minutes + 1, len(self.rooms)), dtype=np.int64)
        hours = parse_hours(self.registry.site.cleaning_hours)
        if not hours:
            return changes[:-1]
        start, end = hours[0]
        minute: dict[str, int] = {}
        takes = between(uniform(self._cleaning_keys, np.array([grid.day.toordinal()])), *CLEANING_MIN).astype(np.int64)
        for column, room in enumerate(self.rooms.rooms):
            begin = minute.get(room.floor, start)
            finish = begin + int(takes[column])
            if not room.restricted and finish <= end:
                minute[room.floor] = finish + 1
                changes[begin, column] += 1
                changes[finish, column] -= 1
        held: Ints = np.cumsum(changes, axis=0)[:-1]
        return held


def counts(place: Places, rooms: int) -> Ints:
    """Return per minute and room how many are in it."""
    minutes = place.shape[1]
    at = np.arange(minutes, dtype=np.int64)[None, :] * rooms + place
    inside = np.bincount(at[place >= 0], minlength=minutes * rooms)
    return inside.reshape(minutes, rooms).astype(np.int64)


def passages(place: Places, meetings: Iterable[Meeting]) -> tuple[tuple[int, bool], ...]:
    """Return who passes the building's door; visitors come five minutes early and leave five minutes after."""
    inside = np.pad((place != OUTSIDE).astype(np.int8), ((0, 0), (1, 1)))
    changes = np.diff(inside, axis=1)
    people, minutes = np.nonzero(changes)
    staff = zip(minutes.tolist(), (changes[people, minutes] > 0).tolist(), strict=True)
    visitors = [
        passage for m in meetings for _ in range(m.visitors) for passage in ((m.start - 5, True), (m.end + 5, False))
    ]
    return tuple(sorted([*staff, *visitors]))


def _within(blocks: Ints, minutes: int) -> Flags:
    """Say of each person and minute whether they are in house, lunch and errands apart."""
    at = np.arange(minutes)[None, :]
    arrival, out, back, departure = (blocks[:, [column]] for column in range(4))
    return ((arrival <= at) & (at < out)) | ((back <= at) & (at < departure))


def _lunch(work: Hours, out: Floats, nap: Floats, back: Floats) -> tuple[Floats, Floats]:
    """Return the minutes of going to lunch and of being back; at the middle of the day where there is no pause."""
    if len(work) == 1:
        middle = np.full_like(out, (work[0][0] + work[0][1]) // 2)
        return middle, middle
    start, end = work[0][1], work[1][0]
    pause = end - start
    returns = np.where(nap < NAP_AT_DESK, end - between(back, pause / 4, pause / 2), end - between(back, -8.0, 10.0))
    return start + between(out, -5.0, 10.0), returns


def _desks(registry: Registry) -> Iterable[tuple[Person, Room]]:
    """Yield each person with the first of their rooms."""
    seated: set[PersonId] = set()
    for room in registry.rooms.values():
        for holder in room.holders:
            if holder not in seated:
                seated.add(holder)
                yield registry.people[holder], room


def _on_leave(person: Person, day: date) -> bool:
    return any(absence.first <= day <= absence.last for absence in person.absences)
