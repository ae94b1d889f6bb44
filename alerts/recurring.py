"""Hours that come again: whether an instant lies within, and when they are over, on the clocks of a place.

What counts is what the clock on the wall shows: where it is set forward, an hour that never comes holds nothing, and
where it is set back, the hour that comes twice holds both times.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sensors.hours import MINUTES_A_DAY, Hours

MINUTE = timedelta(minutes=1)

ALWAYS_AFTER = timedelta(days=8)
"""Hours that cover a whole week without a gap are looked at again after this."""

_WHOLE_DAY: Hours = ((0, MINUTES_A_DAY),)


def is_within(instant: datetime, hours: Hours, weekdays: frozenset[int], zone: ZoneInfo) -> bool:
    """Say whether the local time lies in the hours, on one of the weekdays (0 is Monday); empty ones ask nothing."""
    return _span_end(instant.astimezone(zone), hours, weekdays) is not None


def end_of(instant: datetime, hours: Hours, weekdays: frozenset[int], zone: ZoneInfo) -> datetime:
    """Return the first instant at or after this one that lies outside; spans that touch are one, over midnight too."""
    found, latest = instant, instant + ALWAYS_AFTER
    while found < latest:
        local = found.astimezone(zone)
        end = _span_end(local, hours, weekdays)
        if end is None:
            return found
        found = _onwards(found, _minutes_to(local, end), zone)
    return latest


def _onwards(instant: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """Return the instant after so much time; no further than where clocks are changed on the way."""
    there = instant + by
    offset = instant.astimezone(zone).utcoffset()
    if there.astimezone(zone).utcoffset() == offset:
        return there
    there = instant.replace(second=0, microsecond=0)
    while there.astimezone(zone).utcoffset() == offset:
        there += MINUTE
    return min(there, instant + by)


def _minutes_to(local: datetime, end_min: int) -> timedelta:
    passed = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return timedelta(minutes=end_min) - passed


def _span_end(local: datetime, hours: Hours, weekdays: frozenset[int]) -> int | None:
    """Return the end of the span that a local time lies in, in minutes of its day."""
    if weekdays and local.weekday() not in weekdays:
        return None
    minute = local.hour * 60 + local.minute
    return next((end for start, end in hours or _WHOLE_DAY if start <= minute < end), None)
