"""What rules share that are judged from the registry alone: no readings, only what is written down."""

from collections.abc import Callable
from datetime import date, timedelta

from analytics.frame import RunData, day_start, evidence_value
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject
from sensors.verdicts import Evidence, Finding, Verdict

RecordRule = Callable[[RunData], list[Finding]]
"""A rule that reads the registry, the calendar and the window of a run, and none of its features."""


def recorded(
    data: RunData,
    rule: str,
    subject: Subject,
    *,
    fault: bool,
    value: float,
    threshold: float,
    unit: str,
    told: Evidence,
    since: date | None = None,
) -> Finding:
    """Return the verdict of the window's last day; a fault reaches back to `since`, where the registry dates it.

    A fault without a date began for us on the day on which the registry was looked at.
    """
    last = data.window.last
    first = min(since, last) if fault and since is not None else last
    return Finding(
        rule=rule,
        subject=subject,
        verdict=Verdict.FAULT if fault else Verdict.PASS,
        start=day_start(data.calendar, first),
        end=day_start(data.calendar, last + timedelta(days=1)),
        value=round(value, 3),
        threshold=threshold,
        unit=unit,
        severity=CATALOGUE[rule].severity if fault else None,
        evidence={name: evidence_value(value) for name, value in told.items() if value is not None},
    )


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: PLR2004 - December, counted from 0
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))
