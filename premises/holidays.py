"""Which holidays a site keeps: the built-in calendars, or the site's own file beside its registry."""

from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analytics.calendar import BUILT_IN_HOLIDAYS, DayKind, Holidays, ListedHolidays
from sensors.errors import InputFault
from sensors.topology import Site

MAX_BYTES = 1024 * 1024


class CalendarFault(InputFault):
    """A calendar file that cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        """Put the file before the reason."""
        super().__init__(f"{path}: {reason}")


class _CalendarFile(BaseModel):
    """`years` says which years the lists are complete for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    years: Annotated[frozenset[int], Field(min_length=1)]
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()


def holidays_of(site: Site, registry: Path) -> Holidays:
    """Return the holidays of a site: `cn`, `none`, or a file named relative to the registry. Raises CalendarFault."""
    built_in = BUILT_IN_HOLIDAYS.get(site.calendar)
    return built_in if built_in is not None else _read(registry.parent / site.calendar)


def _read(path: Path) -> ListedHolidays:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES)
    except OSError as exc:
        known = " or ".join(BUILT_IN_HOLIDAYS)
        raise CalendarFault(path, f"the calendar cannot be read: {exc.strerror}; use {known}, or name a file") from exc
    try:
        listed = _CalendarFile.model_validate(yaml.safe_load(content))
    except yaml.YAMLError as exc:
        raise CalendarFault(path, f"not YAML: {' '.join(str(exc).split())}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CalendarFault(path, f"{place}: {first['msg']}; expected years, holidays, workdays") from exc
    both = listed.holidays & listed.workdays
    if both:
        raise CalendarFault(path, f"{min(both)} is both a holiday and a workday; leave it in one list")
    rest = dict.fromkeys(listed.holidays, DayKind.RESTDAY)
    return ListedHolidays(years=listed.years, exceptions={**rest, **dict.fromkeys(listed.workdays, DayKind.WORKDAY)})
