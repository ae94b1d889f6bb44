"""A site's calendar file: years with their holidays, and days that differ; every fault with its line and column."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from sensors.day_changes import NO_CHANGES, Away, DayChange, DayChanges, Scope
from sensors.documents import DocumentFault, DocumentSyntaxError, MapNode, Place, parse_document
from sensors.errors import InputFault
from sensors.fields import Fields, hours, local_date, slug, whole, words
from sensors.hours import parse_hours
from sensors.topology import BuildingId, DepartmentId, PersonId, Registry, RoomId
from storage.registry_file import decoded, fault_lines, placed_faults

T = TypeVar("T")
FILE = "calendar.yaml"
"""Beside the registry; its sections of single days are read whatever calendar the site goes by."""
_LONG_AGO = date(1990, 1, 1)
_LISTS = {"room": "rooms", "building": "buildings", "department": "departments", "person": "people"}


class CalendarFault(InputFault):
    """A calendar file that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFile:
    """What a calendar file says; `years` is empty where it lists no holidays."""

    years: frozenset[int] = frozenset()
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    changes: DayChanges = NO_CHANGES


def read_calendar(path: Path, registry: Registry | None = None) -> CalendarFile:
    """Return what a file says; with a registry its ids must be there. Raises CalendarFault with every fault."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        msg = f"{path}: the calendar cannot be read: {exc.strerror}; use cn or none, or name a file"
        raise CalendarFault(msg) from exc
    calendar, faults = parse_calendar(content, registry)
    if calendar is None:
        raise CalendarFault("\n".join(fault_lines(path, faults)))
    return calendar


def parse_calendar(content: bytes, registry: Registry | None = None) -> tuple[CalendarFile | None, list[DocumentFault]]:
    """Return what a file's bytes say, or None with every fault in the file's order."""
    try:
        document = parse_document(decoded(content))
    except DocumentSyntaxError as exc:
        return None, [DocumentFault(path=(), reason=exc.reason, place=exc.place)]
    if not isinstance(document.root, MapNode):
        reason = "must be a mapping with years, holidays, workdays, overtime, closures, cleaning or absences"
        return None, [DocumentFault(path=(), reason=reason, place=Place(1, 1))]
    faults = list(document.faults)
    calendar = _Reader(Fields(document.root, (), faults, ""), registry).calendar()
    return (None, placed_faults(document.root, faults)) if faults else (calendar, [])


class _Reader:
    """Reads one file; the source and writer of the file hold for entries that name none of their own."""

    def __init__(self, fields: Fields, registry: Registry | None) -> None:
        self._fields = fields
        self._registry = registry
        self._source = fields.optional("source", words)
        self._who = fields.optional("who", words)

    def calendar(self) -> CalendarFile:
        fields = self._fields
        calendar = CalendarFile(
            years=frozenset(fields.many("years", whole)),
            holidays=frozenset(fields.many("holidays", local_date)),
            workdays=frozenset(fields.many("workdays", local_date)),
            changes=DayChanges(
                overtime=tuple(self._each("overtime", self._with_hours)),
                closures=tuple(self._each("closures", self._closure)),
                cleaning=tuple(self._each("cleaning", self._with_hours)),
                absences=tuple(self._each("absences", self._away)),
            ),
        )
        for name, other in (("holidays", calendar.workdays), ("workdays", calendar.holidays)):
            self._check_days(name, getattr(calendar, name), calendar.years, other)
        fields.finish()
        return calendar

    def _check_days(self, name: str, days: Collection[date], years: Collection[int], other: Collection[date]) -> None:
        for position, text in enumerate(self._fields.many(name, words)):
            day = _day(text)
            if day in days and day is not None and day.year not in years:
                self._fields.fail((name, position), f"{name}: {day} is in no year of `years`; add {day.year} there")
            elif day in other and name == "workdays":
                self._fields.fail((name, position), f"{day} is both a holiday and a workday; leave it in one list")

    def _each(self, name: str, read: Callable[[Fields], T]) -> Iterator[T]:
        for _, fields in self._fields.each(name, name):
            yield read(fields)

    def _with_hours(self, fields: Fields) -> DayChange:
        first, last = _span(fields)
        written = fields.required("hours", hours, "")
        return DayChange(
            first=first,
            last=last,
            scope=self._scope(fields),
            hours=parse_hours(written),
            source=self._told(fields, "source", self._source),
            who=self._told(fields, "who", self._who),
        )

    def _closure(self, fields: Fields) -> DayChange:
        first, last = _span(fields)
        reason = fields.required("reason", words, "")
        return DayChange(
            first=first,
            last=last,
            scope=self._scope(fields),
            reason=reason,
            source=self._told(fields, "source", self._source),
            who=self._told(fields, "who", self._who),
        )

    def _away(self, fields: Fields) -> Away:
        first, last = _span(fields)
        person, department = self._named(fields, "person"), self._named(fields, "department")
        if (person is None) == (department is None):
            fields.fail((), "names a person or a department, one of them; mend the entry")
        return Away(
            first=first,
            last=last,
            person=None if person is None else PersonId(person),
            department=None if department is None else DepartmentId(department),
            source=self._told(fields, "source", self._source),
            who=self._told(fields, "who", self._who),
        )

    def _scope(self, fields: Fields) -> Scope:
        room, building = self._named(fields, "room"), self._named(fields, "building")
        department = self._named(fields, "department")
        floor = fields.optional("floor", words)
        if floor is not None and building is None:
            fields.fail(("floor",), f"floor {floor} is of no building; name the building too")
        if room is not None and (building is not None or department is not None):
            fields.fail(("room",), "names a room beside a building or department; the room is enough")
        if floor and building and self._registry is not None and not self._has_floor(building, floor):
            fields.fail(("floor",), f"building {building} has no room on floor {floor}; mend one of them")
        return Scope(
            room=None if room is None else RoomId(room),
            building=None if building is None else BuildingId(building),
            floor=floor,
            department=None if department is None else DepartmentId(department),
        )

    def _has_floor(self, building: str | None, floor: str) -> bool:
        rooms = self._registry.rooms.values() if self._registry is not None else ()
        return any((room.building, room.floor) == (building, floor) for room in rooms)

    def _named(self, fields: Fields, kind: str) -> str | None:
        identifier = fields.optional(kind, slug)
        if identifier is not None and self._registry is not None:
            listed: Mapping[str, object] = getattr(self._registry, _LISTS[kind])
            if identifier not in listed:
                fields.fail((kind,), f"{kind} {identifier} is not in the registry; list it there or mend the id")
        return identifier

    def _told(self, fields: Fields, name: str, usual: str | None) -> str:
        """Return where an entry comes from, or who wrote it down; the file's own answer stands in."""
        written = fields.optional(name, words) or usual
        if written is None:
            fields.fail((name,), f"has no {name}; add it to the entry or to the top of the file")
        return written or ""


def _span(fields: Fields) -> tuple[date, date]:
    first = fields.required("first", local_date, _LONG_AGO)
    last = fields.optional("last", local_date) or first
    if last < first:
        fields.fail(("last",), f"ends {last}, before {first}; write its first and last day")
    return first, last


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
