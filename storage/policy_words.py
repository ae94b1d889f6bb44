"""How an alert policy writes times: `10m`, `1 workday`, `mon-fri`, `20:00-08:00`. Each reader raises ValueError."""

import re
import unicodedata
from datetime import time, timedelta

from alerts.policy import ALL_DAYS, Lapse
from sensors.hours import MINUTES_A_DAY, Hours, parse_hours

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LAPSE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(s|m|min|h|d|workdays?)")
_SPAN = re.compile(r"(\d{1,2}:\d{2})\s*[-–—~]\s*(\d{1,2}:\d{2})")
_LONGEST = timedelta(days=366)


def lapse(text: str) -> Lapse:
    """Return a time to wait."""
    match = _LAPSE.fullmatch(unicodedata.normalize("NFKC", text).lower())
    if match is None:
        msg = f"must be a time like 30s, 10m, 1h, 3d or 1 workday, not {text!r}"
        raise ValueError(msg)
    amount, unit = float(match[1]), match[2]
    if unit.startswith("workday"):
        return Lapse(workdays=int(amount))
    found = amount * _UNITS[unit[0]]
    if found > _LONGEST:
        msg = f"is longer than a year: {text!r}"
        raise ValueError(msg)
    return Lapse(time=found)


def span(text: str) -> timedelta:
    """Return a time by the clock, without workdays."""
    found = lapse(text)
    if found.workdays:
        msg = f"must be a time like 30s, 10m, 1h or 3d, not {text!r}"
        raise ValueError(msg)
    return found.time


def weekdays(text: str) -> frozenset[int]:
    """Return the days of `mon-fri,sun` or `daily`, 0 being Monday."""
    written = unicodedata.normalize("NFKC", text).lower().replace(" ", "")
    if written == "daily":
        return ALL_DAYS
    return frozenset(day for part in written.split(",") for day in _days(part))


def _days(part: str) -> list[int]:
    first, _, last = part.partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
        msg = f"{part!r} is no day; write days like mon-fri, sat,sun or daily"
        raise ValueError(msg)
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]


def shift_hours(text: str) -> tuple[int, int]:
    """Return start and length in minutes of `20:00-08:00`, which may cross midnight; equal ends are a whole day."""
    match = _SPAN.fullmatch(unicodedata.normalize("NFKC", text))
    if match is None:
        msg = f"must be hours like 08:00-20:00, not {text!r}"
        raise ValueError(msg)
    start, end = _minute(match[1]), _minute(match[2])
    return start % MINUTES_A_DAY, (end - start) % MINUTES_A_DAY or MINUTES_A_DAY


def day_hours(text: str) -> Hours:
    """Return hours of the day; a span that crosses midnight becomes two."""
    written = unicodedata.normalize("NFKC", text)
    spans = list[tuple[int, int]]()
    for start, minutes in map(shift_hours, written.split(",")):
        spans.append((start, min(start + minutes, MINUTES_A_DAY)))
        if start + minutes > MINUTES_A_DAY:
            spans.append((0, start + minutes - MINUTES_A_DAY))
    return parse_hours(",".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans))


def time_of_day(text: str) -> time:
    """Return a time like 09:00."""
    minute = _minute(unicodedata.normalize("NFKC", text)) % MINUTES_A_DAY
    return time(minute // 60, minute % 60)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute.isdigit()) or int(minute) >= 60 or int(hour) * 60 + int(minute) > MINUTES_A_DAY:  # noqa: PLR2004 - an hour's minutes
        msg = f"{text!r} is no time of a day; write it like 09:00"
        raise ValueError(msg)
    return int(hour) * 60 + int(minute)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
