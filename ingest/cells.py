"""The cells of mapped columns as times and canonical values: one by one for what is to be told, or a block at once.

Both give the same. A block at once is for speed: whatever it is not sure of is looked at cell by cell.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from ingest.csv_records import RecordBlock, TableFault
from ingest.mapping import ColumnTarget, CsvMapping
from ingest.row_times import parse_times
from sensors.local_time import TimeError, UnreadableTimeError, parse_time
from sensors.metrics import Nature
from sensors.readings import epoch_ms

Values = Sequence[float | None]


class Row(NamedTuple):
    """One row: its time, and a value per mapped column in canonical units; None for a blank cell."""

    number: int
    time_ms: int
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Neighbouring rows, column by column in the mapping's order; None for a blank cell."""

    last_number: int
    times_ms: Sequence[int]
    columns: Sequence[Values]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "RowBlock":
        """Return rows, of which there is at least one, as columns."""
        columns = list(zip(*(row.values for row in rows), strict=True))
        return cls(rows[-1].number, [row.time_ms for row in rows], columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedColumns:
    """Where the mapped columns are in a file's header."""

    path: Path
    mapping: CsvMapping
    width: int
    time: int
    targets: tuple[tuple[int, ColumnTarget], ...]

    @classmethod
    def find(cls, path: Path, header: Sequence[str], mapping: CsvMapping) -> "MappedColumns":
        """Return them. Raises TableFault for a column that is absent or there twice."""
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
        """Return one row. Raises TableFault that names the row and the column."""
        if len(fields) != self.width:
            many = "more" if len(fields) > self.width else "fewer"
            reason = f"{len(fields)} fields, {many} than the {self.width} of the header; mend the row"
            raise TableFault(self.path, reason, row=number)
        return Row(
            number,
            self._time(number, fields[self.time]),
            tuple([self._value(number, fields[at], target) for at, target in self.targets]),
        )

    def rows(self, block: RecordBlock) -> list[Row]:
        """Return the rows one by one. Raises TableFault at the first fault."""
        return [self.row(number, fields) for number, fields in zip(block.numbers, block.records, strict=True)]

    def block(self, block: RecordBlock) -> RowBlock:
        """Return the rows of a block, at once where every cell of it is in order. Raises TableFault."""
        try:
            return self._at_once(block)
        except ValueError:
            return RowBlock.of(self.rows(block))

    def _at_once(self, block: RecordBlock) -> RowBlock:
        if set(map(len, block.records)) != {self.width}:
            raise ValueError
        time = self.mapping.time
        times_ms = parse_times(list(map(itemgetter(self.time), block.records)), time.zone, time.layout)
        columns = [parse_values(list(map(itemgetter(at), block.records)), target) for at, target in self.targets]
        return RowBlock(block.numbers[-1], times_ms, columns)

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
        try:
            return parse_value(text, target)
        except ValueError as exc:
            raise TableFault(self.path, str(exc), row=number, column=target.column) from exc


def parse_value(text: str, target: ColumnTarget) -> float | None:
    """Return a cell's value in the canonical unit, None for a blank cell. Raises ValueError that says what is wrong."""
    text = text.strip()
    if not text:
        return None
    value = target.words.get(text)
    if value is None:
        value = target.words.get(text.lower())
    if value is None:
        value = _finite(text, target.words)
    value = _converted([value], target)[0]
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


def parse_values(texts: Sequence[str], target: ColumnTarget) -> Values:
    """Return the values of a column's cells, as `parse_value` reads each. Raises ValueError for one of them."""
    values = _numbers(texts, target)
    if values is not None:
        return values
    present = [text for text in texts if text and not text.isspace()]
    values = _numbers(present, target) if len(present) < len(texts) else None
    if values is None:
        known = {text: parse_value(text, target) for text in set(texts)}
        return [known[text] for text in texts]
    following = iter(values)
    return [next(following) if text and not text.isspace() else None for text in texts]


def _numbers(texts: Sequence[str], target: ColumnTarget) -> list[float] | None:
    """Return plain numbers without any doubt, converted; None where each has to be looked at."""
    together = "".join(texts)
    if target.words or target.metric.nature is Nature.BOOLEAN or "_" in together or not together.isascii():
        return None
    try:
        values = list(map(float, texts))
    except ValueError:
        return None
    if not math.isfinite(sum(values)):
        return None
    values = _converted(values, target)
    metric = target.metric
    in_order = target.interval_energy or not values or metric.low <= min(values) <= max(values) <= metric.high
    return values if in_order else None


def _converted(values: list[float], target: ColumnTarget) -> list[float]:
    if target.conversion is not None:
        values = list(map(target.conversion.apply, values))
    # 0.0 less a value turns it round, and what is added turns -0.0 into 0.0.
    return [0.0 - value for value in values] if target.negated else [value + 0.0 for value in values]


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
