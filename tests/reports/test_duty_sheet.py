"""The duty sheet in every format: what was written stands in it, in both languages."""

from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook

from alerts.logs import commands
from alerts.logs.commands import CheckGiven, Desk, DutyGiven, IsolationGiven
from premises.papers import DutyPapers, NoPrinterFault, written
from reports.messages import Language
from reports.paper import Paper
from sensors.actors import Actor, Role
from sensors.logs import AlarmTruth, DutyKind
from sensors.subjects import Subject
from sensors.topology import Name, Registry, Site
from storage.records import SqlRecords
from tests.storage.records.stores import HQ, MINUTE, NOON, StillClock, alert, alert_step

NIGHT = ("张三", "李四")


def registry() -> Registry:
    name = Name(zh="一号院", en="Compound 1")
    return Registry(site=Site(id=HQ, name=name, timezone="Asia/Shanghai", working_hours="09:00-17:00"))


def sheet(folder: Path, language: Language = "zh") -> Paper:
    """Return the paper of a day with a hand-over, a round, a false alarm and an isolation."""
    clock = StillClock(NOON - timedelta(hours=10))
    records = SqlRecords(f"sqlite:///{folder / 'records.db'}", clock=clock)
    officer = Desk(actor=Actor(id="an", name="赵宁", roles=frozenset({Role.SAFETY_OFFICER})), site=HQ, clock=clock)
    with records.transaction() as tx:
        given = DutyGiven(kind=DutyKind.HAND_OVER, present=("王五",), relief=NIGHT, note="=1+1 温感故障")
        commands.write_duty(tx, given, desk=officer)
        clock.time = NOON
        commands.write_duty(tx, DutyGiven(present=NIGHT, panel_normal=True, note="<b>正常</b>"), desk=officer)
        raised = alert(onset=NOON - MINUTE, parameters={"event": "fire"}, zone="2F-01")
        tx.save_alert(raised, alert_step(raised))
        commands.verify_alarm(tx, raised.id, CheckGiven(truth=AlarmTruth.FALSE, by="张三", note="蒸汽"), desk=officer)
        isolated = IsolationGiven(subject=Subject.parse("device:p1"), reason="装修", planned_end=NOON + MINUTE * 60)
        commands.request_isolation(tx, isolated, desk=officer)
    clock.time = NOON + timedelta(days=1)
    with records.reading() as tx:
        paper = DutyPapers(registry=registry(), clock=clock).paper(tx, date(2026, 11, 23), language)
    records.close()
    return paper


def cells(paper: Paper) -> str:
    return "\n".join(text for table in paper.tables for row in table.rows for text in row)


def test_the_sheet_holds_what_was_written_that_day(tmp_path: Path) -> None:
    told = cells(sheet(tmp_path))
    for text in ("10:00", "王五", "张三、李四", "20:00", "正常", "火警", "2F-01", "误报 蒸汽", "装修", "未批准"):
        assert text in told


def test_the_sheet_says_what_the_log_itself_shows(tmp_path: Path) -> None:
    remarks = sheet(tmp_path).remarks
    # From 10:00 to 20:00 on the site's clock.
    assert remarks[0] == "最长间隔 10.0 小时无记录，超过2小时（GB 25201）。"


def test_the_sheet_is_there_in_english(tmp_path: Path) -> None:
    paper = sheet(tmp_path, "en")
    assert paper.title == "Fire control room: duty sheet"
    assert "false alarm" in cells(paper)


def test_html_shows_what_people_wrote_as_text(tmp_path: Path) -> None:
    page = written(sheet(tmp_path), "html").decode()
    assert "&lt;b&gt;正常&lt;/b&gt;" in page
    assert "http" not in page


def test_word_holds_every_cell(tmp_path: Path) -> None:
    paper = sheet(tmp_path)
    document = Document(BytesIO(written(paper, "docx")))
    told = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    assert all(text in told for text in cells(paper).splitlines())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_excel_holds_every_cell_and_no_formula(tmp_path: Path, language: Language) -> None:
    paper = sheet(tmp_path, language)
    book = load_workbook(BytesIO(written(paper, "xlsx")))
    found = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    told = "\n".join(str(cell.value) for cell in found)
    assert all(text in told for text in cells(paper).splitlines())
    assert {cell.data_type for cell in found} == {"s"}


def test_without_a_browser_pdf_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoPrinterFault, match="chromium"):
        written(sheet(tmp_path), "pdf")
