"""A normalised year: what a building would use in typical weather, so that years compare without their weather."""

from dataclasses import dataclass

import polars as pl

from analytics.savings.baseline import Baseline
from analytics.savings.slots import local_day
from analytics.savings.terms import DAYS_A_YEAR, Period

LEAST_COVERED_DAYS = DAYS_A_YEAR - 2
"""A typical year has 365 days; the clock's changes and its edges may cost one each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalYear:
    """Energy of a typical year, kWh, and the share of its rows whose weather the baseline has not seen, %."""

    kwh: float
    days: int
    beyond_pct: float

    @property
    def is_whole(self) -> bool:
        """Say whether the typical weather covered a year."""
        return self.days >= LEAST_COVERED_DAYS


def normalised_year(baseline: Baseline, typical_weather: pl.DataFrame) -> NormalYear:
    """Return what the baseline expects of all days of the typical weather (time_ms UTC, temperature_c)."""
    days = typical_weather.drop_nulls().select(local_day(baseline.tables.zone).alias("day"))["day"]
    if days.is_empty():
        return NormalYear(kwh=0.0, days=0, beyond_pct=0.0)
    inside = days.sort()
    table = baseline.tables.of_days(typical_weather, Period(inside[0], inside[-1]))
    seen = baseline.table["temperature_c"]
    beyond = table.select(~pl.col("temperature_c").is_between(seen.min(), seen.max()))["temperature_c"]
    return NormalYear(
        kwh=float(baseline.expected(table) @ table["span"].to_numpy()),
        days=table["day"].n_unique(),
        beyond_pct=100 * float(beyond.sum()) / max(table.height, 1),
    )
