"""`premises meter` as a user meets it: a file in, a file out, one line told."""

import csv
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.command_line import Outcome, runner

Premises = Callable[..., Outcome]
START = datetime(2026, 3, 2, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Premises:
    return runner(monkeypatch, capsys)


def counter(folder: Path, rows: Iterable[tuple[object, object]], header: str = "timestamp,energy_import_kwh") -> Path:
    path = folder / "C.csv"
    path.write_text("\n".join([header, *(f"{time},{value}" for time, value in rows)]) + "\n", encoding="utf-8")
    return path


def quarters(*values: float, start: datetime = START) -> list[tuple[str, float]]:
    return [((start + index * QUARTER).isoformat(), value) for index, value in enumerate(values)]


def rows_of(path: Path) -> list[tuple[str, float, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["timestamp"], float(row["energy_kwh"]), row["quality"]) for row in csv.DictReader(file)]


def run(premises: Premises, folder: Path, path: Path, *options: object) -> list[tuple[str, float, str]]:
    out = folder / "O.csv"
    outcome = premises("meter", "--counter", path, "--out", out, *options)
    assert outcome.code == 0, outcome.err
    return rows_of(out)


def test_hours_hold_what_flowed_in_them_and_a_reading_on_the_edge_belongs_to_both(
    premises: Premises, tmp_path: Path
) -> None:
    path = counter(tmp_path, quarters(100, 101, 102, 103, 104, 106, 108, 110, 112))
    assert run(premises, tmp_path, path) == [
        ("2026-03-02T00:00:00+00:00", 4.0, "good"),
        ("2026-03-02T01:00:00+00:00", 8.0, "good"),
    ]


def test_the_first_and_the_last_interval_hold_what_was_measured_of_them(premises: Premises, tmp_path: Path) -> None:
    path = counter(tmp_path, quarters(100, 101, 102, 103, start=START + QUARTER))
    assert run(premises, tmp_path, path) == [("2026-03-02T00:00:00+00:00", 3.0, "good")]
    late = counter(tmp_path, quarters(100, 101, 102, 103, 104, 105, start=START + 2 * QUARTER))
    assert [row[1] for row in run(premises, tmp_path, late)] == [2.0, 3.0]


def test_the_answer_is_told_in_one_line_or_as_json(premises: Premises, tmp_path: Path) -> None:
    path = counter(tmp_path, quarters(100, 101, 102, 0, 104, 105, 106, 107, 108))
    told = premises("meter", "--counter", path)
    assert told.out.count("\n") == 1
    assert "8 kWh from 2026-03-02T00:00:00+00:00 to 2026-03-02T02:00:00+00:00" in told.out
    assert "1 glitch" in told.out
    document = json.loads(premises("meter", "--counter", path, "--json").out)
    assert (document["total_kwh"], document["estimated_kwh"], document["intervals"]) == (8.0, 0.0, 2)
    [problem] = document["problems"]
    assert (problem["kind"], problem["time"]) == ("glitch", "2026-03-02T00:45:00+00:00")
    assert "from 102 to 0" in problem["detail"]


def test_what_lies_in_a_gap_is_estimated_and_the_total_stands(premises: Premises, tmp_path: Path) -> None:
    rows = quarters(*range(100, 140))
    found = run(premises, tmp_path, counter(tmp_path, rows[:6] + rows[22:]))
    assert sum(row[1] for row in found) == pytest.approx(39.0)
    assert [row[2] for row in found] == ["good", *["estimated"] * 5, *["good"] * 4]


def test_a_day_of_a_clock_change_has_as_many_hours_as_it_has(premises: Premises, tmp_path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, tzinfo=berlin).astimezone(UTC)
    path = counter(tmp_path, quarters(*range(4 * (24 + 25) + 1), start=start))
    days = run(premises, tmp_path, path, "--interval", "1d", "--timezone", "Europe/Berlin")
    assert days == [
        ("2026-10-24T00:00:00+02:00", 96.0, "good"),
        ("2026-10-25T00:00:00+02:00", 100.0, "good"),
    ]


def test_local_times_of_the_hour_shown_twice_are_told_apart_by_their_order(premises: Premises, tmp_path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 25, tzinfo=berlin).astimezone(UTC)
    times = [(start + index * QUARTER).astimezone(berlin).replace(tzinfo=None) for index in range(4 * 25 + 1)]
    path = counter(tmp_path, [(time.isoformat(" "), kwh) for kwh, time in enumerate(times)])
    found = run(premises, tmp_path, path, "--timezone", "Europe/Berlin")
    assert [row[1] for row in found] == [4.0] * 25
    assert found[2][0] == "2026-10-25T02:00:00+02:00"
    assert found[3][0] == "2026-10-25T02:00:00+01:00"
    assert {row[2] for row in found} == {"good"}


def test_days_are_those_of_the_offset_that_is_written(premises: Premises, tmp_path: Path) -> None:
    start = START.astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=0)
    path = counter(tmp_path, quarters(*range(96 + 1), start=start))
    assert run(premises, tmp_path, path, "--interval", "1d") == [("2026-03-02T00:00:00+08:00", 96.0, "good")]


