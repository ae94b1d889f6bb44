"""Site › building › floor › room › device › point, with circuits and openings: the registry as frozen values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

SiteId = NewType("SiteId", str)
BuildingId = NewType("BuildingId", str)
RoomId = NewType("RoomId", str)
CircuitId = NewType("CircuitId", str)
OpeningId = NewType("OpeningId", str)
DeviceId = NewType("DeviceId", str)
PersonId = NewType("PersonId", str)
DepartmentId = NewType("DepartmentId", str)


class RoomCategory(StrEnum):
    """The four categories of 党政机关办公用房建设标准 (发改投资〔2014〕2674号)."""

    OFFICE = "office"
    SERVICE = "service"
    EQUIPMENT = "equipment"
    ANCILLARY = "ancillary"


class CircuitItem(StrEnum):
    """What a circuit feeds, as sub-metering by item (分项计量) asks."""

    TOTAL = "total"
    LIGHTING = "lighting"
    PLUGS = "plugs"
    HVAC = "hvac"
    POWER = "power"
    SPECIAL = "special"
    SERVER_ROOM = "server_room"
    KITCHEN = "kitchen"
    CHARGING = "charging"
    PV = "pv"


class OpeningKind(StrEnum):
    """Doors by what they must do; windows."""

    ACCESS = "access"
    FIRE_CLOSED = "fire_closed"
    FIRE_OPEN = "fire_open"
    WINDOW = "window"


class ClimateZone(StrEnum):
    """The zones of GB 50176 as GB/T 51161 groups them."""

    SEVERE_COLD_AND_COLD = "severe_cold_and_cold"
    HOT_SUMMER_COLD_WINTER = "hot_summer_cold_winter"
    HOT_SUMMER_WARM_WINTER = "hot_summer_warm_winter"
    MILD = "mild"


class OrganLevel(StrEnum):
    """Levels of organs with a quota of their own; a township's is set by its province."""

    CENTRAL = "central"
    PROVINCIAL = "provincial"
    CITY = "city"
    COUNTY = "county"


class Tenure(StrEnum):
    """Who uses a room, as 条例 asks of premises of public bodies."""

    OWN = "own"
    LET = "let"
    LENT = "lent"
    ENTERPRISE = "enterprise"
    """Held by an enterprise or another body that is no part of the organ."""


class Direction(StrEnum):
    """Which way a reader at a door lets people go."""

    IN = "in"
    OUT = "out"


