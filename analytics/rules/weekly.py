"""Rules that look at readings themselves, a week at a time, so that no run holds all readings at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from analytics.features import Tracks
from analytics.frame import RunData
from analytics.rules.co2 import CO2, co2_findings, high_co2
from analytics.rules.empty_load import empty_hours, empty_load
from sensors.verdicts import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The readings of the days first to last of one week, and of some hours round them: as tracks and raw.

    `parts` are those of the days themselves, `parts_around` those of the day before and the day after too.
    """

    first: date
    last: date
    tracks: Tracks
    readings: pl.DataFrame
    parts: pl.DataFrame
    parts_around: pl.DataFrame

    @property
    def span_ms(self) -> tuple[int, int]:
        """Return the first and the last instant of these days, UTC ms."""
        starts, ends = self.parts["start_ms"].to_list(), self.parts["end_ms"].to_list()
        return min(starts), max(ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyRule:
    """A rule in two steps: what to keep of each week, and what to say when all weeks were seen."""

    keep: Callable[[RunData, Week], pl.DataFrame]
    conclude: Callable[[RunData, pl.DataFrame], list[Finding]]
    metrics: tuple[str, ...] = ()
    """What the rule reads besides occupancy and power."""


WEEKLY_RULES: Mapping[str, WeeklyRule] = MappingProxyType(
    {
        "A01": WeeklyRule(
            keep=lambda data, week: high_co2(data, week.tracks, week.readings, week.span_ms),
            conclude=co2_findings,
            metrics=(CO2,),
        ),
        "E05": WeeklyRule(
            keep=lambda data, week: empty_hours(data, week.tracks, week.parts_around).filter(
                pl.col("day").is_between(week.first, week.last)
            ),
            conclude=empty_load,
        ),
    }
)
