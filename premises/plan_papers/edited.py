"""A ledger that people edited in Excel, as texts by row and column, with what is joined and what is a formula."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TypeGuard

from openpyxl.cell import Cell, MergedCell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rectification.particulars import DeadlineKind
from reports.ledger_columns import COLUMNS, FORM_VERSION, META_SHEET, HiddenColumn, LedgerColumn
from reports.ledger_xlsx import headings
from reports.messages import Language, Messages
from storage.ledger.raw import WorkbookFault, open_book, told

HEAD_WITHIN = 20
"""The headings stand in one of so many first rows."""
MOST_ROWS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedCell:
    """What a cell says. `joined` names the cell that it was joined with, whose text it cannot have."""

    text: str
    is_formula: bool = False
    joined: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedRow:
    """One row; `item_id` is empty where somebody added it. `checks` are the digests of what was exported."""

    number: int
    item_id: str
    checks: tuple[str, ...]
    cells: Mapping[LedgerColumn, EditedCell]

    @property
    def is_empty(self) -> bool:
        """Say whether nobody wrote anything in it; a number that was filled down does not count."""
        return not any(cell.text for column, cell in self.cells.items() if column is not LedgerColumn.ROW)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedLedger:
    """A whole file, in the language in which it was exported. `exported` are the ids of the items then, in order."""

    file: str
    sheet: str
    head_row: int
    site: str
    language: Language
    exported: Sequence[str]
    missing: Sequence[LedgerColumn]
    rows: Sequence[EditedRow]


def read_edited(path: Path, *, name: str = "") -> EditedLedger:
    """Return a ledger as it was edited; `name` is what the file is called where that is not its path's.

    Raises WorkbookFault where it is no ledger of ours at all.
    """
    book = open_book(path, values=False)
    meta = _meta(book, path)
    language = _language(meta, path)
    sheet = next(each for each in book.worksheets if each.title != META_SHEET)
    head_row, places = _headings(sheet, language, path)
    reader = _Rows(sheet=sheet, places=places, language=language)
    rows = [reader.row(number) for number in range(head_row + 1, min(sheet.max_row, MOST_ROWS) + 1)]
    return EditedLedger(
        file=name or path.name,
        sheet=sheet.title,
        head_row=head_row,
        site=meta.get("site", ""),
        language=language,
        exported=_exported(book[META_SHEET]),
        missing=[column for column in COLUMNS if column not in places],
        rows=[row for row in rows if row.item_id or not row.is_empty],
    )


def _meta(book: Workbook, path: Path) -> Mapping[str, str]:
    if META_SHEET not in book.sheetnames or len(book.worksheets) < 2:  # noqa: PLR2004 - the ledger and what is hidden
        reason = "this is no ledger that `premises report ledger` wrote: its hidden sheet is gone; export it anew"
        raise WorkbookFault(path, reason)
    rows = book[META_SHEET].iter_rows(min_row=1, max_row=10, max_col=2, values_only=True)
    meta = {str(name): str(value) for name, value in rows if name is not None}
    if meta.get("version") != FORM_VERSION:
        raise WorkbookFault(path, f"a ledger of form {meta.get('version')}, not {FORM_VERSION}; export it anew")
    return meta


def _language(meta: Mapping[str, str], path: Path) -> Language:
    language = meta.get("language", "")
    if not _is_language(language):
        raise WorkbookFault(path, f"a ledger in the language {language!r}; export it anew")
    return language


def _is_language(text: str) -> TypeGuard[Language]:
    return text in {"zh", "en"}


def _exported(meta: Worksheet) -> list[str]:
    return [str(cell.value) for cell in meta["D"][1:] if cell.value]


Places = Mapping[LedgerColumn | HiddenColumn, int]


def _headings(sheet: Worksheet, language: Language, path: Path) -> tuple[int, Places]:
    """Return the row of the headings and the place of each column, wherever somebody moved it."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only to ask for words

    words = headings(Messages(language, ZoneInfo("UTC")))
    known: dict[str, LedgerColumn | HiddenColumn] = {text: column for column, text in words.items()}
    known |= {column.value: column for column in HiddenColumn}
    for row in range(1, min(sheet.max_row, HEAD_WITHIN) + 1):
        told_here = {str(cell.value).strip(): number for number, cell in enumerate(sheet[row], 1) if cell.value}
        places = {known[text]: number for text, number in told_here.items() if text in known}
        if HiddenColumn.ITEM in places and HiddenColumn.CHECK in places:
            return row, places
    raise WorkbookFault(path, f"sheet {sheet.title}: the row of headings with its hidden columns is gone; export anew")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Reads the rows of one sheet."""

    sheet: Worksheet
    places: Places
    language: Language

    def row(self, number: int) -> EditedRow:
        checks = self._hidden(number, HiddenColumn.CHECK)
        cells = {column: self._cell(number, column) for column in COLUMNS if column in self.places}
        return EditedRow(
            number=number,
            item_id=self._hidden(number, HiddenColumn.ITEM),
            checks=tuple(checks.split(".")) if checks else (),
            cells=cells,
        )

    def _hidden(self, number: int, column: HiddenColumn) -> str:
        return told(self.sheet.cell(row=number, column=self.places[column]).value)

    def _cell(self, number: int, column: LedgerColumn) -> EditedCell:
        cell = self.sheet.cell(row=number, column=self.places[column])
        if isinstance(cell, MergedCell):
            return EditedCell(text="", joined=self._joined(cell.coordinate))
        if cell.data_type == "f":
            return EditedCell(text=_formula(cell.value), is_formula=True)
        if column is LedgerColumn.DEADLINE and isinstance(cell.value, datetime | date):
            return EditedCell(text=f"{self._kind(cell.number_format)} {_day(cell.value).isoformat()}")
        if column is LedgerColumn.PROGRESS and isinstance(cell.value, float) and _is_share(cell):
            return EditedCell(text=told(round(cell.value * 100, 6)))
        return EditedCell(text=told(cell.value))

    def _joined(self, coordinate: str) -> str:
        ranges = (each for each in self.sheet.merged_cells.ranges if coordinate in each)
        return next((str(each.start_cell.coordinate) for each in ranges), "")

    def _kind(self, number_format: str) -> str:
        """Return the kind of deadline that the cell's format writes before the date."""
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - only to ask for words

        shown = number_format.replace('"', "").replace("\\", "")
        messages = Messages(self.language, ZoneInfo("UTC"))
        words = [messages.text(f"deadline.{kind}") for kind in DeadlineKind]
        return next((word for word in words if word in shown), messages.text(f"deadline.{DeadlineKind.BY_DATE}"))


def _formula(value: object) -> str:
    text = getattr(value, "text", value)  # of one over several cells the library keeps more than its text
    return str(text)


def _day(value: datetime | date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _is_share(cell: Cell) -> bool:
    """Say whether Excel shows the number as a share of one: `60%` typed into a cell is kept as 0.6."""
    return "%" in "".join(part for rank, part in enumerate(cell.number_format.split('"')) if rank % 2 == 0)
