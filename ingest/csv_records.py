"""CSV files record by record, with the number of the row in every fault."""

import codecs
import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from sensors.errors import InputFault

ENCODINGS = ("utf-8", "gb18030")
MAX_ROW_BYTES = 1024 * 1024
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


def csv_records(
    path: Path, *, encoding: str = "utf-8", progress: Progress | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield the row number and the fields of every record that is not blank, the header's first.

    Memory is needed for one row, whatever the file's size. Raises TableFault.
    """
    try:
        with path.open("rb") as file:
            yield from _records(path, _Lines(path, file, encoding, progress))
    except OSError as exc:
        raise TableFault(path, f"the file cannot be read: {exc.strerror}") from exc


def _records(path: Path, lines: "_Lines") -> Iterator[tuple[int, list[str]]]:
    # Strict, so that an unclosed quotation mark is told and does not swallow the rest of the file.
    reader = csv.reader(lines, strict=True)
    while True:
        number = lines.number + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise TableFault(path, f"not CSV: {exc}", row=number) from exc
        if fields:
            yield number, fields


class _Lines:
    """Decoded lines with their number; decoding line by line keeps the number right."""

    def __init__(self, path: Path, file: BinaryIO, encoding: str, progress: Progress | None) -> None:
        self.number = 0
        self._path = path
        self._file = file
        self._encoding = encoding
        self._progress = progress

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MAX_ROW_BYTES + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        if self.number == 1 and raw.startswith(_UTF_16):
            raise TableFault(self._path, "UTF-16 (Excel calls it Unicode text); save it as CSV UTF-8", row=1)
        if len(raw) > MAX_ROW_BYTES:
            raise TableFault(self._path, "longer than 1 MB; this is no table", row=self.number)
        if self._progress is not None:
            self._progress(len(raw))
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError as exc:
            other = next(name for name in ENCODINGS if name != self._encoding)
            reason = f"not {self._encoding}; try --encoding {other}"
            raise TableFault(self._path, reason, row=self.number) from exc
        return text.removeprefix("\ufeff") if self.number == 1 else text
