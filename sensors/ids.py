"""Ids of records: UUIDv7 (RFC 9562), which sort by the time they were made."""

import secrets
import uuid

_TIME_BITS = 48
_RANDOM_BITS = 74
_VERSION = 7
_VARIANT = 0b10


def new_id(clock_ms: int) -> str:
    """Return a new UUIDv7 for a time in UTC milliseconds, written with hyphens; two calls never give the same."""
    if not 0 <= clock_ms < 1 << _TIME_BITS:
        msg = f"{clock_ms} ms is no time that a UUIDv7 can hold; give milliseconds since 1970"
        raise ValueError(msg)
    noise = secrets.randbits(_RANDOM_BITS)
    high = clock_ms << 16 | _VERSION << 12 | noise >> 62
    low = _VARIANT << 62 | noise & ((1 << 62) - 1)
    return str(uuid.UUID(int=high << 64 | low))
