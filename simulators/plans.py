"""The plan of one local day: what each room and the building do from when until when. Pure: the same plan each time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from sensors.topology import Building, BuildingId, Registry, Room, RoomCategory, RoomId
from simulators import power
from simulators.air import STUCK_DAMPER, design_fresh_air_m3s, leakage_m3s, pressure_ratio
from simulators.chance import Chance
from simulators.days import MINUTE_MS, IsWorkday, midnight_ms, next_day
from simulators.faults import FaultKind, FaultList
from simulators.people import HouseDay, house_day
from simulators.timeline import Span, Timeline, clipped, counted, joined

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RoomUse:
    """What goes on in a room: people, lighting, sockets, computers, outdoor air, and whether the plant runs."""

    people: int
    light_w: float
    plugs_w: float
    server_w: float
    air_m3s: float
    heated: bool


@dataclass(frozen=True, slots=True)
class BuildingUse:
    """What the building uses apart from its rooms, W."""

    hvac_w: float
    corridor_w: float
    power_w: float


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One local day, [start_ms, end_ms)."""

    start_ms: int
    end_ms: int
    house: HouseDay
    rooms: Mapping[RoomId, Timeline[RoomUse]]
    buildings: Mapping[BuildingId, Timeline[BuildingUse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Plans the days of a site."""

    registry: Registry
    seed: int
    faults: FaultList
    is_workday: IsWorkday
    zone: ZoneInfo

    def plan(self, day: date) -> DayPlan:
        """Return the plan of a day."""
        start_ms, end_ms = midnight_ms(day, self.zone), midnight_ms(next_day(day), self.zone)
        worked = self.is_workday(day)
        idle = frozenset(
            room for room in self.registry.rooms if self.faults.of(FaultKind.IDLE_ROOM, room, (start_ms, end_ms))
        )
        house = house_day(self.registry, self.seed, day, idle=idle) if worked else HouseDay()
        around = _Around(day, (start_ms, end_ms), worked, house)
        return DayPlan(
            start_ms=start_ms,
            end_ms=end_ms,
            house=house,
            rooms={room.id: self._room(room, around) for room in self.registry.rooms.values()},
            buildings={b.id: self._building(b, around) for b in self.registry.buildings.values()},
        )

    def _room(self, room: Room, around: "_Around") -> Timeline[RoomUse]:
        people = around.house.spans(room.id, cleaning=False)
        cleaners = around.house.spans(room.id, cleaning=True)
        chance = Chance(self.seed, "room", room.id, around.day)
        lit = power.lit_by_sensor(people) if room.is_meeting_room else power.lit(people, chance)
        desk_w = round(chance.between(*power.DESK_W), 1)
        standby_w = power.STANDBY_ROOM_W + power.STANDBY_SEAT_W * (room.capacity or 0)
        server_w = round(power.SERVER_WM2 * room.usable_area_m2 * chance.between(0.95, 1.05), 1)
        has_servers = room.category is RoomCategory.EQUIPMENT
        light_w = power.LIGHTING_WM2 * room.usable_area_m2
        workers, present = around.counted(people), around.counted([*people, *cleaners])
        lights = around.counted(joined([*lit, *cleaners]))
        left_on, air = self._left_on(room, around), self._air(room, around)
        return combined(
            lambda t: RoomUse(
                people=present.at(t),
                light_w=light_w * lights.at(t),
                plugs_w=0.0 if has_servers else standby_w + desk_w * workers.at(t) + left_on.at(t),
                server_w=server_w if has_servers else 0.0,
                air_m3s=air.at(t),
                heated=around.plant.at(t) > 0,
            ),
            (workers, present, lights, left_on, air, around.plant),
        )

    def _left_on(self, room: Room, around: "_Around") -> Timeline[float]:
        """Return what nobody switched off, W: it needs a workday, for somebody must have switched it on."""
        faults = self.faults.of(FaultKind.LOAD_LEFT_ON, room.id, around.bounds)
        if not faults or not around.worked:
            return steady(around, 0.0)
        empty = power.left_on(
            around.house.spans(room.id, cleaning=False),
            after_workday=self.is_workday(date.fromordinal(around.day.toordinal() - 1)),
            before_workday=self.is_workday(next_day(around.day)),
        )
        size_w = power.LEFT_ON_WM2 * room.usable_area_m2
        return stepped(
            around,
            0.0,
            [(piece, size_w * severity) for span, severity in faults for piece in clipped(around.moments(empty), span)],
        )

    def _air(self, room: Room, around: "_Around") -> Timeline[float]:
        leakage = leakage_m3s(room)
        fan = max(design_fresh_air_m3s(room, pressure_ratio(self.registry.site.altitude_m)) - leakage, 0.0)
        running = around.moments([power.PLANT_MIN]) if around.worked else []
        stuck = [
            (piece, leakage + fan * min(STUCK_DAMPER / severity, 1.0))
            for span, severity in self.faults.of(FaultKind.HIGH_CO2, room.id, around.bounds)
            for piece in clipped(running, span)
        ]
        return stepped(around, leakage, [*((span, leakage + fan) for span in running), *stuck])

    def _building(self, building: Building, around: "_Around") -> Timeline[BuildingUse]:
        rooms_m2 = sum(room.usable_area_m2 for room in self.registry.rooms.values() if room.building == building.id)
        gross_m2 = building.gross_area_m2 or rooms_m2
        weather = round(Chance(self.seed, "plant", building.id, around.day).between(0.8, 1.2), 3)
        night = stepped(
            around,
            0.0,
            [
                (piece, power.NIGHT_PLANT_WM2 * gross_m2 * severity)
                for span, severity in self.faults.of(FaultKind.BASE_LOAD, building.id, around.bounds)
                for piece in clipped(around.outside(power.NIGHT_PLANT_OFF_MIN), span)
            ],
        )
        return combined(
            lambda t: BuildingUse(
                hvac_w=power.HVAC_WM2 * rooms_m2 * weather * around.plant.at(t),
                corridor_w=gross_m2 * (power.CORRIDOR_DAY_WM2 if around.plant.at(t) else power.CORRIDOR_NIGHT_WM2),
                power_w=gross_m2 * (power.POWER_DAY_WM2 if around.plant.at(t) else power.POWER_NIGHT_WM2) + night.at(t),
            ),
            (around.plant, night),
        )


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds for all rooms on a day."""

    day: date
    bounds: Span
    worked: bool
    house: HouseDay

    @property
    def plant(self) -> Timeline[int]:
        return self.counted([power.PLANT_MIN] if self.worked else [])

    def moments(self, spans: list[Span]) -> list[Span]:
        """Return spans of minutes as UTC ms, cut at the end of the day."""
        start = self.bounds[0]
        return clipped([(start + a * MINUTE_MS, start + b * MINUTE_MS) for a, b in spans], self.bounds)

    def outside(self, minutes: Span) -> list[Span]:
        """Return the day without these minutes on workdays, and the whole of a day of rest."""
        return self.moments([(0, minutes[0]), (minutes[1], 24 * 60)]) if self.worked else [self.bounds]

    def counted(self, spans: list[Span]) -> Timeline[int]:
        return counted(self.moments(spans), self.bounds[0])


def steady(around: _Around, value: T) -> Timeline[T]:
    """Return one value for the whole day."""
    return Timeline((around.bounds[0],), (value,))


def stepped(around: _Around, otherwise: float, spans: list[tuple[Span, float]]) -> Timeline[float]:
    """Return the value of the last span that holds at each moment, else another."""
    starts = sorted({around.bounds[0], *(moment for span, _ in spans for moment in span)})
    values = []
    for moment in starts:
        holding = [value for (begin, end), value in spans if begin <= moment < end]
        values.append(holding[-1] if holding else otherwise)
    return Timeline(tuple(starts), tuple(values))


def combined(value: Callable[[int], T], parts: tuple[Timeline[int] | Timeline[float], ...]) -> Timeline[T]:
    """Return what a function says at every moment at which one of the parts changes."""
    starts = tuple(sorted({start for part in parts for start in part.starts}))
    return Timeline(starts, tuple(value(start) for start in starts))
