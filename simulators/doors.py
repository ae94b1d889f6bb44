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
FIRE_DOOR_USED, FIRE_DOOR_SHUTS_MS = 1 / 12, 9_000
"""The share of minutes with comings and goings in which a fire door is used, and how soon its closer shuts it."""


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


def passing_spans(people: PeopleDay, grid: DayGrid, seed: int, door: str) -> Iterator[Span]:
    """Yield when a controlled door stands open because somebody passes: shortly after the card or the button."""
    of = np.array([key(seed, "passing", door)], dtype=np.uint64)
    found = [each for each in passages(people, grid, seed, door) if each.type is not EventType.DENIED]
    opens = uniform(of, np.array([each.time_ms for each in found], dtype=np.int64)).tolist()
    for happening, drawn in zip(found, opens, strict=True):
        start = happening.time_ms + 1000
        yield start, start + 2500 + round(drawn * 4000)


def fire_door_uses(people: PeopleDay, grid: DayGrid, seed: int, door: str) -> Iterator[Span]:
    """Yield when a fire door stands open for somebody: for seconds, at one in twelve comings and goings."""
    of = np.array([key(seed, "stairs", door)], dtype=np.uint64)
    minutes = np.array(sorted({minute for minute, _ in people.passages}), dtype=np.int64)
    starts = grid.start_ms + minutes * MINUTE_MS
    for start, drawn in zip(starts.tolist(), uniform(of, starts).tolist(), strict=True):
        if drawn < FIRE_DOOR_USED:
            opened = start + round(drawn / FIRE_DOOR_USED * 50_000)
            yield opened, opened + FIRE_DOOR_SHUTS_MS
