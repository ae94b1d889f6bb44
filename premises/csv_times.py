"""Times in the rows of a file, which follow each other: that tells apart an hour that the clock shows twice."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from sensors.errors import InputFault
from sensors.local_time import TimeError, UnknownTimezoneError, find_timezone, parse_time
from sensors.readings import epoch_ms


def named_zone(name: str | None) -> tzinfo | None:
    """Return the zone that `--timezone` names. Raises InputFault."""
    try:
        return None if name is None else find_timezone(name)
    except UnknownTimezoneError as exc:
        msg = f"--timezone {exc}"
        raise InputFault(msg) from exc


def row_time(text: str, zone: tzinfo | None, last_ms: int | None) -> datetime:
    """Return the time of a row; of an hour that the clock shows twice the second where rows have passed the first.

    `last_ms` is the time of the row before. Raises TimeError, its cause a SkippedTimeError at an hour never shown.
    """
    named = zone if isinstance(zone, ZoneInfo) else None
    try:
        return parse_time(text, named)
    except TimeError as exc:
        first = _shown_twice(text, named)
        if first is None:
            reason = str(exc).replace("no timezone is named", "no --timezone is given")
            raise TimeError(text, reason.removeprefix(f"{text!r} ")) from exc
        is_second = last_ms is not None and epoch_ms(first) <= last_ms
        return first.replace(fold=1) if is_second else first


def _shown_twice(text: str, zone: ZoneInfo | None) -> datetime | None:
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    if zone is None or local.tzinfo is not None:
        return None
    first = local.replace(tzinfo=zone)
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    return first if before is not None and after is not None and before > after else None
