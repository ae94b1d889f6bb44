"""The ledger as an Excel file that prints on A4, can be filtered and edited, and read back afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from rectification.particulars import DeadlineKind
from reports.ledger import LedgerCell, LedgerRow, Wording
from reports.ledger_columns import COLUMNS, FORM_VERSION, HIDDEN, META_SHEET, WIDTHS, LedgerColumn
from reports.messages import Messages

TITLE_ROW, FACTS_ROW, HEAD_ROW = 1, 2, 3
FIRST_ROW = HEAD_ROW + 1
SPARE_ROWS = 200
"""Rows below the last in which the lists and checks hold too: people add items there."""
LINE_PT = 15
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What Excel, or who pastes a cell into it, may take for the begin of a formula."""

_THIN = Side(style="thin", color="808080")
_FRAME = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_WRAP = Alignment(vertical="top", wrap_text=True)
_HEAD_FILL = PatternFill("solid", start_color="DDE6F0")
_SIGNED_FILL = PatternFill("solid", start_color="EEEEEE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything of the file. `lists` are what may be chosen: of levels, states, people, units, kinds of deadline."""

    site: str
    rows: Sequence[LedgerRow]
    wording: Wording
    people: Sequence[str]
    levels: Sequence[str]
    states: Sequence[str]
    made: date

    @property
    def lists(self) -> dict[LedgerColumn, Sequence[str]]:
        """Return what may be chosen in which column."""
        units = [self.wording.unit(each) for each in self.wording.registry.departments]
        return {
            LedgerColumn.LEVEL: self.levels,
            LedgerColumn.STATE: self.states,
            LedgerColumn.UNIT: units,
            LedgerColumn.RESPONSIBLE: self.people,
            LedgerColumn.LEADER: self.people,
        }


def ledger_xlsx(ledger: Ledger) -> bytes:
    """Return the file."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = ledger.wording.text("ledger.sheet")
    _head(sheet, ledger)
    for number, row in enumerate(ledger.rows, FIRST_ROW):
        _row(sheet, number, row)
    meta = book.create_sheet(META_SHEET)
    _write_meta(meta, ledger)
    _restrict(sheet, meta, ledger)
    _set_up_print(sheet, len(ledger.rows))
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def put_text(cell: Cell, text: str) -> None:
    """Write a text that stays one: Excel takes it for no formula, not even when somebody edits the cell."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    cell.number_format = "@"
    if text.startswith(FORMULA_SIGNS):
        cell.quotePrefix = True


def headings(messages: Messages) -> dict[LedgerColumn, str]:
    """Return the heading of each column in one language."""
    return {column: messages.text(f"column.{column}") for column in COLUMNS}


def _head(sheet: Worksheet, ledger: Ledger) -> None:
    wording, last = ledger.wording, len(COLUMNS)
    facts = wording.text("ledger.facts", site=ledger.site, day=ledger.made.isoformat(), count=len(ledger.rows))
    lines = ((TITLE_ROW, wording.text("ledger.title"), 18), (FACTS_ROW, facts, 10))
    for row, text, size in lines:
        cell = _cell(sheet, row, 1)
        put_text(cell, text)
        cell.font, cell.alignment = Font(bold=row == TITLE_ROW, size=size), _CENTRE
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=last)
    sheet.row_dimensions[TITLE_ROW].height = 30
    sheet.row_dimensions[HEAD_ROW].height = 32
    names = [*headings(wording.messages).values(), *HIDDEN]
    for number, name in enumerate(names, 1):
        cell = _cell(sheet, HEAD_ROW, number)
        put_text(cell, name)
        cell.font, cell.alignment, cell.border, cell.fill = Font(bold=True), _CENTRE, _FRAME, _HEAD_FILL
    for number, column in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDTHS[column]
    for number in range(last + 1, last + 1 + len(HIDDEN)):
        sheet.column_dimensions[get_column_letter(number)].hidden = True


def _row(sheet: Worksheet, number: int, row: LedgerRow) -> None:
    lines = 1
    for place, column in enumerate(COLUMNS, 1):
        told, cell = row.cells[column], _cell(sheet, number, place)
        _put(cell, told)
        cell.alignment, cell.border = _WRAP, _FRAME
        if row.is_signed:
            cell.fill = _SIGNED_FILL
        lines = max(lines, _lines(told.text, WIDTHS[column]))
    for place, text in enumerate((row.item_id, str(row.revision), row.check), len(COLUMNS) + 1):
        cell = _cell(sheet, number, place)
        put_text(cell, text)
        cell.protection = Protection(hidden=True)
    sheet.row_dimensions[number].height = min(LINE_PT * lines, 400)


