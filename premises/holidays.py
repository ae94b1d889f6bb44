"""Which days a site works: the built-in calendars, or the site's own file beside its registry, and days that differ."""

from pathlib import Path

from analytics.calendar import BUILT_IN_HOLIDAYS, ChangedHolidays, DayKind, Holidays, ListedHolidays
from sensors.topology import Registry, Site
from storage.calendar_file import FILE, CalendarFault, CalendarFile, read_calendar

__all__ = ["CalendarFault", "holidays_of"]


def holidays_of(site: Site, registry: Path, known: Registry | None = None) -> Holidays:
    """Return the holidays of a site: `cn`, `none`, or a file named relative to the registry, with `calendar.yaml`.

    What that file says of single days (overtime, closures, …) goes with them; where the registry is known its ids
    must be there. Raises CalendarFault.
    """
    beside = registry.parent / FILE
    built_in = BUILT_IN_HOLIDAYS.get(site.calendar)
    own = None if built_in is not None else registry.parent / site.calendar
    days = read_calendar(beside, known) if beside.exists() and beside != own else CalendarFile()
    if own is not None:
        listed = read_calendar(own, known)
        if not listed.years:
            msg = f"{own}:1:1: has no years; list those that its holidays and workdays are complete for"
            raise CalendarFault(msg)
        built_in = _listed(listed)
        days = listed if listed.changes or listed.changes.absences else days
    if built_in is None or not (days.changes or days.changes.absences):
        return built_in or BUILT_IN_HOLIDAYS["none"]
    return ChangedHolidays(built_in, days.changes)


def _listed(file: CalendarFile) -> ListedHolidays:
    rest = dict.fromkeys(file.holidays, DayKind.RESTDAY)
    return ListedHolidays(years=file.years, exceptions={**rest, **dict.fromkeys(file.workdays, DayKind.WORKDAY)})
