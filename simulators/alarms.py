"""Faults that are told by events: what panels, detectors and doors say of each, from its beginning to its end."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from sensors.catalogue import CATALOGUE
from sensors.credentials import CredentialKey
from sensors.events import EventState, EventType
from sensors.topology import Direction
from simulators.days import MINUTE_MS
from simulators.doors import forced
from simulators.faults import FOREVER_MS, Fault, FaultKind
from simulators.fire import alarm
from simulators.happenings import Happening

SECOND_MS = 1000
LEAK_MS = 120 * MINUTE_MS
UNANSWERED_MS = 180 * MINUTE_MS
TAMPERED_MS = 10 * MINUTE_MS
FLAPPING_MS = 10 * MINUTE_MS
SLOW_MS = 60 * MINUTE_MS
IN_TIME_AFTER_MS = 12 * MINUTE_MS
BURNS_ON_MS = 5 * MINUTE_MS
BETWEEN_DENIALS_MS = 8 * SECOND_MS
"""How long what nobody ended lasts, and how quickly somebody tries a card again. The project's own choice."""
BETWEEN_PASSES_MS = 40 * SECOND_MS
"""How soon a card that was handed back is used once more."""
SIMULATED_CARD = CredentialKey(secret=b"cards that nobody has, for simulated doors")
"""No secret: there are no people behind these cards."""

Told = Callable[[Fault, str], Iterator[Happening]]


def told_of(fault: Fault, zone: str) -> Iterator[Happening]:
    """Yield what is told of a fault in a zone of the building; nothing of one that is no event's."""
    teller = TELLERS.get(fault.kind)
    return iter(()) if teller is None else teller(fault, zone)


def _end(fault: Fault, otherwise_ms: int) -> int:
    start, end = fault.span
    return start + otherwise_ms if end == FOREVER_MS else end


def _lasting(event: EventType, otherwise_ms: int = FOREVER_MS) -> Told:
    """Return what tells something that is active until it is cleared."""

    def tell(fault: Fault, zone: str) -> Iterator[Happening]:
        start, end = fault.span[0], _end(fault, otherwise_ms)
        yield Happening(start, event, EventState.ACTIVE, zone)
        if end < FOREVER_MS:
            yield Happening(end, event, EventState.CLEARED, zone)

    return tell


def _fire(fault: Fault, zone: str) -> Iterator[Happening]:
    """Tell of a fire that is silenced at the panel after F01's limit times the severity."""
    seconds = CATALOGUE["F01"].parameter("acknowledge_s") * fault.severity
    return alarm(fault.span, zone, silenced_after_ms=round(seconds * SECOND_MS))


def _leak(fault: Fault, zone: str) -> Iterator[Happening]:
    """Tell of a leak; the near miss of one is a test of the detector."""
    for happening in _lasting(EventType.LEAK, LEAK_MS)(fault, zone):
        yield Happening(happening.time_ms, happening.type, happening.state, zone, test=fault.near_miss)


def _forced(fault: Fault, _zone: str) -> Iterator[Happening]:
    """Tell of a door forced; its near miss is opened with a card."""
    if fault.near_miss:
        yield Happening(fault.span[0] - 2 * SECOND_MS, EventType.GRANTED, EventState.MOMENTARY)
    else:
        yield from forced(fault.span)


def _held(fault: Fault, _zone: str) -> Iterator[Happening]:
    """Tell of a door that stays open after a card: the controller says so after D01's limit."""
    start, end = fault.span
    tells = start + round(CATALOGUE["D01"].parameter("held_s") * SECOND_MS)
    yield Happening(start, EventType.GRANTED, EventState.MOMENTARY)
    if tells < end:
        yield Happening(tells, EventType.HELD, EventState.ACTIVE)
        yield Happening(end, EventType.HELD, EventState.CLEARED)


def _denied(fault: Fault, _zone: str) -> Iterator[Happening]:
    """Tell of cards refused one after another: D03's limit times the severity of them; then one that is granted."""
    count = int(CATALOGUE["D03"].parameter("denials") * fault.severity)
    moments = [fault.span[0] + number * BETWEEN_DENIALS_MS for number in range(count + 1)]
    yield from (Happening(moment, EventType.DENIED, EventState.MOMENTARY) for moment in moments[:-1])
    yield Happening(moments[-1], EventType.GRANTED, EventState.MOMENTARY)


