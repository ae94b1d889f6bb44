"""Application data units of GB/T 26875.3-2011, 8.2 and 8.3: what a frame's data says, object by object.

Every field is checked against two public readings of the standard (docs/fire-panel.md names them).
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

_LABEL_BYTES = 6
_HEAD_BYTES = 2


class UnitType(IntEnum):
    """The type byte: table 3 of the standard, as far as it is read here."""

    SYSTEM_STATUS = 1
    COMPONENT_STATUS = 2
    ANALOGUE = 3
    OPERATION = 4
    DEVICE_STATUS = 21
    DEVICE_OPERATION = 24
    CLOCK = 90
    ROLL_CALL = 91


NOT_USED: Final = frozenset({5, 6, 7, 8, 25, 26, 28})
"""Versions, configurations and system times: known, counted, not used."""

ROLL_CALL_ANSWER: Final = 1 << 5
"""Of a transmission device's operation; at a panel the same bit is a confirmation, which is not used."""

DOWN_ONLY: Final = frozenset(range(61, 92))
"""What only a centre sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """8.2.1.1: the state of a whole system, such as the fire alarm system (1) or the sprinklers (12)."""

    system: int
    address: int
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentStatus:
    """8.2.1.2: the state of one detector, module or pump; `zone` and `position` are 区号 and 位号."""

    system: int
    address: int
    kind: int
    zone: int
    position: int
    bits: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analogue:
    """8.2.1.3: a measured value, signed, in the smallest units of its `quantity`."""

    system: int
    address: int
    kind: int
    zone: int
    position: int
    quantity: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """8.2.1.4: what a person did at a system's panel. The operator's number is not kept."""

    system: int
    address: int
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """8.2.1.8: the state of the transmission device itself."""

    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOperation:
    """8.2.1.9: what a person did at the transmission device. The operator's number is not kept."""

    bits: int


Body = SystemStatus | ComponentStatus | Analogue | Operation | DeviceStatus | DeviceOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One information object; `label` is its own time, None where the sender left it out."""

    body: Body
    label: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A data unit taken apart. `problem` says what of it could not be read; the objects could."""

    type: int
    objects: tuple[Object, ...] = ()
    problem: str = ""


class UnitError(ValueError):
    """The data is no unit that can be read; `reason` is one word for the books."""

    def __init__(self, detail: str, *, reason: str) -> None:
        """Keep the sentence and the word."""
        super().__init__(detail)
        self.reason = reason


def parse_unit(data: bytes) -> Unit:
    """Return what the data of a frame says; UnitError where nothing of it can be used."""
    if len(data) < _HEAD_BYTES:
        detail = f"{len(data)} bytes, where a type and a count belong"
        raise UnitError(detail, reason="bad_length")
    kind, count = data[0], data[1]
    if kind in NOT_USED:
        return Unit(type=kind)
    if kind not in _BODIES:
        reason = "wrong_direction" if kind in DOWN_ONLY else "unknown_unit"
        detail = f"type {kind} is none that a panel sends and this product reads"
        raise UnitError(detail, reason=reason)
    return _objects(kind, count, data[_HEAD_BYTES:])


def answers_roll_call(unit: Unit) -> bool:
    """Say whether somebody pressed the button of the roll call (查岗应答)."""
    return any(isinstance(each.body, DeviceOperation) and each.body.bits & ROLL_CALL_ANSWER for each in unit.objects)


def text_of(raw: bytes) -> str:
    """Return a component's text: GB 18030, up to the first zero byte, without blanks round it."""
    text = raw.partition(b"\0")[0].decode("gb18030", errors="replace")
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _objects(kind: int, count: int, rest: bytes) -> Unit:
    size, read = _BODIES[kind]
    step = size if _is_unlabelled(len(rest), count, size) else size + _LABEL_BYTES
    whole = min(count, len(rest) // step)
    if not whole:
        detail = f"{len(rest)} bytes for {count} objects of type {kind}, each {size} and a time of {_LABEL_BYTES}"
        raise UnitError(detail, reason="bad_length")
    problem = "" if len(rest) == count * step else f"{len(rest)} bytes where {count} objects of {step} belong"
    pieces = (rest[at : at + step] for at in range(0, whole * step, step))
    found = (Object(body=read(each[:size]), label=each[size:] or None) for each in pieces)
    return Unit(type=kind, objects=tuple(found), problem=problem)


def _is_unlabelled(length: int, count: int, size: int) -> bool:
    """Say whether the objects carry no times: some devices leave them out, and a fire must not be lost to that."""
    return length == count * size or size <= length < size + _LABEL_BYTES


def _system_status(raw: bytes) -> SystemStatus:
    system, address, bits = struct.unpack("<BBH", raw)
    return SystemStatus(system=system, address=address, bits=bits)


def _component_status(raw: bytes) -> ComponentStatus:
    system, address, kind, zone, position, bits, text = struct.unpack("<BBBHHH31s", raw)
    return ComponentStatus(
        system=system, address=address, kind=kind, zone=zone, position=position, bits=bits, text=text_of(text)
    )


def _analogue(raw: bytes) -> Analogue:
    system, address, kind, zone, position, quantity, value = struct.unpack("<BBBHHBh", raw)
    return Analogue(
        system=system, address=address, kind=kind, zone=zone, position=position, quantity=quantity, value=value
    )


def _operation(raw: bytes) -> Operation:
    system, address, bits, _ = raw
    return Operation(system=system, address=address, bits=bits)


_BODIES: Mapping[int, tuple[int, Callable[[bytes], Body]]] = MappingProxyType(
    {
        UnitType.SYSTEM_STATUS: (4, _system_status),
        UnitType.COMPONENT_STATUS: (40, _component_status),
        UnitType.ANALOGUE: (10, _analogue),
        UnitType.OPERATION: (4, _operation),
        UnitType.DEVICE_STATUS: (1, lambda raw: DeviceStatus(bits=raw[0])),
        UnitType.DEVICE_OPERATION: (2, lambda raw: DeviceOperation(bits=raw[0])),
    }
)
"""How long the body of each object is without its time, and what reads it."""
