"""Doors: who comes and goes at a controlled door, without saying who."""

from collections.abc import Iterator

from sensors.events import EventState, EventType
from simulators.chance import Chance
from simulators.days import MINUTE_MS
from simulators.happenings import Happening
from simulators.people import HouseDay
from simulators.timeline import Span

FORCED_CLEARED_AFTER_MS = 8 * MINUTE_MS


def passages(house: HouseDay, midnight: int, chance: Chance) -> Iterator[Happening]:
    """Yield `granted` for each who comes in by card and `exit_request` for each who leaves by the button."""
    for passage in house.passages:
        moment = midnight + passage.minute * MINUTE_MS + chance.whole(0, 59) * 1000
        yield Happening(moment, EventType.GRANTED if passage.inward else EventType.EXIT_REQUEST, EventState.MOMENTARY)


def forced(span: Span) -> Iterator[Happening]:
    """Yield a door forced open, and shut again at the end of the span, or soon where it has none."""
    start, end = span
    yield Happening(start, EventType.FORCED, EventState.ACTIVE)
    yield Happening(min(end, start + FORCED_CLEARED_AFTER_MS), EventType.FORCED, EventState.CLEARED)
