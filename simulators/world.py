"""A whole site over time: history in bulk, then live from where history ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from sensors.errors import InputFault
from sensors.events import Event
from sensors.readings import ReadingBatch, epoch_ms, from_epoch_ms
from sensors.topology import Registry
from simulators.block import Block
from simulators.climate import Climate, climate_of
from simulators.days import IsWorkday, local_day, next_day, workdays_of
from simulators.devices import Troubles
from simulators.faults import Fault, checked
from simulators.grid import DayGrid
from simulators.incidents import Incidents
from simulators.instruments import Instruments
from simulators.site_day import Model, SiteDay

HISTORY_STEP = timedelta(minutes=5)


class ClockError(InputFault):
    """A world was asked to go back in time, or given a time without an offset."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What the devices say at `time`, and what happened since the tick before."""

    time: datetime
    readings: ReadingBatch
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the devices say at several times of one day, and what happened up to the last of them since before."""

    block: Block
    events: tuple[Event, ...]


class World:
    """A site's rooms, circuits and devices as they go through time.

    Days follow one from another and from the seed alone, and what is told of an instant follows from its day; so
    whoever steps on after history gets what one long run would have given.
    """

    def __init__(
        self,
        registry: Registry,
        seed: int,
        start: datetime,
        faults: Sequence[Fault] = (),
        *,
        is_workday: IsWorkday | None = None,
        climate: Climate | None = None,
    ) -> None:
        """Begin on the local day of `start`, with all rooms empty for long.

        Raises FaultPlanError, UnknownCalendarError, ClockError.
        """
        if start.tzinfo is None:
            msg = f"{start.isoformat()} has no offset; give the world an aware time"
            raise ClockError(msg)
        self._zone = ZoneInfo(registry.site.timezone)
        self._now_ms = epoch_ms(start)
        self._told_ms = self._now_ms - 1
        found = checked(faults, registry).faults
        self._model = Model(
            registry=registry,
            seed=seed,
            climate=climate or climate_of(registry.site),
            faults=found,
            is_workday=is_workday or workdays_of(registry.site),
        )
        grid = DayGrid.of(local_day(self._now_ms, self._zone), self._zone)
        self._carried = self._model.at_first(grid)
        self._day = self._model.day(grid, self._carried)
        self._instruments = Instruments.of(registry, seed, self._model.pressure)
        self._troubles = Troubles.of(seed, found, self._instruments.series, registry)
        self._incidents = Incidents(registry, seed, found)

    @property
    def now(self) -> datetime:
        """Return how far the world has gone."""
        return from_epoch_ms(self._now_ms)

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return self._zone

    @property
    def day(self) -> SiteDay:
        """Return the whole of the day that the world is in: the truth behind what is told."""
        return self._day

    @property
    def model(self) -> Model:
        """Return what makes the days."""
        return self._model

    def stretches(self, until: datetime, step: timedelta = HISTORY_STEP) -> Iterator[Stretch]:
        """Yield what is told from now (unless it was told) at every step before `until`, a day at a time."""
        step_ms = step // timedelta(milliseconds=1)
        if step_ms <= 0:
            msg = f"a step of {step} leads nowhere; take one of at least a millisecond"
            raise ClockError(msg)
        first = self._now_ms if self._told_ms < self._now_ms else self._now_ms + step_ms
        end_ms = epoch_ms(until)
        while first < end_ms:
            day_end_ms = self._day_end(first)
            times_ms = np.arange(first, min(day_end_ms, end_ms), step_ms, dtype=np.int64)
            yield self._stretch(times_ms)
            first = int(times_ms[-1]) + step_ms

    def run(self, until: datetime, step: timedelta = HISTORY_STEP) -> Iterator[Tick]:
        """Yield a tick for now, unless it was told, and for every step before `until`."""
        for stretch in self.stretches(until, step):
            yield from _ticks(stretch)

    def step(self, until: datetime) -> Tick:
        """Go on to `until` and return what the devices say then. Raises ClockError for a time gone by."""
        time_ms = epoch_ms(until)
        if time_ms < self._now_ms:
            msg = f"the world is at {self.now.isoformat()} already and does not go back to {until.isoformat()}"
            raise ClockError(msg)
        stretch = self._stretch(np.array([time_ms], dtype=np.int64))
        return Tick(from_epoch_ms(time_ms), stretch.block.at(0), stretch.events)

    def _day_end(self, moment_ms: int) -> int:
        day = local_day(moment_ms, self._zone)
        return DayGrid.of(day, self._zone).end_ms

    def _stretch(self, times_ms: np.ndarray) -> Stretch:
        """Return what is told at moments of one day, going on to it first."""
        last_ms = int(times_ms[-1])
        events: list[Event] = []
        while last_ms >= self._day.grid.end_ms:
            events += self._events_before(self._day.grid.end_ms)
            self._next_day()
        events += self._events_before(last_ms + 1)
        self._now_ms = last_ms
        block = self._instruments.read(self._day, times_ms)
        self._troubles.befall(block)
        return Stretch(block, tuple(events))

    def _next_day(self) -> None:
        self._carried = self._model.carried(self._day, self._carried)
        grid = DayGrid.of(next_day(self._day.grid.day), self._zone)
        self._day = self._model.day(grid, self._carried)

    def _events_before(self, end_ms: int) -> list[Event]:
        """Return the events of the day that were not told yet."""
        events = self._incidents.between(self._told_ms + 1, end_ms, self._day)
        self._told_ms = end_ms - 1
        return events


def _ticks(stretch: Stretch) -> Iterator[Tick]:
    """Yield the ticks of a stretch; each event goes with the first tick that is not before it."""
    waiting = list(reversed(stretch.events))
    for column, time_ms in enumerate(stretch.block.times_ms.tolist()):
        time = from_epoch_ms(time_ms)
        due: list[Event] = []
        while waiting and waiting[-1].time <= time:
            due.append(waiting.pop())
        yield Tick(time, stretch.block.at(column), tuple(due))
