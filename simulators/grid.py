"""The grid of a local day on which all physics runs."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from simulators.arithmetic import Flags, Floats, Ints
from simulators.days import MINUTE_MS, midnight_ms, next_day
from simulators.timeline import Span, clipped

STEP_MINUTES = 5
STEP_MS = STEP_MINUTES * MINUTE_MS
STEP_S = STEP_MS / 1000


@dataclass(frozen=True, slots=True)
class DayGrid:
    """One local day, [start_ms, end_ms), in minutes and in steps of five; a day of 23 or 25 hours has fewer or more."""

    day: date
    start_ms: int
    end_ms: int

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> "DayGrid":
        """Return the grid of a day."""
        return cls(day, midnight_ms(day, zone), midnight_ms(next_day(day), zone))

    @property
    def minutes(self) -> int:
        """Return how many minutes the day has."""
        return (self.end_ms - self.start_ms) // MINUTE_MS

    @property
    def steps(self) -> int:
        """Return how many steps the day has."""
        return self.minutes // STEP_MINUTES

    @property
    def bounds(self) -> Span:
        """Return the day as a span of UTC ms."""
        return self.start_ms, self.end_ms

    @property
    def step_starts_ms(self) -> Ints:
        """Return when each step begins."""
        return np.arange(self.start_ms, self.end_ms, STEP_MS, dtype=np.int64)

    @property
    def middle_minutes(self) -> Floats:
        """Return the middle of each step in minutes since midnight."""
        return np.arange(self.steps, dtype=np.float64) * STEP_MINUTES + STEP_MINUTES / 2

    def minutes_in(self, spans: list[Span]) -> Flags:
        """Say of each minute whether it lies in one of the spans, given in minutes since midnight."""
        inside = np.zeros(self.minutes, dtype=np.bool_)
        for start, end in spans:
            inside[max(start, 0) : max(end, 0)] = True
        return inside

    def share_of_steps(self, span_ms: Span) -> Floats:
        """Return the share of each step that lies in a span of UTC ms, 0 to 1."""
        share = np.zeros(self.steps)
        for start, end in clipped([span_ms], self.bounds):
            edges = self.step_starts_ms
            covered = np.minimum(end, edges + STEP_MS) - np.maximum(start, edges)
            share = np.maximum(covered, 0) / STEP_MS
        return share

    def moment_ms(self, minute: float) -> int:
        """Return the UTC ms of a minute since midnight."""
        return self.start_ms + round(minute * MINUTE_MS)


def step_means(minutes: Floats | Ints | Flags) -> Floats:
    """Return the mean of each step of what is given per minute; the first axis is time."""
    grouped = minutes.reshape(-1, STEP_MINUTES, *minutes.shape[1:])
    total = np.zeros((grouped.shape[0], *grouped.shape[2:]))
    for minute in range(STEP_MINUTES):
        total += grouped[:, minute]
    return total / STEP_MINUTES
