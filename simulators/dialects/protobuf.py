"""As much of protobuf's wire format as Sparkplug B needs: numbers, doubles and bytes behind a field's number."""

import struct

_VARINT, _FIXED_64, _BYTES = 0, 1, 2
_SEVEN_BITS = 0x7F
_MORE = 0x80


def varint(number: int) -> bytes:
    """Return a number that is not negative in groups of seven bits, the lowest first."""
    out = bytearray()
    while number > _SEVEN_BITS:
        out.append(number & _SEVEN_BITS | _MORE)
        number >>= 7
    out.append(number)
    return bytes(out)


def number_field(field: int, number: int) -> bytes:
    """Return a field that holds a number or a truth."""
    return varint(field << 3 | _VARINT) + varint(number)


def double_field(field: int, value: float) -> bytes:
    """Return a field that holds a double."""
    return varint(field << 3 | _FIXED_64) + struct.pack("<d", value)


def bytes_field(field: int, content: bytes) -> bytes:
    """Return a field that holds bytes, a text or another message."""
    return varint(field << 3 | _BYTES) + varint(len(content)) + content
