"""The closing sheet: what it tells of an item, its evidence with hashes, and the readings before and after."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import pytest
from docx import Document

from premises.plan_papers.gathering import entries_of, wording_of
from rectification.commands import VERIFICATION
from rectification.evidence import EvidenceFile, EvidenceGoneError, MediaType, Shows
from rectification.model import ItemAction
from reports.closing import ClosingFacts, closing_paper
from reports.closing_chart import DailyValues, closing_chart
from reports.ledger import Entry
from reports.messages import Language
from reports.paper import Paper
from reports.paper_docx import docx_paper
from reports.paper_html import html_paper
from reports.paper_xlsx import xlsx_paper
from storage.records import SqlRecords
from tests import pictures
from tests.reports.papers import item_numbered, records_of, registry
from tests.storage.records.stores import NOON, sqlite_place

HASH = "ab" * 32


@pytest.fixture
def records() -> Iterator[SqlRecords]:
    with sqlite_place() as here:
        yield records_of(here)


def photo() -> EvidenceFile:
    return EvidenceFile(
        id="e1",
        item_id="i",
        sha256=HASH,
        name="修后.jpg",
        media_type=MediaType.JPEG,
        size_bytes=10,
        shows=Shows.AFTER,
        added=NOON,
        added_by="u-zhao",
    )


def entry_of(records: SqlRecords, **evidence: object) -> Entry:
    """Return the signed item, verified by readings with this as evidence, and a photo."""
    with records.reading() as tx:
        (entry,) = entries_of(tx, [item_numbered(records, 4)], registry())
    told = {"since": (NOON - timedelta(days=9)).isoformat(), "until": (NOON - timedelta(days=2)).isoformat()}
    steps = [
        replace(step, evidence=json.dumps(told | evidence)) if step.action is ItemAction.VERIFY else step
        for step in entry.steps
    ]
    assert any(step.actor_id == VERIFICATION.id for step in steps)
    return replace(entry, steps=steps, files=[photo()])


def readings() -> DailyValues:
    days = [date(2026, 11, 1) + timedelta(days=number) for number in range(22)]
    values = [1200.0 - 20 * number for number in range(22)]
    window = (date(2026, 11, 14), date(2026, 11, 21))
    return DailyValues(
        name="CO2", unit="ppm", days=days, values=values, mended=date(2026, 11, 13), window=window, limit=1000
    )


def sheet(records: SqlRecords, language: Language = "zh", *, drawn: bool = False, **evidence: object) -> Paper:
    facts = ClosingFacts(
        entry=entry_of(records, **evidence),
        photos=lambda _: pictures.photo(),
        readings=readings() if drawn else None,
    )
    with records.reading() as tx:
        return closing_paper(facts, wording_of(tx, registry(), language), now=NOON)


def told(paper: Paper) -> str:
    return "\n".join(text for table in paper.tables for row in table.rows for text in row)


def test_sheet_tells_what_was_wrong_who_mended_and_who_signed(records: SqlRecords) -> None:
    paper = sheet(records)
    assert all(text in told(paper) for text in ("主楼2层a-201", "赵宁", "申请销号", "审核销号", "监测数据"))
    assert paper.remarks[-1] == "系统内审核签字：王强 2026-11-23"
    assert [text[:2] for text in paper.signatures] == ["申请", "现场", "审核", "公示"]
    assert all("日期" in text for text in paper.signatures)


def test_files_are_listed_with_their_hashes(records: SqlRecords) -> None:
    assert HASH in told(sheet(records))


def test_window_and_verdict_are_told(records: SqlRecords) -> None:
    text = told(sheet(records, finding={"value": 812.0, "threshold": 1000, "unit": "ppm"}))
    assert "须连续7天正常" in text
    assert "812 ppm（限值 1,000）" in text


def test_another_device_than_that_which_measured_the_fault_is_told(records: SqlRecords) -> None:
    assert "验证未用同一设备" not in told(sheet(records))
    assert "aq-old在发现问题后已撤下或移走" in told(sheet(records, devices_gone=["aq-old"]))


def test_saving_is_told_with_its_interval(records: SqlRecords) -> None:
    text = told(sheet(records, savings={"savings_kwh": 420.0, "ci90_kwh": [310.0, 530.0]}))
    assert "420 kWh（90%区间 310 至 530）" in text


def test_without_readings_the_sheet_says_so(records: SqlRecords) -> None:
    assert sheet(records).remarks[0].startswith("整改前后的读数未能取得")


def test_why_there_is_no_chart_is_told_as_it_is(records: SqlRecords) -> None:
    entry = entry_of(records)
    with records.reading() as tx:
        say = wording_of(tx, registry(), "zh")
        (unproven,) = entries_of(tx, [item_numbered(records, 2)], registry())
    hidden = closing_paper(ClosingFacts(entry=entry, is_withheld=True), say, now=NOON)
    assert hidden.remarks[0].startswith("一至两人使用的房间")
    early = replace(unproven, item=replace(entry.item, verified=None))
    assert closing_paper(ClosingFacts(entry=early), say, now=NOON).remarks[0].startswith("尚未验证")


def test_parts_of_the_program_are_not_named_by_their_ids(records: SqlRecords) -> None:
    assert "system:" not in told(sheet(records))
    assert "系统" in told(sheet(records))


def test_no_place_to_sign_is_torn_apart(records: SqlRecords) -> None:
    lines = [line.text for line in Document(BytesIO(docx_paper(sheet(records)))).paragraphs if "____" in line.text]
    assert [line.count("____________") for line in lines] == [2, 2]
    assert all(line.count("日期") == 2 for line in lines)


def test_file_whose_bytes_are_gone_is_still_listed(records: SqlRecords) -> None:
    def gone(sha256: str) -> bytes:
        raise EvidenceGoneError(sha256)

    with records.reading() as tx:
        facts = ClosingFacts(entry=entry_of(records), photos=gone)
        paper = closing_paper(facts, wording_of(tx, registry(), "zh"), now=NOON)
    assert list(paper.pictures) == []
    assert HASH in told(paper)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_format_shows_chart_and_photo(records: SqlRecords, language: Language) -> None:
    paper = sheet(records, language, drawn=True)
    assert len(paper.pictures) == 2
    assert len(Document(BytesIO(docx_paper(paper))).inline_shapes) == 2
    assert html_paper(paper).count("data:image/") == 2
    assert xlsx_paper(paper).startswith(b"PK")


def test_chart_is_the_same_each_time(records: SqlRecords) -> None:
    with records.reading() as tx:
        messages = wording_of(tx, registry(), "en").messages
    assert closing_chart(readings(), messages, "svg") == closing_chart(readings(), messages, "svg")
