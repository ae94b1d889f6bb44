"""How rooms, floors, buildings and departments are used: figures of rooms that may be shown, classes of the others."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sensors.topology import Registry, Room, RoomId


class Scope(StrEnum):
    """What is added up."""

    ROOM = "room"
    FLOOR = "floor"
    BUILDING = "building"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True, order=True)
class HourCell:
    """The share of an hour of the week with somebody there, %; Monday is 0."""

    weekday: int
    hour: int
    used_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUse:
    """The use of some rooms over a time; every figure is of `rooms` alone.

    `mean_pct` is occupied ÷ known working hours. A vacancy is a spell of working hours without anybody, an hour or
    longer; it does not go on over lunch or night. A floor's id is `building/floor`.
    """

    scope: Scope
    id: str
    rooms: tuple[RoomId, ...]
    mean_pct: float
    vacancies: int
    longest_vacancy_h: float
    mean_vacancy_h: float
    cells: tuple[HourCell, ...] = ()

    @property
    def peak(self) -> HourCell | None:
        """Return the hour of the week with the highest share, the earliest of equal ones."""
        return min(self.cells, key=lambda cell: (-cell.used_pct, cell.weekday, cell.hour), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomStanding:
    """The class of a room and the workdays it rests on; `workdays` is None where they are too few to say."""

    room: RoomId
    use: str
    workdays: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utilisation:
    """What is told of the local days `first` to `last`, both inclusive."""

    first: date
    last: date
    groups: tuple[GroupUse, ...] = ()
    rooms: tuple[RoomStanding, ...] = ()


def is_open(room: Room) -> bool:
    """Say whether figures of a room may be shown: those of one or two holders are an attendance record."""
    return not room.restricted and not room.is_personal


def groups_of(registry: Registry) -> Iterator[tuple[Scope, str, tuple[RoomId, ...]]]:
    """Yield what is added up, each with its rooms that may be shown.

    No sum holds a shielded room, so that none can be had by taking one sum from another.
    """
    rooms = [room for room in registry.rooms.values() if is_open(room)]
    for room in rooms:
        yield Scope.ROOM, room.id, (room.id,)
    named: dict[Scope, list[tuple[str, RoomId]]] = {
        Scope.FLOOR: [(f"{room.building}/{room.floor}", room.id) for room in rooms],
        Scope.BUILDING: [(room.building, room.id) for room in rooms],
        Scope.DEPARTMENT: [(room.department, room.id) for room in rooms if room.department is not None],
    }
    for scope, members in named.items():
        for name in dict.fromkeys(name for name, _ in members):
            yield scope, name, tuple(room for group, room in members if group == name)


def visible_utilisation(registry: Registry, told: Utilisation) -> Utilisation:
    """Return what may be shown by the registry as it stands now: a room may have got a holder since."""
    open_now = {room.id for room in registry.rooms.values() if is_open(room)}
    known = {room.id for room in registry.rooms.values() if not room.restricted}
    return Utilisation(
        first=told.first,
        last=told.last,
        groups=tuple(group for group in told.groups if open_now.issuperset(group.rooms)),
        rooms=tuple(room for room in told.rooms if room.room in known),
    )
