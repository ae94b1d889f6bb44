"""A block of readings in columns: what devices say over a stretch of time."""

from array import array
from dataclasses import dataclass

import numpy as np

from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from simulators.arithmetic import Floats, Ints

Series = tuple[str, str, str]
"""Device, metric, phase."""


@dataclass(frozen=True, slots=True)
class Block:
    """`values[i, j]` is what `series[i]` says at `times_ms[j]`; NaN where it says nothing."""

    site: SiteId
    series: tuple[Series, ...]
    times_ms: Ints
    values: Floats

    @property
    def count(self) -> int:
        """Return how many readings are in it."""
        return int(np.count_nonzero(~np.isnan(self.values)))

    def at(self, column: int) -> ReadingBatch:
        """Return what is said at one of the times, in the order of the series."""
        values = self.values[:, column]
        said = np.flatnonzero(~np.isnan(values))
        whole = len(said) == len(values)
        series = self.series if whole else [self.series[row] for row in said.tolist()]
        devices, metrics, phases = zip(*series, strict=True) if series else ((), (), ())
        count = len(said)
        return ReadingBatch(
            site=self.site,
            time_ms=array("q", [int(self.times_ms[column])]) * count,
            device=list(devices),
            metric=list(metrics),
            phase=list(phases),
            value=array("d", (values if whole else values[said]).tobytes()),
            quality=bytearray(count),
            flags=bytearray(count),
        )
