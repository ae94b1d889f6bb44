"""Bookings of meeting rooms: those that were held, and those to which nobody came.

Who meets has booked; a room of which NO_SHOWS is a fault has further bookings in its free time, so many that they are
S04's limit times the severity of all.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from sensors.bookings import Booking, booking_key
from sensors.catalogue import CATALOGUE
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Registry, Room
from simulators.arithmetic import Flags
from simulators.days import MINUTE_MS, local_day, next_day, working_spans
from simulators.faults import Fault, FaultKind
from simulators.grid import DayGrid
from simulators.site_day import Model
from simulators.timeline import Span

AFTER_MIN, LASTS_MIN = 10, 18
"""Whoever does not come had booked so long after the last meeting, for so long: a pause has room for it."""
MOST_SHARE = 0.8
HEADER = "room,start,end,id"


def bookings(model: Model, start: datetime, end: datetime) -> list[Booking]:
    """Return the bookings of [start, end) by day and room: of all meetings that were held, and of no-shows."""
    books = [_Book(room, model) for room in model.registry.rooms.values() if room.is_meeting_room]
    found: list[Booking] = []
    day = local_day(epoch_ms(start), model.zone)
    while (grid := DayGrid.of(day, model.zone)).start_ms < epoch_ms(end):
        if model.is_workday(day):
            workers = model.people_day(grid).workers
            for book in books:
                found += book.day(grid, workers[:, model.rooms.column[book.room.id]] > 0)
        day = next_day(day)
    return [each for each in found if start <= each.start < end]


def bookings_text(booked: Sequence[Booking]) -> str:
    """Return the CSV that `premises bookings import` reads."""
    lines = (f"{each.room},{each.start.isoformat()},{each.end.isoformat()},{each.key}\n" for each in booked)
    return f"{HEADER}\n" + "".join(lines)


class _Book:
    """The bookings of one room as the days go by: what is owed of no-shows goes on to the next day."""

    def __init__(self, room: Room, model: Model) -> None:
        self.room = room
        self._registry: Registry = model.registry
        self._zone = model.zone
        kinds = (fault for fault in model.faults if fault.kind is FaultKind.NO_SHOWS)
        self._faults: list[Fault] = [fault for fault in kinds if fault.subject.id == room.id]
        self._owed = 0.0

    def day(self, grid: DayGrid, occupied: Flags) -> Iterator[Booking]:
        """Yield the bookings of a workday on which the room is used at these minutes."""
        held = list(_spells(occupied))
        share = self._share(grid)
        self._owed += len(held) * share / (1.0 - share)
        unused = [] if share <= 0 else list(self._unused(occupied))[: int(self._owed)]
        self._owed = 0.0 if share <= 0 else self._owed - len(unused)
        for span in sorted([*held, *unused]):
            yield self._booking(grid, span)

    def _share(self, grid: DayGrid) -> float:
        """Return the share of no-shows on a day."""
        limit = CATALOGUE["S04"].parameter("no_show_pct") / 100
        shares = [limit * fault.severity for fault in self._faults if grid.share_of_steps(fault.span).all()]
        return min(max(shares, default=0.0), MOST_SHARE)

    def _unused(self, occupied: Flags) -> Iterator[Span]:
        """Yield where in the working hours the room is free for a booking that nobody keeps."""
        for begin, end in working_spans(self._registry.site):
            free_since = begin
            for taken, until in [*_spells(occupied[:end], begin), (end, end)]:
                at = free_since + AFTER_MIN
                while at + LASTS_MIN <= taken:
                    yield at, at + LASTS_MIN
                    at += LASTS_MIN + AFTER_MIN
                free_since = until

    def _booking(self, grid: DayGrid, span: Span) -> Booking:
        start, end = (from_epoch_ms(grid.start_ms + minute * MINUTE_MS) for minute in span)
        key = booking_key(self.room.id, start.isoformat())
        zone = self._zone
        return Booking(
            site=self._registry.site.id,
            room=self.room.id,
            start=start.astimezone(zone),
            end=end.astimezone(zone),
            key=key,
        )


def _spells(occupied: Flags, since: int = 0) -> Iterator[Span]:
    """Yield when a room is used from a minute on, [begin, end)."""
    padded = np.concatenate([[False], occupied[since:], [False]]).astype(np.int8)
    changes = np.flatnonzero(np.diff(padded)) + since
    yield from zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True)
