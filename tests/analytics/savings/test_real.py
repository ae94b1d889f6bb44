"""Measured buildings with no measure in them: savings are not invented, and real changes are found."""

from datetime import date
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from analytics.savings.result import Savings
from analytics.savings.terms import Period
from tests.analytics.savings.buildings import Building, asked, bounds, changed, day_of, percent

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
LONDON = ZoneInfo("Europe/London")
BUILDINGS = (2, 11, 19, 33, 59, 105)
"""Of the fifteen: enough to see a bias by, few enough to be quick."""

pytestmark = pytest.mark.real_data


def year(number: int) -> Period:
    return Period(date(number, 1, 1), date(number, 12, 31))


def rmv() -> Building:
    files = [DATA / f"rmv_Data_{part}_1.csv" for part in ("pre", "post")]
    if not all(file.exists() for file in files):
        pytest.skip("LBNL's building is not beside this checkout (../shared/data/rmv_Data_*.csv)")
    rows = pl.concat([pl.read_csv(file, columns=["time", "eload", "Temp"], infer_schema=False) for file in files])
    told = rows.select(
        time_ms=pl.col("time").str.to_datetime("%m/%d/%y %H:%M", strict=False).dt.epoch("ms"),
        kwh=pl.col("eload").cast(pl.Float64),
        temperature_c=pl.col("Temp").cast(pl.Float64),
    ).drop_nulls("time_ms")
    return Building(meter=told.select("time_ms", "kwh"), weather=told.select("time_ms", "temperature_c"))


def column(name: str, value: str) -> pl.DataFrame:
    file = DATA / "cambridge" / f"{name}.csv"
    if not file.exists():
        pytest.skip("Cambridge's buildings are not beside this checkout (../shared/data/cambridge)")
    rows = pl.read_csv(file, infer_schema=False)
    time = pl.col(rows.columns[0]).str.to_datetime().dt.epoch("ms")
    return rows.select(time_ms=time, value=pl.col(rows.columns[1]).cast(pl.Float64)).rename({"value": value})


def cambridge(number: int) -> Building:
    years = (2016, 2017)
    return Building(
        meter=pl.concat([column(f"b{number}_{of}", "kwh") for of in years]),
        weather=pl.concat([column(f"weather_{of}", "temperature_c") for of in years]),
    )


def second_year(of: Building) -> Savings:
    return asked(of, baseline=year(2016), reporting=year(2017), zone=LONDON)


def test_building_without_a_measure_shows_none() -> None:
    told = asked(rmv(), baseline=year(2006), reporting=year(2017))
    low, high = bounds(told)
    assert abs(percent(told)) <= 0.5
    assert low <= 0 <= high
    assert not told.non_routine_events


def test_tenth_taken_from_a_simulated_building_is_found() -> None:
    less = changed(rmv(), day_of() >= date(2017, 1, 1), lambda use: 0.9 * use)
    assert percent(asked(less, baseline=year(2006), reporting=year(2017))) == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("share", [0.03, 0.06], ids=str)
def test_steady_load_is_dated_where_working_hours_scatter(share: float) -> None:
    plain, first, last = rmv(), date(2017, 5, 1), date(2017, 12, 31)
    kwh_an_hour = share * float(plain.meter["kwh"].to_numpy().mean())
    less = changed(plain, day_of() >= date(2017, 1, 1), lambda use: 0.9 * use)
    loaded = changed(less, day_of() >= first, lambda use: use + kwh_an_hour)
    told = asked(loaded, baseline=year(2006), reporting=year(2017))
    (event,) = told.non_routine_events
    assert abs((event.start - first).days) <= 7
    assert event.end == last
    assert told.adjusted is not None
    assert told.adjusted.savings_pct == pytest.approx(10, abs=0.5)


def test_load_that_began_in_the_baseline_hides_no_saving_of_a_simulated_building() -> None:
    plain, first = rmv(), date(2006, 6, 10)
    kwh_an_hour = 0.1 * float(plain.meter["kwh"].to_numpy().mean())
    loaded = changed(plain, day_of() >= first, lambda use: use + kwh_an_hour)
    told = asked(
        changed(loaded, day_of() >= date(2017, 1, 1), lambda use: 0.9 * use), baseline=year(2006), reporting=year(2017)
    )
    (event,) = told.non_routine_events
    assert abs((event.start - first).days) <= 7
    assert told.adjusted is not None
    assert told.adjusted.savings_pct == pytest.approx(10, abs=0.5)


def test_four_quiet_weeks_are_dated_in_a_simulated_building() -> None:
    plain, first, last = rmv(), date(2017, 6, 1), date(2017, 6, 28)
    quiet = changed(plain, day_of().is_between(first, last), lambda use: 0.8 * use)
    told = asked(quiet, baseline=year(2006), reporting=year(2017))
    (event,) = told.non_routine_events
    assert abs((event.start - first).days) <= 2
    assert abs((event.end - last).days) <= 2
    assert told.adjusted is not None
    assert abs(told.adjusted.savings_pct) <= 0.5


def test_years_of_real_buildings_differ_by_little_and_within_their_intervals() -> None:
    told = [second_year(cambridge(number)) for number in BUILDINGS]
    held = sum(low <= 0 <= high for low, high in (bounds(one) for one in told))
    assert abs(median(percent(one) for one in told)) <= 4.5
    assert held >= 0.8 * len(told)


@pytest.mark.parametrize("number", [33, 59])
def test_lockdown_put_into_a_real_year_is_dated_and_taken_out(number: int) -> None:
    plain, first, last = cambridge(number), date(2017, 3, 16), date(2017, 5, 10)
    locked = changed(plain, day_of().is_between(first, last), lambda use: 0.65 * use)
    told, without = second_year(locked), second_year(plain)
    event = next(event for event in told.non_routine_events if event.kwh < 0)
    assert abs((event.start - first).days) <= 7
    assert abs((event.end - last).days) <= 7
    assert told.adjusted is not None
    # eight weeks of a real year are known no better from the weeks beside them
    assert told.adjusted.savings_pct == pytest.approx(percent(without), abs=0.9)
