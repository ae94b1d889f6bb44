"""What is asked: a meter, its weather, two periods and the site's clock and calendar."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import polars as pl

from analytics.calendar import Holidays, WeekdaysOnly

METER_SCHEMA = pl.Schema({"time_ms": pl.Int64, "kwh": pl.Float64})
"""An interval's start, UTC ms, and its energy; null where it is not known."""

WEATHER_SCHEMA = pl.Schema({"time_ms": pl.Int64, "temperature_c": pl.Float64})
"""Outdoor air at an instant or as the mean of the interval that begins there."""

DAYS_A_YEAR = 365


class Interval(StrEnum):
    """How long one value of a meter is."""

    HOURLY = "hourly"
    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both inclusive."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Return how many days; 0 or less where the last lies before the first."""
        return (self.last - self.first).days + 1

    @property
    def end(self) -> date:
        """Return the day after the last."""
        return self.last + timedelta(days=1)

    def overlaps(self, other: "Period") -> bool:
        """Say whether the two share a day."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsRequest:
    """One question: what was saved in the reporting period against the baseline."""

    meter: pl.DataFrame
    weather: pl.DataFrame
    interval: Interval
    baseline: Period
    reporting: Period
    zone: ZoneInfo
    holidays: Holidays = field(default_factory=WeekdaysOnly)
    confidence: float = 0.90
