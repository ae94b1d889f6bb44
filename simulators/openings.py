"""Doors and windows over time: when each stands open, and when its lock is released."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

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
    released: Mapping[OpeningId, tuple[Span, ...]] = field(default_factory=dict)
    """When a fire keeps their locks open."""

    def is_open(self, times_ms: Ints, columns: NDArray[np.int64]) -> Floats:
        """Return 1 where an opening (columns) stands open at a moment (rows), else 0."""
        return self._within(self.spans, times_ms, columns)

    def is_locked(self, times_ms: Ints, columns: NDArray[np.int64]) -> Floats:
        """Return 1 where an opening (columns) is locked at a moment (rows): neither open nor released."""
        free = np.maximum(self.is_open(times_ms, columns), self._within(self.released, times_ms, columns))
        return 1.0 - free

    def edges(self, name: OpeningId) -> Iterator[int]:
        """Yield when something changes at an opening, UTC ms."""
        for span in (*self.spans.get(name, ()), *self.released.get(name, ())):
            yield from span

    def _within(
        self, spans: Mapping[OpeningId, tuple[Span, ...]], times_ms: Ints, columns: NDArray[np.int64]
    ) -> Floats:
        found = np.zeros((len(times_ms), len(columns)))
        for place, column in enumerate(columns.tolist()):
            for begin, end in spans.get(self.names[column], ()):
                found[(begin <= times_ms) & (times_ms < end), place] = 1.0
        return found
