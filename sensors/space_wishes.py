"""What units need of rooms, and what must be known before rooms are given to others (调剂)."""

from dataclasses import dataclass

from sensors.topology import DepartmentId, PersonId, RoomId


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Seats for so many people of a rank in one room, or, with no people, a room of an area for itself."""

    id: str
    unit: DepartmentId
    people: int = 0
    rank: str | None = None
    area_m2: float = 0.0
    needs_access: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceWishes:
    """`space.yaml` beside the registry.

    `access` are people who need a way without steps; no reason is kept. `reachable` are floors (`building/floor`) that
    have one. `leased` rooms are handed back first; those in `keep` stay as they are.
    """

    needs: tuple[Need, ...] = ()
    access: frozenset[PersonId] = frozenset()
    reachable: frozenset[str] = frozenset()
    leased: frozenset[RoomId] = frozenset()
    keep: frozenset[RoomId] = frozenset()


NO_WISHES = SpaceWishes()
"""Nobody wrote anything."""
