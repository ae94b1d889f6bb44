"""`premises meter` put together: a file of what a register said in, energy per interval out, without any store."""

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from math import isfinite
from pathlib import Path

import polars as pl

from analytics.meters import Meters, corrected
from ingest.csv_records import TableFault, csv_records
from premises.csv_times import named_zone, row_time
from premises.table_out import write_table
from sensors.errors import InputFault
from sensors.local_time import TimeError
from sensors.readings import Quality, epoch_ms, from_epoch_ms

TIME, REGISTER = "timestamp", "energy_import_kwh"
COLUMNS = (TIME, REGISTER)
OUT_COLUMNS = (TIME, "energy_kwh", "quality")
DIGITS = 6
"""Decimals of a kWh that are written: a millijoule is below what any meter counts."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

_INTERVAL = re.compile(r"(\d+)\s*(min|m|h|d)")
_UNITS = {"min": timedelta(minutes=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": DAY}

_DETAILS: Mapping[str, str] = {
    "rollover": "turned over from {before:g} to {after:g}; {amount:g} kWh counted",
    "reset": "was reset: from {before:g} to {after:g}; {amount:g} kWh counted, estimated",
    "replacement": "began anew: from {before:g} to {after:g}; {amount:g} kWh estimated in between",
    "jump": "leapt from {before:g} to {after:g}, more than can have flowed; {amount:g} kWh estimated in its place",
    "clock": "went on at {after:g} after {before:g}: the clock was set back; {amount:g} kWh counted",
    "glitch": "fell from {before:g} to {after:g} and came back; not counted",
    "spike": "rose from {before:g} to {after:g} and came back; not counted",
    "stale": "stood at {before:g} and then caught up; spread",
    "gap": "no reading from {before:g} to {after:g}; {amount:g} kWh spread over the gap",
    "negative": "said {after:g}, which no register can; not counted",
}


class IntervalFault(InputFault):
    """`--interval` cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What was wrong with the register at a time."""

    kind: str
    time: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterAnswer:
    """What a register's file says: energy per interval, and how far that can be relied on."""

    zone: tzinfo
    intervals: pl.DataFrame = field(repr=False)
    """AMOUNTS_SCHEMA, kWh."""
    problems: tuple[Problem, ...]
    first: datetime
    last: datetime

    @property
    def total_kwh(self) -> float:
        """Return the energy from the first reading to the last."""
        return round(float(self.intervals["amount"].sum()), DIGITS)

    @property
    def estimated_kwh(self) -> float:
        """Return the part of it that was inferred, or spread over a gap."""
        return round(float(self.intervals["estimated_amount"].sum()), DIGITS)

    def document(self) -> dict[str, object]:
        """Return the summary as JSON values."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "intervals": self.intervals.height,
            "total_kwh": self.total_kwh,
            "estimated_kwh": self.estimated_kwh,
            "problems": [{"kind": p.kind, "time": p.time.isoformat(), "detail": p.detail} for p in self.problems],
        }


@dataclass(slots=True)
class _Register:
    """The columns of a file, in its order."""

    time_ms: "array[int]" = field(default_factory=lambda: array("q"))
    kwh: "array[float]" = field(default_factory=lambda: array("d"))
    zone: tzinfo | None = None
    """Of the first time, where none was named."""


def answer(
    path: Path, *, interval: str, timezone: str | None, rolls_at: float | None = None, encoding: str = "utf-8"
) -> MeterAnswer:
    """Return the energy per interval of a register's file. Raises InputFault, with file, row and column."""
    step = parse_interval(interval)
    register = read_register(path, named_zone(timezone), encoding=encoding)
    zone = register.zone
    assert zone is not None  # noqa: S101 - read_register has found a row
    meters = _put_right(register, rolls_at)
    if meters.track.height < 2:  # noqa: PLR2004 - an amount is the difference of two
        found = "one usable reading" if meters.track.height else "no usable reading"
        reason = f"has {found}; energy is what flows between two of different times"
        raise TableFault(path, reason)
    first_ms, last_ms = int(meters.track["time_ms"][0]), int(meters.track["time_ms"][-1])
    return MeterAnswer(
        zone=zone,
        intervals=meters.amounts(aligned_edges(first_ms, last_ms, step, zone)),
        problems=tuple(_problem(row, zone) for row in meters.problems.iter_rows(named=True)),
        first=from_epoch_ms(first_ms).astimezone(zone),
        last=from_epoch_ms(last_ms).astimezone(zone),
    )


def parse_interval(text: str) -> timedelta:
    """Return a length like 15min, 1h or 1d that a day holds a whole number of times. Raises IntervalFault."""
    found = _INTERVAL.fullmatch(text.strip().lower())
    step = int(found[1]) * _UNITS[found[2]] if found and len(found[1]) < len("100000") else timedelta()
    if not step or DAY % step:
        msg = f"--interval {text!r} is no part of a day; write one like 15min, 1h or 1d"
        raise IntervalFault(msg)
    return step


