"""What devices report at instants of their own: in turn or on change, rounded, straying, turning over, at times lost.

A report follows from the seed, the device and its instant alone, as the ideal devices' readings do; so it does not
matter how time is cut.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sensors.topology import Device, OpeningId, Registry
from simulators.arithmetic import Flags, Floats, Ints
from simulators.block import Block, Series
from simulators.chance import Keys, key, uniform
from simulators.days import MINUTE_MS
from simulators.device_profiles import BATTERY, BATTERY_CHANGED_PCT, Profile, profile_of
from simulators.devices import Troubles
from simulators.doors import fire_door_uses, passing_spans
from simulators.faults import FaultList
from simulators.instruments import Instruments
from simulators.openings import Openings
from simulators.routines import columns_of_floors, controlled_doors, doors_day
from simulators.site_day import SiteDay

SECOND_MS, DAY_MS, WEEK_MS = 1000, 86_400_000, 7 * 86_400_000
ON_CHANGE = frozenset({"presence", "motion", "open", "locked"})
"""What makes a device report at once when it changes."""
NOTICED_MS = 900
"""Within so long a contact notices that its door moved."""
REPEATED_MS = (5000, 15_000, 35_000)
"""A change is acknowledged, and told again so much later until it is; a heartbeat that is lost is lost. Radios of
contacts and presence sensors do so, at intervals of their own: these are the project's own choice."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Readings in columns: `series[row[i]]` says `value[i]` at `time_ms[i]`; in order of row and time."""

    series: tuple[Series, ...]
    row: Ints
    time_ms: Ints
    value: Floats


