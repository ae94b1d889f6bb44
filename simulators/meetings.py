"""Meetings: rooms booked through the working hours, and who is free to come."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.hours import Hours
from simulators.arithmetic import Flags
from simulators.chance import Keys, key, keys, uniform
from simulators.grid import DayGrid
from simulators.rooms import Rooms

LEAST_MEETING, LARGEST_MEETING = 3, 8
LASTS_MIN, PAUSE_MIN, FIRST_AFTER_MIN = (45, 100), (30, 100), (15, 50)
VISITED = 0.3
"""The probability that a meeting has one or two visitors, where seats are left."""
_DRAWS = 128


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting in a room's column, [start, end) in minutes: the people by number, and how many visitors."""

    room: int
    start: int
    end: int
    members: tuple[int, ...]
    visitors: int


@dataclass(frozen=True, slots=True)
class MeetingRooms:
    """The meeting rooms of a site."""

    columns: tuple[int, ...]
    most: tuple[int, ...]
    """How many can meet in each."""
    chance: Keys
    who: int

    @classmethod
    def of_site(cls, rooms: Rooms, seed: int) -> "MeetingRooms":
        """Return the meeting rooms; restricted ones take no part."""
        found = [(i, room) for i, room in enumerate(rooms.rooms) if room.is_meeting_room and not room.restricted]
        return cls(
            columns=tuple(column for column, _ in found),
            most=tuple(min(LARGEST_MEETING, room.capacity or LARGEST_MEETING) for _, room in found),
            chance=keys(seed, "meetings", [room.id for _, room in found]),
            who=key(seed, "meetings", "who"),
        )

    def held(self, grid: DayGrid, work: Hours, in_house: Flags) -> Iterator[Meeting]:
        """Yield the meetings of a day; whoever is invited is in house all the while and in no other meeting."""
        busy = np.zeros_like(in_house)
        for number, column in enumerate(self.columns):
            draws = list(uniform(self.chance[number : number + 1], grid.day.toordinal() * _DRAWS + np.arange(_DRAWS)))
            for start, end in _bookings(work, draws):
                free = np.flatnonzero((in_house & ~busy)[:, start:end].all(axis=1))
                invited = self._invited(free, grid, number, start, draws.pop(), self.most[number])
                if len(invited) > 1:
                    busy[invited, start:end] = True
                    seats_left = self.most[number] - len(invited)
                    visitors = min(seats_left, 1 + start % 2) if draws.pop() < VISITED else 0
                    yield Meeting(column, start, end, tuple(int(one) for one in invited), visitors)

    def _invited(
        self, free: NDArray[np.intp], grid: DayGrid, number: int, start: int, drawn: float, most: int
    ) -> NDArray[np.intp]:
        """Return who comes: some of those who are free, by a number of chance for each."""
        least = min(LEAST_MEETING, most)
        wanted = least + int(drawn * (most - least + 1))
        moment = (grid.day.toordinal() * 2048 + start) * 1024 + number
        lots = uniform(np.array([self.who], dtype=np.uint64), moment + free.astype(np.int64) * (1 << 42))
        return free[np.argsort(lots, kind="stable")[:wanted]]


def _bookings(work: Hours, draws: list[float]) -> Iterator[tuple[int, int]]:
    """Yield when a room is booked within each span of working hours."""
    for start, end in work:
        begin = start + _whole(draws.pop(), FIRST_AFTER_MIN)
        while (finish := begin + _whole(draws.pop(), LASTS_MIN)) <= end:
            yield begin, finish
            begin = finish + _whole(draws.pop(), PAUSE_MIN)


def _whole(drawn: float, bounds: tuple[int, int]) -> int:
    return bounds[0] + int(drawn * (bounds[1] - bounds[0] + 1))