def read_register(path: Path, zone: tzinfo | None, *, encoding: str = "utf-8") -> _Register:
    """Return what the register said, in the file's order. Raises TableFault at the first fault."""
    register = _Register(zone=zone)
    rows = csv_records(path, encoding=encoding)
    _, header = next(rows, (0, []))
    at_time, at_register = _places(path, header)
    for number, fields in rows:
        if len(fields) != len(header):
            reason = f"{len(fields)} fields where the header has {len(header)}; mend the row"
            raise TableFault(path, reason, row=number)
        _take(register, path, number, fields[at_time].strip(), fields[at_register].strip())
    if not register.time_ms:
        raise TableFault(path, "the file has a header and no rows; nothing to count")
    return register


def aligned_edges(first_ms: int, last_ms: int, step: timedelta, zone: tzinfo) -> pl.Series:
    """Return the edges of the intervals round [first_ms, last_ms]: `step` apart, begun anew at each local midnight.

    More than an hour goes by the local clock: on the day of a clock change one interval is longer or shorter.
    """
    day = from_epoch_ms(first_ms).astimezone(zone).date()
    edges: list[int] = []
    while not edges or edges[-1] < last_ms:
        edges.extend(_edges_of(day, step, zone))
        day += DAY
    edges.append(_local_ms(day, timedelta(), zone))
    known = pl.Series("edge", edges, dtype=pl.Int64)
    before, after = known.filter(known <= first_ms), known.filter(known >= last_ms)
    return known.filter((known >= before[-1]) & (known <= after[0]))


def write_intervals(found: MeterAnswer, path: Path) -> None:
    """Write `timestamp,energy_kwh,quality`, whole or not at all. Raises InputFault."""
    write_table(path, OUT_COLUMNS, _out_rows(found))


def _out_rows(found: MeterAnswer) -> Sequence[tuple[str, float, str]]:
    words = {True: Quality.ESTIMATED.name.lower(), False: Quality.GOOD.name.lower()}
    return [
        (from_epoch_ms(start_ms).astimezone(found.zone).isoformat(), round(kwh, DIGITS), words[estimated])
        for start_ms, kwh, estimated in found.intervals.select("start_ms", "amount", "estimated").iter_rows()
    ]


def _put_right(register: _Register, rolls_at: float | None) -> Meters:
    size = len(register.time_ms)
    series = {"device": pl.lit("file"), "metric": pl.lit(REGISTER), "phase": pl.lit("")}
    rows = pl.DataFrame({"time_ms": pl.Series(register.time_ms, dtype=pl.Int64), "value": register.kwh[:size]})
    known = pl.DataFrame({"device": ["file"], "metric": [REGISTER]}).with_columns(
        limit_per_h=pl.lit(None, dtype=pl.Float64),
        floor_per_h=pl.lit(None, dtype=pl.Float64),
        rolls_at=pl.lit(rolls_at, dtype=pl.Float64),
    )
    good = pl.lit(int(Quality.GOOD), dtype=pl.UInt8)
    return corrected(rows.with_columns(quality=good, **series), limits=known)


def _places(path: Path, header: Sequence[str]) -> tuple[int, int]:
    names = [name.strip().lower() for name in header]
    if not any(names):
        raise TableFault(path, f"the file is empty; the first row must be {','.join(COLUMNS)}")
    for column in COLUMNS:
        if names.count(column) != 1:
            problem = "is there twice" if column in names else "is missing"
            reason = f"the column {problem}; the header must be {','.join(COLUMNS)}"
            raise TableFault(path, reason, row=1, column=column)
    return names.index(TIME), names.index(REGISTER)


def _take(register: _Register, path: Path, number: int, written: str, kwh: str) -> None:
    try:
        instant = row_time(written, register.zone, register.time_ms[-1] if register.time_ms else None)
    except TimeError as exc:
        raise TableFault(path, str(exc), row=number, column=TIME) from exc
    register.zone = register.zone or instant.tzinfo
    register.time_ms.append(epoch_ms(instant))
    register.kwh.append(_kwh(path, number, kwh))


def _kwh(path: Path, number: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or "_" in text or not text.isascii():
        said = f"{text[:40]!r} is no number" if text else "the cell is blank"
        raise TableFault(path, f"{said}; write what the register said, or drop the row", row=number, column=REGISTER)
    return value


def _edges_of(day: date, step: timedelta, zone: tzinfo) -> Iterable[int]:
    if step > HOUR:
        return [_local_ms(day, number * step, zone) for number in range(DAY // step)]
    end_ms = _local_ms(day + DAY, timedelta(), zone)
    return range(_local_ms(day, timedelta(), zone), end_ms, step // timedelta(milliseconds=1))


def _local_ms(day: date, clock: timedelta, zone: tzinfo) -> int:
    return epoch_ms((datetime.combine(day, time.min) + clock).replace(tzinfo=zone))


def _problem(row: Mapping[str, object], zone: tzinfo) -> Problem:
    kind, start_ms = str(row["kind"]), row["start_ms"]
    numbers = {name: row[name] if isinstance(row[name], float) else 0.0 for name in ("before", "after", "amount")}
    assert isinstance(start_ms, int)  # noqa: S101 - what the frame's schema says, for the type checker
    at = from_epoch_ms(start_ms).astimezone(zone)
    return Problem(kind=kind, time=at, detail=_DETAILS[kind].format(**numbers))
