"""What a proposal is made from: rooms, those who sit together in them, needs, and the rules that hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from sensors.topology import BuildingId, DepartmentId, RoomId

QUOTA_TOLERANCE_M2 = 0.5
"""The tolerance of S07; the project's own choice."""
M2_PARTS = 100
"""Areas are compared in hundredths of a square metre, so that sums are exact."""


class Rule(StrEnum):
    """What every proposal keeps to. Each can be left out alone, to say which of them conflict."""

    CAPACITY = "capacity"
    """Nobody comes into a room that is then fuller than its capacity."""
    QUOTA = "quota"
    """A room that somebody comes into is at most 0.5 m² above the quotas of all in it together."""
    ONE_UNIT = "one_unit"
    """A room is shared within one unit only."""
    NEAR = "near"
    """Who moves stays on the floors on which the unit has rooms today."""
    ACCESS = "access"
    """Who needs a way without steps moves to floors that have one."""
    MEETING = "meeting"
    """In the busiest hour of the week meetings fill at most 60 % of a building's meeting rooms; the largest stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A room that may be spoken of. `unit` is whose it is today; `floor` is `building/floor`.

    `is_shared` marks meeting rooms: nobody sits there, and they are given up only as meetings allow.
    """

    id: RoomId
    building: BuildingId
    floor: str
    area_m2: float
    capacity: int = 0
    unit: DepartmentId | None = None
    is_leased: bool = False
    is_reachable: bool = False
    is_shared: bool = False

    @property
    def parts(self) -> int:
        """Return the area in hundredths of a square metre."""
        return round(self.area_m2 * M2_PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Those who share a room and move together, or a need that has no room yet (`room` is None).

    `quota_m2` is their quotas' sum. A need for a special room has no people, wants `least_m2`, and the room alone.
    """

    id: str
    unit: DepartmentId
    people: int
    quota_m2: float
    room: RoomId | None = None
    may_move: bool = False
    needs_access: bool = False
    least_m2: float = 0.0

    @property
    def is_alone(self) -> bool:
        """Say whether it is a special room."""
        return self.people == 0

    @property
    def quota_parts(self) -> int:
        """Return the quotas' sum in hundredths of a square metre."""
        return round(self.quota_m2 * M2_PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meetings:
    """How many of a building's meeting rooms must stay, and the largest, which always does."""

    building: BuildingId
    keep: int
    largest: RoomId


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything a proposal is made from. `floors` are those of which every room is here; `homes` a unit's floors."""

    spaces: tuple[Space, ...]
    parties: tuple[Party, ...]
    meetings: tuple[Meetings, ...] = ()
    floors: Mapping[str, tuple[RoomId, ...]] = field(default_factory=dict)
    homes: Mapping[DepartmentId, frozenset[str]] = field(default_factory=dict)
    rules: frozenset[Rule] = frozenset(Rule)

    def __post_init__(self) -> None:
        """Close the mappings against change."""
        object.__setattr__(self, "floors", MappingProxyType(dict(self.floors)))
        object.__setattr__(self, "homes", MappingProxyType(dict(self.homes)))

    def holds(self, rule: Rule) -> bool:
        """Say whether a rule is kept to."""
        return rule in self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """Who sits where, and which meeting rooms are given up."""

    rooms: Mapping[str, RoomId]
    closed: frozenset[RoomId] = frozenset()

    def __post_init__(self) -> None:
        """Close the mapping against change."""
        object.__setattr__(self, "rooms", MappingProxyType(dict(self.rooms)))


class Aim(StrEnum):
    """What is aimed at, the first first: a later one never costs anything of an earlier one."""

    FREE_M2 = "free_m2"
    LEASED_M2 = "leased_m2"
    WHOLE_FLOORS = "whole_floors"
    MOVES = "moves"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Worth:
    """What a placing reaches, in the order of the aims; areas in hundredths of a square metre, moves as a negative."""

    free_parts: int
    leased_parts: int
    whole_floors: int
    fewer_moves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What was reached of an aim, and the bound on what any placing could reach; equal where it is proven best."""

    aim: Aim
    value: int
    bound: int

    @property
    def gap_pct(self) -> float:
        """Return by how much the bound is above the value, % of the bound."""
        return 100 * abs(self.bound - self.value) / max(1, abs(self.bound))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The best placing that was found, with what is known of how good it is."""

    placing: Placing
    reached: tuple[Reached, ...]
