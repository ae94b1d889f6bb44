"""A meter's file as hours, days or bills: its interval found, parts of hours summed, doubts told."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby, pairwise
from math import isnan
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from analytics.savings.tables import LONGEST_BILL_DAYS
from analytics.savings.terms import METER_SCHEMA, Interval
from ingest.csv_records import TableFault
from premises.savings.series_file import TIME, Column, Series, number_of, read_series
from premises.savings.zones import zone_of
from reports.savings_notes import Note, NoteCode
from sensors.readings import epoch_ms, from_epoch_ms

ENERGY = Column(name="energy_kwh", meaning=number_of)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
DAY_BOUNDS_MS = (23 * HOUR_MS, 25 * HOUR_MS)
BILL_BOUNDS_MS = (25 * DAY_MS, LONGEST_BILL_DAYS * DAY_MS)
"""How long a bill of a month may be: readers come some days early or late. The project's own choice."""
MIXED_RUN = 6
"""So many longer intervals of one length, one after the other, are another interval and no gaps. Our own choice."""
REGISTER_ROWS = 48
"""Two days of hours that never fall are no energy of intervals but a register. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSeries:
    """Energy by interval (METER_SCHEMA, in order of time), the zone of its days, and what was noted on the way."""

    frame: pl.DataFrame
    interval: Interval
    zone: ZoneInfo
    notes: tuple[Note, ...]


def read_meter(path: Path, zone: ZoneInfo | None, *, encoding: str = "utf-8") -> MeterSeries:
    """Return the energy of a file `timestamp,energy_kwh`. Raises TableFault, with row and column."""
    series = read_series(path, (ENERGY,), zone, encoding=encoding)
    named, zone_notes = _zone(series, zone)
    rows, repeated = in_order(series)
    _refuse_register(series, rows)
    step_ms = _step(series, rows)
    interval = _interval(series, step_ms)
    _refuse_mixed(series, rows, step_ms, interval)
    notes = (*series.notes, *repeated, *zone_notes)
    if interval is Interval.HOURLY:
        summed = Note(code=NoteCode.SUMMED_TO_HOURS, params={"minutes": step_ms // MINUTE_MS})
        notes = (*notes, summed) if step_ms < HOUR_MS else notes
        frame = _hours(rows, step_ms, named)
    else:
        frame = _days(series, rows, named)
    return MeterSeries(frame=frame, interval=interval, zone=named, notes=notes)


Row = tuple[int, float, int]
"""UTC ms, value, and its row in the file."""


def in_order(series: Series) -> tuple[list[Row], tuple[Note, ...]]:
    """Return the rows by time, each time once, and a note where rows were there twice.

    Raises TableFault where two rows of one time say different things.
    """
    rows = sorted(zip(series.time_ms, series.values, series.rows, strict=True), key=lambda row: (row[0], row[2]))
    kept: list[Row] = []
    repeated: list[int] = []
    for row in rows:
        if not kept or kept[-1][0] != row[0]:
            kept.append(row)
            continue
        earlier = kept[-1]
        if earlier[1] != row[1] and not (isnan(earlier[1]) or isnan(row[1])):
            reason = (
                f"the time of row {earlier[2]} again, with another value; leave one of them, "
                "or name the --timezone where a clock was set back"
            )
            raise TableFault(series.path, reason, row=row[2], column=TIME)
        kept[-1] = row if isnan(earlier[1]) else earlier
        repeated.append(row[2])
    params: dict[str, str | int] = {"file": series.path.name, "rows": len(repeated), "row": min(repeated, default=0)}
    return kept, (Note(code=NoteCode.REPEATED_ROWS, params=params),) if repeated else ()


def _zone(series: Series, zone: ZoneInfo | None) -> tuple[ZoneInfo, tuple[Note, ...]]:
    if zone is not None:
        return zone, ()
    found = zone_of(series.offsets)
    if found is None:
        reason = "the offsets change as in no time zone; name the building's with --timezone"
        raise TableFault(series.path, reason, row=series.rows[0], column=TIME)
    changes = len({offset for _, offset in series.offsets}) > 1
    return found, (Note(code=NoteCode.ZONE_INFERRED, params={"zone": found.key}),) if changes else ()


def _refuse_register(series: Series, rows: list[Row]) -> None:
    known = [value for _, value, _ in rows if not isnan(value)]
    if len(known) >= REGISTER_ROWS and known[0] < known[-1] and all(a <= b for a, b in pairwise(known)):
        reason = "the values never fall: a register that counts on; make intervals of it with `premises meter`"
        raise TableFault(series.path, reason, row=series.rows[0], column=series.column)


def _step(series: Series, rows: list[Row]) -> int:
    """Return the usual time from one row to the next, ms."""
    gaps = Counter(after[0] - before[0] for before, after in pairwise(rows))
    if not gaps:
        raise TableFault(series.path, "one usable row; an interval is the time to the next", row=rows[0][2])
    step_ms = gaps.most_common(1)[0][0]
    if step_ms > BILL_BOUNDS_MS[0]:  # bills differ in length
        spans = sorted(gaps.elements())
        return spans[len(spans) // 2]
    return step_ms


def _interval(series: Series, step_ms: int) -> Interval:
    if step_ms <= HOUR_MS and HOUR_MS % step_ms == 0:
        return Interval.HOURLY
    for interval, (low, high) in ((Interval.DAILY, DAY_BOUNDS_MS), (Interval.MONTHLY, BILL_BOUNDS_MS)):
        if low <= step_ms <= high:
            return interval
    reason = f"the rows are {_told(step_ms)} apart; give parts of an hour, hours, days or months"
    raise TableFault(series.path, reason, row=series.rows[0], column=TIME)


def _refuse_mixed(series: Series, rows: list[Row], step_ms: int, interval: Interval) -> None:
    if interval is Interval.MONTHLY:
        wrong = next(((b, b[0] - a[0]) for a, b in pairwise(rows) if b[0] - a[0] < BILL_BOUNDS_MS[0]), None)
    else:
        slack = HOUR_MS if interval is Interval.DAILY else 0
        wrong = next(_misfits(rows, step_ms, slack), None)
    if wrong is not None:
        row, gap_ms = wrong
        reason = f"{_told(gap_ms)} after the row before, where the rows are {_told(step_ms)} apart; use one interval"
        raise TableFault(series.path, reason, row=row[2], column=TIME)


def _misfits(rows: list[Row], step_ms: int, slack_ms: int) -> Iterator[tuple[Row, int]]:
    """Yield where a row comes at no multiple of the interval, or where a longer interval goes on and on."""
    gaps = [(after, after[0] - before[0]) for before, after in pairwise(rows)]
    for row, gap_ms in gaps:
        beyond = gap_ms % step_ms
        if min(beyond, step_ms - beyond) > slack_ms:
            yield row, gap_ms
    for steps, group in groupby(gaps, key=lambda gap: round(gap[1] / step_ms)):
        run = list(group)
        if steps > 1 and len(run) >= MIXED_RUN:
            yield run[0]


def _told(span_ms: int) -> str:
    if span_ms % DAY_MS == 0:
        return f"{span_ms // DAY_MS} d"
    return f"{span_ms // HOUR_MS} h" if span_ms % HOUR_MS == 0 else f"{span_ms / MINUTE_MS:g} min"


def _hours(rows: list[Row], step_ms: int, zone: ZoneInfo) -> pl.DataFrame:
    """Return the hours of the local clock; one of which a part is missing is not known."""
    parts = HOUR_MS // step_ms
    offset = from_epoch_ms(rows[0][0]).astimezone(zone).utcoffset() or timedelta()
    begun_ms = -(offset // timedelta(milliseconds=1)) % HOUR_MS
    known = pl.col("kwh").count() == parts
    frame = pl.DataFrame({"time_ms": [row[0] for row in rows], "kwh": [row[1] for row in rows]}, schema=METER_SCHEMA)
    return (
        frame.with_columns(
            pl.col("kwh").fill_nan(None), time_ms=(pl.col("time_ms") - begun_ms) // HOUR_MS * HOUR_MS + begun_ms
        )
        .group_by("time_ms")
        .agg(pl.when(known).then(pl.col("kwh").sum()).otherwise(None).alias("kwh"))
        .sort("time_ms")
        .cast(METER_SCHEMA)
    )


def _days(series: Series, rows: list[Row], zone: ZoneInfo) -> pl.DataFrame:
    """Return the rows at their local midnights. Raises TableFault where a day begins at another hour."""
    midnights = []
    for time_ms, _, number in rows:
        local = from_epoch_ms(time_ms).astimezone(zone)
        if local.time() != time():
            reason = f"the day begins at {local:%H:%M} in {zone.key}; write local midnights, or name their --timezone"
            raise TableFault(series.path, reason, row=number, column=TIME)
        midnights.append(epoch_ms(datetime.combine(local.date(), time(), tzinfo=zone)))
    kwh = [row[1] for row in rows]
    return pl.DataFrame({"time_ms": midnights, "kwh": kwh}, schema=METER_SCHEMA).with_columns(
        pl.col("kwh").fill_nan(None)
    )
