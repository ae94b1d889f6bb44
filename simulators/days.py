"""Local days of a site: which are worked, when they begin."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from sensors.errors import InputFault
from sensors.hours import Hours, parse_hours
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Site

IsWorkday = Callable[[date], bool]

MINUTE_MS = 60_000
SATURDAY = 5
MOST_REST_DAYS = 30


class UnknownCalendarError(InputFault):
    """The site's calendar is a file, which a simulation does not read."""

    def __init__(self, calendar: str) -> None:
        """Say what the caller can do."""
        super().__init__(f"the simulator knows the calendars cn and none, not {calendar!r}; pass is_workday")


def weekday(day: date) -> bool:
    """Say whether a day lies between Monday and Friday."""
    return day.weekday() < SATURDAY


def chinese_workday(day: date) -> bool:
    """Say whether a day is worked by the State Council's notice; where none is known yet, by the weekday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return weekday(day)


def workdays_of(site: Site) -> IsWorkday:
    """Return what says of a day whether this site works. Raises UnknownCalendarError."""
    built_in: dict[str, IsWorkday] = {"cn": chinese_workday, "none": weekday}
    if site.calendar not in built_in:
        raise UnknownCalendarError(site.calendar)
    return built_in[site.calendar]


def working_spans(site: Site) -> Hours:
    """Return the working hours in minutes since midnight; one unbroken span gets an hour of lunch from noon."""
    spans = parse_hours(site.working_hours)
    if len(spans) > 1:
        return spans
    start, end = spans[0] if spans else (9 * 60, 18 * 60)
    noon = 12 * 60
    return ((start, noon), (noon + 60, end)) if start < noon and end > noon + 60 else ((start, end),)


def midnight_ms(day: date, zone: ZoneInfo) -> int:
    """Return when a local day begins, UTC ms."""
    return epoch_ms(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC))


def local_day(moment_ms: int, zone: ZoneInfo) -> date:
    """Return the local day that holds an instant."""
    return from_epoch_ms(moment_ms).astimezone(zone).date()


def next_day(day: date) -> date:
    """Return the day after."""
    return day + timedelta(days=1)


def day_before(day: date) -> date:
    """Return the day before."""
    return day - timedelta(days=1)


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def is_near_rest(day: date, is_workday: IsWorkday, *, workdays: int, rest_days: int) -> bool:
    """Say whether a rest of so many days begins or ended within so many workdays of a day."""
    return any(_rest_ahead(day, step, is_workday, workdays) >= rest_days for step in (1, -1))


def _rest_ahead(day: date, step: int, is_workday: IsWorkday, workdays: int) -> int:
    """Return how long the next rest is, that begins at most so many workdays from a day."""
    at, worked, rest = day, 0, 0
    while worked < workdays and rest < MOST_REST_DAYS:
        at += timedelta(days=step)
        if not is_workday(at):
            rest += 1
        elif rest:
            break
        else:
            worked += 1
    return rest
