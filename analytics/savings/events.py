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
LEAST_VARIANCE = 0.001
"""Of the usual one: no hour speaks alone for its day. The project's own choice."""
AIR_KNOTS_C = (10.0, 15.0, 20.0)
SAME_SEASON = 0.5
"""Stretches of both periods that share so much of their days of the year are the calendar's."""
STEP_SHARE, STEP_SHIFT = 0.25, 0.2
"""A stretch from a period's first day on is read as a new level after it, unless short and deep. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The known days of a period: what each used beyond the expected, kWh, and what weekday and weather explain."""

    day: pl.Series
    missed: tuple[Floats, ...]
    """In ways that show different events: the day's sum, which people change; by the hour also the steady part."""
    known: Floats
    mean_kwh: float


def days_of_rows(baseline: Baseline, table: pl.DataFrame) -> Days:
    """Return the days of a table of rows, measured against a baseline."""
    per_day = HOURS_A_DAY if baseline.tables.interval is Interval.HOURLY else 1
    weighed = _missed(baseline, table).with_columns(weight=_weight(baseline, table))
    steady = (pl.col("missed") * pl.col("weight")).sum() / pl.col("weight").sum()
    by_day = (
        weighed.group_by("day")
        .agg(pl.mean("missed", "kwh", "temperature_c"), pl.first("weekday"), steady=steady)
        .sort("day")
    )
    ways = ("missed", "steady") if baseline.tables.interval is Interval.HOURLY else ("missed",)
    return Days(
        day=by_day["day"],
        missed=tuple(by_day[way].to_numpy() * per_day for way in ways),
        known=_known(by_day["weekday"].to_numpy(), by_day["temperature_c"].to_numpy()),
        mean_kwh=float(by_day["kwh"].to_numpy().mean()) * per_day,
    )


def found(days: Days) -> list[Period]:
    """Return the days of each event."""
    number = days.day.dt.epoch("d").to_numpy().astype(np.float64)
    known, events = days.known, list[Period]()
    for _ in range(MOST_LOOKS):
        seen = [stretch for missed in days.missed if (stretch := strongest(number, missed, known)) is not None]
        stretch = max(seen, key=lambda one: one.strength, default=None)
        if stretch is None or stretch.strength < LEAST_STRENGTH or len(events) == MOST_EVENTS:
            break
        known = np.column_stack([known, _inside(stretch, len(number))])
        of_sums_kwh = float(np.linalg.lstsq(known, days.missed[0])[0][-1])
        shift_kwh = max(of_sums_kwh, stretch.shift_kwh, key=abs)
        if abs(shift_kwh) * (stretch.end - stretch.first) >= LEAST_SHARE * days.mean_kwh * len(number):
            events.append(_dated(stretch, shift_kwh, days))
    return events


def _missed(baseline: Baseline, table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with what each row used beyond the expected, kWh."""
    return table.with_columns(missed=pl.Series(table["kwh"].to_numpy() - baseline.expected(table)))


def _weight(baseline: Baseline, table: pl.DataFrame) -> pl.Series:
    """Return how much each row tells of a steady load: the inverse variance of its hour of the week in the baseline.

    A server or a leak runs at night too, when few other things vary; in the day's sum it drowns in the working hours.
    """
    of_week = ["weekday", "hour"]
    spread = _missed(baseline, baseline.table).group_by(of_week).agg(variance=pl.var("missed"))
    usual = float(spread.select(pl.mean("variance")).item() or 0.0)
    if usual <= 0:
        return pl.Series(np.ones(table.height))
    joined = table.select(of_week).join(spread, on=of_week, how="left", maintain_order="left")
    variance = joined["variance"].fill_null(usual).clip(lower_bound=LEAST_VARIANCE * usual)
    return usual / variance


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


def _dated(stretch: Stretch, shift_kwh: float, days: Days) -> Period:
    """Return first and last day; of a step, those after it."""
    total = len(days.day)
    share = stretch.end / total
    is_step = stretch.first == 0 and (
        share > STEP_SHARE or abs(shift_kwh) < STEP_SHIFT * days.mean_kwh or shift_kwh > 0
    )
    first, end = (stretch.end, total) if is_step else (stretch.first, stretch.end)
    return Period(days.day[first], days.day[end - 1])


def _known(weekday: Floats, air_c: Floats) -> Floats:
    by_weekday = (weekday[:, None] == np.arange(DAYS_A_WEEK)).astype(np.float64)
    weather = np.column_stack([air_c, *(np.maximum(air_c - knot, 0.0) for knot in AIR_KNOTS_C)])
    columns = np.concatenate([by_weekday, weather], axis=1)
    return columns[:, columns.any(axis=0)]
