"""A ledger edited by hand and brought in again: each cell is told, all of it or nothing is kept."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from premises.plan_papers.edit_report import Fate
from premises.plan_papers.edited import read_edited
from rectification import commands
from rectification.model import ItemAction, ItemState
from rectification.particulars import DeadlineKind, Source
from reports.ledger_columns import COLUMNS, LedgerColumn
from sensors.verdicts import Severity
from storage.ledger.raw import WorkbookFault
from storage.records import SqlRecords
from tests.reports.papers import (
    CLOCK,
    WORKER,
    change_at,
    given_of,
    item_numbered,
    ledger_book,
    place,
    records_of,
    row_of,
    taken,
    the_sheet,
    write,
)
from tests.storage.records.stores import sqlite_place

DEADLINE = LedgerColumn.DEADLINE


@pytest.fixture
def records() -> Iterator[SqlRecords]:
    with sqlite_place() as here:
        yield records_of(here)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_untouched_ledger_changes_nothing(records: SqlRecords, tmp_path: Path, language: "str") -> None:
    book = ledger_book(records, "en" if language == "en" else "zh")
    report = taken(records, book, tmp_path)
    assert list(report.changes) == []


def test_edited_cells_are_told_and_written_with_who(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    row = row_of(2)
    write(book, row, LedgerColumn.GOAL, "门常闭")
    write(book, row, LedgerColumn.FUNDS, 3000)
    write(book, row, LedgerColumn.HELPERS, "财务处")
    report = taken(records, book, tmp_path)
    goal = change_at(report, LedgerColumn.GOAL)
    assert (goal.row, goal.new, goal.fate) == (row, "门常闭", Fate.ACCEPTED)
    given = given_of(records, 2)
    assert (given.goal, given.funds_yuan, given.helpers) == ("门常闭", 3000, ("finance",))
    with records.reading() as tx:
        step = tx.item_steps(item_numbered(records, 2).id)[-1]
        assert tx.verify_audit() is None
    assert (step.action, step.actor_id, step.note) == (ItemAction.EDIT, "u-li", f"ledger.xlsx · 整改台账 · {row}")


def test_dry_run_tells_the_same_and_keeps_nothing(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    write(book, row_of(2), LedgerColumn.GOAL, "门常闭")
    report = taken(records, book, tmp_path, is_dry=True)
    assert [change.fate for change in report.changes] == [Fate.ACCEPTED]
    assert not report.is_kept
    assert given_of(records, 2).goal == ""


def test_one_refused_cell_keeps_all_out_unless_the_rest_is_asked_for(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    write(book, row_of(2), DEADLINE, "下周五")
    write(book, row_of(3), LedgerColumn.GOAL, "关机")
    assert not taken(records, book, tmp_path).is_kept
    assert given_of(records, 3).goal == ""
    assert taken(records, book, tmp_path, takes_rest=True).is_kept
    assert given_of(records, 3).goal == "关机"


@pytest.mark.parametrize(
    ("column", "typed", "why"),
    [
        (DEADLINE, "下周五", "不是日期"),
        (DEADLINE, "限期", "须写明日期"),
        (LedgerColumn.RESPONSIBLE, "钱一", "已于 2026-09-30 离任"),
        (LedgerColumn.RESPONSIBLE, "孙怡", "停用"),
        (LedgerColumn.RESPONSIBLE, "谁也不是", "可选：李敏"),
        (LedgerColumn.UNIT, "不存在处", "可选：行政处"),
        (LedgerColumn.FUNDS, "若干", "金额"),
        (LedgerColumn.FUNDS, "=1+1", "公式"),
        (LedgerColumn.PROGRESS, 140, "0至100"),
        (LedgerColumn.STATE, "已销号", "按步骤"),
        (LedgerColumn.LEVEL, "一般隐患", "由规则确定"),
        (LedgerColumn.FOUND, "2020-01-01", "由系统记录"),
        (LedgerColumn.GOAL, "#REF!", "错误值"),
    ],
)
def test_cell_that_cannot_be_taken_is_refused_with_why(
    records: SqlRecords, tmp_path: Path, column: LedgerColumn, typed: object, why: str
) -> None:
    book = ledger_book(records)
    write(book, row_of(2), column, typed)
    report = taken(records, book, tmp_path)
    (change,) = report.changes
    assert (change.column, change.fate) == (column, Fate.REFUSED)
    assert why in change.why


def test_dates_are_taken_as_people_and_excel_write_them(records: SqlRecords, tmp_path: Path) -> None:
    for typed in ("2026年12月7日", "限期 2026/12/7", "立行立改 2026-12-7", datetime(2026, 12, 7)):  # noqa: DTZ001 - as Excel has it
        book = ledger_book(records)
        write(book, row_of(2), DEADLINE, typed)
        write(book, row_of(2), LedgerColumn.REMARK, "门体定制")
        taken(records, book, tmp_path)
        assert item_numbered(records, 2).deadline == date(2026, 12, 7)
    assert given_of(records, 2).deadline_kind is DeadlineKind.AT_ONCE


def test_long_term_needs_no_date(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    write(book, row_of(2), DEADLINE, "长期")
    write(book, row_of(2), LedgerColumn.REMARK, "随大修办理")
    assert taken(records, book, tmp_path).is_kept
    assert item_numbered(records, 2).deadline is None


def test_another_person_is_an_assignment(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    write(book, row_of(1), LedgerColumn.RESPONSIBLE, "赵宁")
    assert taken(records, book, tmp_path).is_kept
    item = item_numbered(records, 1)
    assert (item.responsible, item.state) == (WORKER.id, ItemState.ASSIGNED)


def test_formula_in_a_text_is_kept_as_text(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    write(book, row_of(2), LedgerColumn.REMARK, '=HYPERLINK("http://x","y")')
    change = change_at(taken(records, book, tmp_path), LedgerColumn.REMARK)
    assert (change.fate, change.why) == (Fate.ACCEPTED, "公式按文本保存，不作计算")
    again = ledger_book(records)
    cell = the_sheet(again).cell(row=row_of(2), column=place(LedgerColumn.REMARK))
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_deleted_row_is_told_and_its_item_stays(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    the_sheet(book).delete_rows(row_of(1))
    report = taken(records, book, tmp_path, takes_rest=True)
    assert [(change.old, change.fate) for change in report.changes] == [("#1", Fate.REFUSED)]
    assert item_numbered(records, 1).state is ItemState.DRAFT


def test_added_row_becomes_an_item_entered_by_hand(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    row = row_of(5)
    typed = {
        LedgerColumn.LOCATION: "主楼2层a-203",
        LedgerColumn.PROBLEM: "吊顶开裂",
        LedgerColumn.LEVEL: "黄",
        LedgerColumn.MEASURE: "加固",
        LedgerColumn.RESPONSIBLE: "赵宁",
        DEADLINE: "2026-12-20",
    }
    for column, text in typed.items():
        write(book, row, column, text)
    assert taken(records, book, tmp_path).is_kept
    item = item_numbered(records, 5)
    assert (str(item.subject), item.severity, item.deadline) == ("room:a-203", Severity.YELLOW, date(2026, 12, 20))
    assert (item.responsible, item.measure) == (WORKER.id, "加固")
    assert given_of(records, 5).source is Source.PERSON


def test_half_an_added_row_is_no_item(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    write(book, row_of(5), LedgerColumn.LOCATION, "二楼")
    report = taken(records, book, tmp_path, takes_rest=True)
    refused = {change.column for change in report.refused}
    assert refused == {LedgerColumn.PROBLEM, LedgerColumn.LEVEL}


def test_resorted_rows_are_known_by_their_hidden_ids(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    sheet = the_sheet(book)
    first, second = ([cell.value for cell in sheet[row_of(number)]] for number in (2, 3))
    for number, values in ((2, second), (3, first)):
        for cell, value in zip(sheet[row_of(number)], values, strict=True):
            cell.value = value
    write(book, row_of(3), LedgerColumn.GOAL, "门常闭")
    report = taken(records, book, tmp_path)
    assert [change.fate for change in report.changes] == [Fate.NOTED, Fate.ACCEPTED]
    assert given_of(records, 2).goal == "门常闭"


def test_joined_cells_are_refused_by_name(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    letter = "ABCDEFGHIJKLMNOPQRSTUVWX"[place(LedgerColumn.UNIT) - 1]
    the_sheet(book).merge_cells(f"{letter}{row_of(2)}:{letter}{row_of(3)}")
    change = change_at(taken(records, book, tmp_path), LedgerColumn.UNIT)
    assert (change.row, change.fate) == (row_of(3), Fate.REFUSED)
    assert f"{letter}{row_of(2)}" in change.why


def test_signed_row_is_never_changed(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    write(book, row_of(4), LedgerColumn.REMARK, "补记")
    change = change_at(taken(records, book, tmp_path, takes_rest=True), LedgerColumn.REMARK)
    assert (change.fate, "反弹" in change.why) == (Fate.REFUSED, True)


def test_what_others_wrote_meanwhile_is_not_overwritten(records: SqlRecords, tmp_path: Path) -> None:
    mine, theirs = ledger_book(records), ledger_book(records)
    write(theirs, row_of(2), LedgerColumn.GOAL, "他人所写")
    taken(records, theirs, tmp_path)
    write(mine, row_of(2), LedgerColumn.GOAL, "我所写")
    write(mine, row_of(2), LedgerColumn.RESULT, "已换闭门器")
    report = taken(records, mine, tmp_path, takes_rest=True)
    assert change_at(report, LedgerColumn.GOAL).fate is Fate.REFUSED
    assert (given_of(records, 2).goal, given_of(records, 2).result) == ("他人所写", "已换闭门器")


def test_copied_row_is_refused(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    sheet = the_sheet(book)
    for cell in sheet[row_of(2)]:
        sheet.cell(row=row_of(5), column=cell.column or 1).value = cell.value
    report = taken(records, book, tmp_path, takes_rest=True)
    assert [(change.row, change.fate) for change in report.changes] == [(row_of(5), Fate.REFUSED)]


def test_column_that_is_gone_is_told_and_nothing_of_it_changed(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    the_sheet(book).cell(row=3, column=place(LedgerColumn.GOAL)).value = "别的"
    report = taken(records, book, tmp_path, takes_rest=True)
    assert [change.column for change in report.refused] == [LedgerColumn.GOAL]


def test_file_that_is_no_ledger_is_refused_whole(records: SqlRecords, tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    book = ledger_book(records)
    del book["premises"]
    book.save(path)
    with pytest.raises(WorkbookFault, match="hidden sheet is gone"):
        read_edited(path)


def test_ledger_survives_being_saved_again(records: SqlRecords, tmp_path: Path) -> None:
    path = tmp_path / "again.xlsx"
    ledger_book(records).save(path)
    assert list(taken(records, load_workbook(path), tmp_path).changes) == []
    assert len(read_edited(path).rows[0].checks) == len(COLUMNS)


def test_a_refusal_is_told_in_the_language_of_the_ledger(records: SqlRecords, tmp_path: Path) -> None:
    with records.transaction() as tx:
        item = next(each for each in tx.items() if each.rule == "F09")
        commands.report_done(tx, item.id, actor=WORKER, clock=CLOCK)
    book = ledger_book(records)
    write(book, row_of(2), LedgerColumn.RESPONSIBLE, "王强")
    write(book, row_of(1), LedgerColumn.DEADLINE, "限期 2020-01-01")
    write(book, row_of(1), LedgerColumn.CATEGORY, "长" * 61)
    report = taken(records, book, tmp_path)
    assert change_at(report, LedgerColumn.RESPONSIBLE).why.startswith("该项现为“")
    assert change_at(report, LedgerColumn.DEADLINE).why.startswith("时限早于发现时间")
    assert change_at(report, LedgerColumn.CATEGORY).why.startswith("内容过长")


def test_deadline_is_moved_back_only_with_its_reason_in_the_remark(records: SqlRecords, tmp_path: Path) -> None:
    book = ledger_book(records)
    write(book, row_of(2), LedgerColumn.DEADLINE, "限期 2031-01-01")
    refused = change_at(taken(records, book, tmp_path), LedgerColumn.DEADLINE)
    assert (refused.fate, refused.why) == (Fate.REFUSED, "时限推迟须同时在“备注”列写明原因")
    write(book, row_of(2), LedgerColumn.REMARK, "门体定制，工期延长")
    assert change_at(taken(records, book, tmp_path), LedgerColumn.DEADLINE).fate is Fate.ACCEPTED
    assert item_numbered(records, 2).deadline == date(2031, 1, 1)
