"""The energy report as an Excel file: numbers as numbers, charts that Excel draws itself, sources."""

from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.chart import BarChart, PieChart, Reference
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from reports.energy_report import Namer, Told, Version, coverage, energy_report_paper, quality, tables_of, told_of
from reports.energy_report_figures import Figure, ReportFigures
from reports.messages import Language
from reports.paper import PaperTable

CHART_CM = (16, 8)
Cell = str | float | None


def energy_report_xlsx(figures: ReportFigures, version: Version | None, language: Language, *, who: Namer) -> bytes:
    """Return the file."""
    told = told_of(figures, version, language, who)
    book = Workbook()
    first = book.active
    if not isinstance(first, Worksheet):  # a new book has one
        msg = "the new workbook has no sheet"
        raise TypeError(msg)
    first.title = told.text("sheet.report")
    for row, text in enumerate([told.title(), *_words(figures, version, language, who)], start=1):
        _write(first, row, 1, text, bold=row == 1)
    first.column_dimensions["A"].width = 110
    _figures_sheet(book.create_sheet(told.text("sheet.sources")), told)
    _months_sheet(book.create_sheet(told.text("sheet.months")), told)
    for division in figures.divisions:
        rows: list[list[Cell]] = [[told.share(s), s.figure.value] for s in division.shares]
        _pie_sheet(book.create_sheet(told.text(f"sheet.{division.by}")), told, told.text(f"table.{division.by}"), rows)
    for table in tables_of(told)[len(figures.divisions) :]:
        if table.title != told.text("table.sources"):
            _table_sheet(book.create_sheet(table.title[:31]), table)
    for sheet in book.worksheets:
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _words(figures: ReportFigures, version: Version | None, language: Language, who: Namer) -> Sequence[str]:
    return [block.text for block in energy_report_paper(figures, version, language, who=who).blocks]


def _figures_sheet(sheet: Worksheet, told: Told) -> None:
    heads = ("id", "meaning", "value", "unit", "first", "last", "source", "coverage", "quality")
    _heads(sheet, [told.text(f"head.{head}") for head in heads], (28, 30, 14, 12, 12, 12, 60, 10, 16))
    for row, figure in enumerate(told.figures.every(), start=2):
        for column, value in enumerate(_figure_cells(told, figure), start=1):
            _write(sheet, row, column, value)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _figure_cells(told: Told, figure: Figure) -> Sequence[Cell]:
    # A cell without a number says why: empty cells are read as zero by formulas.
    return (
        figure.id,
        told.figure_name(figure.id),
        told.value(figure) if figure.value is None else figure.value,
        figure.unit,
        figure.first.isoformat(),
        figure.last.isoformat(),
        figure.source,
        coverage(figure),
        quality(told, figure),
    )


def _months_sheet(sheet: Worksheet, told: Told) -> None:
    _heads(sheet, [told.text("head.month"), told.text("head.kwh"), told.text("head.coverage")], (14, 18, 14))
    months = told.figures.months
    for row, figure in enumerate(months, start=2):
        _write(sheet, row, 1, figure.id.removeprefix("month/"))
        _write(sheet, row, 2, told.value(figure) if figure.value is None else figure.value)
        _write(sheet, row, 3, coverage(figure))
    chart = BarChart()
    chart.title, chart.y_axis.title, chart.legend = told.text("table.months"), "kWh", None
    chart.add_data(Reference(sheet, min_col=2, min_row=2, max_row=1 + len(months)))
    _place(chart, sheet, len(months), "E2")


def _pie_sheet(sheet: Worksheet, told: Told, title: str, rows: Sequence[Sequence[Cell]]) -> None:
    _heads(sheet, [told.text("head.part"), told.text("head.kwh")], (36, 18))
    for row, cells in enumerate(rows or [[told.text("empty"), None]], start=2):
        for column, value in enumerate(cells, start=1):
            _write(sheet, row, column, value)
    if rows:
        chart = PieChart() if all(isinstance(c[1], float) and c[1] >= 0 for c in rows) else BarChart()
        chart.title = title
        chart.add_data(Reference(sheet, min_col=2, min_row=2, max_row=1 + len(rows)))
        _place(chart, sheet, len(rows), "D2")


def _place(chart: BarChart | PieChart, sheet: Worksheet, count: int, anchor: str) -> None:
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=1 + count))
    chart.width, chart.height = CHART_CM
    if isinstance(chart, BarChart):
        # Readers newer than the library take an axis without this for one that is left out.
        chart.x_axis.delete = chart.y_axis.delete = False
    sheet.add_chart(chart, anchor)


def _table_sheet(sheet: Worksheet, table: PaperTable) -> None:
    _heads(sheet, [column.head for column in table.columns], [column.width_pct * 1.3 for column in table.columns])
    for row, cells in enumerate(table.rows or [[table.empty]], start=2):
        for column, text in enumerate(cells, start=1):
            _write(sheet, row, column, text)


def _heads(sheet: Worksheet, heads: Sequence[str], widths: Sequence[float]) -> None:
    for column, (head, width) in enumerate(zip(heads, widths, strict=True), start=1):
        _write(sheet, 1, column, head, bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _write(sheet: Worksheet, row: int, column: int, value: Cell, *, bold: bool = False) -> None:
    cell = sheet.cell(row=row, column=column)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # a text that begins with = is no formula
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    else:
        cell.number_format = "#,##0.##"
    if bold:
        cell.font = Font(bold=True)
