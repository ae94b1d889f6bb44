"""A CSV of times and one value: what `premises savings` reads, with the row and the column in every fault."""

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from math import isfinite, nan
from pathlib import Path

from ingest.csv_records import TableFault, csv_records
from premises.csv_times import row_time
from reports.savings_notes import Note, NoteCode
from sensors.local_time import SkippedTimeError, TimeError
from sensors.readings import epoch_ms

TIME = "timestamp"
MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none", "-"})
"""What programs write where a value is not known."""

_EXCEL_SERIAL = re.compile(r"\d{5}(\.\d+)?")
_TOTAL = re.compile(r"(grand )?total|sum|subtotal|average|mean|合计|总计|小计|平均", re.IGNORECASE)
_SLASHES = re.compile(r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}.*")

_HINTS: Sequence[tuple[re.Pattern[str], str]] = (
    (_EXCEL_SERIAL, "is a serial number of Excel; format the column as yyyy-mm-dd hh:mm and save the file again"),
    (_TOTAL, "is no time; this reads like a row of totals, delete it"),
    (_SLASHES, "may be day/month or month/day; write it like 2026-01-31 08:00"),
)

Meaning = Callable[[str], float]
"""Turns the number of a cell into a value; its ValueError says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A header that holds the value, and what its numbers mean."""

    name: str
    meaning: Meaning


@dataclass(slots=True)
class Series:
    """The rows in the file's order: UTC ms, value (NaN where the cell is empty), row number; what was passed over."""

    path: Path
    column: str
    time_ms: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    offsets: list[tuple[int, timedelta]] = field(default_factory=list)
    """Each time at which the written offset is another than in the row before, and that offset."""
    notes: tuple[Note, ...] = ()


def read_series(path: Path, columns: Sequence[Column], zone: tzinfo | None, *, encoding: str = "utf-8") -> Series:
    """Return the series of a file. Raises TableFault, which names the first row that cannot be used.

    A row without a time, or at an hour that the clock passes over, is left out and noted.
    """
    records = csv_records(path, encoding=encoding)
    _, header = next(records, (0, []))
    at_time, at_value, column = _places(path, header, columns)
    taken = _Taken(Series(path, column.name), column, zone)
    for number, fields in records:
        if len(fields) != len(header):
            reason = f"{len(fields)} fields where the header has {len(header)}; mend the row"
            raise TableFault(path, reason, row=number)
        taken.take(number, fields[at_time].strip(), fields[at_value].strip())
    return taken.whole()


@dataclass(slots=True)
class _Taken:
    """What is read so far."""

    series: Series
    column: Column
    zone: tzinfo | None
    blank_rows: list[int] = field(default_factory=list)
    skipped_rows: list[int] = field(default_factory=list)

    def take(self, number: int, written: str, cell: str) -> None:
        if not written:
            self.blank_rows += [number] if cell else []
            return
        instant = self._instant(number, written)
        if instant is None:
            self.skipped_rows.append(number)
            return
        series, offset = self.series, instant.utcoffset()
        if self.zone is None and offset is not None and (not series.offsets or series.offsets[-1][1] != offset):
            series.offsets.append((epoch_ms(instant), offset))
        series.values.append(self._value(number, cell))
        series.time_ms.append(epoch_ms(instant))
        series.rows.append(number)

    def whole(self) -> Series:
        series = self.series
        if not series.time_ms:
            raise TableFault(series.path, "no row has a time; nothing to count")
        noted = ((NoteCode.BLANK_TIMES, self.blank_rows), (NoteCode.CLOCK_CHANGE, self.skipped_rows))
        series.notes = tuple(
            Note(code=code, params={"file": series.path.name, "rows": len(rows), "row": rows[0]})
            for code, rows in noted
            if rows
        )
        return series

    def _instant(self, number: int, written: str) -> datetime | None:
        times = self.series.time_ms
        try:
            return row_time(written, self.zone, times[-1] if times else None)
        except TimeError as exc:
            if isinstance(exc.__cause__, SkippedTimeError):
                return None
            hint = next((said for pattern, said in _HINTS if pattern.fullmatch(written)), None)
            reason = str(exc) if hint is None else f"{written[:40]!r} {hint}"
            raise TableFault(self.series.path, reason, row=number, column=TIME) from exc

    def _value(self, number: int, cell: str) -> float:
        if cell.lower() in MISSING:
            return nan
        try:
            return self.column.meaning(cell)
        except ValueError as exc:
            raise TableFault(self.series.path, str(exc), row=number, column=self.column.name) from exc


def number_of(cell: str) -> float:
    """Return the number of a cell. Raises ValueError with what to write instead."""
    try:
        value = float(cell)
    except ValueError:
        value = nan
    if isfinite(value) and "_" not in cell and cell.isascii():
        return value
    comma = " with a decimal point and no commas" if "," in cell else ""
    msg = f"{cell[:40]!r} is no number; write it{comma or ' in digits'}, or leave the cell empty"
    raise ValueError(msg)


def _places(path: Path, header: Sequence[str], columns: Sequence[Column]) -> tuple[int, int, Column]:
    names = [name.strip().lower() for name in header]
    wanted = f"{TIME},{columns[0].name}"
    if not any(names):
        raise TableFault(path, f"the file is empty; the first row must be {wanted}")
    found = [column for column in columns if column.name in names]
    for column, known in ((TIME, TIME in names), (columns[0].name, len(found) == 1)):
        if not known:
            problem = "column is there twice" if len(found) > 1 and column != TIME else "column is missing"
            raise TableFault(path, f"the {problem}; the header must be {wanted}", row=1, column=column)
    for name in (TIME, found[0].name):
        if names.count(name) > 1:
            raise TableFault(path, f"the column is there twice; the header must be {wanted}", row=1, column=name)
    return names.index(TIME), names.index(found[0].name), found[0]
