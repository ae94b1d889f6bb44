"""Objects of a data unit as records of the native contract: what a status changed, what a person did.

A bit that is set is active, one that is not is cleared, and only what changed is told; a fire that is set is told every
time the panel says it, for whoever raised it before may have closed it. A zone is never empty: an end without one would
end every fire of the device.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ingest.gbt26875.memory import Texts
from ingest.gbt26875.panels import Panel
from ingest.gbt26875.states import ALL, NEW, UNKNOWN, State, States
from ingest.gbt26875.units import (
    ROLL_CALL_ANSWER,
    Analogue,
    ComponentStatus,
    DeviceOperation,
    DeviceStatus,
    Object,
    Operation,
    SystemStatus,
)
from sensors.events import EventState, EventType

Record = dict[str, Any]

TRANSMITTER = "utd"
"""The place of the user information transmission device itself."""

MANUAL_CALL = "manual_call"
_LONGEST_ZONE = 200


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit of a status: the event it stands for, and what of the place it is about."""

    mask: int
    type: EventType
    detail: str = ""


_NORMAL = 1 << 0
FIRE = 1 << 1
_RESET = 1 << 13
_ALERTING = 0b1_1110

_COMMON = (
    Bit(FIRE, EventType.FIRE),
    Bit(1 << 2, EventType.FAULT),
    Bit(1 << 3, EventType.ISOLATION),
    Bit(1 << 4, EventType.SUPERVISORY),
)
"""The same in systems and components; 5 to 7 (started, feedback, delay) have no event."""

SYSTEM_BITS = (
    *_COMMON,
    Bit(1 << 8, EventType.FAULT, "mains"),
    Bit(1 << 9, EventType.FAULT, "backup"),
    Bit(1 << 10, EventType.FAULT, "bus"),
    Bit(1 << 11, EventType.MANUAL_MODE),
)
COMPONENT_BITS = (*_COMMON, Bit(1 << 8, EventType.FAULT, "power"))
DEVICE_BITS = (
    Bit(FIRE, EventType.FIRE),
    Bit(1 << 2, EventType.FAULT),
    Bit(1 << 3, EventType.FAULT, "mains"),
    Bit(1 << 4, EventType.FAULT, "backup"),
    Bit(1 << 5, EventType.FAULT, "channel"),
    Bit(1 << 6, EventType.FAULT, "line"),
)

_DONE_RESET, _DONE_SILENCE, _DONE_CALL, _DONE_ALL_CLEAR = 1 << 0, 1 << 1, 1 << 2, 1 << 3

QUANTITIES: Mapping[int, tuple[str, float]] = MappingProxyType(
    {3: ("temperature_c", 0.1), 8: ("voltage_v", 0.1), 9: ("current_a", 0.1)}
)
"""Analogue quantities that are metrics here, with their smallest unit (table 6); heights, pressures, flows are not."""


