"""The plan in the official format: what it must contain, in which faces and sizes, in both languages."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from docx import Document
from docx.oxml.ns import qn

from analytics.ledger import FindingAction, FindingRecord
from premises.plan_papers.gathering import all_entries, wording_of
from rectification.particulars import Particulars, Source
from rectification.sheets import Found, open_item
from reports.messages import Language
from reports.paper import Column, PaperTable
from reports.paper_official import Level, OfficialPaper, chinese_number
from reports.paper_official_docx import official_docx
from reports.paper_official_html import official_html
from reports.plan import plan_paper
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject
from sensors.verdicts import Severity
from storage.records import SqlRecords
from tests.rectification.factories import in_days
from tests.reports.papers import CLOCK, MANAGER, plan_of, records_of, registry
from tests.storage.records.stores import HQ, NOON, sqlite_place


@pytest.fixture
def records() -> Iterator[SqlRecords]:
    with sqlite_place() as here:
        yield records_of(here)


def paper(records: SqlRecords, language: Language = "zh", **written: object) -> OfficialPaper:
    plan = replace(plan_of(records), **written)  # type: ignore[arg-type]  # fields by name
    with records.reading() as tx:
        return plan_paper(plan, all_entries(tx, registry(), plan), wording_of(tx, registry(), language), now=NOON)


def heads(told: OfficialPaper, level: Level) -> Sequence[str]:
    return [block.text for block in told.blocks if block.level is level]


def test_plan_has_the_parts_that_offices_expect(records: SqlRecords) -> None:
    told = paper(records)
    assert heads(told, Level.FIRST) == [
        "一、背景依据",
        "二、目标原则",
        "三、问题清单",
        "四、分类措施",
        "五、实施步骤",
        "六、保障措施",
    ]
    assert heads(told, Level.SECOND)[-3:] == ["（一）组织保障", "（二）资金保障", "（三）督导保障"]
    steps = [text[3:5] for text in heads(told, Level.SECOND)[-7:-3]]
    assert steps == ["排查", "整改", "验收", "巩固"]


def test_hazard_has_its_five(records: SqlRecords) -> None:
    texts = [block.text for block in paper(records).blocks]
    start = texts.index("1．主楼2层a-202：常闭防火门开启（重大隐患，台账第2号）")
    assert [text[:3] for text in texts[start + 1 : start + 6]] == ["措施：", "责任：", "资金：", "时限：", "预案："]


def test_hazard_that_an_inspection_found_is_one(records: SqlRecords) -> None:
    given = Particulars(source=Source.INSPECTION, problem="插座面板有过热痕迹", category="Electrical safety")
    found = Found(site=HQ, subject=Subject.parse("building:a"), severity=Severity.RED, given=given)
    with records.transaction() as tx:
        open_item(tx, found, deadline=in_days, actor=MANAGER, clock=CLOCK)
    texts = [block.text for block in paper(records).blocks]
    assert any("插座面板有过热痕迹（重大隐患，台账第5号）" in text for text in texts)
    assert any("重大隐患2项" in text for text in texts)
    assert sum(text.startswith("预案：") for text in texts) == 2
    assert any("（电气安全" in text or "）电气安全" in text for text in texts)


def test_problem_tells_what_was_measured_and_not_how(records: SqlRecords) -> None:
    with records.transaction() as tx:
        item = next(each for each in tx.items() if each.rule == "E04")
        fault = FindingRecord(
            id="f203",
            site=HQ,
            rule="E04",
            subject=item.subject,
            severity=item.severity,
            started=NOON - timedelta(days=9),
            last_seen=NOON,
            value=40.0,
            threshold=5.0,
            unit="W/m²",
            energy_kwh=264.08,
        )
        tx.save_finding(fault, action=FindingAction.OPEN, actor_id="system:analysis")
    texts = [block.text for block in paper(records).blocks]
    assert any("40 W/m²，界限5 W/m²，共264.1 kWh" in text for text in texts)
    assert not any(CATALOGUE["E04"].formula.zh in text for text in texts)


@pytest.mark.parametrize(("language", "day"), [("zh", "限期2026年"), ("en", ", 2026")])
def test_dates_are_written_as_in_documents(records: SqlRecords, language: Language, day: str) -> None:
    texts = [block.text for block in paper(records, language).blocks]
    assert any(day in text for text in texts)
    assert not any("2026-1" in text for text in texts)


def test_no_funds_are_no_sum_of_nothing(records: SqlRecords) -> None:
    assert any("资金合计1,200.50元" in block.text for block in paper(records).blocks)
    with records.transaction() as tx:
        item = next(each for each in tx.items() if each.rule == "E04")
        tx.save_particulars(item.id, Particulars())
    assert any(block.text.startswith("台账未列专项资金") for block in paper(records).blocks)


def test_what_people_wrote_stands_instead_of_what_is_usual(records: SqlRecords) -> None:
    texts = [block.text for block in paper(records, basis="按上级通知。\n第二段。").blocks]
    assert texts[1:3] == ["按上级通知。", "第二段。"]


def test_draft_says_that_it_is_one(records: SqlRecords) -> None:
    assert paper(records).title.endswith("（征求意见稿）")


def test_english_numbers_its_own_way(records: SqlRecords) -> None:
    told = paper(records, "en")
    assert heads(told, Level.FIRST)[0] == "1. Background and basis"
    assert heads(told, Level.SECOND)[-1] == "(3) Supervision"


def test_page_is_laid_out_after_the_standard(records: SqlRecords) -> None:
    document = Document(BytesIO(official_docx(paper(records))))
    section = document.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    margins = (section.top_margin, section.left_margin, section.right_margin, section.bottom_margin)
    assert [round(each.mm) for each in margins if each is not None] == [37, 28, 26, 35]
    grid = section._sectPr.find(qn("w:docGrid"))  # noqa: SLF001 - the library does not read the grid
    assert grid is not None
    lines = 225 / 25.4 * 72 * 20 / int(grid.get(qn("w:linePitch"), "0"))
    spacing = document.paragraphs[3].runs[0]._element.get_or_add_rPr().find(qn("w:spacing"))  # noqa: SLF001 - as above
    assert spacing is not None
    characters = 156 / 25.4 * 72 / (16 + int(spacing.get(qn("w:val"), "0")) / 20)
    assert (int(lines), int(characters)) == (22, 28)
    assert grid.get(qn("w:type")) == "lines"  # In a grid of characters LibreOffice gives each two places.


def test_tables_attached_follow_one_another_and_an_empty_one_is_one_line(records: SqlRecords) -> None:
    told = paper(records)
    columns = [Column(head=head, width_pct=50) for head in "甲乙"]
    empty = PaperTable(title="空表", columns=columns, rows=[], empty="无")
    document = Document(BytesIO(official_docx(replace(told, attachments=(*told.attachments, empty, empty)))))
    assert len(document.sections) == 2
    assert [line.text for line in document.tables[-1].rows[1].cells[0].paragraphs] == ["无"]


def test_faces_and_sizes_are_those_of_the_standard(records: SqlRecords) -> None:
    document = Document(BytesIO(official_docx(paper(records))))
    faces = {}
    for line in document.paragraphs:
        for run in line.runs:
            fonts = run._element.get_or_add_rPr().get_or_add_rFonts()  # noqa: SLF001 - the library reads no face of Chinese
            faces[line.text[:4]] = (fonts.get(qn("w:eastAsia")), run.font.size.pt if run.font.size else None)
    assert faces["冬季安全"] == ("方正小标宋简体", 22)
    assert faces["一、背景"] == ("黑体", 16)
    assert faces["（一）消"] == ("楷体_GB2312", 16)
    assert faces["为消除一"] == ("仿宋_GB2312", 16)


def test_missing_faces_have_a_stand_in(records: SqlRecords) -> None:
    package = Document(BytesIO(official_docx(paper(records)))).part.package
    table = next(part for part in package.iter_parts() if str(part.partname) == "/word/fontTable.xml")
    assert "仿宋,FangSong" in table.blob.decode()


def test_pages_are_numbered_on_their_outer_edge(records: SqlRecords) -> None:
    section = Document(BytesIO(official_docx(paper(records)))).sections[0]
    for footer in (section.footer, section.even_page_footer):
        assert "PAGE" in footer._element.xml  # noqa: SLF001 - the library knows no fields
        assert footer.paragraphs[0].text.startswith("— ")


def test_ledger_is_attached_on_a_page_of_its_own(records: SqlRecords) -> None:
    document = Document(BytesIO(official_docx(paper(records))))
    assert len(document.sections) == 2
    assert [cell.text for cell in document.tables[0].rows[0].cells][:3] == ["编号", "位置", "类别"]
    assert len(document.tables[0].rows) == 4


def test_html_shows_what_people_wrote_as_text(records: SqlRecords) -> None:
    page = official_html(paper(records, basis="<b>依据</b>"))
    assert "&lt;b&gt;依据&lt;/b&gt;" in page


def test_numbers_are_written_in_chinese() -> None:
    assert [chinese_number(number) for number in (1, 10, 11, 20, 34, 120)] == [
        "一",
        "十",
        "十一",
        "二十",
        "三十四",
        "120",
    ]
