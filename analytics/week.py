"""One week of readings, as the rules that look at readings themselves are given it."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from analytics.features import Tracks


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The readings of the days first to last of one week, and of some hours round them: as tracks and raw.

    Of a site in shares, the readings of one share; `outdoors` are those of all sensors outdoors.
    `parts` are those of the days themselves, `parts_around` those of the day before and the day after too.
    """

    first: date
    last: date
    tracks: Tracks
    readings: pl.DataFrame
    outdoors: pl.DataFrame
    parts: pl.DataFrame
    parts_around: pl.DataFrame
    _made: dict[Hashable, pl.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def span_ms(self) -> tuple[int, int]:
        """Return the first and the last instant of these days, UTC ms."""
        starts, ends = self.parts["start_ms"].to_list(), self.parts["end_ms"].to_list()
        return min(starts), max(ends)

    def once(self, name: Hashable, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Return what was made under this name: several rules look at the same samples of a week."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]
