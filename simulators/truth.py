"""TRUTH.csv: what an analysis ought to find, and what it must leave alone.

`start` is when it began and `end` when it was over, [start, end); both are cut to the days that were simulated. A rule
that looks back over a window has a row only where what was there fills the window as far as the rule demands; the row
still says when it was there, not when the window was full.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import NoReturn
from zoneinfo import ZoneInfo

from sensors.catalogue import CATALOGUE
from sensors.errors import InputFault
from sensors.subjects import Subject

TRUTH_COLUMNS = ("rule", "subject", "start", "end", "kind")
TRUTH_HEADER = ",".join(TRUTH_COLUMNS) + "\n"
MOST_ROWS = 1_000_000


class TruthKind(StrEnum):
    """A fault is to be found; a near miss stays inside the limit, and whoever finds it raises a false alarm."""

    FAULT = "fault"
    NEAR_MISS = "near_miss"


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One line: a rule, what it is about, and the period [start, end) in which the fault or the near miss was there."""

    rule: str
    subject: Subject
    start: datetime
    end: datetime
    kind: TruthKind


class TruthFileError(InputFault):
    """A truth that cannot be used."""

    def __init__(self, name: str, row: int, column: str, reason: str) -> None:
        """Name file, row and column; the header is row 1."""
        super().__init__(f"{name}: row {row}, column {column}: {reason}")


def truth_text(rows: Iterable[TruthRow]) -> str:
    """Return TRUTH.csv."""
    lines = (f"{r.rule},{r.subject},{r.start.isoformat()},{r.end.isoformat()},{r.kind}\n" for r in rows)
    return TRUTH_HEADER + "".join(lines)


def read_truth(text: str, *, name: str, zone: ZoneInfo, is_known: Callable[[Subject], bool]) -> tuple[TruthRow, ...]:
    """Return the rows of a TRUTH.csv; a time without an offset, and a bare date, are local. Raises TruthFileError.

    `is_known` says of a subject whether the site has it.
    """
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        return tuple(_rows(lines, name, zone, is_known))
    except csv.Error as exc:
        raise TruthFileError(name, lines.line_num, "1", f"not CSV: {exc}") from exc


def _rows(
    lines: Iterator[list[str]], name: str, zone: ZoneInfo, is_known: Callable[[Subject], bool]
) -> Iterator[TruthRow]:
    header = tuple(cell.strip() for cell in next(lines, []))
    absent = [column for column in TRUTH_COLUMNS if column not in header]
    if absent:
        raise TruthFileError(name, 1, absent[0], f"is not in the header; it must be {','.join(TRUTH_COLUMNS)}")
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if number > MOST_ROWS:
            raise TruthFileError(name, number, "rule", f"more than {MOST_ROWS} rows; cut the file")
        if len(cells) != len(header):
            raise TruthFileError(name, number, header[0], f"has {len(cells)} cells, the header {len(header)}")
        yield _Row(name, number, dict(zip(header, map(str.strip, cells), strict=True)), zone, is_known).parsed()


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    number: int
    cells: dict[str, str]
    zone: ZoneInfo
    is_known: Callable[[Subject], bool]

    def parsed(self) -> TruthRow:
        start, end = self._time("start"), self._time("end")
        if end < start:
            self._refuse("end", "lies before start")
        return TruthRow(self._rule(), self._subject(), start, end, self._kind())

    def _rule(self) -> str:
        rule = self.cells["rule"].upper()
        if rule not in CATALOGUE:
            self._refuse("rule", f"{self.cells['rule']!r} is no rule of the catalogue, such as E03")
        return rule

    def _subject(self) -> Subject:
        try:
            subject = Subject.parse(self.cells["subject"])
        except ValueError as exc:
            self._refuse("subject", str(exc), exc)
        if not self.is_known(subject):
            self._refuse("subject", f"the registry has no {subject}")
        return subject

    def _kind(self) -> TruthKind:
        written = self.cells["kind"]
        if written not in TruthKind.__members__.values():
            self._refuse("kind", f"{written!r}; write {' or '.join(TruthKind)}")
        return TruthKind(written)

    def _time(self, column: str) -> datetime:
        written = self.cells[column]
        try:
            return local_time(written, self.zone)
        except ValueError as exc:
            self._refuse(column, f"{written!r} is no time; write it like 2026-01-05T00:00:00+08:00", exc)

    def _refuse(self, column: str, reason: str, cause: Exception | None = None) -> NoReturn:
        raise TruthFileError(self.name, self.number, column, reason) from cause


def local_time(written: str, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a local date (its midnight) or of a time, local where it has no offset.

    Raises ValueError.
    """
    try:
        moment = datetime.combine(date.fromisoformat(written), time(), tzinfo=zone)
    except ValueError:
        moment = datetime.fromisoformat(written)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return aware.astimezone(UTC)


def faults_of(rows: Sequence[TruthRow]) -> list[TruthRow]:
    """Return what is to be found."""
    return [row for row in rows if row.kind is TruthKind.FAULT]
