"""Sparkplug B written byte by byte, from the specification alone: it shares nothing with the decoder."""

import struct
from collections.abc import Sequence

DOUBLE, BOOLEAN, INT16, INT64, STRING = 10, 11, 2, 4, 12


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def numbered(field: int, number: int) -> bytes:
    return varint(field << 3) + varint(number)


def nested(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def unit(name: str) -> bytes:
    """Return the properties of a metric with this unit."""
    value = numbered(1, STRING) + nested(8, name.encode())
    return nested(9, nested(1, b"engUnit") + nested(2, value))


def metric(
    name: str | None = None,
    *,
    alias: int | None = None,
    datatype: int | None = None,
    value: float | str | None = None,
    at_ms: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """Return a metric; a value of no datatype is told by its own type."""
    parts = [b"" if name is None else nested(1, name.encode())]
    parts += [
        numbered(field, number) for field, number in ((2, alias), (3, at_ms), (4, datatype)) if number is not None
    ]
    return b"".join(parts) + extra + _value(value, datatype)


def _value(value: float | str | None, datatype: int | None) -> bytes:
    if value is None:
        return numbered(7, 1)
    if isinstance(value, bool):
        return numbered(14, int(value))
    if isinstance(value, str):
        return nested(15, value.encode())
    if datatype == INT64:
        return numbered(11, int(value) % 2**64)
    return numbered(10, value % 2**32) if isinstance(value, int) else varint(13 << 3 | 1) + struct.pack("<d", value)


def payload(metrics: Sequence[bytes] = (), *, seq: int | None = None, at_ms: int | None = None) -> bytes:
    """Return a message."""
    head = b"" if at_ms is None else numbered(1, at_ms)
    return head + b"".join(nested(2, each) for each in metrics) + (b"" if seq is None else numbered(3, seq))


def node_birth(session: int = 0, *, seq: int = 0, at_ms: int | None = None) -> bytes:
    """Return the birth of a node of this session."""
    parts = [
        metric("bdSeq", datatype=INT64, value=session),
        metric("Node Control/Rebirth", datatype=BOOLEAN, value=False),
    ]
    return payload(parts, seq=seq, at_ms=at_ms)
