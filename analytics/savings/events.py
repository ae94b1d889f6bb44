"""Non-routine events: shifts within a period that are neither weather nor the measure, dated and sized.

A measure lasts through the whole reporting period, so each period is compared with itself: weekday and weather are let
explain what they can of the residuals first, and only a stretch of days that stands out from the rest is an event.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analytics.savings.baseline import Baseline
from analytics.savings.gram import Floats
from analytics.savings.scan import Stretch, strongest
from analytics.savings.slots import DAYS_A_WEEK, HOURS_A_DAY, days_of
from analytics.savings.terms import DAYS_A_YEAR, Interval, Period

MOST_EVENTS, MOST_LOOKS = 4, 6
LEAST_STRENGTH = 45.0
"""A shift of nearly 7 standard deviations of the autocorrelated noise: the strongest of 60,000 stretches, and some, as
real noise has heavier tails. The project's own choice, by ordinary years of real buildings."""
LEAST_SHARE = 0.01
"""Of the period's use: what an event must come to. Smaller ones do not change what is said. Our own choice."""
LEAST_VARIANCE = 0.001
"""Of the usual one: no hour speaks alone for its day. The project's own choice."""
AIR_KNOTS_C = (10.0, 15.0, 20.0)
LEAST_LASTING_DAYS = 42
"""A shift at the end of its period is taken to last, unless shorter: that may be a holiday. Our own choice."""
SAME_SEASON = 0.5
"""Stretches of both periods that share so much of their days of the year are the calendar's."""
STEP_SHARE, STEP_SHIFT = 0.25, 0.2
"""A stretch from a period's first day on is read as a new level after it, unless short and deep. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """An event's days, and whether it lasts to the end of its period (and on, as far as is known)."""

    days: Period
    lasts: bool
    is_more: bool
    """Whether more is used from its first day on than before it."""

    def holds(self, other: "Shift") -> bool:
        """Say whether another one lies within these days."""
        mine, theirs = self.days, other.days
        return mine != theirs and mine.first <= theirs.first and theirs.last <= mine.last


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


def found(days: Days) -> list[Shift]:
    """Return the events in order of time."""
    number = days.day.dt.epoch("d").to_numpy().astype(np.float64)
    known, taken, kept = days.known, list[Stretch](), list[Stretch]()
    for _ in range(MOST_LOOKS):
        seen = [one for missed in days.missed if (one := strongest(number, missed, known, taken)) is not None]
        stretch = max(seen, key=lambda one: one.strength, default=None)
        if stretch is None or stretch.strength < _asked_of(_since(stretch, days), kept) or len(kept) == MOST_EVENTS:
            break
        taken.append(stretch)
        known = np.column_stack([known, _inside(stretch, len(number))])
        of_sums_kwh = float(np.linalg.lstsq(known, days.missed[0])[0][-1])
        shift_kwh = max(of_sums_kwh, stretch.shift_kwh, key=abs)
        if abs(shift_kwh) * (stretch.end - stretch.first) >= LEAST_SHARE * days.mean_kwh * len(number):
            kept.append(replace(stretch, shift_kwh=shift_kwh))
    return [_dated(stretch, days) for stretch in _merged([_since(stretch, days) for stretch in kept])]


def _asked_of(stretch: Stretch, kept: Sequence[Stretch]) -> float:
    """Return the strength that an event must have: half where it goes on from another."""
    ends = {stretch.first, stretch.end}
    goes_on = any(other.shift_kwh * stretch.shift_kwh > 0 and ends & {other.first, other.end} for other in kept)
    return LEAST_STRENGTH / 2 if goes_on else LEAST_STRENGTH


def _since(stretch: Stretch, days: Days) -> Stretch:
    """Return a stretch from the period's first day on as the step that follows it, unless it is short and deep."""
    total, shift_kwh = len(days.day), stretch.shift_kwh
    is_small = abs(shift_kwh) < STEP_SHIFT * days.mean_kwh
    if stretch.first > 0 or not (stretch.end > STEP_SHARE * total or is_small or shift_kwh > 0):
        return stretch
    return replace(stretch, first=stretch.end, end=total, shift_kwh=-shift_kwh)


def _merged(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Return the stretches in order; those of one sign that touch, or of which one holds the other, are one event."""
    told = list[Stretch]()
    for one in sorted(stretches, key=lambda each: (each.first, -each.end)):
        if told and one.first <= told[-1].end and one.shift_kwh * told[-1].shift_kwh > 0:
            told[-1] = replace(told[-1], end=max(told[-1].end, one.end))
        else:
            told.append(one)
    return told


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


def not_of_the_calendar(shifts: Sequence[Shift], others: Sequence[Shift]) -> list[Shift]:
    """Return the shifts that do not come back at the same season in the other period.

    One of the other sign does not come back: a model that learnt a quiet summer misses the next one upwards.
    """
    return [shift for shift in shifts if not any(_comes_back(shift, other) for other in others)]


def _comes_back(one: Shift, other: Shift) -> bool:
    if one.is_more != other.is_more:
        return False
    mine, theirs = _days_of_year(one.days), _days_of_year(other.days)
    return len(mine & theirs) >= SAME_SEASON * max(len(mine), len(theirs))


def _days_of_year(period: Period) -> set[int]:
    return {day.timetuple().tm_yday % DAYS_A_YEAR for day in days_of(period)}


def _inside(stretch: Stretch, days: int) -> Floats:
    inside = np.zeros(days)
    inside[stretch.first : stretch.end] = 1.0
    return inside


def _dated(stretch: Stretch, days: Days) -> Shift:
    period = Period(days.day[stretch.first], days.day[stretch.end - 1])
    lasts = stretch.end == len(days.day) and period.days >= LEAST_LASTING_DAYS
    return Shift(days=period, lasts=lasts, is_more=stretch.shift_kwh > 0)


def _known(weekday: Floats, air_c: Floats) -> Floats:
    by_weekday = (weekday[:, None] == np.arange(DAYS_A_WEEK)).astype(np.float64)
    weather = np.column_stack([air_c, *(np.maximum(air_c - knot, 0.0) for knot in AIR_KNOTS_C)])
    columns = np.concatenate([by_weekday, weather], axis=1)
    return columns[:, columns.any(axis=0)]
