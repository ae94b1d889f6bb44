"""A site in the field: what real devices report of it, and how their gateways deliver that.

`World` shows ideal devices at common instants; `Field` goes through the same days and lets each device report when and
as it does, and each gateway send that when and as it can.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

import numpy as np

from sensors.events import Event
from sensors.readings import ReadingFlag, epoch_ms, from_epoch_ms
from sensors.topology import SiteId
from simulators.arithmetic import Floats, Ints
from simulators.block import Series
from simulators.days import local_day
from simulators.faults import FaultList
from simulators.grid import DayGrid
from simulators.incidents import UNNAMED_GATEWAY
from simulators.reports import Reporters, Reports
from simulators.uplinks import RECORDS_PER_MESSAGE, SEND_MS, Letter, Uplink
from simulators.world import World

INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Post:
    """The messages made in a stretch of time, at most a day, and the records in them, in columns.

    `time_ms` is what the gateways' clocks said.
    """

    site: SiteId
    series: tuple[Series, ...]
    row: Ints
    time_ms: Ints
    value: Floats
    letters: tuple[Letter, ...]

    def delivered(self, until_ms: int) -> Reports:
        """Return the records that arrived before a time, each once."""
        here = np.zeros(len(self.row), dtype=np.bool_)
        for letter in self.letters:
            if letter.arrives_ms is not None and letter.arrives_ms < until_ms:
                here[letter.begin : letter.end] = True
        return Reports(self.series, self.row[here], self.time_ms[here], self.value[here])

    def events(self, until_ms: int) -> list[Event]:
        """Return the events that arrived before a time, as their gateways told them."""
        arrived = (letter for letter in self.letters if letter.arrives_ms is not None and letter.arrives_ms < until_ms)
        return [told(letter.event, letter) for letter in arrived if letter.event is not None]


@dataclass(frozen=True, slots=True, order=True)
class Delivery:
    """A message as it arrives; `copy` is 1 for a double."""

    arrives_ms: int
    gateway: str
    number: int
    copy: int


def told(event: Event, letter: Letter) -> Event:
    """Return an event with its gateway's time, marked where it was sent afterwards."""
    time = from_epoch_ms(epoch_ms(event.time) + letter.clock_ms)
    flags = event.flags | ReadingFlag.BACKFILL if letter.kept else event.flags
    return replace(event, time=time, received=from_epoch_ms(letter.arrives_ms or letter.ready_ms), flags=flags)


@dataclass(slots=True)
class _Waiting:
    """Reports that a gateway has not sent yet: row, true time, value."""

    row: Ints
    time_ms: Ints
    value: Floats

    @classmethod
    def nothing(cls) -> "_Waiting":
        empty = np.empty(0, dtype=np.int64)
        return cls(empty, empty, np.empty(0))

    def joined(self, reports: Reports, own: np.ndarray) -> "_Waiting":
        return _Waiting(
            np.concatenate([self.row, reports.row[own]]),
            np.concatenate([self.time_ms, reports.time_ms[own]]),
            np.concatenate([self.value, reports.value[own]]),
        )

    def taken(self, which: np.ndarray) -> "_Waiting":
        return _Waiting(self.row[which], self.time_ms[which], self.value[which])


