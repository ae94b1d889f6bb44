"""Shifts that are not the measure: found, dated, sized, and taken out."""

from datetime import date, timedelta

import polars as pl
import pytest

from analytics.savings.result import Conclusion, NonRoutineEvent, Savings
from analytics.savings.terms import Interval
from tests.analytics.savings.buildings import (
    AFTER,
    asked,
    building,
    by_day,
    changed,
    day_of,
    hour_of,
    in_days,
    percent,
)

OFFICE = building()
LATER = day_of() >= AFTER.first
WORK = hour_of().is_between(8, 17) & (day_of().dt.weekday() <= 5)
MEASURE = changed(OFFICE, LATER, lambda use: 0.9 * use)
WEEK = timedelta(days=7)


def only_event(told: Savings) -> NonRoutineEvent:
    assert len(told.non_routine_events) == 1, told.non_routine_events
    return told.non_routine_events[0]


def is_dated(event: NonRoutineEvent, first: date, last: date) -> bool:
    return abs(event.start - first) <= WEEK and abs(event.end - last) <= WEEK


def adjusted_pct(told: Savings) -> float:
    assert told.adjusted is not None
    return told.adjusted.savings_pct


def locked_down(use: pl.Expr) -> pl.Expr:
    return pl.when(WORK).then(0.5 * use).otherwise(0.9 * use)


@pytest.mark.parametrize("first", [date(2023, 1, 20), date(2023, 3, 20), date(2023, 8, 7)], ids=str)
def test_lockdown_beside_a_measure_is_dated_sized_and_taken_out(first: date) -> None:
    last = first + 8 * WEEK - timedelta(days=1)
    inside = in_days(first, last)
    after = changed(MEASURE, inside, locked_down)
    told = asked(after)
    event = only_event(told)
    missing = after.meter["kwh"].to_numpy().sum() - MEASURE.meter["kwh"].to_numpy().sum()
    assert is_dated(event, first, last)
    assert event.in_period == "reporting"
    assert event.kwh == pytest.approx(missing, rel=0.1)
    assert adjusted_pct(told) == pytest.approx(10, abs=0.5)
    assert percent(told) > 12


def test_lockdown_in_the_baseline_is_taken_out_of_it() -> None:
    first, last = date(2022, 3, 20), date(2022, 5, 14)
    told = asked(changed(MEASURE, in_days(first, last), locked_down))
    event = only_event(told)
    assert is_dated(event, first, last)
    assert event.in_period == "baseline"
    assert event.kwh < 0
    assert adjusted_pct(told) == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("first", [date(2023, 4, 12), date(2023, 8, 10)], ids=str)
def test_new_load_is_dated_sized_and_taken_out(first: date) -> None:
    kwh_an_hour = 8.0
    told = asked(changed(MEASURE, day_of() >= first, lambda use: use + kwh_an_hour))
    event = only_event(told)
    hours = ((AFTER.last - first).days + 1) * 24
    assert abs(event.start - first) <= WEEK
    assert event.end == AFTER.last
    assert event.kwh == pytest.approx(kwh_an_hour * hours, rel=0.15)
    assert adjusted_pct(told) == pytest.approx(10, abs=0.5)


def test_load_that_began_in_the_baseline_is_expected_from_then_on() -> None:
    first, kwh_an_hour = date(2022, 6, 10), 8.0
    loaded = changed(OFFICE, day_of() >= first, lambda use: use + kwh_an_hour)
    told = asked(changed(loaded, LATER, lambda use: 0.9 * use))
    event = only_event(told)
    assert abs(event.start - first) <= WEEK
    assert (event.in_period, event.lasts) == ("baseline", True)
    assert adjusted_pct(told) == pytest.approx(10, abs=0.5)
    assert percent(told) < 8


def test_return_by_stages_is_one_event() -> None:
    first, later = date(2023, 3, 18), date(2023, 7, 1)
    deep = changed(MEASURE, in_days(first, later), lambda use: 0.6 * use)
    told = asked(changed(deep, day_of() > later, lambda use: 0.88 * use))
    event = only_event(told)
    assert is_dated(event, first, AFTER.last)
    assert event.lasts
    assert adjusted_pct(told) == pytest.approx(10, abs=0.7)


def test_events_that_overlap_are_not_told_twice() -> None:
    first, last = date(2023, 3, 20), date(2023, 5, 14)
    loaded = changed(MEASURE, day_of() >= date(2023, 7, 20), lambda use: use + 8.0)
    told = asked(changed(loaded, in_days(first, last), locked_down))
    lockdown, load = told.non_routine_events
    assert is_dated(lockdown, first, last)
    assert is_dated(load, date(2023, 7, 20), AFTER.last)
    assert not lockdown.lasts
    assert load.lasts


def test_measure_through_the_whole_period_is_no_event() -> None:
    told = asked(MEASURE)
    assert not told.non_routine_events
    assert told.adjusted is None


def test_measure_that_saves_cooling_alone_is_no_event() -> None:
    warm = OFFICE.weather["temperature_c"] - 18
    cooling = pl.lit(warm.clip(lower_bound=0))
    told = asked(changed(OFFICE, LATER & WORK, lambda use: use - cooling))
    assert not told.non_routine_events
    assert told.conclusion is Conclusion.SAVED


def test_vacation_of_both_years_is_the_calendars() -> None:
    summers = in_days(date(2022, 7, 10), date(2022, 8, 20)) | in_days(date(2023, 7, 9), date(2023, 8, 19))
    assert not asked(changed(OFFICE, summers, lambda use: 0.6 * use)).non_routine_events


def test_event_is_found_in_days_too() -> None:
    first, last = date(2023, 3, 20), date(2023, 5, 14)
    told = asked(by_day(changed(MEASURE, in_days(first, last), locked_down)), interval=Interval.DAILY)
    assert is_dated(only_event(told), first, last)
    assert adjusted_pct(told) == pytest.approx(10, abs=1.0)


def test_week_of_works_is_too_short_for_an_event() -> None:
    assert not asked(changed(MEASURE, in_days(date(2023, 6, 5), date(2023, 6, 9)), lambda use: 1.2 * use)).adjusted


def test_missing_days_do_not_move_the_dates() -> None:
    first, last = date(2023, 3, 20), date(2023, 5, 14)
    gap = in_days(date(2023, 4, 3), date(2023, 4, 4))
    holed = changed(changed(MEASURE, in_days(first, last), locked_down), gap, lambda _: pl.lit(None, dtype=pl.Float64))
    assert is_dated(only_event(asked(holed)), first, last)
