"""The job that makes roll-ups again for the days that received readings since: hours, then local days.

The same days again give the same roll-ups, so it may be run at any time, and late readings need nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import Protocol

import polars as pl

from analytics.calendar import WorkCalendar
from analytics.intervals import MS_PER_HOUR
from analytics.meter_limits import limits_of
from analytics.meter_series import SERIES
from analytics.points import points
from analytics.ports import READINGS_SCHEMA, ReadingSource, RollupStore
from analytics.rollups import CUMULATIVE, device_ratios, rolled_up
from premises.holidays import holidays_of
from premises.home import Home
from premises.jobs.daily import Building
from premises.stores.readings import open_readings
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, SiteId
from storage.registry_file import load_registry

DAY = timedelta(days=1)
DAY_MS = 24 * MS_PER_HOUR

DAYS_AT_ONCE = 7
DEVICES_AT_ONCE = 200
"""A week of 200 devices at five minutes is a few million readings: a few hundred MB. The project's own choice."""

USUAL_MS = 7 * DAY_MS
"""Registers are read from a week before, so that a gap is spread by the hours of the week."""
AFTER_MS = 2 * DAY_MS
LONGEST_GAP_MS = 400 * DAY_MS
"""A register that was silent for longer begins anew: what it counted meanwhile is in no roll-up. Own choice."""

Progress = Callable[[str, float], None]


class RolledStore(ReadingSource, RollupStore, Protocol):
    """Readings and the roll-ups made from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What stays the same from piece to piece."""

    store: RolledStore
    site: SiteId
    calendar: WorkCalendar
    devices: Sequence[str]
    registers: pl.DataFrame
    """Device, metric and phase of every register."""
    ratios: pl.DataFrame
    limits: pl.DataFrame


def roll_up(
    store: RolledStore,
    building: Building,
    *,
    first: date | None = None,
    end: date | None = None,
    progress: Progress = lambda _what, _done: None,
) -> Mapping[str, object]:
    """Return in numbers what was rolled up: the days that changed, or those from `first` until before `end`."""
    site = building.registry.site.id
    stale = store.stale_days(site)
    wanted = _asked(store, building, first, end) if first or end else sorted(stale)
    if not wanted:
        return {"days": 0, "local_days": 0}
    work = _work(store, building)
    local_days = sorted(_touched(work, wanted))
    pieces = list(_pieces(local_days))
    for number, piece in enumerate(pieces):
        progress("roll-ups", number / len(pieces))
        _roll_piece(work, piece)
    progress("roll-ups", 1.0)
    store.mark_rolled(site, {day: revision for day, revision in stale.items() if day in set(wanted)})
    return {"days": len(wanted), "local_days": len(local_days)}


class Rollups:
    """The roll-ups of a running server, for any thread.

    One job after another: of two at once the one that looked first could put in last, and what it had not seen would
    count as rolled up.
    """

    def __init__(self, store: RolledStore, building: Callable[[], Building]) -> None:
        """Take where they are, and whom to ask for the building as it is then."""
        self._store = store
        self._building = building
        self._alone = Lock()

    def changed(self) -> Mapping[str, object]:
        """Return in numbers what was rolled up of the days that changed."""
        return self.between(None, None, lambda _what, _done: None)

    def between(self, first: date | None, end: date | None, progress: Progress) -> Mapping[str, object]:
        """Return in numbers what was rolled up, as `roll_up` does."""
        with self._alone:
            return roll_up(self._store, self._building(), first=first, end=end, progress=progress)


