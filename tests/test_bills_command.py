"""`premises bills`: a file of bills checked whole, kept once, listed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Outcome, runner

Bills = Callable[..., Outcome]

REGISTRY = """
site: {id: hq, name: HQ, timezone: Asia/Shanghai, calendar: none, working_hours: "08:00-18:00"}
buildings: [{id: a, name: A, gross_area_m2: 400}]
"""
HEADER = "subject,utility,from,to,quantity,unit,fee,note"
GOOD = (
    "building:a,electricity,2026-01-01,2026-01-31,12.5,MWh,9000,",
    "building:a,electricity,2026-02-01,2026-02-28,11000,,8000,春节",
    "building:a,electricity,2026-03-01,2026-03-31,12000,kWh,8500,",
    "building:a,water,2026-01-01,2026-01-31,200000,L,,",
)


@pytest.fixture
def bills(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Bills:
    (tmp_path / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    premises = runner(monkeypatch, capsys)
    return lambda verb, *arguments: premises("bills", verb, *arguments, "--home", tmp_path)


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "B.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_bills_are_kept_once_in_their_canonical_unit(bills: Bills, tmp_path: Path) -> None:
    path = written(tmp_path, *GOOD)
    assert "4 new, 0 corrected, 0 unchanged" in bills("import", path).out
    assert "0 new, 0 corrected, 4 unchanged" in bills("import", path).out
    listed = json.loads(bills("list", "--json").out)
    assert [(row["quantity"], row["unit"], row["fee"]) for row in listed] == [
        (12500.0, "kWh", 9000.0),
        (11000.0, "kWh", 8000.0),
        (12000.0, "kWh", 8500.0),
        (200.0, "m³", None),
    ]
    assert "春节" in bills("list").out


def test_another_fee_of_the_same_period_corrects_the_bill(bills: Bills, tmp_path: Path) -> None:
    bills("import", written(tmp_path, *GOOD))
    corrected = written(tmp_path, "building:a,electricity,2026-01-01,2026-01-31,12500,,9100,")
    assert "0 new, 1 corrected, 0 unchanged" in bills("import", corrected).out
    assert json.loads(bills("list", "--json").out)[0]["fee"] == 9100.0


def test_days_without_a_bill_are_told_and_no_fault(bills: Bills, tmp_path: Path) -> None:
    outcome = bills("import", written(tmp_path, GOOD[0], GOOD[2]), "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["gaps"] == ["building:a electricity: 2026-01-31 to 2026-03-01"]


def test_a_check_keeps_nothing(bills: Bills, tmp_path: Path) -> None:
    assert "nothing was kept" in bills("import", written(tmp_path, *GOOD), "--check").out
    assert json.loads(bills("list", "--json").out) == []


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("building:a,electricity,2026-03-15,2026-04-30,1,,,", "from", "overlaps"),
        ("building:a,electricity,2026-04-30,2026-04-01,1,,,", "to", "before"),
        ("building:a,electricity,2026-04-01,2028-04-01,1,,,", "to", "is the year right?"),
        ("building:a,electricity,2026-04-01,2026-04-30,1,,-5,", "fee", "cannot be"),
        ("building:a,electricity,2026-04-01,2026-04-30,-1,,,", "quantity", "cannot be"),
        ("building:a,electricity,2026-04-01,2026-04-30,12,kWh,9000,", "quantity", "is the unit"),
        ("building:a,electricity,2026-04-01,2026-04-30,12,m³,9000,", "unit", "accepted"),
        ("building:a,steam,2026-04-01,2026-04-30,12,,,", "utility", "electricity"),
        ("building:b,water,2026-04-01,2026-04-30,12,,,", "subject", "not in the registry"),
        ("room:a-201,water,2026-04-01,2026-04-30,12,,,", "subject", "no bills"),
        ("Building A,water,2026-04-01,2026-04-30,12,,,", "subject", "building:ID"),
        ("building:a,water,2026-04-31,2026-04-30,12,,,", "from", "2026-01-31"),
        ("building:a,water,2026-04-01,2026-04-30,,,,", "quantity", "blank"),
        ("building:a,water,2026-04-01,2026-04-30,12,,much,", "fee", "'much'"),
    ],
)
def test_a_fault_is_told_with_its_row_and_column_and_nothing_is_kept(
    bills: Bills, tmp_path: Path, row: str, column: str, said: str
) -> None:
    outcome = bills("import", written(tmp_path, *GOOD, row))
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert f"row 6, column {column}" in outcome.err
    assert said in outcome.err
    assert json.loads(bills("list", "--json").out) == []


def test_a_check_tells_every_fault_on_its_line(bills: Bills, tmp_path: Path) -> None:
    wrong = [GOOD[0], GOOD[0], "building:b,water,2026-04-30,2026-04-01,12,,,"]
    outcome = bills("import", written(tmp_path, *wrong), "--check")
    assert outcome.code == 2
    assert [line.split(": ")[2] for line in outcome.err.splitlines()] == [
        "row 3, column from",
        "row 4, column to",
        "row 4, column subject",
    ]
    assert "2 more" in bills("import", written(tmp_path, *wrong)).err


@pytest.mark.parametrize(
    ("header", "said"),
    [("", "empty"), ("subject,utility,from,to", "column quantity"), (f"{HEADER},price", "column price")],
)
def test_a_header_that_is_not_a_bills_is_refused(bills: Bills, tmp_path: Path, header: str, said: str) -> None:
    outcome = bills("import", written(tmp_path, header=header))
    assert outcome.code == 2
    assert said in outcome.err
