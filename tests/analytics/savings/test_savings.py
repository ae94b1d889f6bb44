"""Savings against an adjusted baseline: known measures, and what no change of unit or clock may change."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from analytics.calendar import DayKind, ListedHolidays
from analytics.savings.result import Conclusion
from analytics.savings.savings import savings
from analytics.savings.terms import Interval
from tests.analytics.savings.buildings import (
    AFTER,
    HOUR_MS,
    Building,
    asked,
    bounds,
    building,
    by_bill,
    by_day,
    changed,
    day_of,
    hour_of,
    in_days,
    percent,
    request_of,
)

OFFICE = building()
LATER = day_of() >= AFTER.first
NIGHTS = ~hour_of().is_between(7, 19) & (day_of().dt.weekday() <= 5)


def true_pct(before: Building, after: Building) -> float:
    """Return what was saved of what the reporting year would have used."""
    whole, left = (of.meter.filter(LATER)["kwh"].to_numpy().sum() for of in (before, after))
    return float(100 * (1 - left / whole))


def test_no_measure_cannot_be_told_from_zero() -> None:
    told = asked(OFFICE)
    low, high = bounds(told)
    assert told.conclusion is Conclusion.CANNOT_TELL
    assert low <= 0 <= high
    assert abs(percent(told)) < 0.6


@pytest.mark.parametrize("share", [0.1, -0.1])
def test_known_share_is_found(share: float) -> None:
    after = changed(OFFICE, LATER, lambda use: (1 - share) * use)
    told, plain = asked(after), percent(asked(OFFICE))
    assert percent(told) == pytest.approx(100 * share + (1 - share) * plain)
    assert told.conclusion is (Conclusion.SAVED if share > 0 else Conclusion.WORSE)
    assert not told.non_routine_events


def test_measure_on_weekday_nights_alone_is_found_to_half_a_point() -> None:
    after = changed(OFFICE, LATER & NIGHTS, lambda use: 0.7 * use)
    assert percent(asked(after)) == pytest.approx(true_pct(OFFICE, after), abs=0.5)


@pytest.mark.parametrize(
    ("interval", "rows"),
    [(Interval.HOURLY, OFFICE), (Interval.DAILY, by_day(OFFICE)), (Interval.MONTHLY, by_bill(OFFICE))],
)
def test_hours_days_and_bills_agree(interval: Interval, rows: Building) -> None:
    after = changed(rows, LATER, lambda use: 0.85 * use)
    told = asked(after, interval=interval)
    assert told.interval is interval
    assert percent(told) == pytest.approx(15, abs=1.5)
    assert told.conclusion is Conclusion.SAVED


def test_kilowatt_hours_in_another_unit_scale_the_savings() -> None:
    thousandfold = changed(OFFICE, pl.lit(value=True), lambda use: 1000 * use)
    one, other = asked(OFFICE), asked(thousandfold)
    assert one.savings_kwh is not None
    assert other.savings_kwh == pytest.approx(1000 * one.savings_kwh)
    assert bounds(other) == pytest.approx(bounds(one))


def test_clock_of_another_zone_changes_nothing() -> None:
    eight_hours = -8 * HOUR_MS
    moved = Building(
        meter=OFFICE.meter.with_columns(pl.col("time_ms") + eight_hours),
        weather=OFFICE.weather.with_columns(pl.col("time_ms") + eight_hours),
    )
    assert percent(asked(moved, zone=ZoneInfo("Asia/Shanghai"))) == pytest.approx(percent(asked(OFFICE)))


def test_clock_half_an_hour_off_the_hour_finds_its_weather() -> None:
    half = HOUR_MS // 2
    moved = Building(
        meter=OFFICE.meter.with_columns(pl.col("time_ms") - 5 * HOUR_MS - half),
        weather=OFFICE.weather.with_columns(pl.col("time_ms") - 5 * HOUR_MS - half),
    )
    assert abs(percent(asked(moved, zone=ZoneInfo("Asia/Kolkata")))) < 0.6


def test_order_of_rows_does_not_matter() -> None:
    mixed = Building(meter=OFFICE.meter.sample(fraction=1.0, shuffle=True, seed=4), weather=OFFICE.weather.reverse())
    assert percent(asked(mixed)) == pytest.approx(percent(asked(OFFICE)))


def test_known_holidays_make_the_model_better() -> None:
    closed = [date(2022, 5, day) for day in (2, 3, 4)] + [date(2022, 10, day) for day in range(3, 8)]
    days = pl.lit(value=False)
    for day in closed:
        days |= day_of() == day
    quiet = changed(OFFICE, days & hour_of().is_between(8, 17), lambda use: use - 60)
    listed = ListedHolidays(years=frozenset({2022, 2023}), exceptions=dict.fromkeys(closed, DayKind.RESTDAY))
    with_them, without = asked(quiet, holidays=listed), asked(quiet)
    assert with_them.model is not None
    assert without.model is not None
    assert with_them.model.cv_rmse_pct < without.model.cv_rmse_pct


def test_choice_says_why() -> None:
    told = asked(OFFICE)
    reasons = {candidate.name: candidate.why for candidate in told.candidates}
    assert told.model is not None
    assert reasons[told.model.name] in {"least_error", "simplest_within_margin"}
    assert reasons["time_of_week"] == "error_too_large"
    assert reasons["time_of_week_temperature_memory"] in {"not_the_simplest", "least_error"}
    passed = [candidate for candidate in told.candidates if candidate.passed]
    assert passed[0].name == told.model.name


def test_points_add_up_to_the_figures() -> None:
    told = asked(changed(OFFICE, in_days(date(2023, 3, 3), date(2023, 3, 5)), lambda _: pl.lit(0.0)))
    assert told.points["actual_kwh"].sum() == pytest.approx(told.actual_kwh)
    assert told.points["baseline_kwh"].sum() == pytest.approx(told.adjusted_baseline_kwh)
    inside = told.points.filter(pl.col("actual_kwh").is_between("low_kwh", "high_kwh")).height / told.points.height
    assert inside == pytest.approx(0.9, abs=0.06)


def test_higher_confidence_asks_for_a_wider_interval() -> None:
    wide = savings(replace(request_of(OFFICE), confidence=0.99))
    low, high = bounds(asked(OFFICE))
    assert bounds(wide)[0] < low
    assert bounds(wide)[1] > high