def _asked(store: RolledStore, building: Building, first: date | None, end: date | None) -> list[date]:
    """Return the UTC days that local days fall into, as far as there are readings."""
    extent = store.extent(building.registry.site.id)
    if extent is None:
        return []
    calendar = building.calendar
    start_ms = extent[0] if first is None else max(extent[0], calendar.midnight_ms(first))
    stop_ms = extent[1] + 1 if end is None else min(extent[1] + 1, calendar.midnight_ms(end))
    return [_utc_day(number) for number in range(start_ms // DAY_MS, -(-stop_ms // DAY_MS))]


def _work(store: RolledStore, building: Building) -> _Work:
    registry, calendar = building.registry, building.calendar
    latest = store.latest(registry.site.id)
    rows = points(registry, calendar, latest)
    meters = latest.filter(pl.col("metric").is_in(CUMULATIVE))
    return _Work(
        store=store,
        site=registry.site.id,
        calendar=calendar,
        devices=latest["device"].unique().sort().to_list(),
        registers=meters.select(SERIES),
        ratios=device_ratios(rows, _ct_ratios(registry)),
        limits=limits_of(registry, meters),
    )


def _ct_ratios(registry: Registry) -> pl.DataFrame:
    rows = [(str(Subject(SubjectKind.CIRCUIT, one.id)), one.ct_ratio) for one in registry.circuits.values()]
    return pl.DataFrame(rows, schema={"subject": pl.String, "ct_ratio": pl.Float64}, orient="row")


def _touched(work: _Work, utc_days: Iterable[date]) -> set[date]:
    """Return the local days whose roll-ups readings of these UTC days can change.

    A register's reading changes what flowed since the one before it and until the one after it, however far they are.
    """
    found: set[date] = set()
    for days in _pieces(utc_days):
        start_ms, end_ms = _utc_midnight_ms(days[0]), _utc_midnight_ms(days[-1] + DAY)
        near = _registers(work, work.devices, start_ms, end_ms)
        inside = near.filter(pl.col("time_ms").is_between(start_ms, end_ms, closed="left")).select(SERIES).unique()
        around = near.join(inside, on=SERIES, how="semi")
        before, after = _next_to(around, start_ms, end_ms)
        first_ms = start_ms if before is None else before
        last_ms = (end_ms if after is None else after) - 1
        found.update(work.calendar.days(work.calendar.local_day(first_ms), work.calendar.local_day(last_ms)))
    return found


def _next_to(registers: pl.DataFrame, start_ms: int, end_ms: int) -> tuple[int | None, int | None]:
    """Return the earliest of the last readings before [start_ms, end_ms), and the latest of the first ones after."""
    time_ms = pl.col("time_ms")
    ends = registers.group_by(SERIES).agg(
        before=time_ms.filter(time_ms < start_ms).max(), after=time_ms.filter(time_ms >= end_ms).min()
    )
    first, last = ends.select(pl.min("before"), pl.max("after")).row(0)
    return first, last


def _runs(days: Iterable[date]) -> Iterator[list[date]]:
    """Yield the days in runs without a day missing."""
    run: list[date] = []
    for day in sorted(days):
        if run and day != run[-1] + DAY:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _pieces(days: Iterable[date]) -> Iterator[list[date]]:
    for run in _runs(days):
        yield from (run[at : at + DAYS_AT_ONCE] for at in range(0, len(run), DAYS_AT_ONCE))


def _roll_piece(work: _Work, days: Sequence[date]) -> None:
    """Put the roll-ups of neighbouring local days in the place of those that were there."""
    midnights = [work.calendar.midnight_ms(day) for day in (*days, days[-1] + DAY)]
    day_edges = pl.Series("edge", midnights, dtype=pl.Int64)
    first_hour, last_hour = midnights[0] // MS_PER_HOUR, -(-midnights[-1] // MS_PER_HOUR)
    hours = [hour * MS_PER_HOUR for hour in range(first_hour, last_hour + 1)]
    hour_edges = pl.Series("edge", hours, dtype=pl.Int64)
    hourly, daily = [], []
    for at in range(0, len(work.devices), DEVICES_AT_ONCE):
        readings = _readings(work, work.devices[at : at + DEVICES_AT_ONCE], hours[0], hours[-1])
        of_hours, of_days = rolled_up(readings, hour_edges, day_edges, limits=work.limits, ratios=work.ratios)
        hourly.append(of_hours)
        daily.append(of_days)
    put = work.store.put_rollups
    put(work.site, "hour", start_ms=hours[0], end_ms=hours[-1], rollups=pl.concat(hourly))
    put(work.site, "day", start_ms=midnights[0], end_ms=midnights[-1], rollups=pl.concat(daily))


def _readings(work: _Work, devices: Sequence[str], start_ms: int, end_ms: int) -> pl.DataFrame:
    """Return the readings of [start_ms, end_ms), with those of registers from before and after."""
    inside = work.store.readings(work.site, start_ms=start_ms, end_ms=end_ms, devices=devices)
    others = inside.filter(~pl.col("metric").is_in(CUMULATIVE))
    return pl.concat([others, _registers(work, devices, start_ms, end_ms)])


def _registers(work: _Work, devices: Sequence[str], start_ms: int, end_ms: int) -> pl.DataFrame:
    """Return what registers said from a week before to two days after, for those silent then from further away."""
    asked = work.registers.filter(pl.col("device").is_in(list(devices)))
    near_ms = (start_ms - USUAL_MS, end_ms + AFTER_MS)
    near = _said(work, asked, *near_ms)
    heard_before = near.filter(pl.col("time_ms") < start_ms)
    heard_after = near.filter(pl.col("time_ms") >= end_ms)
    before = _said(work, asked.join(heard_before, on=SERIES, how="anti"), start_ms - LONGEST_GAP_MS, near_ms[0])
    after = _said(work, asked.join(heard_after, on=SERIES, how="anti"), near_ms[1], end_ms + LONGEST_GAP_MS)
    return pl.concat([before, near, after]).sort(*SERIES, "time_ms")


def _said(work: _Work, registers: pl.DataFrame, start_ms: int, end_ms: int) -> pl.DataFrame:
    """Return what these registers (device, metric, phase) said in [start_ms, end_ms)."""
    if registers.is_empty():
        return READINGS_SCHEMA.to_frame()
    devices, metrics = (registers[name].unique().sort().to_list() for name in ("device", "metric"))
    found = work.store.readings(work.site, start_ms=start_ms, end_ms=end_ms, metrics=metrics, devices=devices)
    return found.join(registers, on=SERIES, how="semi")


def _utc_midnight_ms(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MS


def _utc_day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def rolled_up_home(home: Home, first: date | None, end: date | None, progress: Progress) -> Mapping[str, object]:
    """Return in numbers what was rolled up of a home that no server holds. Raises StoreHeldError where one does."""
    registry = load_registry(home.registry)
    building = Building(
        registry=registry, calendar=WorkCalendar(registry.site, holidays_of(registry.site, home.registry))
    )
    with open_readings(home) as store:
        return roll_up(store, building, first=first, end=end, progress=progress)
