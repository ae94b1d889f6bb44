"""`premises report ledger|plan|closing|edited-ledger` over a home."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copy

import pytest
from docx import Document
from openpyxl import load_workbook

from premises.home import Home
from premises.papers import NoFontFault, printed
from reports import charts
from reports.ledger_columns import LedgerColumn
from sensors.registry_text import registry_text
from storage.records import SqlRecords
from tests.command_line import Outcome, runner
from tests.reports.papers import given_of, plan_of, records_of, registry, row_of, write
from tests.storage.records.stores import sqlite_place


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a home with a registry, items, and a plan of those that are open."""
    root = tmp_path / "home"
    root.mkdir()
    Home(root).registry.write_text(registry_text(registry()), encoding="utf-8")
    with sqlite_place() as here:
        plan_of(records_of(here))
        for records in here.opened:
            records.close()
        copy(here.url.removeprefix("sqlite:///"), Home(root).records)
    return root


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Give what runs `premises report …` on the home."""
    monkeypatch.setenv("PREMISES_HOME", str(home))
    premises = runner(monkeypatch, capsys)
    return lambda *arguments: premises("report", *arguments)


def records(home: Path) -> SqlRecords:
    return SqlRecords(f"sqlite:///{Home(home).records}")


def test_plan_is_written_in_word_unless_told_otherwise(run: Callable[..., Outcome], tmp_path: Path) -> None:
    assert run("plan", "--out", tmp_path / "plan.docx").code == 0
    assert Document(str(tmp_path / "plan.docx")).paragraphs[0].text.startswith("冬季安全与节能整改方案")


def test_format_follows_the_files_name(run: Callable[..., Outcome], tmp_path: Path) -> None:
    assert run("plan", "--out", tmp_path / "plan.html", "--lang", "en").code == 0
    assert "Background and basis" in (tmp_path / "plan.html").read_text(encoding="utf-8")


def test_closing_sheet_is_written_without_readings(run: Callable[..., Outcome], tmp_path: Path) -> None:
    assert run("closing", 4, "--out", tmp_path / "sheet.docx").code == 0
    assert Document(str(tmp_path / "sheet.docx")).paragraphs[0].text == "整改销号单"


def test_unknown_number_is_a_line_and_exit_2(run: Callable[..., Outcome]) -> None:
    for told in (run("closing", 99), run("plan", "--plan", 99)):
        assert told.code == 2
        assert len(told.err.strip().splitlines()) == 1


def test_ledger_goes_out_is_edited_and_comes_back(run: Callable[..., Outcome], home: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    assert run("ledger", "--out", path).code == 0
    book = load_workbook(path)
    write(book, row_of(2), LedgerColumn.GOAL, "门常闭")
    book.save(path)
    dry = run("edited-ledger", path, "--by", "li")
    assert (dry.code, "accepted 1, refused 0: nothing kept" in dry.out) == (0, True)
    assert run("edited-ledger", path, "--by", "li", "--apply").code == 0
    kept = records(home)
    assert given_of(kept, 2).goal == "门常闭"
    kept.close()


def test_refused_cell_is_named_and_exits_2(run: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    run("ledger", "--out", path)
    book = load_workbook(path)
    write(book, row_of(2), LedgerColumn.DEADLINE, "下周五")
    book.save(path)
    told = run("edited-ledger", path, "--by", "li", "--apply")
    assert told.code == 2
    assert told.out.startswith("ledger.xlsx：整改台账，第 5 行，时限：")
    (change,) = json.loads(run("edited-ledger", path, "--by", "li", "--json").out)["changes"]
    assert (change["row"], change["column"], change["fate"]) == (5, "deadline", "refused")


def test_who_answers_for_the_changes_must_be_known(run: Callable[..., Outcome], tmp_path: Path) -> None:
    run("ledger", "--out", tmp_path / "ledger.xlsx")
    told = run("edited-ledger", tmp_path / "ledger.xlsx", "--by", "nobody")
    assert (told.code, "no such account" in told.err) == (2, True)


def test_pdf_in_chinese_without_a_font_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "CJK_FONTS", ("No Such Face",))
    with pytest.raises(NoFontFault, match="fonts-noto-cjk"):
        printed(b"<p>", "zh")
