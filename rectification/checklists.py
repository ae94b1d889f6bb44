"""Checklists of inspections (检查表): what is looked at, how often, and what that rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from rectification.look_back import months_later
from rectification.reminders import IsWorkday
from sensors.catalogue.model import Confidence
from sensors.topology import Name
from sensors.verdicts import Severity


class Interval(StrEnum):
    """How often a checklist comes round."""

    ONCE = "once"
    DAILY = "daily"
    """Every workday."""
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


MONTHS: Mapping[Interval, int] = MappingProxyType(
    {Interval.MONTHLY: 1, Interval.QUARTERLY: 3, Interval.HALF_YEARLY: 6, Interval.YEARLY: 12}
)

NO_CLAUSE = Name(zh="", en="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing to look at. `item_id` is set where the line asks whether an item of the plan is mended (复查).

    `severity` is how grave a fault is. `source` is empty where the line is our own choice.
    """

    id: str
    text: Name
    severity: Severity = Severity.YELLOW
    clause: Name = NO_CLAUSE
    source: str = ""
    confidence: Confidence = Confidence.PROJECT
    item_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """What is looked at in one round; `interval` is what is usual."""

    id: str
    name: Name
    category: Name
    interval: Interval
    lines: tuple[Line, ...]


Checklists = Mapping[str, Checklist]
"""By id, in the order of the file."""


def period_of(interval: Interval, day: date) -> tuple[date, date]:
    """Return the first and last day of the period that a day is in."""
    if interval is Interval.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    months = MONTHS.get(interval)
    if months is None:
        return day, day
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return first, months_later(first, months) - timedelta(days=1)


def due_in(first: date, last: date, is_workday: IsWorkday) -> date | None:
    """Return the last workday from `first` to `last`; None where none of them is worked."""
    days = (last - timedelta(days=back) for back in range((last - first).days + 1))
    return next((day for day in days if is_workday(day)), None)
