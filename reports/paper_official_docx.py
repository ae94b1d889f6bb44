"""An official document as a Word file after GB/T 9704-2012: 22 lines of 28 characters on A4, faces and sizes as there.

The faces are named as the standard's users have them; who lacks one gets the next that stands beside it in the file's
table of fonts.
"""

import math
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section, _Footer
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from reports.paper_docx import WIDE_TEXT_WIDTH_MM, add_table
from reports.paper_official import Level, OfficialPaper

TOP_MM, LEFT_MM = 37, 28
TEXT_MM = (156, 225)
"""Width and height of the text (5.2.1: 版心)."""
LINES, CHARACTERS = 22, 28
BODY_PT, TITLE_PT, PAGE_PT = 16, 22, 14
"""3号, 2号 and 4号."""
LINE_PT = 225 / 25.4 * 72 / LINES
TWIPS = 20
SPACING_TWIPS = math.floor((TEXT_MM[0] / 25.4 * 72 / CHARACTERS - BODY_PT) * TWIPS)
"""What each character of the text gives up, so that 28 stand on a line: the place of one is a little narrower than its
face. Said of the characters and not by a grid of characters: in such a grid LibreOffice gives each two places."""
ISSUER_RIGHT_CHARACTERS = 4

LATIN = "Times New Roman"
FACES: Mapping[Level, str] = MappingProxyType(
    {Level.TEXT: "仿宋_GB2312", Level.FIRST: "黑体", Level.SECOND: "楷体_GB2312", Level.THIRD: "仿宋_GB2312"}
)
TITLE_FACE = "方正小标宋简体"
FALLBACKS: Mapping[str, str] = MappingProxyType(
    {
        "仿宋_GB2312": "仿宋,FangSong,STFangsong,Noto Serif CJK SC",
        "楷体_GB2312": "楷体,KaiTi,STKaiti,Noto Serif CJK SC",
        "黑体": "SimHei,STHeiti,Noto Sans CJK SC",
        "方正小标宋简体": "FZXiaoBiaoSong-B05S,宋体,SimSun,Noto Serif CJK SC",
        "宋体": "SimSun,Noto Serif CJK SC",
    }
)
"""What Word takes where a face is missing."""


def official_docx(paper: OfficialPaper) -> bytes:
    """Return the file."""
    document = Document()
    _set_up(document)
    _set(_paragraph(document, WD_ALIGN_PARAGRAPH.CENTER).add_run(paper.title), TITLE_FACE, TITLE_PT)
    _paragraph(document)
    for block in paper.blocks:
        line = _paragraph(document)
        line.paragraph_format.first_line_indent = Pt(2 * BODY_PT)
        line.paragraph_format.keep_with_next = block.level in {Level.FIRST, Level.SECOND}
        _set(line.add_run(block.text), FACES[block.level], BODY_PT)
    _close(document, paper)
    if paper.attachments:
        _lay_down(document.add_section(WD_SECTION.NEW_PAGE))
    for table in paper.attachments:
        add_table(document, table, width_mm=WIDE_TEXT_WIDTH_MM, points=8)
    _name_fallbacks(document)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _set_up(document: DocumentType) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.left_margin = Mm(TOP_MM), Mm(LEFT_MM)
    section.bottom_margin = Mm(297 - TOP_MM - TEXT_MM[1])
    section.right_margin = Mm(210 - LEFT_MM - TEXT_MM[0])
    section.footer_distance = Mm(25)
    properties = section._sectPr  # noqa: SLF001 - the library has no way to the grid
    for old in properties.findall(qn("w:docGrid")):
        properties.remove(old)
    properties.append(_grid())
    document.styles["Normal"].font.size = Pt(BODY_PT)
    document.settings.odd_and_even_pages_header_footer = True
    _number_pages(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _number_pages(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)


def _grid() -> OxmlElement:  # type: ignore[valid-type]  # the library makes its elements by a function
    """Return the grid of 22 lines."""
    grid = OxmlElement("w:docGrid")
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(int(LINE_PT * TWIPS)))
    return grid


def _number_pages(footer: _Footer, side: WD_ALIGN_PARAGRAPH) -> None:
    """Write — 1 — in 4号, one character from the outer edge (7.5)."""
    footer.is_linked_to_previous = False
    line = footer.paragraphs[0]
    line.alignment = side
    line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(PAGE_PT)
    _set(line.add_run("— "), "宋体", PAGE_PT)
    number = line.add_run()
    _set(number, "宋体", PAGE_PT)
    for kind, text in (("begin", ""), ("", " PAGE "), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        number._r.append(part)  # noqa: SLF001 - the library knows no fields
    _set(line.add_run(" —"), "宋体", PAGE_PT)


def _paragraph(document: DocumentType, side: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY) -> Paragraph:
    line = document.add_paragraph()
    line.alignment = side
    form = line.paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(LINE_PT)
    form.widow_control = False
    return line


def _close(document: DocumentType, paper: OfficialPaper) -> None:
    """Write the note of attachments, who issues it, and the date, below the text on the right."""
    _paragraph(document)
    note = _paragraph(document)
    note.paragraph_format.first_line_indent = Pt(2 * BODY_PT)
    _set(note.add_run(paper.attachment_note), FACES[Level.TEXT], BODY_PT)
    _paragraph(document)
    for text in (paper.issuer, paper.dated):
        line = _paragraph(document, WD_ALIGN_PARAGRAPH.RIGHT)
        line.paragraph_format.right_indent = Pt(ISSUER_RIGHT_CHARACTERS * BODY_PT)
        line.paragraph_format.keep_together = True
        _set(line.add_run(text), FACES[Level.TEXT], BODY_PT)


def _lay_down(section: Section) -> None:
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin = section.right_margin = Mm(15)
    section.footer_distance = Mm(10)
    for grid in section._sectPr.findall(qn("w:docGrid")):  # noqa: SLF001 - as above
        section._sectPr.remove(grid)  # noqa: SLF001 - as above


def _set(run: Run, face: str, points: float) -> None:
    run.font.name, run.font.size, run.font.bold = LATIN, Pt(points), False
    properties = run._element.get_or_add_rPr()  # noqa: SLF001 - as in paper_docx
    fonts = properties.get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), face)
    fonts.set(qn("w:hint"), "eastAsia")
    if points == BODY_PT:
        spacing = OxmlElement("w:spacing")
        spacing.set(qn("w:val"), str(SPACING_TWIPS))
        # Before the size, as the order of a run's properties is fixed.
        properties.find(qn("w:sz")).addprevious(spacing)


def _name_fallbacks(document: DocumentType) -> None:
    """Write into the file's table of fonts what stands in for each face."""
    part = next(each for each in document.part.package.iter_parts() if str(each.partname) == "/word/fontTable.xml")
    told = "".join(
        f'<w:font w:name="{face}"><w:altName w:val="{others}"/><w:charset w:val="86"/></w:font>'
        for face, others in FALLBACKS.items()
    )
    part._blob = part.blob.replace(b"</w:fonts>", f"{told}</w:fonts>".encode())  # noqa: SLF001 - the library keeps it as it is
