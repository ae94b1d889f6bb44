"""Doors and windows over time: when each stands open."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.topology import OpeningId
from simulators.arithmetic import Floats, Ints
from simulators.timeline import Span


@dataclass(frozen=True, slots=True)
class Openings:
    """When openings stand open, UTC ms; whoever only passes through is too quick to be seen."""

    names: tuple[OpeningId, ...]
    spans: Mapping[OpeningId, tuple[Span, ...]]

    def is_open(self, times_ms: Ints, columns: NDArray[np.int64]) -> Floats:
        """Return 1 where an opening (columns) stands open at a moment (rows), else 0."""
        found = np.zeros((len(times_ms), len(columns)))
        for place, column in enumerate(columns.tolist()):
            for begin, end in self.spans.get(self.names[column], ()):
                found[(begin <= times_ms) & (times_ms < end), place] = 1.0
        return found