@dataclass(slots=True, kw_only=True)
class Told:
    """What objects became: records of the native contract without id and time, and what was left out, by reason."""

    events: list[tuple[Record, bytes | None]] = field(default_factory=list)
    readings: list[tuple[Record, bytes | None]] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part that speaks: what its events are called by, and what it said before."""

    panel: Panel
    place: str
    zone: str
    device: str
    before: State


class Translator:
    """Turns the objects of one frame into records; proposes states, keeps none."""

    def __init__(self, states: States, texts: Texts) -> None:
        """Take what is known of the parts."""
        self._states = states
        self._texts = texts

    def told(self, panel: Panel, objects: Iterable[Object]) -> Told:
        """Return what the objects say that is new."""
        told = Told()
        for each in objects:
            events = list(self._events(panel, each))
            readings = list(_readings(panel, each))
            told.events += [(record, each.label) for record in events]
            told.readings += [(record, each.label) for record in readings]
            if not events and not readings:
                told.ignored[_reason(each)] += 1
        return told

    def is_news(self, panel: Panel, objects: Iterable[Object]) -> bool:
        """Say whether a frame that came before tells of a fire that is over: a dead clock repeats itself."""
        return any(self._is_new_fire(panel, each) for each in objects)

    def _is_new_fire(self, panel: Panel, each: Object) -> bool:
        place = _status_place(each)
        state = None if place is None else self._states.of(panel.gateway, place)
        return state is not None and state.is_off(FIRE) and bool(getattr(each.body, "bits", 0) & FIRE)

    def _events(self, panel: Panel, each: Object) -> Iterator[Record]:
        match each.body:
            case SystemStatus() as status:
                yield from self._system_status(panel, status)
            case ComponentStatus() as status:
                part = self._part(panel, _component(status), _system(status), status.text)
                yield from self._edges(part, status.bits, COMPONENT_BITS)
            case DeviceStatus() as status:
                yield from self._edges(self._part(panel, TRANSMITTER, TRANSMITTER), status.bits, DEVICE_BITS)
            case Operation() as done:
                yield from self._operation(panel, _system(done), done.bits)
            case DeviceOperation() as done:
                yield from self._device_operation(panel, done.bits)
            case Analogue():
                return

    def _part(self, panel: Panel, place: str, system: str, said: str = "") -> "_Part":
        """Return a part that speaks, with what is known of it."""
        before = self._states.of(panel.gateway, place)
        if before is None:
            before = UNKNOWN if self._texts.knows(panel.gateway, place) else NEW
        text = self._texts.text(panel.gateway, place, said, may_change=before.is_off(_ALERTING))
        zone = f"{place} {text}" if text else place
        return _Part(panel=panel, place=place, zone=zone, device=panel.device_of(system), before=before)

    def _edges(self, part: "_Part", bits: int, table: Iterable[Bit]) -> Iterator[Record]:
        self._states.propose(part.panel.gateway, part.place, State(bits=bits, known=ALL))
        is_test = part.panel.heeds_test_bit and not bits & _NORMAL
        for bit in table:
            is_set = bool(bits & bit.mask)
            if part.before.is_edge(bit.mask, bits) or (is_set and bit.type is EventType.FIRE):
                state = EventState.ACTIVE if is_set else EventState.CLEARED
                yield _record(bit.type, part.device, _zone(part.zone, bit.detail), state, test=is_test)

    def _system_status(self, panel: Panel, status: SystemStatus) -> Iterator[Record]:
        place = _system(status)
        part = self._part(panel, place, place)
        if status.bits & _RESET and part.before.is_off(_RESET):
            # Before the edges: what burns after a reset burns anew.
            yield from self._reset(panel, part.device)
            part = self._part(panel, place, place)
        yield from self._edges(part, status.bits, SYSTEM_BITS)

    def _reset(self, panel: Panel, device: str) -> Iterator[Record]:
        """Yield the reset; what a device reported is over, for an alert's reset speaks for the whole device."""

        def meant(place: str) -> bool:
            return panel.device_of(place.partition("/")[0]) == device

        self._states.reset(panel.gateway, meant=meant, off=FIRE)
        yield _record(EventType.RESET, device)

    def _operation(self, panel: Panel, place: str, bits: int) -> Iterator[Record]:
        device = panel.device_of(place)
        if bits & _DONE_RESET:
            yield from self._reset(panel, device)
        yield from _common_operations(bits, device, place)

    def _device_operation(self, panel: Panel, bits: int) -> Iterator[Record]:
        # Its reset is of the transmission device alone: the panel behind it may still burn.
        yield from _common_operations(bits, panel.device, TRANSMITTER)
        if bits & ROLL_CALL_ANSWER:
            yield _record(EventType.ROLL_CALL, panel.device, "answered")


def _common_operations(bits: int, device: str, place: str) -> Iterator[Record]:
    if bits & _DONE_SILENCE:
        yield _record(EventType.SILENCED, device)
    if bits & _DONE_CALL:
        yield _record(EventType.FIRE, device, _zone(place, MANUAL_CALL), EventState.ACTIVE)
    if bits & _DONE_ALL_CLEAR:
        yield _record(EventType.FIRE, device, _zone(place, MANUAL_CALL), EventState.CLEARED)


def _readings(panel: Panel, each: Object) -> Iterator[Record]:
    match each.body:
        case Analogue() as value if value.quantity in QUANTITIES and _component(value) in panel.parts:
            metric, step = QUANTITIES[value.quantity]
            yield {"dev": panel.parts[_component(value)], "m": metric, "v": round(value.value * step, 3)}


def _reason(each: Object) -> str:
    match each.body:
        case Analogue():
            return "analogue_not_mapped"
        case Operation() | DeviceOperation():
            return "operation_not_used"
        case _:
            return "unchanged"


def _record(
    kind: EventType, device: str, zone: str = "", state: EventState = EventState.MOMENTARY, *, test: bool = False
) -> Record:
    record: Record = {"dev": device, "type": kind.value, "state": state.value, "zone": zone[:_LONGEST_ZONE]}
    return record | {"test": True} if test else record


def _status_place(each: Object) -> str | None:
    match each.body:
        case SystemStatus() as status:
            return _system(status)
        case ComponentStatus() as status:
            return _component(status)
        case DeviceStatus():
            return TRANSMITTER
        case _:
            return None


def _system(body: SystemStatus | ComponentStatus | Operation | Analogue) -> str:
    return f"{body.system}.{body.address}"


def _component(body: ComponentStatus | Analogue) -> str:
    return f"{_system(body)}/{body.zone}-{body.position}"


def _zone(place: str, detail: str) -> str:
    return f"{place} {detail}" if detail else place
