"""Fire: what a panel says from the first detector to the reset."""

from collections.abc import Iterator

from sensors.events import EventState, EventType
from simulators.days import MINUTE_MS
from simulators.happenings import Happening
from simulators.timeline import Span

CLEARED_AFTER_MS = 10 * MINUTE_MS
"""A fire without an end of its own is out by then: the project's own choice, for a demonstration."""


def alarm(span: Span, zone: str, *, silenced_after_ms: int) -> Iterator[Happening]:
    """Yield a fire of one zone: active, silenced by the guard unless it is out before, cleared, reset."""
    start, end = span
    over = min(end, start + CLEARED_AFTER_MS)
    yield Happening(start, EventType.FIRE, EventState.ACTIVE, zone)
    if start + silenced_after_ms < over:
        yield Happening(start + silenced_after_ms, EventType.SILENCED, EventState.MOMENTARY)
    yield Happening(over, EventType.FIRE, EventState.CLEARED, zone)
    yield Happening(over + 1000, EventType.RESET, EventState.MOMENTARY)