class Field:
    """A world's devices and gateways as they are. Goes through the world that it is given; nobody else should."""

    def __init__(self, world: World) -> None:
        """Begin where the world stands."""
        model = world.model
        self.world = world
        self._told_ms = epoch_ms(world.now)
        self._reporters = Reporters.of(model.registry, model.seed, model.pressure, FaultList(model.faults))
        names = {device.id: device.gateway or UNNAMED_GATEWAY for device in model.registry.devices.values()}
        gateways = list(dict.fromkeys([*names.values(), UNNAMED_GATEWAY]))
        self._links = [Uplink.of(gateway, model.seed, model.faults) for gateway in gateways]
        of_row = [gateways.index(names[device]) for device, _, _ in self._reporters.series]  # type: ignore[index] # ids are text
        self._link_of_row = np.array(of_row, dtype=np.int64)
        self._waiting = [_Waiting.nothing() for _ in gateways]

    def posts(self, until: datetime) -> Iterator[Post]:
        """Yield what gateways make of the time up to `until`, a local day at a time."""
        until_ms = epoch_ms(until)
        while self._told_ms < until_ms:
            day = local_day(self._told_ms, self.world.zone)
            yield self._post(min(DayGrid.of(day, self.world.zone).end_ms, until_ms))

    def deliveries(self, until: datetime) -> Iterator[tuple[Delivery, Letter, Post]]:
        """Yield the messages that arrive before `until`, doubles too, in the order of their arrival."""
        waiting: list[tuple[Delivery, Letter, Post]] = []
        for post in self.posts(until):
            for letter in post.letters:
                for delivery in _deliveries(letter):
                    heappush(waiting, (delivery, letter, post))
            yield from _due(waiting, self._told_ms)

    def _post(self, end_ms: int) -> Post:
        """Go on to `end_ms`, at most the end of the day, and return what was made ready by then."""
        tick = self.world.step(from_epoch_ms(end_ms) - INSTANT)
        reports = self._reporters.told(self.world.day, self._told_ms, end_ms)
        self._told_ms = end_ms
        events: dict[str, list[Event]] = defaultdict(list)
        for event in tick.events:
            events[event.gateway].append(event)
        parts: list[_Waiting] = []
        letters: list[Letter] = []
        place = 0
        for number, link in enumerate(self._links):
            sent = self._sent(number, reports, end_ms)
            sendings, begins, ends = _messages(sent.time_ms)
            letters += link.letters(sendings, begins + place, ends + place, events[link.gateway])
            parts.append(_Waiting(sent.row, link.stamped(sent.time_ms), sent.value))
            place += len(sent.row)
        return Post(
            self.world.model.registry.site.id,
            self._reporters.series,
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.time_ms for part in parts]),
            np.concatenate([part.value for part in parts]),
            tuple(letters),
        )

    def _sent(self, number: int, reports: Reports, end_ms: int) -> _Waiting:
        """Return what a gateway sends before `end_ms`, in the order of its records; the rest waits."""
        waiting = self._waiting[number].joined(reports, self._link_of_row[reports.row] == number)
        waiting = waiting.taken(np.lexsort((waiting.row, waiting.time_ms)))
        goes = _sending(waiting.time_ms) < end_ms
        self._waiting[number] = waiting.taken(~goes)
        return waiting.taken(goes)


def _sending(times_ms: Ints) -> Ints:
    """Return the end of the minute in which something is reported: when its gateway sends it."""
    return times_ms - times_ms % SEND_MS + SEND_MS


def _messages(times_ms: Ints) -> tuple[Ints, Ints, Ints]:
    """Return for each message when it is sent and which of the ordered records it takes: [begin, end)."""
    if not len(times_ms):
        empty = np.empty(0, dtype=np.int64)
        return empty, empty, empty
    sendings = _sending(times_ms)
    firsts = np.flatnonzero(np.diff(sendings, prepend=-1))
    lengths = np.diff(firsts, append=len(times_ms))
    parts = -(-lengths // RECORDS_PER_MESSAGE)
    within = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    begins = np.repeat(firsts, parts) + within * RECORDS_PER_MESSAGE
    ends = np.minimum(begins + RECORDS_PER_MESSAGE, np.repeat(firsts + lengths, parts))
    return sendings[begins], begins, ends


def _deliveries(letter: Letter) -> Sequence[Delivery]:
    arrivals = (letter.arrives_ms, letter.again_ms if letter.arrives_ms is not None else None)
    return [
        Delivery(arrives_ms, letter.gateway, letter.number, copy)
        for copy, arrives_ms in enumerate(arrivals)
        if arrives_ms is not None
    ]


def _due(waiting: list[tuple[Delivery, Letter, Post]], until_ms: int) -> Iterator[tuple[Delivery, Letter, Post]]:
    while waiting and waiting[0][0].arrives_ms < until_ms:
        yield heappop(waiting)
