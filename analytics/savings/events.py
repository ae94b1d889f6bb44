"""Non-routine events: shifts within a period that are neither weather nor the measure, dated and sized.

A measure lasts through the whole reporting period, so each period is compared with itself: weekday and weather are let
explain what they can of the residuals first, and only a stretch of days that stands out from the rest is an event.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analytics.savings.baseline import Baseline
from analytics.savings.gram import Floats
from analytics.savings.scan import Stretch, strongest
from analytics.savings.slots import DAYS_A_WEEK, HOURS_A_DAY, days_of
from analytics.savings.terms import DAYS_A_YEAR, Interval, Period

MOST_EVENTS, MOST_LOOKS = 4, 6
LEAST_STRENGTH = 35.0
"""A shift of 6 standard deviations of the autocorrelated noise: the strongest of 60,000 stretches."""
LEAST_SHARE = 0.01
"""Of the period's use: what an event must come to. Smaller ones do not change what is said. Our own choice."""
AIR_KNOTS_C = (10.0, 15.0, 20.0)
SAME_SEASON = 0.5
"""Stretches of both periods that share so much of their days of the year are the calendar's."""
STEP_SHARE, STEP_SHIFT = 0.25, 0.2
"""A stretch from a period's first day on is read as a new level after it, unless short and deep. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The known days of a period: what each used beyond the expected, kWh, its weekday and mean temperature."""

    day: pl.Series
    missed: Floats
    known: Floats
    mean_kwh: float


def days_of_rows(baseline: Baseline, table: pl.DataFrame) -> Days:
    """Return the days of a table of rows, measured against a baseline."""
    per_day = HOURS_A_DAY if baseline.tables.interval is Interval.HOURLY else 1
    missed = pl.Series("missed", table["kwh"].to_numpy() - baseline.expected(table))
    by_day = (
        table.with_columns(missed)
        .group_by("day")
        .agg(pl.mean("missed", "kwh", "temperature_c"), pl.first("weekday"))
        .sort("day")
    )
    return Days(
        day=by_day["day"],
        missed=by_day["missed"].to_numpy() * per_day,
        known=_known(by_day["weekday"].to_numpy(), by_day["temperature_c"].to_numpy()),
        mean_kwh=float(by_day["kwh"].to_numpy().mean()) * per_day,
    )


def found(days: Days) -> list[Period]:
    """Return the days of each event."""
    number = days.day.dt.epoch("d").to_numpy().astype(np.float64)
    known, events = days.known, list[Period]()
    for _ in range(MOST_LOOKS):
        stretch = strongest(number, days.missed, known)
        if stretch is None or stretch.strength < LEAST_STRENGTH or len(events) == MOST_EVENTS:
            break
        known = np.column_stack([known, _inside(stretch, len(number))])
        if abs(stretch.shift_kwh) * (stretch.end - stretch.first) >= LEAST_SHARE * days.mean_kwh * len(number):
            events.append(_dated(stretch, days))
    return events


def not_of_the_calendar(events: Sequence[Period], others: Sequence[Period]) -> list[Period]:
    """Return the events that do not come back at the same season in the other period, in order of time."""
    kept = [event for event in events if not any(_same_season(event, other) for other in others)]
    return sorted(kept, key=lambda event: event.first)


def _same_season(one: Period, other: Period) -> bool:
    mine, theirs = _days_of_year(one), _days_of_year(other)
    return len(mine & theirs) >= SAME_SEASON * max(len(mine), len(theirs))


def _days_of_year(period: Period) -> set[int]:
    return {day.timetuple().tm_yday % DAYS_A_YEAR for day in days_of(period)}


def _inside(stretch: Stretch, days: int) -> Floats:
    inside = np.zeros(days)
    inside[stretch.first : stretch.end] = 1.0
    return inside


def _dated(stretch: Stretch, days: Days) -> Period:
    """Return first and last day; of a step, those after it."""
    total = len(days.day)
    share = stretch.end / total
    is_step = stretch.first == 0 and (
        share > STEP_SHARE or abs(stretch.shift_kwh) < STEP_SHIFT * days.mean_kwh or stretch.shift_kwh > 0
    )
    first, end = (stretch.end, total) if is_step else (stretch.first, stretch.end)
    return Period(days.day[first], days.day[end - 1])


def _known(weekday: Floats, air_c: Floats) -> Floats:
    by_weekday = (weekday[:, None] == np.arange(DAYS_A_WEEK)).astype(np.float64)
    weather = np.column_stack([air_c, *(np.maximum(air_c - knot, 0.0) for knot in AIR_KNOTS_C)])
    columns = np.concatenate([by_weekday, weather], axis=1)
    return columns[:, columns.any(axis=0)]
