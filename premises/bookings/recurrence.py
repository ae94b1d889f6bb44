"""When an event of a calendar takes place: its recurrences, spread out by the clock on the wall."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Event
from icalendar.prop import vRecur

MOST_OCCURRENCES = 20_000
"""Of one event within the horizon: an event of every minute is a slip of the pen. The project's own choice."""


class EventFaultError(ValueError):
    """An event that cannot be used, with the property to look at."""

    def __init__(self, *, name: str, reason: str) -> None:
        """Name the property, and what to do."""
        super().__init__(reason)
        self.property = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """From when to when recurrences are spread out: a series without an end has no last one."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time at which an event takes place, or would but for an exception."""

    start: datetime
    end: datetime
    cancelled: bool


def occurrences(event: Event, zone: tzinfo, horizon: Horizon) -> Iterator[Occurrence]:
    """Yield when an event takes place, in UTC; `zone` serves times without one. Raises EventFaultError."""
    first = instant(event.start, zone)
    length = instant(event.end, zone) - first
    excepted = {instant(each, zone) for each in event.exdates}
    starts = {first, *(instant(_start(each), zone) for each in event.rdates)}
    for rule in event.rrules:
        starts.update(_recurring(event.start, rule, zone, horizon))
    for start in sorted(starts):
        yield Occurrence(start=start, end=start + length, cancelled=start in excepted)


def instant(value: date, zone: tzinfo) -> datetime:
    """Return a time of a calendar in UTC; a floating one is by the clock of `zone`, a date is its midnight."""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _start(moment: Any) -> date:  # noqa: ANN401 - icalendar's RDATE: a time, a date, or a pair of them
    value: date = moment[0] if isinstance(moment, tuple) else moment
    return value


def _recurring(first: date, rule: vRecur, zone: tzinfo, horizon: Horizon) -> Iterator[datetime]:
    """Yield the starts of a series within the horizon; nine o'clock stays nine o'clock across a change of the clock."""
    own = first.tzinfo if isinstance(first, datetime) and first.tzinfo else zone
    wall = first.replace(tzinfo=None) if isinstance(first, datetime) else datetime.combine(first, time())
    begin, end = (moment.astimezone(own).replace(tzinfo=None) for moment in (horizon.start, horizon.end))
    try:
        series = rrulestr(_text(rule, own), dtstart=wall)
        for number, start in enumerate(series.xafter(begin, inc=True)):
            if start >= end:
                return
            if number >= MOST_OCCURRENCES:
                reason = f"takes place more than {MOST_OCCURRENCES} times; mend the rule"
                raise EventFaultError(name="RRULE", reason=reason)
            yield start.replace(tzinfo=own).astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as exc:
        if isinstance(exc, EventFaultError):
            raise
        reason = f"cannot be spread out ({exc}); mend the rule"
        raise EventFaultError(name="RRULE", reason=reason) from exc


def _text(rule: vRecur, own: tzinfo) -> str:
    """Return a rule with UNTIL by the clock on the wall; a day counts to its end."""
    parts: Mapping[str, list[Any]] = dict(rule)
    until = parts.get("UNTIL", [None])[0]
    if until is None:
        return _written(rule)
    if not isinstance(until, datetime):
        wall = datetime.combine(until, time()) + timedelta(days=1, seconds=-1)
    else:
        wall = until.astimezone(own).replace(tzinfo=None) if until.tzinfo else until
    plain = vRecur({name: values for name, values in parts.items() if name != "UNTIL"})
    return f"{_written(plain)};UNTIL={wall:%Y%m%dT%H%M%S}"


def _written(rule: vRecur) -> str:
    content: bytes = rule.to_ical()  # type: ignore[no-untyped-call]  # icalendar leaves this one untyped
    return content.decode()
