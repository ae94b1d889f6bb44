"""Outdoor air: bridged gaps, degree days by hand, and a typical year."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from analytics.calendar import WeekdaysOnly
from analytics.savings.baseline import Baseline, fit
from analytics.savings.normal import normalised_year
from analytics.savings.terms import Interval, Period
from analytics.savings.weather import daily, degree_days, hourly
from tests.analytics.savings.buildings import AFTER, BEFORE, HOUR_MS, UTC_ZONE, building, day_of

MIDNIGHT_MS = int(datetime(2023, 1, 2, tzinfo=UTC).timestamp() * 1000)
OFFICE = building()


def air(*told: float | None) -> pl.DataFrame:
    times = [MIDNIGHT_MS + hour * HOUR_MS for hour in range(len(told))]
    return pl.DataFrame({"time_ms": times, "temperature_c": list(told)}, schema_overrides={"temperature_c": pl.Float64})


def fitted() -> Baseline:
    told = fit(
        OFFICE.meter, OFFICE.weather, interval=Interval.HOURLY, period=BEFORE, zone=UTC_ZONE, holidays=WeekdaysOnly()
    )
    assert told is not None
    return told


def test_degree_days_of_a_cold_and_a_warm_day_by_hand() -> None:
    two_days = air(*[4.0] * 12, *[8.0] * 12, *[25.0] * 24)
    told = degree_days(two_days, 18.0, UTC_ZONE)
    assert told.rows() == [(date(2023, 1, 2), 12.0, 0.0), (date(2023, 1, 3), 0.0, 7.0)]


def test_day_is_that_of_the_local_clock() -> None:
    told = daily(air(*[1.0] * 16, *[5.0] * 24), ZoneInfo("Asia/Shanghai"))
    assert told.select("day", "temperature_c").rows() == [(date(2023, 1, 2), 1.0), (date(2023, 1, 3), 5.0)]


def test_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    short, long = air(0.0, None, None, 6.0), air(0.0, *[None] * 10, 6.0)
    assert hourly(short)["temperature_c"].to_list() == [0.0, 2.0, 4.0, 6.0]
    assert hourly(long)["temperature_c"].to_list() == [0.0, 6.0]


def test_day_with_less_than_half_its_hours_has_no_mean() -> None:
    assert daily(air(*[3.0] * 11), UTC_ZONE).is_empty()


def test_memory_follows_a_step_by_two_thirds_in_a_day() -> None:
    told = hourly(air(0.0, *[10.0] * 24))["memory_c"]
    assert told[0] == 0.0
    assert told[24] == pytest.approx(6.32, abs=0.01)


def test_typical_year_that_is_the_baselines_own_gives_its_use() -> None:
    own = normalised_year(fitted(), OFFICE.weather.filter(day_of() <= BEFORE.last))
    used = OFFICE.meter.filter(day_of() <= BEFORE.last)["kwh"].to_numpy().sum()
    assert own.kwh == pytest.approx(used, rel=1e-6)
    assert own.is_whole
    assert own.beyond_pct == 0


def test_colder_typical_year_needs_more() -> None:
    own = OFFICE.weather.filter(day_of() <= BEFORE.last)
    colder = own.with_columns(pl.col("temperature_c") - 2 * (pl.col("temperature_c") < 10).cast(pl.Float64))
    assert normalised_year(fitted(), colder).kwh > normalised_year(fitted(), own).kwh


def test_prediction_has_a_row_for_each_interval_of_the_days() -> None:
    days = Period(AFTER.first, AFTER.first)
    assert fitted().predict(OFFICE.weather, days).height == 24


def test_half_a_typical_year_is_not_whole() -> None:
    half = OFFICE.weather.filter(day_of() <= date(2022, 6, 30))
    assert not normalised_year(fitted(), half).is_whole
