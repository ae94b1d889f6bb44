"""An Excel file as texts with their places. Formulas are never worked out: the value that Excel stored, or a fault."""

import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from sensors.documents import Place
from sensors.errors import InputFault

MAX_BYTES = 16 * 1024 * 1024
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
"""A packed file of a megabyte can hold a gigabyte of nothing; a building of 5,000 rooms needs ten."""
MAX_ROWS, MAX_COLUMNS = 100_000, 500


class WorkbookFault(InputFault):
    """A file that cannot be read as an Excel workbook at all."""

    def __init__(self, path: Path, reason: str) -> None:
        """Put the file before the reason."""
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """What is wrong in a cell of a workbook and what to do; without a sheet it is wrong in what the registry holds."""

    sheet: str
    place: Place
    reason: str

    @property
    def cell(self) -> str:
        """Return the cell as Excel names it, such as C5."""
        return f"{get_column_letter(self.place.column)}{self.place.line}"

    def line(self, path: Path) -> str:
        """Return one line that names file, sheet, row and column."""
        if not self.sheet:
            return f"{path}: {self.reason}"
        return f"{path}: {self.sheet}, row {self.place.line}, column {self.place.column} ({self.cell}): {self.reason}"


@dataclass(frozen=True, slots=True)
class RawSheet:
    """The cells of a sheet that hold something, by row and column from 1; one joined downwards counts for each row."""

    title: str
    rows: Mapping[int, Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class RawBook:
    """The sheets, the faults of single cells, and how many formulas were read by their stored value."""

    sheets: tuple[RawSheet, ...]
    faults: tuple[CellFault, ...]
    formulas: int


def read_book(path: Path) -> RawBook:
    """Return the texts of a workbook. Raises WorkbookFault."""
    _must_be_small(path)
    book = open_book(path, values=False)
    formulas = [cell for sheet in book.worksheets for cell in _cells(path, sheet) if cell.data_type == "f"]
    stored = open_book(path, values=True) if formulas else None
    faults: list[CellFault] = []
    sheets = tuple(_raw(sheet, path, stored, faults) for sheet in book.worksheets)
    return RawBook(sheets, tuple(faults), len(formulas))


def open_book(path: Path, *, values: bool) -> Workbook:
    """Return the workbook, with the values that Excel stored for its formulas or with the formulas. WorkbookFault."""
    try:
        # opened here, as openpyxl leaves a file that it cannot read open
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions of Excel that are not kept: nothing is read of them
            return load_workbook(file, data_only=values, keep_links=False)
    except OSError as exc:
        raise WorkbookFault(path, f"cannot be read: {exc.strerror}; mend the name or who may read it") from exc
    except (
        zipfile.BadZipFile,
        zlib.error,
        InvalidFileException,
        AttributeError,
        EOFError,
        IndexError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        SyntaxError,  # what both XML parsers call XML that is none
        TypeError,
        ValueError,
    ) as exc:
        reason = "this is no Excel workbook (.xlsx) that can be read; open it in Excel and save it as .xlsx anew"
        raise WorkbookFault(path, reason) from exc


def _must_be_small(path: Path) -> None:
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(each.file_size for each in packed.infolist())
    except FileNotFoundError as exc:
        raise WorkbookFault(path, "there is no such file; mend the name or the folder") from exc
    except (OSError, zipfile.BadZipFile) as exc:
        raise WorkbookFault(path, "this is no Excel workbook (.xlsx); open it in Excel and save it as .xlsx") from exc
    if size > MAX_BYTES or unpacked > MAX_UNPACKED_BYTES:
        raise WorkbookFault(path, f"larger than {MAX_BYTES // 1024**2} MB, or once unpacked; that is no ledger")


def _cells(path: Path, sheet: Worksheet) -> Iterator[Cell]:
    if sheet.max_row > MAX_ROWS or sheet.max_column > MAX_COLUMNS:
        raise WorkbookFault(path, f"sheet {sheet.title} has more than {MAX_ROWS} rows or {MAX_COLUMNS} columns")
    for row in sheet.iter_rows():
        yield from (cell for cell in row if isinstance(cell, Cell) and cell.value is not None)


def _raw(sheet: Worksheet, path: Path, stored: Workbook | None, faults: list[CellFault]) -> RawSheet:
    rows: dict[int, dict[int, str]] = {}
    values = None if stored is None else stored[sheet.title]
    for cell in _cells(path, sheet):
        text = _text(cell, values, faults)
        if text:
            rows.setdefault(cell.row, {})[cell.column] = text
    for joined in sheet.merged_cells.ranges:
        text = rows.get(joined.min_row, {}).get(joined.min_col, "")
        if text and joined.min_col == joined.max_col:  # joined downwards: a unit beside all of its rooms
            for row in range(joined.min_row + 1, joined.max_row + 1):
                rows.setdefault(row, {})[joined.min_col] = text
    return RawSheet(sheet.title, dict(sorted(rows.items())))


def _text(cell: Cell, values: Worksheet | None, faults: list[CellFault]) -> str:
    value: object = cell.value
    if cell.data_type == "f":
        value = None if values is None else values.cell(row=cell.row, column=cell.column).value
        if value is None:
            reason = "holds a formula without a stored value; formulas are not worked out here: write the value"
            _fail(cell, reason, faults)
    if cell.data_type == "e" or (isinstance(value, str) and value.startswith("#") and value.endswith(("!", "?", "/A"))):
        _fail(cell, f"holds the error {value}; write the value", faults)
        return ""
    return told(value)


def _fail(cell: Cell, reason: str, faults: list[CellFault]) -> None:
    sheet = cell.parent.title if isinstance(cell.parent, Worksheet) else ""
    faults.append(CellFault(sheet=sheet, place=Place(cell.row, cell.column), reason=reason))


def told(value: object) -> str:
    """Return what a cell shows, as text: a whole number without a point, a date as 2026-01-31."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def fault_rows(faults: Iterable[CellFault]) -> Iterator[tuple[str | int, ...]]:
    """Yield sheet, row, column, cell and reason of each fault."""
    for fault in faults:
        yield fault.sheet, fault.place.line, fault.place.column, fault.cell, fault.reason
