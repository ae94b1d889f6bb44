"""A copy of a ledger that shows what is wrong with it: a sheet `检查 Check` in front, and the cells marked."""

from collections.abc import Sequence
from pathlib import Path

from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from storage.ledger.raw import CellFault, WorkbookFault, fault_rows, open_book
from storage.ledger.written import put

TITLE = "检查 Check"
HEADS = ("工作表 sheet", "行 row", "列 column", "单元格 cell", "问题与办法 what, and what to do")
WIDTHS = (24, 8, 10, 12, 90)
_MARK = PatternFill("solid", fgColor="FFC7CE")
_COMMENT_CHARACTERS = 1000


def write_marked(source: Path, target: Path, faults: Sequence[CellFault]) -> None:
    """Write the copy; the source stays as it is. Raises WorkbookFault."""
    if target.exists() and target.samefile(source):
        raise WorkbookFault(target, "the report would take the ledger's own place; name another file")
    book = open_book(source, values=False)
    for name in [sheet.title for sheet in book.worksheets if sheet.title == TITLE]:
        del book[name]
    for fault in faults:
        if fault.sheet in book.sheetnames:
            _mark(book[fault.sheet], fault)
    _list(book.create_sheet(TITLE, 0), faults)
    book.active = 0
    try:
        book.save(target)
    except OSError as exc:
        raise WorkbookFault(target, f"the report cannot be written: {exc.strerror}") from exc


def _mark(sheet: Worksheet, fault: CellFault) -> None:
    cell = sheet.cell(row=fault.place.line, column=fault.place.column)
    if isinstance(cell, Cell):  # a cell in the midst of joined ones takes no comment
        cell.fill = _MARK
        before = f"{cell.comment.text}\n" if cell.comment is not None else ""
        cell.comment = Comment((before + fault.reason)[:_COMMENT_CHARACTERS], "premises")


def _list(sheet: Worksheet, faults: Sequence[CellFault]) -> None:
    for number, (head, width) in enumerate(zip(HEADS, WIDTHS, strict=True), 1):
        put(sheet, 1, number, head).font = Font(bold=True)
        sheet.column_dimensions["ABCDE"[number - 1]].width = width
    for row, values in enumerate(fault_rows(faults), 2):
        for number, value in zip(range(1, len(HEADS) + 1), values, strict=True):
            put(sheet, row, number, value)
        if faults[row - 2].sheet:
            title = faults[row - 2].sheet.replace("'", "''")
            sheet.cell(row=row, column=4).hyperlink = f"#'{title}'!{values[3]}"
    if not faults:
        put(sheet, 2, 1, "没有问题 Nothing is wrong")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:E{max(2, len(faults) + 1)}"
