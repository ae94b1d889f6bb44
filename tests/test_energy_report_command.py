"""`premises report energy` as a user meets it: figures with their sources, in four formats and two languages."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from openpyxl import load_workbook

from tests.command_line import Outcome, runner
from tests.energy_reports_home import expect_done, write_home

Premises = Callable[..., Outcome]


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Premises:
    home = tmp_path / "home"
    readings, mapping, bills = write_home(home, tmp_path)
    monkeypatch.setenv("PREMISES_HOME", str(home))
    run = runner(monkeypatch, capsys)
    expect_done(run("import", readings, "--mapping", mapping))
    expect_done(run("bills", "import", bills))
    expect_done(run("rollup"))
    return run


def written(premises: Premises, out: Path, *asked: str) -> bytes:
    expect_done(premises("report", "energy", "--out", out, *asked))
    return out.read_bytes()


def words(content: bytes) -> str:
    document = Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(each.text for each in document.paragraphs), *cells])


def test_month_is_told_with_what_is_known_of_it(premises: Premises, tmp_path: Path) -> None:
    told = words(written(premises, tmp_path / "r.docx", "--period", "2026-10", "--lang", "en"))
    for expected in (
        "credit code: 11530000015123456X",
        "Electricity bought: 744 kWh.",
        "Water: 31 m³.",
        "a year before no data (0 of 31 days); change: cannot be told",
        "a year before 62 m³; change: -50.0%",
        "Electricity per area: 7.4 kWh/m².",
        "Water per person: 3.1 m³/p.",
        "Main building: no data (31 of 365 days) over twelve months without heating; constraint 60, guide 45",
        "From electricity bought: 74.4 kgCO2; factor: 云南 2026: 0.1 kgCO2/kWh (a list)",
        "744 kWh (31 of 304 days): above it",
        "更换走廊照明。",
        "rollups/day energy_import_kwh − energy_export_kwh @ main",
        "bills @ building:a",
        "(preview, not locked)",
    ):
        assert expected in told
    assert "energy_report." not in told


def test_days_that_are_lacking_are_told_and_never_zero(premises: Premises, tmp_path: Path) -> None:
    told = words(written(premises, tmp_path / "r.docx", "--period", "2026-11", "--lang", "en"))
    assert "Electricity bought: 240 kWh (10 of 30 days)." in told
    assert "Water: no data (0 of 30 days)." in told
    assert "Electricity per area: no data (10 of 30 days)." in told
    assert "Electricity bought: 0" not in told


def test_excel_has_numbers_and_charts_of_its_own(premises: Premises, tmp_path: Path) -> None:
    content = written(premises, tmp_path / "r.xlsx", "--period", "2026Q3")
    book = load_workbook(BytesIO(content))
    assert any(name.startswith("xl/charts/chart") for name in ZipFile(BytesIO(content)).namelist())
    sources = book["数据来源"]
    by_id = {row[0]: row for row in sources.iter_rows(min_row=2, values_only=True)}
    assert by_id["electricity_kwh"][2] == "无数据（92天中有0天）"
    assert by_id["area_m2"][2] == 100


def test_page_is_made_in_both_languages(premises: Premises, tmp_path: Path) -> None:
    for language, title in (("zh", "机关一号院2026年10月能源资源消费报告"), ("en", "energy and resources used")):
        page = written(premises, tmp_path / "r.html", "--period", "2026-10", "--lang", language).decode()
        assert title in page
        assert "energy_report." not in page


@pytest.mark.parametrize("period", ["2026-13", "2026Q5", "26", "next month", "2026-1", "1999"])
def test_period_that_is_none_is_one_line(premises: Premises, period: str) -> None:
    outcome = premises("report", "energy", "--period", period)
    assert outcome.code == 2
    assert "2026Q3" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
