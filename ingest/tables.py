"""A CSV file through a mapping: read row by row, checked whole before anything of it is used.

Energy per interval becomes a register, so that every meter in the store means the same: it stands at 0 at the
file's first row, and each row adds what flowed from its time to the interval's end. Where nobody measured the
register is repeated, marked estimated, and the file's total stays what it was.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from ingest.csv_records import Progress, TableFault, csv_records
from ingest.mapping import ColumnTarget, CsvMapping
from sensors.local_time import LATEST, TimeError, UnreadableTimeError, parse_time
from sensors.metrics import Nature
from sensors.readings import Quality, ReadingBatch, epoch_ms
from sensors.topology import SiteId

MAX_STEPS = 10_000
"""Different distances between rows; beyond it nothing is regular and memory should not grow for it."""

WANDER = 1.5
"""How much longer than the step between rows an interval may be: clocks wander, the project's own choice."""

CHUNK = 50_000
"""Readings per batch."""


class Row(NamedTuple):
    """One row: its time, and a value per mapped column in canonical units; None for a blank cell."""

    number: int
    time_ms: int
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSurvey:
    """What the check of the whole file learned. `jumps` are steps other than the interval, if there is one."""

    rows: int
    first_ms: int
    last_ms: int
    blanks: int
    jumps: int
    interval_ms: int | None
    fingerprint: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows of [start_ms, end_ms); None is open."""

    start_ms: int | None = None
    end_ms: int | None = None

    def holds(self, time_ms: int) -> bool:
        """Say whether a row of this time is selected."""
        after = self.start_ms is None or time_ms >= self.start_ms
        return after and (self.end_ms is None or time_ms < self.end_ms)


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file and what its columns mean. Reading needs memory for one row, whatever the file's size."""

    path: Path
    mapping: CsvMapping
    encoding: str = "utf-8"

    def survey(self, progress: Progress | None = None) -> TableSurvey:
        """Return what the file holds after a look at every cell of it. Raises TableFault at the first fault."""
        survey = _Surveyor(self)
        for row in self._rows(progress):
            survey.take(row)
        return survey.result(_fingerprint(self.path))

    def rows(
        self,
        site: SiteId,
        survey: TableSurvey,
        *,
        selection: Selection = EVERYTHING,
        progress: Progress | None = None,
    ) -> Iterator[tuple[int, ReadingBatch]]:
        """Yield the time of each selected row and its readings.

        Registers count from the file's start whatever is selected, so parts read separately agree.
        """
        if _fingerprint(self.path) != survey.fingerprint:
            raise TableFault(self.path, "the file changed while it was read; start again")
        converter = _Converter(self.mapping, survey.interval_ms)
        for row, following in _with_next(self._rows(progress)):
            batch = ReadingBatch(site=site)
            converter.convert(row, following, batch if selection.holds(row.time_ms) else None)
            if batch:
                yield row.time_ms, batch

    def batches(
        self,
        site: SiteId,
        survey: TableSurvey,
        *,
        selection: Selection = EVERYTHING,
        progress: Progress | None = None,
        size: int = CHUNK,
    ) -> Iterator[ReadingBatch]:
        """Yield the readings of the selected rows in batches of about `size`."""
        batch = ReadingBatch(site=site)
        for _, row in self.rows(site, survey, selection=selection, progress=progress):
            batch.extend(row)
            if len(batch) >= size:
                yield batch
                batch = ReadingBatch(site=site)
        if batch:
            yield batch

    def _rows(self, progress: Progress | None) -> Iterator[Row]:
        records = csv_records(self.path, encoding=self.encoding, progress=progress)
        _, header = next(records, (0, []))
        columns = _Columns.find(self.path, header, self.mapping)
        for number, fields in records:
            yield columns.row(number, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Where the mapped columns are in this file's header."""

    path: Path
    mapping: CsvMapping
    width: int
    time: int
    targets: tuple[tuple[int, ColumnTarget], ...]

    @classmethod
    def find(cls, path: Path, header: Sequence[str], mapping: CsvMapping) -> "_Columns":
        names = [name.strip() for name in header]
        if not any(names):
            raise TableFault(path, "the file is empty; the first row must name the columns")

        def position(column: str) -> int:
            if names.count(column) != 1:
                problem = "is there twice; rename one" if column in names else _absent(column, names)
                raise TableFault(path, f"the header {problem}", row=1, column=column)
            return names.index(column)

        return cls(
            path=path,
            mapping=mapping,
            width=len(names),
            time=position(mapping.time.column),
            targets=tuple((position(target.column), target) for target in mapping.columns),
        )

    def row(self, number: int, fields: Sequence[str]) -> Row:
        if len(fields) != self.width:
            many = "more" if len(fields) > self.width else "fewer"
            reason = f"{len(fields)} fields, {many} than the {self.width} of the header; mend the row"
            raise TableFault(self.path, reason, row=number)
        return Row(
            number,
            self._time(number, fields[self.time]),
            tuple([self._value(number, fields[at], target) for at, target in self.targets]),
        )

    def _time(self, number: int, text: str) -> int:
        column = self.mapping.time
        if not text.strip():
            raise TableFault(self.path, "the time is blank; write it or drop the row", row=number, column=column.column)
        try:
            return epoch_ms(parse_time(text, column.zone, column.layout))
        except TimeError as exc:
            other_form = isinstance(exc, UnreadableTimeError) and column.layout is None
            hint = "; a form of another kind goes into `format` of the mapping" if other_form else ""
            raise TableFault(self.path, f"{exc}{hint}", row=number, column=column.column) from exc

    def _value(self, number: int, text: str, target: ColumnTarget) -> float | None:
        text = text.strip()
        if not text:
            return None
        try:
            return _number(text, target)
        except ValueError as exc:
            raise TableFault(self.path, str(exc), row=number, column=target.column) from exc


class _Surveyor:
    """Looks at every row once: order, blanks, steps, and whether the registers stay in range."""

    def __init__(self, table: CsvTable) -> None:
        self._table = table
        self._steps: Counter[int] = Counter()
        self._last: Row | None = None
        self._earliest_ms = math.inf
        self._latest_ms = -math.inf
        self._rows = 0
        self._blanks = 0
        self._sums = [0.0] * len(table.mapping.columns)

    def take(self, row: Row) -> None:
        """Count a row in."""
        if self._last is not None:
            self._step(self._last, row)
        self._last = row
        self._earliest_ms = min(self._earliest_ms, row.time_ms)
        self._latest_ms = max(self._latest_ms, row.time_ms)
        self._rows += 1
        self._blanks += row.values.count(None)
        self._sum(row)

    def result(self, fingerprint: tuple[int, int]) -> TableSurvey:
        """Return what was learned; a file without rows is a fault."""
        if self._last is None:
            raise TableFault(self._table.path, "the file has a header and no rows; nothing to read")
        interval_ms = self._interval_ms()
        self._hold_end(self._last, interval_ms or 0)
        regular = 0 if interval_ms is None else self._steps[interval_ms]
        return TableSurvey(
            rows=self._rows,
            first_ms=int(self._earliest_ms),
            last_ms=int(self._latest_ms),
            blanks=self._blanks,
            jumps=0 if interval_ms is None else self._steps.total() - regular,
            interval_ms=interval_ms,
            fingerprint=fingerprint,
        )

    def _step(self, last: Row, row: Row) -> None:
        step = row.time_ms - last.time_ms
        mapping = self._table.mapping
        if step <= 0 and mapping.has_interval_energy:
            reason = f"not later than row {last.number}; interval energy needs rows in the order of time"
            raise TableFault(self._table.path, reason, row=row.number, column=mapping.time.column)
        if step > 0 and (step in self._steps or len(self._steps) < MAX_STEPS):
            self._steps[step] += 1

    def _interval_ms(self) -> int | None:
        mapping = self._table.mapping
        step_ms = self._steps.most_common(1)[0][0] if self._steps else None
        if mapping.interval_s is not None:
            if step_ms is not None and mapping.interval_s * 1000 > WANDER * step_ms:
                reason = (
                    f"the rows are mostly {step_ms / 1000:g} s apart, and the mapping's interval_s is longer, "
                    f"{mapping.interval_s:g}; mend interval_s or leave it out"
                )
                raise TableFault(self._table.path, reason)
            return round(mapping.interval_s * 1000)
        if step_ms is not None:
            return step_ms
        if mapping.has_interval_energy:
            raise TableFault(self._table.path, "one row shows no interval; write interval_s into the mapping")
        return None

    def _hold_end(self, last: Row, interval_ms: int) -> None:
        """Refuse an interval that ends after every time that can be: a register would be read there."""
        mapping = self._table.mapping
        if mapping.has_interval_energy and last.time_ms + interval_ms >= epoch_ms(LATEST):
            reason = f"the last interval, {interval_ms / 1000:g} s, ends after {LATEST.year}; mend the times"
            raise TableFault(self._table.path, reason, row=last.number, column=mapping.time.column)

    def _sum(self, row: Row) -> None:
        for position, (target, value) in enumerate(zip(self._table.mapping.columns, row.values, strict=True)):
            if not target.interval_energy or value is None:
                continue
            if value < 0:
                reason = f"{value:g} {target.metric.unit}: energy of an interval cannot be negative; use sign: negated"
                raise TableFault(self._table.path, reason, row=row.number, column=target.column)
            self._sums[position] += value
            if not target.metric.in_range(self._sums[position]):
                reason = f"the sum so far passes {target.metric.high:g} {target.metric.unit}; is the unit right?"
                raise TableFault(self._table.path, reason, row=row.number, column=target.column)


class _Converter:
    """Rows to readings; holds the registers that interval energy adds up to."""

    def __init__(self, mapping: CsvMapping, interval_ms: int | None) -> None:
        self._targets = mapping.columns
        self._registers = {
            position: _Register(target, interval_ms or 0)
            for position, target in enumerate(mapping.columns)
            if target.interval_energy
        }

    def convert(self, row: Row, following: Row | None, batch: ReadingBatch | None) -> None:
        """Add the row's readings to the batch; without a batch only the registers go on."""
        for position, value in enumerate(row.values):
            register = self._registers.get(position)
            if register is not None:
                register.advance(row.time_ms, value, None if following is None else following.time_ms, batch)
            elif value is not None and batch is not None:
                target = self._targets[position]
                batch.add(row.time_ms, target.device, target.metric.name, value, phase=target.phase)


class _Register:
    """A running sum of interval energy and the time up to which it is known."""

    def __init__(self, target: ColumnTarget, interval_ms: int) -> None:
        self._target = target
        self._interval_ms = interval_ms
        self._total = 0.0
        self._until_ms: int | None = None
        self._quality = Quality.GOOD
        self._opened = False

    def advance(self, start_ms: int, energy: float | None, next_ms: int | None, batch: ReadingBatch | None) -> None:
        """Add one interval; the batch gets the register at its end, and at its start where no row before gave it."""
        jumped = self._until_ms is not None and start_ms > self._until_ms
        if jumped:
            self._quality = Quality.ESTIMATED
        if batch is not None and (jumped or not self._opened):
            self._opened = True
            self._write(start_ms, batch)
        end_ms = start_ms + self._interval_ms
        # A clock that wanders puts the next row a little early: the interval then ends where the next begins.
        self._until_ms = end_ms if next_ms is None else min(end_ms, next_ms)
        self._total += energy or 0.0
        self._quality = Quality.ESTIMATED if energy is None else Quality.GOOD
        if batch is not None:
            self._write(self._until_ms, batch)

    def _write(self, time_ms: int, batch: ReadingBatch) -> None:
        target = self._target
        batch.add(time_ms, target.device, target.metric.name, self._total, phase=target.phase, quality=self._quality)


def _number(text: str, target: ColumnTarget) -> float:
    value = target.words.get(text)
    if value is None:
        value = target.words.get(text.lower())
    if value is None:
        value = _finite(text, target.words)
    if target.conversion is not None:
        value = target.conversion.apply(value)
    if target.negated:
        value = -value
    value += 0.0  # turns -0.0 into 0.0
    if target.interval_energy:
        return value
    metric = target.metric
    if not metric.in_range(value):
        msg = f"{value:g} is outside {metric.low:g} to {metric.high:g} {metric.unit}; is the unit right?"
        raise ValueError(msg)
    if metric.nature is Nature.BOOLEAN and value not in {0.0, 1.0}:
        msg = f"{text} is neither 0 nor 1, as {metric.name} must be; `enum` in the mapping can turn it into one"
        raise ValueError(msg)
    return value


def _finite(text: str, words: Mapping[str, float]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # float() also takes 1_000 and digits of other scripts, which no meter writes.
    if not math.isfinite(value) or "_" in text or not text.isascii():
        known = f", nor one of {', '.join(words)}" if words else ""
        msg = f"{text[:40]!r} is not a finite number{known}; mend it or leave the cell blank"
        raise ValueError(msg)
    return value


def _absent(column: str, names: Sequence[str]) -> str:
    near = get_close_matches(column, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names)[:200]}"
    return f"does not have it; {hint}"


def _with_next(rows: Iterator[Row]) -> Iterator[tuple[Row, Row | None]]:
    row = next(rows, None)
    while row is not None:
        following = next(rows, None)
        yield row, following
        row = following


def _fingerprint(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as exc:
        raise TableFault(path, f"the file cannot be read: {exc.strerror}") from exc
    return found.st_size, found.st_mtime_ns