def test_a_known_limit_serves_where_no_usual_one_fits(premises: Premises, tmp_path: Path) -> None:
    values = [(7_770 + step) % 7_777 for step in range(40)]
    path = counter(tmp_path, quarters(*values))
    found = run(premises, tmp_path, path, "--rolls-at", "7777")
    assert sum(row[1] for row in found) == pytest.approx(39.0)
    assert {row[2] for row in found} == {"good"}


TIME = "2026-03-02T00:00:00Z"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ["empty", "timestamp,energy_import_kwh"]),
        ("timestamp,energy_import_kwh\n", ["no rows"]),
        ("time,energy_import_kwh\n", ["row 1", "column timestamp", "missing"]),
        (f"timestamp,energy_import_kwh\n{TIME},1\n{TIME},\n", ["row 3", "column energy_import_kwh", "blank"]),
        (f"timestamp,energy_import_kwh\n{TIME},off\n", ["row 2", "column energy_import_kwh", "'off'"]),
        (f"timestamp,energy_import_kwh\n{TIME},nan\n", ["row 2", "column energy_import_kwh"]),
        ("timestamp,energy_import_kwh\n,1\n", ["row 2", "column timestamp"]),
        ("timestamp,energy_import_kwh\n2026-03-02T00:00:00,1\n", ["row 2", "column timestamp", "--timezone"]),
        ("timestamp,energy_import_kwh\nyesterday,1\n", ["row 2", "column timestamp", "yesterday"]),
        (f"timestamp,energy_import_kwh\n{TIME},1,2\n", ["row 2", "3 fields"]),
        (f"timestamp,energy_import_kwh\n{TIME},1\n{TIME},2\n", ["one usable reading"]),
        (f"timestamp,energy_import_kwh\n{TIME},-2\n", ["no usable reading"]),
        (f"timestamp;energy_import_kwh\n{TIME};1\n", ["row 1", "semicolons"]),
        (f"timestamp\tenergy_import_kwh\n{TIME}\t1\n", ["row 1", "tabs"]),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line_with_its_place(
    premises: Premises, tmp_path: Path, content: str, said: list[str]
) -> None:
    path = tmp_path / "C.csv"
    path.write_text(content, encoding="utf-8")
    out = tmp_path / "O.csv"
    outcome = premises("meter", "--counter", path, "--out", out)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    for part in ("C.csv", *said):
        assert part in outcome.err
    assert not out.exists()


@pytest.mark.parametrize("options", [("--interval", "7h"), ("--interval", "often"), ("--timezone", "Berlin")])
def test_an_option_that_cannot_be_used_is_said(premises: Premises, tmp_path: Path, options: tuple[str, str]) -> None:
    path = counter(tmp_path, quarters(1, 2))
    outcome = premises("meter", "--counter", path, *options)
    assert outcome.code == 2
    assert options[0] in outcome.err


def test_a_file_in_the_chinese_national_encoding_is_read(premises: Premises, tmp_path: Path) -> None:
    path = tmp_path / "C.csv"
    path.write_text(
        "timestamp,energy_import_kwh,备注\n2026-03-02T00:00:00Z,1,抄表\n2026-03-02T01:00:00Z,3,抄表\n",
        encoding="gb18030",
    )
    assert "--encoding gb18030" in premises("meter", "--counter", path).err
    outcome = premises("meter", "--counter", path, "--encoding", "gb18030")
    assert outcome.code == 0
    assert " 2 kWh " in outcome.out


def test_the_registers_own_file_is_never_written_over(premises: Premises, tmp_path: Path) -> None:
    path = counter(tmp_path, quarters(1, 2))
    before = path.read_text(encoding="utf-8")
    outcome = premises("meter", "--counter", path, "--out", path)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "--out" in outcome.err
    assert path.read_text(encoding="utf-8") == before
