"""The check of a whole table: order, blanks, steps between rows, and whether registers stay in range."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

from ingest.cells import MappedColumns, Row, RowBlock, Values
from ingest.csv_records import RecordBlock, TableFault
from ingest.mapping import ColumnTarget, CsvMapping
from sensors.local_time import LATEST
from sensors.readings import epoch_ms

MAX_STEPS = 10_000
"""Different distances between rows; beyond it nothing is regular and memory should not grow for it."""

WANDER = 1.5
"""How much longer than the step between rows an interval may be: clocks wander, the project's own choice."""


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


@dataclass(slots=True)
class Surveyor:
    """Looks at every row once."""

    path: Path
    mapping: CsvMapping
    _steps: Counter[int] = field(default_factory=Counter)
    _last: tuple[int, int] | None = None
    """Number and time of the row before."""
    _extent: tuple[int, int] | None = None
    _rows: int = 0
    _blanks: int = 0
    _sums: list[float] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing added up."""
        self._sums = [0.0] * len(self.mapping.columns)

    def take(self, block: RecordBlock, columns: MappedColumns) -> None:
        """Count rows in. Raises TableFault at the first fault of the block."""
        try:
            rows = columns.block(block)
        except TableFault:
            rows = None  # an earlier row may be out of order: row by row the first fault is met first
        if rows is None or not self._take_at_once(rows):
            for number, fields in zip(block.numbers, block.records, strict=True):
                self._take_row(columns.row(number, fields))

    def result(self, fingerprint: tuple[int, int]) -> TableSurvey:
        """Return what was learned; a file without rows is a fault."""
        if self._last is None or self._extent is None:
            raise TableFault(self.path, "the file has a header and no rows; nothing to read")
        interval_ms = self._interval_ms()
        self._hold_end(*self._last, interval_ms or 0)
        regular = 0 if interval_ms is None else self._steps[interval_ms]
        return TableSurvey(
            rows=self._rows,
            first_ms=self._extent[0],
            last_ms=self._extent[1],
            blanks=self._blanks,
            jumps=0 if interval_ms is None else self._steps.total() - regular,
            interval_ms=interval_ms,
            fingerprint=fingerprint,
        )

    def _take_at_once(self, rows: RowBlock) -> bool:
        """Count rows in and say so; where a fault may be among them nothing is counted."""
        steps = self._steps_to(rows.times_ms)
        if self.mapping.has_interval_energy and steps and min(steps) <= 0:
            return False
        sums = [
            _sum_of(target, values, total)
            for target, values, total in zip(self.mapping.columns, rows.columns, self._sums, strict=True)
        ]
        if None in sums:
            return False
        self._sums = [total for total in sums if total is not None]
        self._count(rows, steps)
        return True

    def _take_row(self, row: Row) -> None:
        steps = self._steps_to([row.time_ms])
        if self._last is not None and self.mapping.has_interval_energy and steps[0] <= 0:
            reason = f"not later than row {self._last[0]}; interval energy needs rows in the order of time"
            raise TableFault(self.path, reason, row=row.number, column=self.mapping.time.column)
        for position, (target, value) in enumerate(zip(self.mapping.columns, row.values, strict=True)):
            if target.interval_energy and value is not None:
                self._sums[position] = self._sum(row.number, target, value, self._sums[position])
        self._count(RowBlock.of([row]), steps)

    def _steps_to(self, times_ms: Sequence[int]) -> list[int]:
        known = times_ms if self._last is None else [self._last[1], *times_ms]
        return [after - before for before, after in pairwise(known)]

    def _count(self, rows: RowBlock, steps: Sequence[int]) -> None:
        for step in steps:
            if step > 0 and (step in self._steps or len(self._steps) < MAX_STEPS):
                self._steps[step] += 1
        times_ms = [*rows.times_ms, *(self._extent or ())]
        self._extent = min(times_ms), max(times_ms)
        self._last = rows.last_number, rows.times_ms[-1]
        self._rows += len(rows.times_ms)
        self._blanks += sum(values.count(None) for values in rows.columns)

    def _sum(self, number: int, target: ColumnTarget, value: float, total: float) -> float:
        if value < 0:
            reason = f"{value:g} {target.metric.unit}: energy of an interval cannot be negative; use sign: negated"
            raise TableFault(self.path, reason, row=number, column=target.column)
        if not target.metric.in_range(total + value):
            reason = f"the sum so far passes {target.metric.high:g} {target.metric.unit}; is the unit right?"
            raise TableFault(self.path, reason, row=number, column=target.column)
        return total + value

    def _interval_ms(self) -> int | None:
        mapping = self.mapping
        step_ms = self._steps.most_common(1)[0][0] if self._steps else None
        if mapping.interval_s is not None:
            if step_ms is not None and mapping.interval_s * 1000 > WANDER * step_ms:
                reason = (
                    f"the rows are mostly {step_ms / 1000:g} s apart, and the mapping's interval_s is longer, "
                    f"{mapping.interval_s:g}; mend interval_s or leave it out"
                )
                raise TableFault(self.path, reason)
            return round(mapping.interval_s * 1000)
        if step_ms is not None:
            return step_ms
        if mapping.has_interval_energy:
            raise TableFault(self.path, "one row shows no interval; write interval_s into the mapping")
        return None

    def _hold_end(self, number: int, time_ms: int, interval_ms: int) -> None:
        """Refuse an interval that ends after every time that can be: a register would be read there."""
        if self.mapping.has_interval_energy and time_ms + interval_ms >= epoch_ms(LATEST):
            reason = f"the last interval, {interval_ms / 1000:g} s, ends after {LATEST.year}; mend the times"
            raise TableFault(self.path, reason, row=number, column=self.mapping.time.column)


def _sum_of(target: ColumnTarget, values: Values, total: float) -> float | None:
    """Return what interval energy adds up to; None where it goes down or out of range."""
    if not target.interval_energy:
        return total
    present = [value for value in values if value is not None]
    if present and min(present) < 0:
        return None
    sums = list(accumulate(present, initial=total))
    return sums[-1] if target.metric.in_range(sums[-1]) else None
