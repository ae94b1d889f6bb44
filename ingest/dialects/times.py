"""When something was measured, out of what gateways send for a time; what cannot be true is the time of receipt."""

import re
from datetime import UTC, datetime
from math import isfinite

from ingest.dialects.decoded import At, Context, Decoded, Outcome
from ingest.native_fields import EARLIEST_MS, shown
from sensors.local_time import TimeError, resolve_local
from sensors.readings import ReadingFlag, epoch_ms

AHEAD_MS = 300_000
"""How far a gateway's clock may run ahead of ours; what is later gets the time of receipt. The project's own choice."""

_OWN = int(ReadingFlag.NONE)
_SHORTER_THAN_MS = (
    (100_000_000_000, 1_000.0),  # seconds until the year 5138, milliseconds from 1973 on
    (100_000_000_000_000, 1.0),
    (100_000_000_000_000_000, 1e-3),  # microseconds
    (100_000_000_000_000_000_000, 1e-6),  # nanoseconds
)
_DIGITS = re.compile(r"\d{1,20}(\.\d{1,9})?")


def time_of(raw: object, path: str, out: Decoded, context: Context) -> At:
    """Return the time that `raw` means: a number since 1970 in s, ms, µs or ns, or a text of ISO 8601.

    The time of receipt stands in for none, and, with a note, for one that cannot be read or cannot be true.
    """
    if raw is None:
        return context.receipt
    try:
        time_ms = _milliseconds(raw, context)
    except ValueError as exc:
        return _doubted(out, context, Outcome(path, "time_unreadable", str(exc)))
    if time_ms is None:
        detail = f"{shown(raw)} has no offset; name the gateway's time zone in the settings"
        return _doubted(out, context, Outcome(path, "time_without_offset", detail))
    if time_ms < EARLIEST_MS:
        return _doubted(out, context, Outcome(path, "time_before_2000", f"{shown(raw)}: the clock was never set"))
    if time_ms > context.received_ms + AHEAD_MS:
        detail = f"{shown(raw)} is more than 5 minutes ahead; set the gateway's clock or its time zone"
        return _doubted(out, context, Outcome(path, "time_ahead", detail))
    return At(time_ms, _OWN)


def _doubted(out: Decoded, context: Context, note: Outcome) -> At:
    out.notes.append(note)
    return context.receipt


def _milliseconds(raw: object, context: Context) -> int | None:
    """Return UTC ms, None for a local time of nobody knows where. ValueError where it is no time."""
    if isinstance(raw, str):
        return _number(float(raw)) if _DIGITS.fullmatch(raw) else _written(raw, context)
    if type(raw) is int or type(raw) is float:
        return _number(raw)
    msg = f"{shown(raw)} is no time"
    raise ValueError(msg)


def _number(raw: float) -> int:
    if isfinite(raw):
        for below, scale in _SHORTER_THAN_MS:
            if 0 <= raw < below:
                return int(raw * scale)
    msg = f"{raw} is no time since 1970"
    raise ValueError(msg)


def _written(raw: str, context: Context) -> int | None:
    try:
        time = datetime.fromisoformat(raw)
        if context.z_is_local and raw.endswith("Z"):
            time = time.replace(tzinfo=None)
        if time.tzinfo is None:
            if context.zone is None:
                return None
            time = resolve_local(time, context.zone, raw[:60])
        return epoch_ms(time)
    except TimeError:
        return _later_of_two(time, context)
    except (ValueError, OverflowError):
        msg = f"{shown(raw)} is no time of ISO 8601"
        raise ValueError(msg) from None


def _later_of_two(time: datetime, context: Context) -> int:
    """Return what a local time means that the clock shows twice or never: no reading is lost for an hour a year."""
    return epoch_ms(time.replace(tzinfo=context.zone or UTC, fold=1))
