"""The times of a meter as its building lives them: local day, hour, and the weekday a day is worked like."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from analytics.calendar import DayKind, Holidays
from analytics.savings.terms import Interval, Period

HOURS_A_DAY, DAYS_A_WEEK, MS_PER_HOUR = 24, 7, 3_600_000
FIRST_RESTDAY, SUNDAY, MIDWEEK = 5, 6, 2

SLOTS_SCHEMA = pl.Schema(
    {"time_ms": pl.Int64, "day": pl.Date, "hour": pl.Int64, "weekday": pl.Int64, "span_days": pl.Float64}
)
"""An interval's start, local day and hour, the weekday it is lived like (0 Monday … 6), and its length, days."""


def local_times(period: Period, interval: Interval, zone: ZoneInfo) -> pl.DataFrame:
    """Return `time_ms` of every hour, or the local midnight of every day, of a period."""
    step = "1h" if interval is Interval.HOURLY else "1d"
    starts = pl.datetime_range(period.first, period.end, step, closed="left", time_zone=str(zone), eager=True)
    return pl.DataFrame({"time_ms": starts.dt.epoch("ms")})


def local_day(zone: ZoneInfo) -> pl.Expr:
    """Return the local day of `time_ms`."""
    return _local(zone).dt.date()


def slots(times: pl.DataFrame, zone: ZoneInfo, holidays: Holidays) -> pl.DataFrame:
    """Return the frame with day, hour and weekday of each `time_ms` (SLOTS_SCHEMA but the span).

    A holiday is lived like a Sunday, a day that makes up for one (调休) like a Wednesday.
    """
    placed = times.with_columns(day=local_day(zone), hour=_local(zone).dt.hour().cast(pl.Int64))
    days = placed["day"].unique().sort()
    weekdays = pl.DataFrame(
        {"day": days, "weekday": [lived_weekday(day, holidays) for day in days]},
        schema={"day": pl.Date, "weekday": pl.Int64},
    )
    return placed.join(weekdays, on="day", how="left", maintain_order="left")


def lived_weekday(day: date, holidays: Holidays) -> int:
    """Return the weekday that a day is lived like, 0 for Monday; its own where the calendar does not know."""
    own, kind = day.weekday(), holidays.kind(day)
    if kind is DayKind.RESTDAY and own < FIRST_RESTDAY:
        return SUNDAY
    if kind is DayKind.WORKDAY and own >= FIRST_RESTDAY:
        return MIDWEEK
    return own


def days_of(period: Period) -> list[date]:
    """Return the days of a period in order."""
    return [period.first + timedelta(days=offset) for offset in range(max(period.days, 0))]


def week_number(days: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the number of the week, from Monday, of each day since 1970."""
    thursday = 3  # the epoch's weekday
    return np.asarray((days.dt.epoch("d").to_numpy().astype(np.int64) + thursday) // DAYS_A_WEEK)


def _local(zone: ZoneInfo) -> pl.Expr:
    return pl.from_epoch("time_ms", "ms").dt.convert_time_zone(str(zone))
