"""Who is on duty when, and which hour of a week nobody is."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from alerts.policy import DatedShift, Roster, Shift
from sensors.hours import MINUTES_A_DAY

MINUTES_A_WEEK = 7 * MINUTES_A_DAY


def on_duty(roster: Roster, local: datetime) -> tuple[str, ...]:
    """Return the contacts on duty at a local time; none where an absence or an exception made a hole.

    An exception that holds takes the week's place whole, also where those whom it names are away.
    """
    dated = [each for each in roster.exceptions if _dated_holds(each, local)]
    shifts: Sequence[Shift | DatedShift] = dated or [each for each in roster.shifts if _holds(each, local)]
    named = dict.fromkeys(contact for each in shifts for contact in each.contacts)
    return tuple(contact for contact in named if not _away(roster, contact, local))


def first_hole(shifts: Sequence[Shift]) -> tuple[int, int] | None:
    """Return the first span of the week that no shift covers, in minutes since Monday 00:00; None without a hole."""
    covered = 0
    for start, end in sorted(_spans(shifts)):
        if start > covered:
            return covered, start
        covered = max(covered, end)
    return None if covered >= MINUTES_A_WEEK else (covered, MINUTES_A_WEEK)


def _spans(shifts: Sequence[Shift]) -> Iterator[tuple[int, int]]:
    """Yield what shifts cover of one week; what goes beyond Sunday covers the next Monday."""
    for shift in shifts:
        for weekday in shift.weekdays:
            start = weekday * MINUTES_A_DAY + shift.start
            yield start, min(start + shift.minutes, MINUTES_A_WEEK)
            if start + shift.minutes > MINUTES_A_WEEK:
                yield 0, start + shift.minutes - MINUTES_A_WEEK


def _holds(shift: Shift, local: datetime) -> bool:
    minute = local.weekday() * MINUTES_A_DAY + local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in _spans((shift,)))


def _dated_holds(shift: DatedShift, local: datetime) -> bool:
    """Say whether a dated shift of today, or of yesterday beyond midnight, holds."""
    minute = local.hour * 60 + local.minute
    for days, late in ((0, 0), (1, MINUTES_A_DAY)):
        day = local.date() - timedelta(days=days)
        if shift.first <= day <= shift.last and shift.start <= minute + late < shift.start + shift.minutes:
            return True
    return False


def _away(roster: Roster, contact: str, local: datetime) -> bool:
    return any(each.contact == contact and each.first <= local.date() <= each.last for each in roster.absences)
