"""`premises analyze` as a user meets it: a CSV without any store, and what it says of bad input."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from analytics import asking
from analytics.rules import WINDOWED_RULES
from tests.command_line import Outcome, runner

REGISTRY = """
site:
  {id: hq, name: {zh: 一号院, en: Compound 1}, timezone: Asia/Shanghai, calendar: none, working_hours: "08:00-18:00"}
buildings: [{id: a, name: {zh: 主楼, en: Main}, gross_area_m2: 1000}]
rooms:
  - {id: a-201, building: a, floor: 2, name: "201", category: office, usable_area_m2: 20}
circuits: [{id: light, building: a, item: lighting, serves: [a-201]}]
devices:
  - {id: cam, room: a-201, interval_s: 3600, metrics: [presence]}
  - {id: m1, circuit: light, interval_s: 3600, metrics: [energy_import_kwh]}
  - {id: panel, building: a}
"""
HEADER = "timestamp,device,metric,value\n"
ROW = "2026-03-02T09:00:00+08:00,cam,presence,1\n"
Premises = Callable[..., Outcome]


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Premises:
    monkeypatch.setenv("PREMISES_HOME", str(tmp_path / "home"))
    return runner(monkeypatch, capsys)


def registry_in(folder: Path, text: str = REGISTRY) -> Path:
    path = folder / "registry.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def csv_in(folder: Path, text: str) -> Path:
    path = folder / "readings.csv"
    path.write_text(text, encoding="utf-8")
    return path


def four_weeks() -> str:
    """Present from nine to eleven on weekdays; the light burns 0.1 kWh in every hour of the day."""
    rows, kwh = [HEADER], 0.0
    start = datetime.fromisoformat("2026-03-02T00:00:00+08:00")
    for hour in range(28 * 24 + 1):
        time = start + timedelta(hours=hour)
        there = int(time.weekday() < 5 and time.hour in {9, 10})
        if hour < 28 * 24:
            rows.append(f"{time.isoformat()},cam,presence,{there}\n")
        rows.append(f"{time.isoformat()},m1,energy_import_kwh,{kwh:.1f}\n")
        kwh += 0.1
    return "".join(rows)


def test_a_csv_is_analysed_without_a_store(premises: Premises, tmp_path: Path) -> None:
    files = ("--csv", csv_in(tmp_path, four_weeks()), "--registry", registry_in(tmp_path))
    outcome = premises("analyze", *files, "--rules", "S02,e05", "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    (finding,) = [found for found in answer["findings"] if found["rule"] == "S02"]
    assert (finding["subject"], finding["verdict"], finding["value"], finding["threshold"], finding["unit"]) == (
        "room:a-201",
        "fault",
        20.0,
        30.0,
        "%",
    )
    assert (finding["start"], finding["end"]) == ("2026-03-02T00:00:00+08:00", "2026-03-30T00:00:00+08:00")
    assert {found["rule"] for found in answer["findings"]} == {"E05", "S02"}
    (room,) = answer["summary"]
    assert (room["utilisation_pct"], room["days"], room["days_never_occupied"]) == (20.0, 28, 8)
    assert room["circuits"]["light"]["kwh"] == pytest.approx(67.2)
    assert room["circuits"]["light"]["kwh_while_empty"] == pytest.approx(67.2 - 20 * 2 * 0.1)
    assert not (tmp_path / "home").exists()


def test_the_window_is_given_by_local_dates_and_its_end_is_left_out(premises: Premises, tmp_path: Path) -> None:
    files = ("--csv", csv_in(tmp_path, four_weeks()), "--registry", registry_in(tmp_path))
    outcome = premises("analyze", *files, "--json", "--from", "2026-03-03", "--to", "2026-03-05")
    answer = json.loads(outcome.out)
    assert (answer["from"], answer["to"]) == ("2026-03-03", "2026-03-05")
    (room,) = answer["summary"]
    assert (room["days"], room["working_h"], room["circuits"]["light"]["kwh"]) == (2, 20.0, pytest.approx(4.8))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_written_whole_and_leads_nowhere(premises: Premises, tmp_path: Path, language: str) -> None:
    files = ("--csv", csv_in(tmp_path, four_weeks()), "--registry", registry_in(tmp_path))
    page = tmp_path / "answer.html"
    outcome = premises("analyze", *files, "--html", page, "--language", language)
    assert outcome.code == 0, outcome.err
    text = page.read_text(encoding="utf-8")
    assert "20.0%" in text
    assert "src=" not in text
    assert [path.name for path in tmp_path.iterdir() if path.suffix not in {".csv", ".yaml", ".html"}] == []


def test_without_json_or_page_a_person_reads_lines(premises: Premises, tmp_path: Path) -> None:
    files = ("--csv", csv_in(tmp_path, four_weeks()), "--registry", registry_in(tmp_path))
    chinese = premises("analyze", *files).out
    english = premises("analyze", *files, "--language", "en").out
    assert "S02" in chinese
    assert "20.0%" in chinese
    assert "S02" in english
    assert "Low office use" in english


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ("2026-03-02T09:00:00+08:00,cam,presence\n", "row 2: 3 fields"),
        ("2026-03-02T09:00:00+08:00,nobody,presence,1\n", "row 2, column device: 'nobody' is not in the registry"),
        ("2026-03-02T09:00:00+08:00,cam,presense,1\n", "row 2, column metric: unknown metric 'presense'"),
        (ROW + "2026-03-02T10:00:00+08:00,cam,presence,NaN\n", "row 3, column value: 'NaN' is not a finite number"),
        (ROW + "2026-03-02T10:00:00+08:00,cam,presence,1e999\n", "row 3, column value"),
        ("2026-03-02T09:00:00+08:00,cam,presence,7\n", "row 2, column value: 7 is outside 0 to 1"),
        ("2026-03-02 09:00,cam,presence,1\n", "row 2, column timestamp: '2026-03-02 09:00' has no offset"),
        ("yesterday,cam,presence,1\n", "row 2, column timestamp"),
        ("2026-03-02T09:00:00+08:00,panel,event,burning:active\n", "row 2, column value: 'burning:active' is no event"),
        ("", "the file has a header and no rows"),
    ],
)
def test_a_bad_row_is_one_line_with_its_place_and_exit_code_two(
    premises: Premises, tmp_path: Path, rows: str, place: str
) -> None:
    files = ("--csv", csv_in(tmp_path, HEADER + rows), "--registry", registry_in(tmp_path))
    outcome = premises("analyze", *files)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert f"{tmp_path / 'readings.csv'}" in outcome.err
    assert place in outcome.err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--rules", "Z99"), "--rules: no rule 'Z99'"),
        (("--from", "March"), "--from 'March' is no date"),
        (("--from", "2026-03-05", "--to", "2026-03-03"), "check --from and --to"),
        (("--timezone", "Mars/Base"), "--timezone 'Mars/Base' is no time zone"),
    ],
)
def test_a_bad_option_is_one_line_and_exit_code_two(
    premises: Premises, tmp_path: Path, options: tuple[str, ...], complaint: str
) -> None:
    files = ("--csv", csv_in(tmp_path, HEADER + ROW), "--registry", registry_in(tmp_path))
    outcome = premises("analyze", *files, *options)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert complaint in outcome.err


@pytest.mark.parametrize(("text", "complaint"), [("", "the file is empty"), ("time,device\n", "column timestamp")])
def test_a_header_that_will_not_do_says_what_it_must_be(
    premises: Premises, tmp_path: Path, text: str, complaint: str
) -> None:
    outcome = premises("analyze", "--csv", csv_in(tmp_path, text), "--registry", registry_in(tmp_path))
    assert outcome.code == 2
    assert complaint in outcome.err
    assert "timestamp,device,metric,value" in outcome.err


def test_local_times_are_read_in_the_zone_given(premises: Premises, tmp_path: Path) -> None:
    files = ("--csv", csv_in(tmp_path, HEADER + "2026-03-02 09:00,cam,presence,1\n"))
    outcome = premises("analyze", *files, "--registry", registry_in(tmp_path), "--timezone", "Asia/Shanghai", "--json")
    assert json.loads(outcome.out)["from"] == "2026-03-02"


def test_a_window_without_readings_says_when_there_are_some(premises: Premises, tmp_path: Path) -> None:
    files = ("--csv", csv_in(tmp_path, HEADER + ROW), "--registry", registry_in(tmp_path))
    outcome = premises("analyze", *files, "--from", "2030-01-01")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "there are some from 2026-03-02 to 2026-03-02" in outcome.err


def test_an_empty_store_says_how_to_fill_it(premises: Premises, tmp_path: Path) -> None:
    outcome = premises("analyze", "--registry", registry_in(tmp_path))
    assert outcome.code == 2
    assert "premises import" in outcome.err


def test_a_site_with_its_own_calendar_file_is_judged_by_it(premises: Premises, tmp_path: Path) -> None:
    (tmp_path / "2026.yaml").write_text("years: [2026]\nholidays: [2026-03-02]\n", encoding="utf-8")
    registry = registry_in(tmp_path, REGISTRY.replace("calendar: none", "calendar: 2026.yaml"))
    files = ("--csv", csv_in(tmp_path, four_weeks()), "--registry", registry)
    (room,) = json.loads(premises("analyze", *files, "--json").out)["summary"]
    assert room["working_h"] == 190.0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("years: [2026]\nholiday: [2026-03-02]\n", "holiday"),
        ("years: [2026]\nholidays: [2026-03-02]\nworkdays: [2026-03-02]\n", "both a holiday and a workday"),
        ("years: []\n", "years"),
        ("{", "not YAML"),
        (None, "cannot be read"),
    ],
)
def test_a_calendar_file_that_will_not_do_is_one_line(
    premises: Premises, tmp_path: Path, content: str | None, complaint: str
) -> None:
    if content is not None:
        (tmp_path / "own.yaml").write_text(content, encoding="utf-8")
    registry = registry_in(tmp_path, REGISTRY.replace("calendar: none", "calendar: own.yaml"))
    outcome = premises("analyze", "--csv", csv_in(tmp_path, HEADER + ROW), "--registry", registry)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert complaint in outcome.err
    assert "own.yaml" in outcome.err


def test_a_rule_that_fails_is_named_to_people_and_programs_and_its_trace_goes_to_standard_error(
    premises: Premises, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_data: object) -> NoReturn:
        msg = "no such column"
        raise ValueError(msg)

    monkeypatch.setattr(asking, "WINDOWED_RULES", {**WINDOWED_RULES, "S02": broken})
    files = ("--csv", csv_in(tmp_path, four_weeks()), "--registry", registry_in(tmp_path), "--rules", "S02,G05")
    page = tmp_path / "answer.html"
    err = premises("analyze", *files, "--html", page).err
    assert "in broken" in err
    assert "rule S02 failed" in err
    assert "S02" in page.read_text(encoding="utf-8").partition('id="findings"')[2].partition("</strong>")[0]
    told = json.loads(premises("analyze", *files, "--json").out)
    assert told["failed_rules"] == [{"rule": "S02", "error": "ValueError: no such column"}]
    assert {each["rule"] for each in told["findings"]} == {"G05"}