@dataclass(frozen=True, slots=True)
class Reporter:
    """One device, or those that their gateway polls at one time, and how they tell what they see."""

    profile: Profile
    instruments: Instruments
    troubles: Troubles
    first_row: int
    phase_ms: int
    turn: Keys
    own: Keys
    """A key for each row: that of its device."""
    on_change: Ints
    """The rows that make it report at once."""
    openings: tuple[OpeningId, ...]

    def report(self, day: SiteDay, start_ms: int, end_ms: int) -> Block:
        """Return what is told in [start_ms, end_ms) of a day; NaN where it was lost."""
        times = self._in_turn(start_ms, end_ms)
        if len(self.on_change):
            times = np.union1d(times, self._changes(day, start_ms, end_ms))
        block = self.instruments.read(day, times)
        self._err(block)
        self.troubles.befall(block)
        self._round(block)
        self._lose(block)
        return block

    def _in_turn(self, start_ms: int, end_ms: int) -> Ints:
        """Return the instants of the reports in turn: each late by a chance of its own."""
        every_ms, late_ms = round(self.profile.every_s * SECOND_MS), self.profile.jitter_s * SECOND_MS
        first = int(start_ms - self.phase_ms - late_ms) // every_ms
        turns = np.arange(first, (end_ms - self.phase_ms) // every_ms + 1, dtype=np.int64)
        times: Ints = self.phase_ms + turns * every_ms + (uniform(self.turn, turns) * late_ms).astype(np.int64)
        return times[(start_ms <= times) & (times < end_ms)]

    def _changes(self, day: SiteDay, start_ms: int, end_ms: int) -> Ints:
        """Return when something changes: people by the minute, doors to the moment; each is noticed a little later."""
        if self.openings:
            edges = sorted({edge for name in self.openings for edge in day.openings.edges(name)})
            moments, latest_ms = np.array(edges, dtype=np.int64), NOTICED_MS
        else:
            moments, latest_ms = self._minutes_of_change(day, start_ms, end_ms), MINUTE_MS - SECOND_MS
        noticed: Ints = self._until_heard(moments + (uniform(self.turn, moments) * latest_ms).astype(np.int64))
        return noticed[(start_ms <= noticed) & (noticed < end_ms)]

    def _until_heard(self, noticed: Ints) -> Ints:
        """Return when changes are told: again where the telling was lost."""
        told, unheard = [noticed], noticed[self._swallowed(self.own[0], noticed)]
        for later_ms in REPEATED_MS:
            again = unheard + later_ms
            told.append(again)
            unheard = unheard[self._swallowed(self.own[0], again)]
        return np.concatenate(told)

    def _swallowed(self, own: Keys | np.uint64, times_ms: Ints) -> Flags:
        """Say of each report whether the air swallows it."""
        found: Flags = uniform(np.asarray(own), times_ms) < self.profile.lost
        return found

    def _minutes_of_change(self, day: SiteDay, start_ms: int, end_ms: int) -> Ints:
        """Return the minutes in which a state is not that of the minute before; the day's first has none before.

        What changed up to a minute before the start may be noticed after it.
        """
        begin = max(start_ms - start_ms % MINUTE_MS - 2 * MINUTE_MS, day.grid.start_ms)
        minutes = np.arange(begin, end_ms, MINUTE_MS, dtype=np.int64)
        states = self.instruments.read(day, minutes).values[self.on_change]
        changed: Ints = minutes[1:][(np.diff(states, axis=1) != 0).any(axis=0)]
        return changed

    def _err(self, block: Block) -> None:
        """Let sensors stray until they calibrate themselves, batteries run down, and registers turn over."""
        for row, (_, metric, _) in enumerate(block.series):
            values = block.values[row]
            if metric in self.profile.drift:
                values += self._strayed(row, block.times_ms) * self.profile.drift[metric]
            elif metric in self.profile.turns_over:
                values %= self.profile.turns_over[metric]
            elif metric == BATTERY and self.profile.battery_days is not None:
                values[:] = self._charge_pct(row, block.times_ms, self.profile.battery_days)

    def _strayed(self, row: int, times_ms: Ints) -> Floats:
        """Return how far a sensor has strayed, −1 to 1: evenly through its week, each sensor its own way."""
        of = int(self.own[row])
        share: Floats = ((times_ms + of % WEEK_MS) % WEEK_MS) / WEEK_MS
        return share * (2.0 * (of % 1009) / 1008 - 1.0)

    def _charge_pct(self, row: int, times_ms: Ints, lasts_days: float) -> Floats:
        """Return what is left in a battery that is changed in time; each device has had its own for a while."""
        lasts_ms = round(lasts_days * DAY_MS)
        used: Floats = ((times_ms + int(self.own[row]) % lasts_ms) % lasts_ms) / lasts_ms
        return np.round(100.0 - (100.0 - BATTERY_CHANGED_PCT) * used)

    def _round(self, block: Block) -> None:
        for row, (_, metric, _) in enumerate(block.series):
            step = self.profile.resolution.get(metric)
            if step is not None:
                block.values[row] = np.round(np.round(block.values[row] / step) * step, 6)

    def _lose(self, block: Block) -> None:
        """Take away the reports that the air swallowed: all metrics of a device at once."""
        if self.profile.lost and len(block.times_ms):
            lost = self._swallowed(self.own[:, None], block.times_ms[None, :])
            block.values[lost & ~self.troubles.leaves_out(block.times_ms)] = np.nan


@dataclass(frozen=True, slots=True)
class Reporters:
    """All devices of a site."""

    registry: Registry
    seed: int
    series: tuple[Series, ...]
    each: tuple[Reporter, ...]
    _day: list[SiteDay]
    """The day that was looked at last, with everybody's passing of its doors."""

    @classmethod
    def of(cls, registry: Registry, seed: int, pressure: float, faults: FaultList) -> "Reporters":
        """Return the devices at their last places, each with its own clock or its gateway's."""
        parts = list(_parts(registry))
        reporters: list[Reporter] = []
        first_row = 0
        for part, instruments in zip(parts, Instruments.apart(registry, seed, pressure, parts), strict=True):
            if instruments.series:
                troubles = Troubles.of(seed, faults.faults, instruments.series, registry)
                reporters.append(_reporter(part, instruments, troubles, seed, first_row))
                first_row += len(instruments.series)
        series = tuple(name for each in reporters for name in each.instruments.series)
        return cls(registry, seed, series, tuple(reporters), [])

    def told(self, day: SiteDay, start_ms: int, end_ms: int) -> Reports:
        """Return what all devices report in [start_ms, end_ms) of a day."""
        lived = self._lived(day)
        blocks = [(each.first_row, each.report(lived, start_ms, end_ms)) for each in self.each]
        said = [(first, block, ~np.isnan(block.values)) for first, block in blocks]
        return Reports(
            self.series,
            row=_joined(first + np.nonzero(there)[0] for first, _, there in said),
            time_ms=_joined(block.times_ms[np.nonzero(there)[1]] for _, block, there in said),
            value=np.concatenate([block.values[there] for _, block, there in said]) if said else np.empty(0),
        )

    def _lived(self, day: SiteDay) -> SiteDay:
        """Return the day with its doors opened by all who pass, for a moment each."""
        if not self._day or self._day[0].grid != day.grid:
            self._day[:] = [replace(day, openings=with_passing(day, self.registry, self.seed))]
        return self._day[0]


def with_passing(day: SiteDay, registry: Registry, seed: int) -> Openings:
    """Return when openings stand open on a day, everybody's passing counted in."""
    spans = dict(day.openings.spans)
    doors = controlled_doors(registry)
    told = doors_day(day.people, day.grid, seed, doors, columns_of_floors(day.conditions.rooms))
    for device in registry.devices.values():
        for place in device.placements[-1:]:
            if place.opening is not None and registry.openings[place.opening].room is None:
                own = spans.get(place.opening, ())
                passing = (
                    passing_spans(told[device.id], seed, device.id)
                    if device.id in told
                    else fire_door_uses(day.people, day.grid, seed, device.id)
                )
                spans[place.opening] = (*own, *passing)
    return replace(day.openings, spans=spans)


def _parts(registry: Registry) -> Iterator[list[Device]]:
    """Yield the devices that report at the same instants: those of a model at a gateway that polls, else each alone."""
    polled: dict[tuple[str, str], list[Device]] = {}
    for device in registry.devices.values():
        profile = profile_of(device)
        if profile.polled and profile.heartbeat_s is None:
            polled.setdefault((device.model or "", device.gateway or ""), []).append(device)
        else:
            yield [device]
    yield from polled.values()


def _reporter(
    part: Sequence[Device], instruments: Instruments, troubles: Troubles, seed: int, first_row: int
) -> Reporter:
    profile = profile_of(part[0])
    clock = key(seed, "clock", part[0].id)
    of_device: Mapping[str, int] = {device.id: key(seed, "device", device.id) for device in part}
    changing = [row for row, (_, metric, _) in enumerate(instruments.series) if metric in ON_CHANGE]
    places = (place.opening for device in part for place in device.placements[-1:])
    return Reporter(
        profile=profile,
        instruments=instruments,
        troubles=troubles,
        first_row=first_row,
        phase_ms=0 if profile.polled or not profile.jitter_s else clock % round(profile.every_s * SECOND_MS),
        turn=np.array([clock], dtype=np.uint64),
        own=np.array([of_device[device] for device, _, _ in instruments.series], dtype=np.uint64),
        on_change=np.array(changing if profile.heartbeat_s is not None else [], dtype=np.int64),
        openings=tuple(opening for opening in places if opening is not None),
    )


def _joined(parts: Iterable[Ints]) -> Ints:
    found = list(parts)
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)
