"""CSV files record by record, or block by block, with the number of the row in every fault.

Blocks are for large files: a block of bytes is decoded and parted at once. Where anything is unusual in it (a record
over several lines, a byte that is no text) the block is read again line by line, which knows what to tell.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from sensors.errors import InputFault

if TYPE_CHECKING:
    from _csv import Reader

ENCODINGS = ("utf-8", "gb18030")
MAX_ROW_BYTES = 1024 * 1024
BLOCK_BYTES = 1024 * 1024
_OTHER_MARKS = MappingProxyType({";": "semicolons", "\t": "tabs", "\uff0c": "Chinese commas"})
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Progress = Callable[[int], None]
"""Called with the number of bytes read since the last call."""


class TableFault(InputFault):
    """One line that names the file, the row and the column. Rows count from 1 with the header, as editors do."""

    def __init__(self, path: Path, reason: str, *, row: int | None = None, column: str | None = None) -> None:
        """Put the place before the reason."""
        row_part = "" if row is None else f" row {row}"
        column_part = "" if column is None else f", column {column}"
        place = f"{path}:{row_part}{column_part}"
        super().__init__(f"{place}: {reason}" if row_part else f"{place} {reason}")


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Between two records of a file: the bytes and the lines before it."""

    offset: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """Neighbouring records with the numbers of their rows, and where the next block begins."""

    numbers: Sequence[int]
    records: Sequence[Sequence[str]]
    end: FilePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """A file to read records from; memory is needed for one block, whatever its size."""

    path: Path
    encoding: str = "utf-8"
    block_bytes: int = BLOCK_BYTES

    def header(self) -> RecordBlock:
        """Return the first record, none in an empty file. Raises TableFault."""
        with _opened(self.path) as file:
            lines = _Lines(self, file, FilePlace())
            first = list(islice(_records(lines), 1))
            self._ask_for_commas([fields for _, fields in first])
            return RecordBlock([number for number, _ in first], [fields for _, fields in first], lines.place)

    def blocks(self, start: FilePlace, progress: Progress | None = None) -> Iterator[RecordBlock]:
        """Yield the records from a place on that `header` or a block before gave. Raises TableFault."""
        tell = progress or _untold
        tell(start.offset)
        with _opened(self.path) as file:
            while raw := self._raw(file, start):
                # A block without the end of a line would be a torn record.
                whole = len(raw) < self.block_bytes or raw.endswith(b"\n")
                block = _at_once(self, raw, start) if whole else None
                for each in _line_by_line(self, file, start) if block is None else (block,):
                    tell(each.end.offset - start.offset)
                    start = each.end
                    yield each

    def records(self, progress: Progress | None = None) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the row number and the fields of every record that is not blank, the header's first.

        Raises TableFault.
        """
        header = self.header()
        for block in chain([header], self.blocks(header.end, progress)):
            yield from zip(block.numbers, block.records, strict=True)

    def _ask_for_commas(self, header: Sequence[Sequence[str]]) -> None:
        """Tell of a spreadsheet's other separators: the missing column would be the wrong thing to look for."""
        for mark, name in _OTHER_MARKS.items():
            if any(len(fields) == 1 and mark in fields[0] for fields in header):
                reason = f"the columns are parted by {name}; save it as CSV with commas and decimal points"
                raise TableFault(self.path, reason, row=1)

    def _raw(self, file: BinaryIO, start: FilePlace) -> bytes:
        file.seek(start.offset)
        raw = file.read(self.block_bytes)
        whole = raw.rfind(b"\n") + 1
        # At the file's end the last line may lack its end.
        return raw[:whole] if whole and len(raw) == self.block_bytes else raw


def csv_records(
    path: Path, *, encoding: str = "utf-8", progress: Progress | None = None
) -> Iterator[tuple[int, Sequence[str]]]:
    """Return the records of a file, as `CsvFile.records` yields them."""
    return CsvFile(path=path, encoding=encoding).records(progress)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as exc:
        raise TableFault(path, f"the file cannot be read: {exc.strerror}") from exc


def _untold(_read: int) -> None:
    pass


def _at_once(csv_file: CsvFile, raw: bytes, start: FilePlace) -> RecordBlock | None:
    """Return the records of a block; None where only a look line by line shows what is in it."""
    try:
        text = raw.decode(csv_file.encoding)
        reader = _reader(io.StringIO(text, newline="\n"))
        records = list(reader)
    except (UnicodeDecodeError, csv.Error):
        return None
    numbers: Sequence[int] = range(start.line + 1, start.line + reader.line_num + 1)
    if len(records) != len(numbers) or not all(records):  # blank lines, or records over several lines
        numbers, records = _numbered(_reader(io.StringIO(text, newline="\n")), start.line)
    return RecordBlock(numbers, records, FilePlace(start.offset + len(raw), start.line + reader.line_num))


def _numbered(reader: "Reader", lines_before: int) -> tuple[list[int], list[list[str]]]:
    numbers, records, number = [], [], lines_before + 1
    for fields in reader:
        if fields:
            numbers.append(number)
            records.append(fields)
        number = lines_before + reader.line_num + 1
    return numbers, records


def _line_by_line(csv_file: CsvFile, file: BinaryIO, start: FilePlace) -> Iterator[RecordBlock]:
    """Yield one block; where a fault ends it, the records before it come first, for theirs may be an earlier fault."""
    file.seek(start.offset)
    lines = _Lines(csv_file, file, start)
    numbers: list[int] = []
    records: list[list[str]] = []
    end = start
    try:
        for number, fields in _records(lines):
            numbers.append(number)
            records.append(fields)
            end = lines.place
            if end.offset - start.offset >= csv_file.block_bytes:
                break
        else:
            end = lines.place
    except TableFault:
        yield RecordBlock(numbers, records, end)
        raise
    yield RecordBlock(numbers, records, end)


def _records(lines: "_Lines") -> Iterator[tuple[int, list[str]]]:
    reader = _reader(lines)
    while True:
        number = lines.place.line + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise TableFault(lines.path, f"not CSV: {exc}", row=number) from exc
        if fields:
            yield number, fields


def _reader(lines: Iterable[str]) -> "Reader":
    # Strict, so that an unclosed quotation mark is told and does not swallow the rest of the file.
    return csv.reader(lines, strict=True)


class _Lines:
    """Decoded lines; decoding line by line keeps the number right."""

    def __init__(self, csv_file: CsvFile, file: BinaryIO, start: FilePlace) -> None:
        self.path = csv_file.path
        self.place = start
        self._file = file
        self._encoding = csv_file.encoding

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MAX_ROW_BYTES + 1)
        if not raw:
            raise StopIteration
        self.place = FilePlace(self.place.offset + len(raw), self.place.line + 1)
        number = self.place.line
        if number == 1 and raw.startswith(_UTF_16):
            raise TableFault(self.path, "UTF-16 (Excel calls it Unicode text); save it as CSV UTF-8", row=1)
        if len(raw) > MAX_ROW_BYTES:
            raise TableFault(self.path, "longer than 1 MB; this is no table", row=number)
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError as exc:
            other = next(name for name in ENCODINGS if name != self._encoding)
            reason = f"not {self._encoding}; try --encoding {other}"
            raise TableFault(self.path, reason, row=number) from exc
        return text.removeprefix("\ufeff") if number == 1 else text