def _passed_back(fault: Fault, _zone: str) -> Iterator[Happening]:
    """Tell of a card handed back and used once more; in the near miss its holder left in between."""
    start, card = fault.span[0], SIMULATED_CARD.digest(f"{fault.subject} {fault.span[0]}")
    ways = (Direction.IN, Direction.OUT, Direction.IN) if fault.near_miss else (Direction.IN, Direction.IN)
    for number, way in enumerate(ways):
        moment = start + number * BETWEEN_PASSES_MS
        yield Happening(moment, EventType.GRANTED, EventState.MOMENTARY, direction=way, credential=card)


def _tamper(fault: Fault, zone: str) -> Iterator[Happening]:
    return iter(()) if fault.near_miss else _lasting(EventType.TAMPER, TAMPERED_MS)(fault, zone)


def _flapping(fault: Fault, zone: str) -> Iterator[Happening]:
    """Tell of a detector that comes and goes G06's limit times the severity a minute."""
    start, end = fault.span[0], _end(fault, FLAPPING_MS)
    count = int(CATALOGUE["G06"].parameter("chattering_per_min") * max(fault.severity, 1.0))
    period_ms = MINUTE_MS // (count if not fault.near_miss else 1)
    for moment in range(start, end, period_ms):
        yield Happening(moment, EventType.FAULT, EventState.ACTIVE, zone)
        yield Happening(moment + period_ms // 2, EventType.FAULT, EventState.CLEARED, zone)


def _unanswered(fault: Fault, _zone: str) -> Iterator[Happening]:
    """Tell of the last roll call that was answered and of the next one; between them Incidents leaves all out."""
    start, end = fault.span[0], _end(fault, UNANSWERED_MS)
    yield Happening(start, EventType.ROLL_CALL, EventState.MOMENTARY)
    yield Happening(end, EventType.ROLL_CALL, EventState.MOMENTARY)


def _slow(fault: Fault, zone: str) -> Iterator[Happening]:
    """Tell of a fault that comes and goes, each word late by F02's limit times the severity; then one in time."""
    start, end = fault.span[0], _end(fault, SLOW_MS)
    late_ms = round(CATALOGUE["F02"].parameter("status_s") * SECOND_MS * fault.severity)
    yield Happening(start, EventType.FAULT, EventState.ACTIVE, zone, late_ms=late_ms)
    yield Happening(start + MINUTE_MS, EventType.FAULT, EventState.CLEARED, zone, late_ms=late_ms)
    in_time = max(end, start + IN_TIME_AFTER_MS)
    yield Happening(in_time, EventType.SUPERVISORY, EventState.ACTIVE, zone)
    yield Happening(in_time + MINUTE_MS, EventType.SUPERVISORY, EventState.CLEARED, zone)


def _exit_locked(fault: Fault, zone: str) -> Iterator[Happening]:
    """Tell of the fire that two detectors confirm while a door stays locked: silenced soon, out later than released."""
    start, over = fault.span[0], burns_until(fault)
    for number, detector in enumerate((f"{zone}-1", f"{zone}-2")):
        yield Happening(start + number * SECOND_MS, EventType.FIRE, EventState.ACTIVE, detector)
        yield Happening(over, EventType.FIRE, EventState.CLEARED, detector)
    yield Happening(start + 20 * SECOND_MS, EventType.SILENCED, EventState.MOMENTARY)
    yield Happening(over + SECOND_MS, EventType.RESET, EventState.MOMENTARY)


def burns_until(fault: Fault) -> int:
    """Return until when the fire burns that a locked exit is held against, UTC ms."""
    return _end(fault, SLOW_MS) + BURNS_ON_MS


TELLERS: Mapping[FaultKind, Told] = MappingProxyType(
    {
        FaultKind.FIRE: _fire,
        FaultKind.PANEL_FAULT: _lasting(EventType.FAULT),
        FaultKind.ISOLATION: _lasting(EventType.ISOLATION),
        FaultKind.MANUAL_MODE: _lasting(EventType.MANUAL_MODE),
        FaultKind.LEAK_ALARM: _leak,
        FaultKind.FORCED_DOOR: _forced,
        FaultKind.HELD_DOOR: _held,
        FaultKind.DENIED: _denied,
        FaultKind.PASSED_BACK: _passed_back,
        FaultKind.TAMPER: _tamper,
        FaultKind.FLAPPING: _flapping,
        FaultKind.SLOW_RELAY: _slow,
        FaultKind.UNANSWERED: _unanswered,
        FaultKind.EXIT_LOCKED: _exit_locked,
    }
)
"""What is told of a kind."""
