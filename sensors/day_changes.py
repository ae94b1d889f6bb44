"""Days that differ from the working calendar: overtime, closures, cleaning at other hours, people who are away.

All dates are local and both inclusive. An entry is about a room, a floor or a whole building, a department's rooms, or
the whole site; each tells its source and who wrote it down.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from sensors.hours import Hours
from sensors.topology import Absence, BuildingId, DepartmentId, PersonId, Registry, Room, RoomId


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which rooms an entry is about: those for which all that is named holds; the whole site where nothing is."""

    room: RoomId | None = None
    building: BuildingId | None = None
    floor: str | None = None
    department: DepartmentId | None = None

    @property
    def is_site(self) -> bool:
        """Say whether it is the whole site."""
        return self == Scope()

    def covers(self, room: Room) -> bool:
        """Say whether a room is one of them."""
        return all(
            (
                self.room in {None, room.id},
                self.building in {None, room.building},
                self.floor in {None, room.floor},
                self.department in {None, room.department},
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChange:
    """Overtime or cleaning with its hours, or a closure with its reason and no hours."""

    first: date
    last: date
    scope: Scope
    source: str
    who: str
    hours: Hours = ()
    reason: str = ""

    def holds(self, day: date) -> bool:
        """Say whether a day is one of them."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A person, or everybody of a department, is away. No reason is kept."""

    first: date
    last: date
    source: str
    who: str
    person: PersonId | None = None
    department: DepartmentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChanges:
    """Everything that a site wrote down of single days."""

    overtime: tuple[DayChange, ...] = ()
    closures: tuple[DayChange, ...] = ()
    cleaning: tuple[DayChange, ...] = ()
    absences: tuple[Away, ...] = ()

    def of(self, room: Room) -> "DayChanges":
        """Return what concerns a room."""
        return self._those(lambda change: change.scope.covers(room))

    def of_site(self) -> "DayChanges":
        """Return what concerns the whole site, its meters among it."""
        return self._those(lambda change: change.scope.is_site)

    def on(self, day: date) -> "DayChanges":
        """Return what concerns a day."""
        return self._those(lambda change: change.holds(day))

    def __bool__(self) -> bool:
        """Say whether any hours or days differ; absences change no hours."""
        return bool(self.overtime or self.closures or self.cleaning)

    def _those(self, wanted: Callable[[DayChange], bool]) -> "DayChanges":
        return DayChanges(
            overtime=tuple(filter(wanted, self.overtime)),
            closures=tuple(filter(wanted, self.closures)),
            cleaning=tuple(filter(wanted, self.cleaning)),
        )


NO_CHANGES = DayChanges()


def with_absences(registry: Registry, absences: Iterable[Away]) -> Registry:
    """Return the registry with the absences of people, and of everybody of a department, beside their own."""
    people = dict(registry.people)
    for away in absences:
        absence = Absence(first=away.first, last=away.last)
        for person in _people(registry, away):
            people[person] = replace(people[person], absences=(*people[person].absences, absence))
    return registry if people == dict(registry.people) else replace(registry, people=people)


def _people(registry: Registry, away: Away) -> Iterator[PersonId]:
    for person in registry.people.values():
        if person.id == away.person or (away.department is not None and person.department == away.department):
            yield person.id
