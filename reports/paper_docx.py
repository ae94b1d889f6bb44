"""A paper as a Word file, laid out after GB/T 9704-2012 as far as a form may be."""

from io import BytesIO

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.table import _Row
from docx.text.run import Run

from reports.paper import Paper, PaperTable, Picture

TEXT_WIDTH_MM, WIDE_TEXT_WIDTH_MM = 165, 267
"""A4 without the margins left and right, upright and on its side."""
A3_TEXT_WIDTH_MM = 390
"""A wide paper is A3 on its side: on A4 the ledger's 24 columns had place for two characters each."""
CELL_PT, WIDE_CELL_PT = 10.5, 8
SIGNED_ON_A_LINE = 2
TALLEST_MM = 110
"""Of a picture: two stand on a page."""

TITLE_FACE, HEAD_FACE, TEXT_FACE = "方正小标宋简体", "黑体", "仿宋"


def docx_paper(paper: Paper) -> bytes:
    """Return the file."""
    document = Document()
    _lay_out(document, is_wide=paper.is_wide)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _set(title.add_run(paper.title), TITLE_FACE, 20, bold=True)
    facts = document.add_paragraph()
    _set(facts.add_run("    ".join(f"{name} {value}" for name, value in paper.facts)), TEXT_FACE, 10.5)
    for table in paper.tables:
        width_mm, points = (A3_TEXT_WIDTH_MM, WIDE_CELL_PT) if paper.is_wide else (TEXT_WIDTH_MM, CELL_PT)
        add_table(document, table, width_mm=width_mm, points=points)
    for picture in paper.pictures:
        _add_picture(document, picture)
    for remark in paper.remarks:
        _set(document.add_paragraph().add_run(remark), TEXT_FACE, 9.5)
    _add_places_to_sign(document, paper)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _add_places_to_sign(document: DocumentType, paper: Paper) -> None:
    """Add the places to sign, two on a line, so that none is torn apart at the margin."""
    tab = Mm((A3_TEXT_WIDTH_MM if paper.is_wide else TEXT_WIDTH_MM) / 2)
    for first in range(0, len(paper.signatures), SIGNED_ON_A_LINE):
        line = document.add_paragraph()
        line.paragraph_format.space_before = Pt(12)
        line.paragraph_format.keep_together = True
        line.paragraph_format.tab_stops.add_tab_stop(tab)
        places = (f"{each}____________" for each in paper.signatures[first : first + SIGNED_ON_A_LINE])
        _set(line.add_run("\t".join(places)), TEXT_FACE, 12)


def _lay_out(document: DocumentType, *, is_wide: bool) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(25), Mm(20)
    section.left_margin, section.right_margin = Mm(25), Mm(20)
    if is_wide:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(420), Mm(297)
        section.left_margin = section.right_margin = Mm(15)
    spacing = document.styles["Normal"].paragraph_format
    spacing.space_before, spacing.space_after = Pt(3), Pt(3)


def add_table(document: DocumentType, told: PaperTable, *, width_mm: float, points: float) -> None:
    """Add a table with its heading; its head stands on every page that it reaches."""
    if told.title:
        head = document.add_paragraph()
        head.paragraph_format.keep_with_next = True
        _set(head.add_run(told.title), HEAD_FACE, 12)
    rows = told.rows or [[told.empty, *[""] * (len(told.columns) - 1)]]
    table = document.add_table(rows=1 + len(rows), cols=len(told.columns))
    table.style = "Table Grid"
    table.autofit = False
    for column, laid in zip(told.columns, table.columns, strict=True):
        laid.width = Mm(width_mm * column.width_pct / 100)
    for number, row in enumerate([[column.head for column in told.columns], *rows]):
        for column, text, cell in zip(told.columns, row, table.rows[number].cells, strict=True):
            cell.width = Mm(width_mm * column.width_pct / 100)
            cell.paragraphs[0].paragraph_format.line_spacing = 1.0
            _set(cell.paragraphs[0].add_run(text), HEAD_FACE if number == 0 else TEXT_FACE, points)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - the library has no other way
    for laid_row in table.rows:
        laid_row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 - as above
    if not told.rows:
        _join(table.rows[1])


def _join(row: _Row) -> None:
    """Make a row one cell; of the cells joined in it nothing but the first one's text stays."""
    joined = row.cells[0].merge(row.cells[-1])
    for emptied in joined.paragraphs[1:]:
        emptied._p.getparent().remove(emptied._p)  # noqa: SLF001 - the library takes no paragraph away


def _add_picture(document: DocumentType, picture: Picture) -> None:
    caption = document.add_paragraph()
    caption.paragraph_format.keep_with_next = True
    _set(caption.add_run(picture.caption), TEXT_FACE, 10.5)
    shown = document.add_paragraph().add_run().add_picture(BytesIO(picture.content))
    wide = Mm(TEXT_WIDTH_MM * picture.width_pct / 100)
    scale = min(wide / shown.width, Mm(TALLEST_MM) / shown.height)
    shown.width, shown.height = Length(round(shown.width * scale)), Length(round(shown.height * scale))


def _set(run: Run, face: str, points: float, *, bold: bool = False) -> None:
    run.font.name, run.font.size, run.font.bold = face, Pt(points), bold
    # Word takes the face of Chinese characters from an attribute of its own.
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)  # noqa: SLF001 - the library has no other way
