"""Poor data give no number: each lack is told by its code, and the fatal ones leave no figure."""

from datetime import date

import polars as pl
import pytest

from analytics.calendar import ListedHolidays
from analytics.savings.result import Conclusion, Lack, Savings, Shortfall
from analytics.savings.terms import Interval, Period
from tests.analytics.savings.buildings import (
    AFTER,
    BEFORE,
    HOUR_MS,
    Building,
    asked,
    building,
    by_bill,
    by_day,
    changed,
    day_of,
    in_days,
    percent,
    warmed,
)

OFFICE = building()
SUMMER = in_days(date(2022, 7, 1), date(2022, 8, 10))
FIVE_DAYS = in_days(date(2022, 7, 4), date(2022, 7, 8))
ALWAYS = pl.lit(value=True)


def lacks(told: Savings, code: Lack) -> list[Shortfall]:
    return [lack for lack in told.sufficiency if lack.code is code]


def refused(told: Savings, code: Lack) -> Shortfall:
    """Return the fatal lack of the code, having seen that there is no figure beside it."""
    assert told.conclusion is Conclusion.NO_NUMBER
    assert told.savings_kwh is None
    assert told.ci90_pct is None
    assert told.points.is_empty()
    fatal = [lack for lack in lacks(told, code) if lack.is_fatal]
    assert fatal, told.sufficiency
    return fatal[0]


def unknown(where: pl.Expr) -> Building:
    return changed(OFFICE, where, lambda _: pl.lit(None, dtype=pl.Float64))


def test_whole_data_lack_nothing() -> None:
    assert not asked(OFFICE).sufficiency


def test_overlapping_periods_are_refused() -> None:
    later = Period(date(2022, 12, 31), date(2023, 12, 30))
    refused(asked(OFFICE, reporting=later), Lack.PERIODS_OVERLAP)


def test_period_that_ends_before_it_begins_is_refused() -> None:
    backwards = Period(date(2023, 12, 31), date(2023, 1, 1))
    assert refused(asked(OFFICE, reporting=backwards), Lack.PERIOD_EMPTY).params == {"period": "reporting"}


def test_baseline_of_half_a_year_is_refused() -> None:
    half = Period(BEFORE.first, date(2022, 6, 30))
    assert refused(asked(OFFICE, baseline=half), Lack.BASELINE_SHORT).params["days"] == 181


def test_reporting_before_the_baseline_is_told_but_not_refused() -> None:
    told = asked(OFFICE, baseline=AFTER, reporting=BEFORE)
    assert lacks(told, Lack.REPORTING_BEFORE_BASELINE)
    assert abs(percent(told)) < 0.6


def test_forty_one_missing_days_are_too_many() -> None:
    missing = refused(asked(unknown(SUMMER)), Lack.MISSING_DAYS)
    assert missing.params == {"period": "baseline", "days": 41, "most_days": 37.0}


def test_month_with_a_sixth_unknown_is_refused() -> None:
    told = refused(asked(unknown(FIVE_DAYS)), Lack.MONTH_COVERAGE)
    assert told.params == {"period": "baseline", "month": "2022-07", "covered_pct": 83.9}


def test_five_missing_days_of_a_daily_meter_are_told_but_not_refused() -> None:
    gone = changed(by_day(OFFICE), FIVE_DAYS, lambda _: pl.lit(None, dtype=pl.Float64))
    told = asked(gone, interval=Interval.DAILY)
    assert [lack.params["days"] for lack in lacks(told, Lack.MISSING_DAYS)] == [5]
    assert abs(percent(told)) < 1.0


def test_gap_filled_with_zeros_is_missing() -> None:
    two_days = in_days(date(2022, 7, 4), date(2022, 7, 5))
    told, blank = asked(changed(OFFICE, two_days, lambda _: pl.lit(0.0))), asked(unknown(two_days))
    assert [lack.params["rows"] for lack in lacks(told, Lack.ZEROS)] == [48]
    assert percent(told) == pytest.approx(percent(blank))
    refused(asked(changed(OFFICE, SUMMER, lambda _: pl.lit(0.0))), Lack.MISSING_DAYS)


def test_meter_that_stands_still_is_missing() -> None:
    told = asked(changed(OFFICE, SUMMER, lambda _: pl.lit(73.5)))
    assert lacks(told, Lack.STUCK)[0].params["rows"] == 41 * 24
    refused(told, Lack.MISSING_DAYS)


def test_energy_of_a_gap_in_one_hour_is_not_believed() -> None:
    jump = pl.col("time_ms") == OFFICE.meter["time_ms"][4000]
    told = asked(changed(OFFICE, jump, lambda use: use * 200))
    assert lacks(told, Lack.SPIKES)[0].params["rows"] == 1
    assert abs(percent(told)) < 0.6


def test_negative_readings_are_missing() -> None:
    told = asked(changed(OFFICE, in_days(date(2023, 4, 1), date(2023, 4, 1)), lambda use: -use))
    assert lacks(told, Lack.NEGATIVE)[0].params["rows"] == 24


def test_fahrenheit_in_a_celsius_column_is_refused() -> None:
    told = asked(warmed(OFFICE, ALWAYS, lambda air: air * 1.8 + 32))
    refused(told, Lack.WEATHER_UNIT)


def test_fahrenheit_in_one_period_alone_is_refused() -> None:
    refused(asked(warmed(OFFICE, day_of() >= AFTER.first, lambda air: air * 1.8 + 32)), Lack.WEATHER_UNIT)