def _put(cell: Cell, told: LedgerCell) -> None:
    if told.value is None:
        put_text(cell, told.text) if told.text else None
        return
    cell.value = told.value
    cell.number_format = told.number_format


def _lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a column, a Chinese character being two wide."""
    wide = 2.1
    return sum(
        1 + int(sum(wide if ord(char) > 0x2E80 else 1 for char in line) // (width - 1))  # noqa: PLR2004 - where CJK begins
        for line in text.split("\n")
    )


def _write_meta(meta: Worksheet, ledger: Ledger) -> None:
    """Write what an import must know, and below each other the lists to choose from, one a column."""
    facts = {
        "version": FORM_VERSION,
        "site": ledger.wording.registry.site.id,
        "language": ledger.wording.messages.language,
        "made": ledger.made.isoformat(),
    }
    for row, (name, value) in enumerate(facts.items(), 1):
        put_text(_cell(meta, row, 1), name)
        put_text(_cell(meta, row, 2), value)
    columns = [("items", [row.item_id for row in ledger.rows])]
    columns += [(column.value, list(texts)) for column, texts in ledger.lists.items()]
    for place, (name, texts) in enumerate(columns, 4):
        for row, text in enumerate((name, *texts), 1):
            put_text(_cell(meta, row, place), text)
    meta.sheet_state = "veryHidden"


def _restrict(sheet: Worksheet, meta: Worksheet, ledger: Ledger) -> None:
    last = HEAD_ROW + len(ledger.rows) + SPARE_ROWS
    for place, (column, texts) in enumerate(ledger.lists.items(), 5):
        if texts:
            letter = get_column_letter(place)
            choice = f"{meta.title}!${letter}$2:${letter}${len(texts) + 1}"
            strict = column in {LedgerColumn.LEVEL, LedgerColumn.UNIT, LedgerColumn.RESPONSIBLE}
            _validate(sheet, column, last, ledger, DataValidation(type="list", formula1=choice), strict=strict)
    percent = DataValidation(type="whole", operator="between", formula1="0", formula2="100")
    _validate(sheet, LedgerColumn.PROGRESS, last, ledger, percent)
    funds = DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0")
    _validate(sheet, LedgerColumn.FUNDS, last, ledger, funds)
    found = DataValidation(type="date", operator="greaterThan", formula1="36526")
    _validate(sheet, LedgerColumn.FOUND, last, ledger, found)
    _validate(sheet, LedgerColumn.DEADLINE, last, ledger, DataValidation(type="custom", formula1=_by_when(ledger)))


def _by_when(ledger: Ledger) -> str:
    """Return the formula that holds of a date of this century, or a kind of deadline in words."""
    cell = f"{_letter(LedgerColumn.DEADLINE)}{FIRST_ROW}"
    words = [ledger.wording.text(f"deadline.{kind}") for kind in DeadlineKind]
    kinds = ",".join(f'LEFT({cell},{len(word)})="{word}"' for word in words)
    return f"OR(AND(ISNUMBER({cell}),{cell}>36526),{kinds})"


def _validate(
    sheet: Worksheet, column: LedgerColumn, last: int, ledger: Ledger, rule: DataValidation, *, strict: bool = True
) -> None:
    rule.allow_blank = True
    rule.errorStyle = "stop" if strict else "warning"
    rule.showErrorMessage = rule.showInputMessage = True
    rule.errorTitle = ledger.wording.text(f"column.{column}")[:32]
    rule.error = ledger.wording.text("ledger.choose")
    letter = _letter(column)
    rule.add(f"{letter}{FIRST_ROW}:{letter}{last}")
    sheet.add_data_validation(rule)


def _letter(column: LedgerColumn) -> str:
    return get_column_letter(COLUMNS.index(column) + 1)


def _set_up_print(sheet: Worksheet, rows: int) -> None:
    last = get_column_letter(len(COLUMNS))
    end = max(HEAD_ROW + rows, FIRST_ROW)
    sheet.freeze_panes = f"C{FIRST_ROW}"
    sheet.auto_filter.ref = f"A{HEAD_ROW}:{last}{end}"
    sheet.print_title_rows = f"{TITLE_ROW}:{HEAD_ROW}"
    sheet.print_area = f"A1:{last}{end}"
    sheet.page_setup.paperSize = int(sheet.PAPERSIZE_A3)
    sheet.page_setup.orientation = sheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = sheet.page_margins
    margins.left = margins.right = 0.3
    margins.top = margins.bottom = 0.5
    footer = sheet.oddFooter
    if footer is not None:
        footer.center.text = "&P / &N"


def _cell(sheet: Worksheet, row: int, column: int) -> Cell:
    cell = sheet.cell(row=row, column=column)
    if not isinstance(cell, Cell):  # one that is joined to its neighbour; there is none where this writes
        raise TypeError(cell)
    return cell
