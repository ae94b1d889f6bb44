"""Occupancy of one room from a series of rows: irregular, with gaps, from hours to months."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.occupancy_chain import Bins, Floats
from analytics.occupancy_doubts import Doubt, doubts_of, without_endless
from analytics.occupancy_inferred import infer

MINUTE_MS = 60_000
LEAST_STEP_MS, MOST_STEP_MS = MINUTE_MS, 15 * MINUTE_MS
"""Rows that come faster are averaged; where they come slower, steps between them have no row."""
STRETCH_H = 7 * 24
"""Bases and standby are those of a week: they move with the season. The project's own choice."""
MARGIN_H = 12
"""Each week is judged with so much before and after it."""
GAP_H = 12
"""A longer gap counts as one of so many hours: after it the room may be in any state."""


@dataclass(frozen=True, slots=True)
class SeriesOccupancy:
    """Per row the probability of occupied, NaN where nothing was heard; and why the whole is not to be relied on."""

    probability: Floats
    step_min: float
    spoken: Mapping[str, float]
    """How far each signal told occupied from empty: from about 1 on it did."""
    doubts: tuple[Doubt, ...]

    @property
    def occupied(self) -> NDArray[np.bool_]:
        """Return where occupied is likelier than empty."""
        return self.probability > 0.5  # noqa: PLR2004 - one half


@dataclass(frozen=True, slots=True)
class _Grid:
    """The steps of a series as overlapping stretches: `at` is each row's step, stretches begin `length` steps apart."""

    at: Bins
    step_min: float
    length: int
    margin: int
    stretches: int

    @classmethod
    def of(cls, time_ms: NDArray[np.int64]) -> "_Grid":
        step_ms = _step_ms(time_ms)
        order = np.argsort(time_ms, kind="stable")
        numbers = np.round((time_ms[order] - time_ms[order[0]]) / step_ms).astype(np.int64)
        most = int(GAP_H * 60 * MINUTE_MS / step_ms)
        at = np.empty_like(numbers)
        at[order] = np.cumsum(np.minimum(np.diff(numbers, prepend=0), most))
        steps, week = int(at.max()) + 1, round(STRETCH_H * 60 * MINUTE_MS / step_ms)
        stretches = max(1, round(steps / week))
        margin = round(MARGIN_H * 60 * MINUTE_MS / step_ms)
        return cls(at, step_ms / MINUTE_MS, -(-steps // stretches), margin, stretches)

    def spread(self, values: Floats) -> Floats:
        """Return stretches × steps: the mean of the rows of each step, NaN where there is none."""
        known = ~np.isnan(values)
        size = self.stretches * self.length
        counts = np.bincount(self.at[known], minlength=size)
        sums = np.bincount(self.at[known], weights=values[known], minlength=size)
        means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
        padded = np.pad(means, self.margin, constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.length + 2 * self.margin)
        return np.ascontiguousarray(windows[:: self.length])

    def rows(self, stretched: Floats) -> Floats:
        """Return what the step of each row says, from the stretch that it is inside of."""
        inner = stretched[:, self.margin : self.margin + self.length]
        return inner.reshape(-1)[self.at]


def series_occupancy(time_ms: NDArray[np.int64], metrics: Mapping[str, Floats]) -> SeriesOccupancy:
    """Return the occupancy of a room at each row, in the order of the rows; `metrics` are NaN where unknown."""
    grid = _Grid.of(time_ms)
    spread = {name: grid.spread(values) for name, values in metrics.items()}
    inferred = infer(spread, grid.step_min, np.zeros(grid.stretches, dtype=np.int64))
    trusted = without_endless(np.where(inferred.heard, inferred.probability, np.nan), grid.step_min)
    probability = grid.rows(trusted)
    heard = grid.rows(inferred.heard.astype(np.float64)) > 0
    spoken = {name: float(values.max()) for name, values in inferred.spoken.items()}
    found = doubts_of(spoken, hours=float(len(np.unique(grid.at[heard])) * grid.step_min / 60))
    if np.isnan(probability[heard]).any():
        found = (*found, Doubt.STUCK_OCCUPIED)
    return SeriesOccupancy(probability, grid.step_min, spoken, found)


def _step_ms(time_ms: NDArray[np.int64]) -> float:
    """Return the usual step of the rows within what is sensible; an even number of seconds."""
    steps = np.diff(np.unique(time_ms))
    usual = float(np.median(steps)) if len(steps) else LEAST_STEP_MS
    return float(np.clip(round(usual / 10_000) * 10_000, LEAST_STEP_MS, MOST_STEP_MS))
