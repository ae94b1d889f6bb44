"""Written times: with an offset they are themselves, without one they need a zone and no clock change."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNIX_SECONDS = "unix_s"
UNIX_MILLISECONDS = "unix_ms"

# Our own choice: what lies outside comes from a clock that was never set.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

# Not after a bare date: what follows it would be read as a time of day.
_SPACE_BEFORE_OFFSET = re.compile(r"(?<!-\d{2})\s+(?=[+-]\d{2}:?\d{2}$|Z$)")


class UnknownTimezoneError(ValueError):
    """A name that the time zone data does not hold."""

    def __init__(self, name: str) -> None:
        """Quote the name."""
        super().__init__(f"{name!r} is no time zone; write one like Asia/Shanghai")


class TimeError(ValueError):
    """A written time that names no instant; the message says what to write instead."""

    def __init__(self, text: str, reason: str) -> None:
        """Quote what was given."""
        super().__init__(f"{text!r} {reason}")


class SkippedTimeError(TimeError):
    """A local time that the clock passes over where it is put forward."""


class UnreadableTimeError(TimeError):
    """A text that is no time of the form it should have."""


def find_timezone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name such as `Asia/Shanghai`. Raises UnknownTimezoneError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:  # a folder such as `Asia` is an OSError
        raise UnknownTimezoneError(name) from exc


def parse_time(text: str, zone: ZoneInfo | None, layout: str | None = None) -> datetime:
    """Return the aware time of an ISO 8601 text, or of `layout` (strptime's, `unix_s`, `unix_ms`).

    An offset in the text wins over `zone`. Raises TimeError for what is no time, has neither offset nor zone,
    falls into a clock change, or lies outside EARLIEST to LATEST.
    """
    time = read_time(text, layout)
    if time.tzinfo is None:
        time = resolve_local(time, zone, text)
    if not EARLIEST <= time < LATEST:
        raise TimeError(text, f"is not between {EARLIEST.year} and {LATEST.year}; the clock was not set")
    return time


def resolve_local(time: datetime, zone: ZoneInfo | None, text: str | None = None) -> datetime:
    """Return the aware time of a local one. Raises TimeError where the clock shows it twice or never."""
    written = text or time.isoformat(" ")
    if zone is None:
        raise TimeError(written, "has no offset and no timezone is named; write the offset or name the timezone")
    first, second = time.replace(tzinfo=zone), time.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return first
    if before < after:
        raise SkippedTimeError(written, f"happens never in {zone.key}, for the clock changes there; write the offset")
    raise TimeError(written, f"happens twice in {zone.key}, for the clock changes there; write the offset")


def read_time(text: str, layout: str | None = None) -> datetime:
    """Return the time as it is written: aware where the text has an offset. Raises UnreadableTimeError."""
    text = text.strip()
    try:
        if layout is None:
            return datetime.fromisoformat(_SPACE_BEFORE_OFFSET.sub("", text))
        if layout in {UNIX_SECONDS, UNIX_MILLISECONDS}:
            return datetime.fromtimestamp(float(text) / (1000 if layout == UNIX_MILLISECONDS else 1), UTC)
        return datetime.strptime(text, layout)  # noqa: DTZ007 - a layout without an offset gets its zone above
    except (ValueError, OverflowError, OSError) as exc:
        wanted = "ISO 8601 like 2026-01-31T08:00:00+08:00" if layout is None else f"of the form {layout}"
        raise UnreadableTimeError(text, f"is no time {wanted}") from exc
