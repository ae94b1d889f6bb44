"""Doors: who comes and goes at a controlled door, without saying who."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from sensors.events import EventState, EventType
from simulators.arithmetic import Floats, Ints
from simulators.chance import key, uniform
from simulators.days import MINUTE_MS
from simulators.grid import DayGrid
from simulators.happenings import Happening
from simulators.people import PeopleDay
from simulators.timeline import Span

FORCED_CLEARED_AFTER_MS = 8 * MINUTE_MS
OPENS = frozenset({EventType.GRANTED, EventType.EXIT_REQUEST})
FIRE_DOOR_USED, FIRE_DOOR_SHUTS_MS = 1 / 12, 9_000
"""The share of minutes with comings and goings in which a fire door is used, and how soon its closer shuts it."""


def passages(people: PeopleDay, grid: DayGrid, seed: int, doors: Sequence[str]) -> Iterator[tuple[str, Happening]]:
    """Yield `granted` for each who comes in, `exit_request` for each who leaves by the button, and at which door.

    One in so many as there are doors goes by each.
    """
    found = people.passages
    if not found or not doors:
        return
    moments = grid.start_ms + np.arange(len(found))
    seconds = (_drawn(seed, "door", doors[0], moments) * 60).astype(np.int64)
    by = (_drawn(seed, "which door", doors[0], moments) * len(doors)).astype(np.int64)
    for (minute, inward), second, door in zip(found, seconds.tolist(), by.tolist(), strict=True):
        moment = grid.start_ms + minute * MINUTE_MS + second * 1000
        event = EventType.GRANTED if inward else EventType.EXIT_REQUEST
        yield doors[door], Happening(moment, event, EventState.MOMENTARY)


def _drawn(seed: int, purpose: str, door: str, moments: Ints) -> Floats:
    return uniform(np.array([key(seed, purpose, door)], dtype=np.uint64), moments)


def forced(span: Span) -> Iterator[Happening]:
    """Yield a door forced open, and shut again at the end of the span, or soon where it has none."""
    start, end = span
    yield Happening(start, EventType.FORCED, EventState.ACTIVE)
    yield Happening(min(end, start + FORCED_CLEARED_AFTER_MS), EventType.FORCED, EventState.CLEARED)


def passing_spans(told: Iterable[Happening], seed: int, door: str) -> Iterator[Span]:
    """Yield when a controlled door stands open because somebody passes: shortly after each card or button."""
    passes = [each.time_ms for each in told if each.type in OPENS]
    drawn = _drawn(seed, "passing", door, np.array(passes, dtype=np.int64)).tolist()
    for moment, share in zip(passes, drawn, strict=True):
        yield moment + 1000, moment + 3500 + round(share * 4000)


def fire_door_uses(people: PeopleDay, grid: DayGrid, seed: int, door: str) -> Iterator[Span]:
    """Yield when a fire door stands open for somebody: for seconds, at one in twelve comings and goings."""
    minutes = np.array(sorted({minute for minute, _ in people.passages}), dtype=np.int64)
    starts = grid.start_ms + minutes * MINUTE_MS
    for start, drawn in zip(starts.tolist(), _drawn(seed, "stairs", door, starts).tolist(), strict=True):
        if drawn < FIRE_DOOR_USED:
            opened = start + round(drawn / FIRE_DOOR_USED * 50_000)
            yield opened, opened + FIRE_DOOR_SHUTS_MS