class EnergyClass(StrEnum):
    """GB/T 51161: A where opening windows suffices for comfort, B where machines are needed."""

    A = "A"
    B = "B"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in both languages; the one given stands in for the other."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the name in `zh` or `en`."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class DateSpan:
    """Local dates, both inclusive: a heating season as it was run, hours of a summer."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Say whether a day is one of them."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonHours:
    """Working hours that hold instead of the usual ones, on dates that come back every year (`06-01`, `09-30`)."""

    first_month_day: tuple[int, int]
    last_month_day: tuple[int, int]
    working_hours: str

    def holds(self, day: date) -> bool:
        """Say whether a day is in the season; one that begins after it ends goes over the turn of the year."""
        now = (day.month, day.day)
        if self.first_month_day <= self.last_month_day:
            return self.first_month_day <= now <= self.last_month_day
        return now >= self.first_month_day or now <= self.last_month_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One compound with one clock and one calendar. Hours are local, as written in the registry.

    `heating_dates` and `cooling_dates` are the seasons as they were run; empty where nobody wrote them down.
    `grid` names the row of the carbon factors, a province or a regional grid.
    """

    id: SiteId
    name: Name
    timezone: str
    working_hours: str
    calendar: str = "cn"
    cleaning_hours: str = ""
    altitude_m: float | None = None
    climate_zone: ClimateZone | None = None
    organ_level: OrganLevel | None = None
    grid: str | None = None
    season_hours: tuple[SeasonHours, ...] = ()
    heating_dates: tuple[DateSpan, ...] = ()
    cooling_dates: tuple[DateSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A unit (单位) with its established headcount (编制)."""

    id: DepartmentId
    name: Name
    headcount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Local dates, both inclusive, on which a holder is away. No reason is kept."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who holds a room or answers for an item.

    `left` is when they retired or were moved; `concurrent_post_ended` when a second post ended that gave them a second
    office.
    """

    id: PersonId
    name: str
    department: DepartmentId | None = None
    rank: str | None = None
    roles: tuple[str, ...] = ()
    absences: tuple[Absence, ...] = ()
    left: date | None = None
    concurrent_post_ended: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A unit's part of what several units of a building use together; `share` is above 0 and at most 1."""

    department: DepartmentId
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """`headcount` is the established number of staff (编制).

    Certificates and `owner` are None where the registry does not speak of them, and empty where it says `none`.
    """

    id: BuildingId
    name: Name
    gross_area_m2: float | None = None
    headcount: int | None = None
    energy_class: EnergyClass | None = None
    title_certificate: str | None = None
    land_certificate: str | None = None
    owner: str | None = None
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A larger room that somebody allowed: why, who approved it, and until when."""

    reason: str
    approved_by: str
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room; `restricted` (机要, 保密) rooms take no devices and show on no plan.

    `toilet_m2` of the usable area is a toilet of its own. `tenure` is None where the registry does not speak of it.
    """

    id: RoomId
    building: BuildingId
    floor: str
    name: Name
    category: RoomCategory
    usable_area_m2: float
    subtype: str | None = None
    capacity: int | None = None
    department: DepartmentId | None = None
    holders: tuple[PersonId, ...] = ()
    restricted: bool = False
    toilet_m2: float = 0.0
    exemption: Exemption | None = None
    tenure: Tenure | None = None

    @property
    def is_meeting_room(self) -> bool:
        """Say whether the room is shared for meetings."""
        return self.subtype == "meeting"

    @property
    def is_personal(self) -> bool:
        """Say whether its occupancy is an attendance record in all but name: one or two holders."""
        return 1 <= len(self.holders) <= 2  # noqa: PLR2004 - the privacy rule's own number


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A metered circuit; `parent` builds the meter tree, `serves` the rooms behind it."""

    id: CircuitId
    item: CircuitItem
    building: BuildingId | None = None
    parent: CircuitId | None = None
    serves: tuple[RoomId, ...] = ()
    rated_a: float | None = None
    ct_ratio: float = 1.0
    always_on: bool = False
    department: DepartmentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A door or window of a room."""

    id: OpeningId
    kind: OpeningKind
    room: RoomId | None = None
    rex_wired: bool = False
    release_on_fire: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a device is during [since, until), local dates; None is open-ended."""

    room: RoomId | None = None
    circuit: CircuitId | None = None
    opening: OpeningId | None = None
    building: BuildingId | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device, unique in its site, with every place it has had.

    `interval_s` is the reporting interval; None with `heartbeat_s` marks an event-driven device.
    """

    id: DeviceId
    placements: tuple[Placement, ...]
    metrics: tuple[str, ...] = ()
    gateway: str | None = None
    model: str | None = None
    interval_s: float | None = None
    heartbeat_s: float | None = None
    pressure_compensated: bool | None = None
    lux_factor: float | None = None
    outdoor: bool = False
    heat_detector: bool = False
    """Whether its temperature is watched as a heat detector's: 57 °C, or 8.3 °C a minute, alert at once."""
    direction: Direction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The whole site, checked: every reference in it resolves and the meter tree has no loop."""

    site: Site
    departments: Mapping[DepartmentId, Department] = field(default_factory=dict)
    people: Mapping[PersonId, Person] = field(default_factory=dict)
    buildings: Mapping[BuildingId, Building] = field(default_factory=dict)
    rooms: Mapping[RoomId, Room] = field(default_factory=dict)
    circuits: Mapping[CircuitId, Circuit] = field(default_factory=dict)
    openings: Mapping[OpeningId, Opening] = field(default_factory=dict)
    devices: Mapping[DeviceId, Device] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the mappings against change."""
        for name in ("departments", "people", "buildings", "rooms", "circuits", "openings", "devices"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def above(self, circuit: CircuitId) -> Iterator[Circuit]:
        """Yield the circuits that a circuit hangs under, the nearest first."""
        parent = self.circuits[circuit].parent
        while parent is not None:
            yield self.circuits[parent]
            parent = self.circuits[parent].parent

    def building_of(self, place: Placement) -> BuildingId | None:
        """Return the building of a place: its own, or that of its room, its opening's room or its circuit."""
        if place.building is not None:
            return place.building
        opening = None if place.opening is None else self.openings.get(place.opening)
        room = self.rooms.get(place.room or (opening.room if opening is not None and opening.room else RoomId("")))
        if room is not None:
            return room.building
        return None if place.circuit is None else self.circuit_building(place.circuit)

    def circuit_building(self, circuit: CircuitId) -> BuildingId | None:
        """Return the building a circuit belongs to: its own, or the nearest one up its tree."""
        for place in (self.circuits[circuit], *self.above(circuit)):
            if place.building is not None:
                return place.building
        served = {self.rooms[room].building for room in self.circuits[circuit].serves}
        return served.pop() if len(served) == 1 else None