def test_fahrenheit_in_two_winter_months_is_refused_with_its_day() -> None:
    told = asked(warmed(OFFICE, in_days(date(2023, 1, 10), date(2023, 3, 10)), lambda air: air * 1.8 + 32))
    refused(told, Lack.WEATHER_JUMP)
    jump = lacks(told, Lack.WEATHER_JUMP)[0].params
    assert abs((date.fromisoformat(str(jump["day"])) - date(2023, 1, 10)).days) <= 3


def test_cold_wave_of_a_week_is_weather() -> None:
    wave = in_days(date(2023, 2, 1), date(2023, 2, 7))
    told = asked(warmed(OFFICE, wave, lambda air: air - 30))
    assert lacks(told, Lack.WEATHER_JUMP) == []


def test_absurd_temperature_of_a_broken_sensor_is_passed_over() -> None:
    hour = pl.col("time_ms") == OFFICE.meter["time_ms"][3000]
    told = asked(warmed(OFFICE, hour, lambda _: pl.lit(-999.0)))
    assert not any(lack.is_fatal for lack in told.sufficiency)
    assert abs(percent(told)) < 0.6


def test_weather_shorter_than_the_meter_is_refused() -> None:
    short = Building(meter=OFFICE.meter, weather=OFFICE.weather.filter(day_of() < date(2023, 10, 1)))
    told = refused(asked(short), Lack.WEATHER_SHORT)
    assert told.params["period"] == "reporting"
    assert told.params["missing_days"] == 92


def test_no_weather_and_no_meter_are_refused() -> None:
    nothing = Building(meter=OFFICE.meter.clear(), weather=OFFICE.weather.clear())
    told = asked(nothing)
    refused(told, Lack.NO_WEATHER)
    refused(told, Lack.NO_METER)


def test_half_hours_among_hours_are_refused() -> None:
    halves = OFFICE.meter.filter(in_days(date(2022, 3, 1), date(2022, 4, 30))).with_columns(
        time_ms=pl.col("time_ms") + HOUR_MS // 2
    )
    refused(asked(Building(meter=pl.concat([OFFICE.meter, halves]), weather=OFFICE.weather)), Lack.MIXED_INTERVALS)


def test_days_that_are_called_hours_are_refused() -> None:
    refused(asked(by_day(OFFICE)), Lack.MIXED_INTERVALS)


def test_repeated_hour_is_counted_once() -> None:
    again = Building(meter=pl.concat([OFFICE.meter, OFFICE.meter.slice(7000, 1)]), weather=OFFICE.weather)
    told = asked(again)
    assert lacks(told, Lack.REPEATED_TIMES)[0].params == {"times": 1, "contradicting": 0}
    assert percent(told) == pytest.approx(percent(asked(OFFICE)))


def test_many_contradicting_times_are_refused() -> None:
    other = OFFICE.meter.slice(0, 3000).with_columns(pl.col("kwh") + 1)
    told = asked(Building(meter=pl.concat([OFFICE.meter, other]), weather=OFFICE.weather))
    assert refused(told, Lack.REPEATED_TIMES).params["contradicting"] == 3000


def test_weather_beyond_the_baseline_is_refused_but_a_few_hours_are_told() -> None:
    refused(asked(warmed(OFFICE, day_of() >= AFTER.first, lambda air: air + 20)), Lack.EXTRAPOLATION)
    told = asked(
        warmed(OFFICE, in_days(date(2023, 8, 1), date(2023, 8, 2)), lambda _: pl.lit(45.0) + day_of().dt.day())
    )
    assert lacks(told, Lack.EXTRAPOLATION)[0].params["rows"] == 48


def test_year_the_calendar_does_not_know_is_told() -> None:
    known = ListedHolidays(years=frozenset({2022}), exceptions={})
    told = asked(OFFICE, holidays=known)
    assert [lack.params for lack in lacks(told, Lack.UNKNOWN_HOLIDAYS)] == [{"period": "reporting", "days": 365}]


def test_missing_bills_are_refused() -> None:
    bills = by_bill(OFFICE)
    months = [date(2022, 3, 1), date(2022, 7, 1)]
    gone = changed(bills, day_of().is_in(months), lambda _: pl.lit(None, dtype=pl.Float64))
    assert refused(asked(gone, interval=Interval.MONTHLY), Lack.MISSING_DAYS).params["days"] == 62


def test_bill_that_hides_a_missing_one_is_not_spread_over_both() -> None:
    may = day_of() == date(2022, 5, 1)
    bills = by_bill(OFFICE)
    gone = Building(meter=bills.meter.filter(~may), weather=bills.weather)
    assert refused(asked(gone, interval=Interval.MONTHLY), Lack.MISSING_DAYS).params["days"] == 61


def test_last_bill_does_not_reach_to_the_end_of_a_longer_period() -> None:
    bills = by_bill(OFFICE)
    short = Building(meter=bills.meter.filter(day_of() <= date(2023, 9, 1)), weather=bills.weather)
    assert refused(asked(short, interval=Interval.MONTHLY), Lack.MISSING_DAYS).params["period"] == "reporting"


@pytest.mark.parametrize("factor", [1e150, 1e300], ids=str)
def test_energies_that_no_meter_counts_are_unknown(factor: float) -> None:
    huge = changed(OFFICE, ALWAYS, lambda use: use * factor)
    refused(asked(huge), Lack.NO_METER)
    assert lacks(asked(huge), Lack.SPIKES)


def test_poor_model_is_told() -> None:
    told = asked(building(7, phi=0.2, noise=0.6))
    assert lacks(told, Lack.POOR_MODEL)[0].params["limit_pct"] == 30.0
