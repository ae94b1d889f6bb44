"""Doors: who comes and goes at a controlled door, without saying who."""

from collections.abc import Iterator

import numpy as np

from sensors.events import EventState, EventType
from simulators.chance import key, uniform
from simulators.days import MINUTE_MS
from simulators.grid import DayGrid
from simulators.happenings import Happening
from simulators.people import PeopleDay
from simulators.timeline import Span

FORCED_CLEARED_AFTER_MS = 8 * MINUTE_MS


def passages(people: PeopleDay, grid: DayGrid, seed: int, door: str) -> Iterator[Happening]:
    """Yield `granted` for each who comes in by card and `exit_request` for each who leaves by the button."""
    found = people.passages
    of = np.array([key(seed, "door", door)], dtype=np.uint64)
    seconds = (uniform(of, grid.start_ms + np.arange(len(found))) * 60).astype(np.int64)
    for (minute, inward), second in zip(found, seconds.tolist(), strict=True):
        moment = grid.start_ms + minute * MINUTE_MS + second * 1000
        yield Happening(moment, EventType.GRANTED if inward else EventType.EXIT_REQUEST, EventState.MOMENTARY)


def forced(span: Span) -> Iterator[Happening]:
    """Yield a door forced open, and shut again at the end of the span, or soon where it has none."""
    start, end = span
    yield Happening(start, EventType.FORCED, EventState.ACTIVE)
    yield Happening(min(end, start + FORCED_CLEARED_AFTER_MS), EventType.FORCED, EventState.CLEARED)
