"""The ledger as Excel opens it: its columns, what may be chosen, how it prints, and that texts stay texts."""

from collections.abc import Iterator

import pytest
from openpyxl.cell import Cell

from reports.ledger_columns import COLUMNS, META_SHEET, LedgerColumn
from reports.ledger_xlsx import FIRST_ROW, HEAD_ROW
from reports.messages import Language
from storage.records import SqlRecords
from tests.reports.papers import ledger_book, place, records_of, row_of, the_sheet
from tests.storage.records.stores import sqlite_place

EXPECTED = [
    "序号",
    "编号",
    "来源",
    "发现时间",
    "位置",
    "类别",
    "问题描述",
    "依据条款",
    "等级",
    "整改目标",
    "措施",
    "责任单位",
    "责任人",
    "牵头领导",
    "配合单位",
    "资金",
    "时限",
    "进展",
    "结果",
    "佐证",
    "验收人/时间",
    "销号状态/审批人/日期",
    "回头看",
    "备注",
]


@pytest.fixture
def records() -> Iterator[SqlRecords]:
    with sqlite_place() as here:
        yield records_of(here)


def texts(records: SqlRecords, number: int, language: Language = "zh") -> dict[LedgerColumn, str]:
    book = ledger_book(records, language)
    cells = the_sheet(book)[row_of(number)]
    return {column: str(cell.value or "") for column, cell in zip(COLUMNS, cells, strict=False)}


def test_columns_are_those_that_offices_expect(records: SqlRecords) -> None:
    heads = [cell.value for cell in the_sheet(ledger_book(records))[HEAD_ROW]]
    assert heads[: len(COLUMNS)] == EXPECTED


def test_row_tells_what_follows_from_rule_and_place(records: SqlRecords) -> None:
    row = texts(records, 2)
    assert row[LedgerColumn.LOCATION] == "主楼2层a-202"
    assert row[LedgerColumn.UNIT] == "行政处"
    assert row[LedgerColumn.RESPONSIBLE] == "赵宁"
    assert row[LedgerColumn.LEVEL] == "重大隐患"
    assert row[LedgerColumn.STATE] == "整改中"


def test_signed_row_tells_who_accepted_and_signed(records: SqlRecords) -> None:
    row = texts(records, 4)
    assert row[LedgerColumn.STATE] == "已销号 / 王强 / 2026-11-23"
    assert row[LedgerColumn.ACCEPTED].endswith("/ 2026-11-23")
    assert row[LedgerColumn.LOOK_BACK].startswith("应于")


def test_english_ledger_has_no_chinese_but_names(records: SqlRecords) -> None:
    heads = [str(cell.value) for cell in the_sheet(ledger_book(records, "en"))[HEAD_ROW]]
    assert heads[:3] == ["Row", "No.", "Source"]
    row = texts(records, 2, "en")
    assert row[LedgerColumn.STATE] == "in progress"
    assert row[LedgerColumn.LEVEL] == "major hazard"


def test_deadline_is_a_date_that_shows_its_kind(records: SqlRecords) -> None:
    book = ledger_book(records)
    cell = the_sheet(book).cell(row=row_of(2), column=place(LedgerColumn.DEADLINE))
    assert isinstance(cell, Cell)
    assert cell.is_date
    assert "限期" in cell.number_format


def test_text_like_a_formula_stays_a_text(records: SqlRecords) -> None:
    book = ledger_book(records)
    cell = the_sheet(book).cell(row=row_of(3), column=place(LedgerColumn.REMARK))
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=HYPERLINK(1)", "s", True)


def test_sheet_prints_on_its_side_with_its_head_on_every_page(records: SqlRecords) -> None:
    sheet = the_sheet(ledger_book(records))
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize or 0)) == ("landscape", 8)
    assert sheet.print_title_rows == f"$1:${HEAD_ROW}"
    assert sheet.freeze_panes == f"C{FIRST_ROW}"
    assert sheet.auto_filter.ref == f"A{HEAD_ROW}:X{HEAD_ROW + 4}"


def test_levels_states_people_and_dates_are_checked_by_excel(records: SqlRecords) -> None:
    book = ledger_book(records)
    rules = {
        str(rule.sqref).rstrip("0123456789").split(":")[0][0]: rule
        for rule in the_sheet(book).data_validations.dataValidation
    }
    kinds = {
        column: rules["ABCDEFGHIJKLMNOPQRSTUVWX"[place(column) - 1]].type
        for column in (
            LedgerColumn.LEVEL,
            LedgerColumn.STATE,
            LedgerColumn.RESPONSIBLE,
            LedgerColumn.DEADLINE,
            LedgerColumn.FOUND,
        )
    }
    assert list(kinds.values()) == ["list", "list", "list", "custom", "date"]
    people = [cell.value for cell in book[META_SHEET]["H"]]
    assert {name for name in people[1:] if name} == {"李敏", "赵宁", "王强"}


def test_what_an_import_needs_is_hidden(records: SqlRecords) -> None:
    book = ledger_book(records)
    sheet = the_sheet(book)
    assert [sheet.column_dimensions[letter].hidden for letter in ("X", "Y", "Z", "AA")] == [False, True, True, True]
    assert book[META_SHEET].sheet_state == "veryHidden"
