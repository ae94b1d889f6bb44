"""A paper as an Excel file: one sheet that prints on A4, its tables below each other."""

import re
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.drawing.image import Image
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from reports.paper import Paper, PaperTable, Picture

GRID = 20
"""The sheet is divided into so many narrow columns, which each table joins as it needs."""

_NO_NAME = re.compile(r"[\\/*?:\[\]]")
"""What Excel takes in no sheet's name."""

_THIN = Side(style="thin")
_FRAME = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_WRAP = Alignment(wrap_text=True, vertical="top")
_CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
LINE_PT = 16
PICTURE_PX = 700
"""The width of the sheet, in pixels."""
PT_PER_PX = 0.75
CHARACTERS_A_COLUMN = 2.2
"""How many full-width characters one narrow column holds."""


def xlsx_paper(paper: Paper) -> bytes:
    """Return the file. Texts stay texts: nothing that a person wrote is taken for a formula."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _NO_NAME.sub(" ", paper.title)[:31]
    for number in range(1, GRID + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 4.6
    _put(sheet, 1, (1, GRID), paper.title, font=Font(bold=True, size=18), alignment=_CENTRE)
    sheet.row_dimensions[1].height = 30
    _put(sheet, 2, (1, GRID), "    ".join(f"{name} {value}" for name, value in paper.facts))
    row = 4
    for table in paper.tables:
        row = _add_table(sheet, row, table) + 1
    for picture in paper.pictures:
        row = _add_picture(sheet, row, picture)
    for line in (*paper.remarks, "        ".join(f"{each}____________" for each in paper.signatures)):
        _put(sheet, row, (1, GRID), line)
        sheet.row_dimensions[row].height = LINE_PT * 2
        row += 1
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _add_table(sheet: Worksheet, row: int, table: PaperTable) -> int:
    """Return the row behind the table."""
    _put(sheet, row, (1, GRID), table.title, font=Font(bold=True, size=12))
    spans = _spans([column.width_pct for column in table.columns])
    for span, column in zip(spans, table.columns, strict=True):
        _put(sheet, row + 1, span, column.head, font=Font(bold=True), alignment=_CENTRE, framed=True)
    if not table.rows:
        _put(sheet, row + 2, (1, GRID), table.empty, framed=True)
        return row + 3
    for number, texts in enumerate(table.rows, row + 2):
        lines = 1
        for (first, last), text in zip(spans, texts, strict=True):
            _put(sheet, number, (first, last), text, framed=True)
            lines = max(lines, -int(-len(text) // ((last - first + 1) * CHARACTERS_A_COLUMN)))
        sheet.row_dimensions[number].height = LINE_PT * lines
    return row + 2 + len(table.rows)


def _add_picture(sheet: Worksheet, row: int, picture: Picture) -> int:
    """Return the row behind the picture."""
    _put(sheet, row, (1, GRID), picture.caption)
    image = Image(BytesIO(picture.content))
    scale = min(1, PICTURE_PX * picture.width_pct / 100 / image.width)
    image.width, image.height = int(image.width * scale), int(image.height * scale)
    sheet.add_image(image, f"A{row + 1}")
    return row + 2 + int(image.height * PT_PER_PX / LINE_PT)


def _spans(widths_pct: list[int]) -> list[tuple[int, int]]:
    """Return the first and last narrow column of each column, at least one each."""
    spans, done = [], 0
    for number, width in enumerate(widths_pct):
        rest = len(widths_pct) - number - 1
        last = GRID if rest == 0 else min(max(done + 1, done + round(width * GRID / 100)), GRID - rest)
        spans.append((done + 1, last))
        done = last
    return spans


def _put(
    sheet: Worksheet,
    row: int,
    span: tuple[int, int],
    text: str,
    *,
    font: Font | None = None,
    alignment: Alignment = _WRAP,
    framed: bool = False,
) -> None:
    for column in range(span[0], span[1] + 1):
        cell = sheet.cell(row=row, column=column)
        if framed and isinstance(cell, Cell):
            cell.border = _FRAME
    first = sheet.cell(row=row, column=span[0])
    first.value, first.data_type, first.alignment = text, "s", alignment
    if font is not None:
        first.font = font
    sheet.merge_cells(start_row=row, end_row=row, start_column=span[0], end_column=span[1])
