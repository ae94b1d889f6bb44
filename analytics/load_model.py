"""How much a building uses in an hour by time of week and weather: the model of savings, made of a few weeks."""

from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from analytics.calendar import WeekdaysOnly
from analytics.savings.baseline import Baseline, fit_table
from analytics.savings.gram import Floats
from analytics.savings.slots import FIRST_RESTDAY, HOURS_A_DAY, MIDWEEK, SUNDAY
from analytics.savings.tables import Tables
from analytics.savings.terms import Interval

HOURS_SCHEMA = pl.Schema(
    {
        "time_ms": pl.Int64,
        "day": pl.Date,
        "hour": pl.Int64,
        "is_workday": pl.Boolean,
        "outdoor_c": pl.Float64,
        "memory_c": pl.Float64,
        "kwh": pl.Float64,
    }
)
"""Hours of which load and weather are known, in order; `memory_c` is `analytics.savings.weather.memory`."""

REACH_K = 3.0
"""Weather so far beyond what the model was made of is another building's. The project's own choice."""
HOURS = Tables(interval=Interval.HOURLY, zone=ZoneInfo("UTC"), holidays=WeekdaysOnly())
"""Hours come with their local day and its kind: neither zone nor calendar is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A model and its error on weeks it was not made of, %."""

    baseline: Baseline
    coldest_c: float
    warmest_c: float

    @property
    def cv_rmse_pct(self) -> float:
        """Return the error of an hour."""
        return self.baseline.fit.out_of_sample_cv_rmse_pct

    @property
    def nmbe_pct(self) -> float:
        """Return the error of the sum."""
        return self.baseline.fit.out_of_sample_nmbe_pct

    def predict(self, hours: pl.DataFrame) -> Floats:
        """Return what is expected of each hour, kWh."""
        return np.asarray(np.maximum(self.baseline.expected(_described(hours)), 0.0))

    def reaches(self, hours: pl.DataFrame) -> bool:
        """Say whether the weather of these hours is like that of the model's."""
        seen = hours["outdoor_c"].to_numpy()
        return bool(seen.min() >= self.coldest_c - REACH_K and seen.max() <= self.warmest_c + REACH_K)


class LoadModel(Protocol):
    """Makes a fit of hours (HOURS_SCHEMA)."""

    def __call__(self, hours: pl.DataFrame) -> Fit | None:
        """Return the fit, None where the hours do not suffice for one."""
        ...


def time_of_week(hours: pl.DataFrame) -> Fit | None:
    """Return the simplest model that foretells left-out weeks about as well as the best; None for too few hours.

    A model without weather is taken only where those with it foretell clearly worse.
    """
    baseline = fit_table(HOURS, _described(hours), heeds_weather=True)
    if baseline is None:
        return None
    weather = hours["outdoor_c"].to_numpy()
    return Fit(baseline=baseline, coldest_c=float(weather.min()), warmest_c=float(weather.max()))


def _described(hours: pl.DataFrame) -> pl.DataFrame:
    """Return the hours as the shapes of savings want them; a holiday is lived like a Sunday, make-up days midweek."""
    own, is_workday = pl.col("day").dt.weekday().cast(pl.Int64) - 1, pl.col("is_workday")
    weekday = (
        pl.when(is_workday & (own >= FIRST_RESTDAY))
        .then(MIDWEEK)
        .when(~is_workday & (own < FIRST_RESTDAY))
        .then(SUNDAY)
        .otherwise(own)
    )
    return hours.select(
        "time_ms",
        "day",
        "kwh",
        hour=pl.col("hour") % HOURS_A_DAY,
        weekday=weekday.cast(pl.Int64),
        span=pl.lit(1.0),
        temperature_c="outdoor_c",
        memory_c="memory_c",
    )
