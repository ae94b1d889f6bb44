"""`premises savings` as a user meets it: two files and two periods in, one honest conclusion out."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reports import charts
from tests.command_line import Outcome, runner
from tests.savings_files import (
    BASELINE,
    REPORTING,
    hours,
    less,
    meter_file,
    meter_rows,
    office_kwh,
    outdoor_c,
    weather_file,
    weather_rows,
    written,
)

Premises = Callable[..., Outcome]


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Premises:
    return runner(monkeypatch, capsys)


def asked(premises: Premises, meter: Path, weather: Path, *more: object) -> Outcome:
    periods = ("--baseline", BASELINE, "--reporting", REPORTING)
    return premises("savings", "--meter", meter, "--weather", weather, *periods, *more)


def answer(premises: Premises, meter: Path, weather: Path, *more: object) -> dict[str, Any]:
    outcome = asked(premises, meter, weather, "--json", *more)
    assert outcome.code == 0, outcome.err
    document: dict[str, Any] = json.loads(outcome.out)
    return document


def codes(document: dict[str, Any]) -> set[str]:
    return {each["code"] for each in document["sufficiency"]}


def test_a_known_saving_is_found_with_every_key_of_the_contract(premises: Premises, tmp_path: Path) -> None:
    document = answer(premises, meter_file(tmp_path, meter_rows(less(0.1))), weather_file(tmp_path))
    assert document["interval"] == "hourly"
    assert document["conclusion"] == "saved"
    assert document["savings_pct"] == pytest.approx(10, abs=0.5)
    low, high = document["ci90_pct"]
    assert low < 10 < high
    assert document["savings_kwh"] == pytest.approx(
        document["adjusted_baseline_kwh"] - document["actual_kwh"], abs=0.01
    )
    assert set(document["model"]) >= {"name", "cv_rmse_pct", "nmbe_pct", "r2"}
    assert document["ci90_kwh"][0] < document["savings_kwh"] < document["ci90_kwh"][1]
    assert document["timezone"] == "UTC"


def test_conclusion_is_the_first_line_in_both_languages(premises: Premises, tmp_path: Path) -> None:
    meter, weather = meter_file(tmp_path, meter_rows(less(-0.2))), weather_file(tmp_path)
    chinese = asked(premises, meter, weather).out.splitlines()
    english = asked(premises, meter, weather, "--lang", "en", "--price", "0.8", "--carbon-factor", "0.5").out
    assert chinese[0].startswith("没有节能")
    assert english.startswith("Used ")
    assert "Nothing was saved." in english
    assert "Money: CNY -" in english
    assert "kgCO2" in english


def test_days_and_bills_are_taken_as_such(premises: Premises, tmp_path: Path) -> None:
    daily: dict[str, float] = {}
    for time in hours():
        daily[f"{time.date()}"] = daily.get(f"{time.date()}", 0) + less(0.1)(time, outdoor_c(time))
    meter = meter_file(tmp_path, [(day, f"{kwh:.3f}") for day, kwh in daily.items()])
    by_day = answer(premises, meter, weather_file(tmp_path), "--timezone", "UTC")
    assert (by_day["interval"], by_day["conclusion"]) == ("daily", "saved")
    assert by_day["savings_pct"] == pytest.approx(10, abs=0.7)
    bills: dict[str, float] = {}
    for day, kwh in daily.items():
        bills[f"{day[:7]}-01"] = bills.get(f"{day[:7]}-01", 0) + kwh
    meter = meter_file(tmp_path, [*((day, f"{kwh:.3f}") for day, kwh in bills.items()), ("2025-01-01", "")])
    by_bill = answer(premises, meter, weather_file(tmp_path), "--timezone", "UTC")
    assert by_bill["interval"] == "monthly"


def test_quarters_of_an_hour_are_summed_and_that_is_told(premises: Premises, tmp_path: Path) -> None:
    quarters = [
        ((time + timedelta(minutes=15 * part)).isoformat(), f"{less(0.1)(time, outdoor_c(time)) / 4:.5f}")
        for time in hours()
        for part in range(4)
    ]
    document = answer(premises, meter_file(tmp_path, quarters), weather_file(tmp_path))
    assert document["savings_pct"] == pytest.approx(10, abs=0.5)
    assert "summed_to_hours" in codes(document)


def test_chart_points_and_their_sums_agree(premises: Premises, tmp_path: Path) -> None:
    meter, weather = meter_file(tmp_path, meter_rows(less(0.1))), weather_file(tmp_path)
    out, svg, png = tmp_path / "p.csv", tmp_path / "c.svg", tmp_path / "c.png"
    document = answer(premises, meter, weather, "--out", out, "--chart", svg)
    with out.open(encoding="utf-8", newline="") as file:
        points = list(csv.DictReader(file))
    assert sum(float(row["actual_kwh"]) for row in points) == pytest.approx(document["actual_kwh"], rel=1e-3)
    assert sum(float(row["baseline_kwh"]) for row in points) == pytest.approx(
        document["adjusted_baseline_kwh"], rel=1e-3
    )
    assert "adjusted baseline" in svg.read_text(encoding="utf-8")
    assert asked(premises, meter, weather, "--chart", png, "--lang", "en").code == 0
    assert png.read_bytes().startswith(b"\x89PNG")


def test_chinese_chart_without_a_font_names_the_package(
    premises: Premises, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "CJK_FONTS", ("No Such Font",))
    files = meter_file(tmp_path, meter_rows()), weather_file(tmp_path)
    refused = asked(premises, *files, "--chart", tmp_path / "c.png", "--lang", "zh")
    assert refused.code == 2
    assert "fonts-noto-cjk" in refused.err
    assert not (tmp_path / "c.png").exists()


def test_local_times_need_a_zone_and_survive_both_clock_changes(premises: Premises, tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - this test alone

    berlin = ZoneInfo("Europe/Berlin")
    local = [(time.astimezone(berlin).replace(tzinfo=None), time) for time in hours()]
    meter = meter_file(
        tmp_path, [(shown.isoformat(" "), f"{less(0.1)(time, outdoor_c(time)):.4f}") for shown, time in local]
    )
    refused = asked(premises, meter, weather_file(tmp_path))
    assert refused.code == 2
    assert "row 2" in refused.err
    assert "--timezone" in refused.err
    document = answer(premises, meter, weather_file(tmp_path), "--timezone", "Europe/Berlin")
    assert document["savings_pct"] == pytest.approx(10, abs=0.6)
    assert codes(document) <= {"extrapolation"}


def test_offsets_that_change_are_those_of_a_zone_and_that_is_told(premises: Premises, tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - this test alone

    berlin = ZoneInfo("Europe/Berlin")
    rows = [(time.astimezone(berlin).isoformat(), f"{office_kwh(time, outdoor_c(time)):.4f}") for time in hours()]
    document = answer(premises, meter_file(tmp_path, rows), weather_file(tmp_path))
    assert "zone_inferred" in codes(document)
    assert document["timezone"].startswith(("Africa/", "Arctic/", "Europe/"))


def test_standing_standard_time_is_told_and_blank_times_are_counted(premises: Premises, tmp_path: Path) -> None:
    rows = [
        (time.replace(tzinfo=None).isoformat(" "), value)
        for time, (_, value) in zip(hours(), meter_rows(), strict=True)
    ]
    rows[100] = ("", rows[100][1])
    document = answer(premises, meter_file(tmp_path, rows), weather_file(tmp_path), "--timezone", "Europe/London")
    told = {each["code"]: each for each in document["sufficiency"] if each["code"] in {"blank_times", "clock_change"}}
    assert (told["blank_times"]["rows"], told["blank_times"]["row"]) == (1, 102)
    assert told["clock_change"]["rows"] == 2
    assert document["conclusion"] in {"cannot_tell", "saved", "worse"}


@pytest.mark.parametrize(
    ("baseline", "reporting", "lack"),
    [
        ("2023-01-01/2024-02-01", REPORTING, "periods_overlap"),
        ("2023-10-01/2023-12-31", REPORTING, "baseline_short"),
        (BASELINE, "2026-01-01/2026-12-31", "no_meter"),
    ],
)
def test_poor_periods_give_a_code_and_no_number(
    premises: Premises, tmp_path: Path, baseline: str, reporting: str, lack: str
) -> None:
    files = ("--meter", meter_file(tmp_path, meter_rows()), "--weather", weather_file(tmp_path))
    outcome = premises("savings", *files, "--baseline", baseline, "--reporting", reporting, "--json")
    document = json.loads(outcome.out)
    assert lack in codes(document)
    assert document["conclusion"] == "no_number"
    assert document["savings_kwh"] is None
    assert document["ci90_pct"] is None


def test_weather_shorter_than_the_meter_and_missing_months_give_no_number(premises: Premises, tmp_path: Path) -> None:
    short = weather_rows(hours(end=datetime(2024, 6, 1, tzinfo=UTC)))
    document = answer(premises, meter_file(tmp_path, meter_rows()), weather_file(tmp_path, short))
    assert ("weather_short" in codes(document), document["savings_kwh"]) == (True, None)
    gap = [row for row in meter_rows() if not row[0].startswith("2023-07")]
    document = answer(premises, meter_file(tmp_path, gap), weather_file(tmp_path))
    assert ("month_coverage" in codes(document), document["savings_kwh"]) == (True, None)
    assert "2023-07" in str(document["sufficiency"])


TIME = "2023-01-01T00:00:00Z"
NEXT = "2023-01-01T01:00:00Z"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ["empty", "timestamp,energy_kwh"]),
        ("timestamp,energy_kwh\n", ["no row"]),
        ("time,energy_kwh\n", ["row 1", "column timestamp", "missing"]),
        ("timestamp,kwh\n", ["row 1", "column energy_kwh", "missing"]),
        (f"timestamp;energy_kwh\n{TIME};1,5\n", ["row 1", "semicolons"]),
        (f'timestamp,energy_kwh\n{TIME},"1,5"\n', ["row 2", "column energy_kwh", "decimal point"]),
        (f"timestamp,energy_kwh\n{TIME},off\n", ["row 2", "column energy_kwh", "'off'"]),
        (f"timestamp,energy_kwh\n{TIME},1e999\n", ["row 2", "column energy_kwh"]),
        ("timestamp,energy_kwh\n44927.0416667,1\n", ["row 2", "column timestamp", "Excel"]),
        (f"timestamp,energy_kwh\n{TIME},1\nTotal,1\n", ["row 3", "column timestamp", "row of totals"]),
        (f"timestamp,energy_kwh\n{TIME},1\n合计,1\n", ["row 3", "row of totals"]),
        ("timestamp,energy_kwh\n01/02/2023 00:00,1\n", ["row 2", "day/month"]),
        (f"timestamp,energy_kwh\n{TIME},1,2\n", ["row 2", "3 fields"]),
        (f"timestamp,energy_kwh\n{TIME},1\n{TIME},2\n", ["row 3", "row 2", "another value"]),
        (f"timestamp,energy_kwh\n{TIME},1\n", ["row 2", "one usable row"]),
        (f"timestamp,energy_kwh\n{TIME},1\n2023-01-01T05:00:00Z,1\n", ["5 h apart"]),
        (
            f"timestamp,energy_kwh\n{TIME},1\n{NEXT},1\n2023-01-01T02:00:00Z,1\n2023-01-01T02:20:00Z,1\n",
            ["row 5", "20 min"],
        ),
        ("timestamp,energy_kwh\n2023-01-01T06:00Z,1\n2023-01-02T06:00Z,1\n", ["row 2", "06:00", "--timezone"]),
    ],
)
def test_what_cannot_be_read_is_told_with_row_and_column(
    premises: Premises, tmp_path: Path, content: str, said: list[str]
) -> None:
    meter = tmp_path / "M.csv"
    meter.write_text(content, encoding="utf-8")
    outcome = asked(premises, meter, weather_file(tmp_path, [(TIME, "1")]), "--json")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert [each for each in [*said, "M.csv"] if each not in outcome.err] == []


def test_registers_and_intervals_that_change_are_refused(premises: Premises, tmp_path: Path) -> None:
    counted = [(time.isoformat(), str(number)) for number, time in enumerate(hours()[:100])]
    refused = asked(premises, meter_file(tmp_path, counted), weather_file(tmp_path))
    assert (refused.code, "premises meter" in refused.err) == (2, True)
    halves = [((hours()[0] + timedelta(minutes=30 * number)).isoformat(), str(number % 7)) for number in range(200)]
    longer = [(time.isoformat(), "3") for time in hours()[100:150]]
    refused = asked(premises, meter_file(tmp_path, [*halves, *longer]), weather_file(tmp_path))
    assert refused.code == 2
    assert "use one interval" in refused.err


def test_fahrenheit_is_refused_unless_its_column_says_so(premises: Premises, tmp_path: Path) -> None:
    meter = meter_file(tmp_path, meter_rows(less(0.1)))
    rows = [(time, f"{float(air_c) * 1.8 + 32:.2f}") for time, air_c in weather_rows()]
    refused = asked(premises, meter, weather_file(tmp_path, rows))
    assert refused.code == 2
    assert "column temperature_c" in refused.err
    assert "temperature_f" in refused.err
    named = written(tmp_path / "F.csv", "timestamp,temperature_f", rows)
    assert answer(premises, meter, named)["savings_pct"] == pytest.approx(10, abs=0.5)


def test_byte_order_mark_empty_rows_and_repeats_do_no_harm(premises: Premises, tmp_path: Path) -> None:
    meter = meter_file(tmp_path, [*meter_rows(less(0.1)), meter_rows(less(0.1))[-1], ("", "")])
    meter.write_bytes(b"\xef\xbb\xbf" + meter.read_bytes())
    document = answer(premises, meter, weather_file(tmp_path))
    assert document["savings_pct"] == pytest.approx(10, abs=0.5)
    assert "repeated_rows" in codes(document)
    assert "blank_times" not in codes(document)


@pytest.mark.parametrize(
    "text", ["2023-01-01", "2023-12-31/2023-01-01", "soon/later", "2023-01-01/2023-06-31", "0001-01-01/2023-12-31"]
)
def test_odd_periods_and_chart_names_are_refused(premises: Premises, tmp_path: Path, text: str) -> None:
    files = ("--meter", tmp_path / "M.csv", "--weather", tmp_path / "W.csv")
    refused = premises("savings", *files, "--baseline", text, "--reporting", REPORTING)
    assert (refused.code, "--baseline" in refused.err) == (2, True)
    odd = premises("savings", *files, "--baseline", BASELINE, "--reporting", REPORTING, "--chart", tmp_path / "c.doc")
    assert (odd.code, ".png or .svg" in odd.err) == (2, True)


def test_period_to_the_end_of_the_calendar_is_refused(premises: Premises, tmp_path: Path) -> None:
    files = ("--meter", tmp_path / "M.csv", "--weather", tmp_path / "W.csv")
    endless = premises("savings", *files, "--baseline", BASELINE, "--reporting", "2024-01-01/9999-12-31")
    assert (endless.code, "--reporting" in endless.err) == (2, True)


def test_typical_year_is_told_by_the_models_of_both_periods(premises: Premises, tmp_path: Path) -> None:
    files = meter_file(tmp_path, meter_rows(less(0.1))), weather_file(tmp_path)
    year = weather_rows(hours(end=datetime(2024, 1, 1, tzinfo=UTC)))
    typical = written(tmp_path / "T.csv", "timestamp,temperature_c", year)
    told = answer(premises, *files, "--normal-year", typical)["normal_year"]
    used_kwh = sum(office_kwh(time, outdoor_c(time)) for time in hours(end=datetime(2024, 1, 1, tzinfo=UTC)))
    assert told["baseline_kwh"] == pytest.approx(used_kwh, rel=0.005)
    assert told["savings_kwh"] == pytest.approx(0.1 * used_kwh, rel=0.05)
    short = written(tmp_path / "T.csv", "timestamp,temperature_c", year[:2000])
    refused = asked(premises, *files, "--normal-year", short)
    assert (refused.code, "84 days" in refused.err) == (2, True)
