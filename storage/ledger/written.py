"""A registry as an Excel workbook that people fill in: headings in both languages, lists to choose from, filters."""

from collections.abc import Mapping, Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from sensors.registry_text import registry_document
from sensors.topology import Registry
from storage.ledger.cells import Value, at_key, value_of
from storage.ledger.columns import HOLDERS_RANK, SHEETS, USE, Column, Kind, SheetPlan

HEADS = 2
"""Rows of headings: Chinese, English."""
SPARE_ROWS = 500
"""So many rows behind the last have lists to choose from too."""
_HEAD_FILL = PatternFill("solid", fgColor="DDE6EE")
_HEAD = Font(bold=True)
_TOP = Alignment(vertical="top", wrap_text=True)
_NUMBERS = {Kind.NUMBER}
_WIDEST, _NARROWEST = 40, 9
_LIST_CHARACTERS = 255  # Excel takes no longer list in a rule


def written_book(registry: Registry, *, chinese: bool = True) -> bytes:
    """Return the workbook; words of closed lists are Chinese or those of `registry.yaml`. Texts are never formulas."""
    document = registry_document(registry)
    book = Workbook()
    book.remove(book.worksheets[0])
    for plan in SHEETS.values():
        entries = document.get(plan.section, [])
        _add_sheet(book, plan, [entries] if isinstance(entries, Mapping) else _entries(entries), chinese=chinese)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def shown(plan: SheetPlan) -> tuple[Column, ...]:
    """Return the columns that are written: those that only official ledgers have are not."""
    return tuple(column for column in plan.columns if column.key not in {HOLDERS_RANK, USE})


def _entries(listed: object) -> list[Mapping[str, object]]:
    return listed if isinstance(listed, list) else []


def _add_sheet(book: Workbook, plan: SheetPlan, entries: Sequence[Mapping[str, object]], *, chinese: bool) -> None:
    sheet = book.create_sheet(plan.title)
    columns = shown(plan)
    for number, column in enumerate(columns, 1):
        for row, head in enumerate((column.zh, column.en), 1):
            cell = put(sheet, row, number, head)
            cell.font, cell.fill, cell.alignment = _HEAD, _HEAD_FILL, _TOP
        values = [value_of(column, at_key(entry, column.key), chinese=chinese) for entry in entries]
        for row, value in enumerate(values, HEADS + 1):
            put(sheet, row, number, value)
        _choose(sheet, column, number, HEADS + len(entries) + SPARE_ROWS, chinese=chinese)
        sheet.column_dimensions[get_column_letter(number)].width = _width([column.zh, column.en, *values])
    sheet.freeze_panes = sheet.cell(row=HEADS + 1, column=2)
    last = f"{get_column_letter(len(columns))}{max(HEADS + len(entries), HEADS + 1)}"
    sheet.auto_filter.ref = f"A{HEADS}:{last}"


def put(sheet: Worksheet, row: int, column: int, value: Value) -> Cell:
    """Put a value into a cell; a text stays one, also after somebody edits it in Excel, whatever it begins with."""
    cell = sheet.cell(row=row, column=column)
    if not isinstance(cell, Cell):
        msg = f"{sheet.title} row {row} column {column} lies in a joined cell"
        raise TypeError(msg)
    cell.value = value
    if isinstance(value, str):
        cell.data_type, cell.number_format = "s", "@"
        if value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
            cell.quotePrefix = True
    return cell


def _width(values: Sequence[Value]) -> int:
    longest = max(sum(2 if ord(sign) > 0x2E7F else 1 for sign in str(value or "")) for value in values)  # noqa: PLR2004 - from there on signs are two wide
    return min(_WIDEST, max(_NARROWEST, longest + 2))


def _choose(sheet: Worksheet, column: Column, number: int, last: int, *, chinese: bool) -> None:
    rule = _rule(column, chinese=chinese)
    if rule is None:
        return
    letter = get_column_letter(number)
    rule.add(f"{letter}{HEADS + 1}:{letter}{last}")
    sheet.add_data_validation(rule)


def _rule(column: Column, *, chinese: bool) -> DataValidation | None:
    """Return what Excel checks when a cell is filled in: a closed list, an id of another sheet, a number."""
    if column.words:
        choices = ",".join(column.words.values() if chinese else column.words)
        is_open = column.key == "subtype"
        return DataValidation(
            type="list", formula1=f'"{choices[:_LIST_CHARACTERS]}"', allow_blank=True, showErrorMessage=not is_open
        )
    if column.section and column.kind is Kind.TEXT:
        title = SHEETS[column.section].title
        return DataValidation(
            type="list", formula1=f"='{title}'!$A${HEADS + 1}:$A$5000", allow_blank=True, showErrorMessage=True
        )
    if column.kind in _NUMBERS:
        lowest = "-430" if column.key == "altitude_m" else "0"
        return DataValidation(
            type="decimal", operator="greaterThanOrEqual", formula1=lowest, allow_blank=True, showErrorMessage=True
        )
    return None
