"""One day of a site from one end to the other: people, conditions, physics, electricity, water."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import numpy as np

from sensors.topology import BuildingId, OpeningId, OpeningKind, Registry
from simulators import electricity, power_quality, water
from simulators.alarms import burns_until
from simulators.arithmetic import Floats
from simulators.chance import Chance, Keys, keys
from simulators.circuits import Circuits
from simulators.climate import Climate
from simulators.conditions import Conditions, Habits
from simulators.days import IsWorkday, is_near_rest
from simulators.effects import Place, afflict
from simulators.faults import Fault, FaultKind
from simulators.grid import STEP_S, DayGrid
from simulators.humid_air import pressure_ratio
from simulators.load_effects import burden, working_w
from simulators.openings import Openings
from simulators.people import BRIDGE_DAYS, LONG_HOLIDAY_DAYS, People, PeopleDay
from simulators.physics import RoomsDay, RoomState, rooms_day
from simulators.places import openings_of
from simulators.power_quality import Extras, PowerQuality
from simulators.rooms import Rooms
from simulators.supply import Supply
from simulators.timeline import Span
from simulators.use_effects import House, idle_rooms, limited
from simulators.weather import DayWeather, Weather

OPENED = frozenset({FaultKind.FORCED_DOOR, FaultKind.HELD_DOOR, FaultKind.FIRE_DOOR_OPEN})
"""Faults in which an opening stands open for as long as they are there."""
WINDOW_OPENED = frozenset({FaultKind.OPEN_WINDOW, FaultKind.AIRING})
"""Faults of a room in which its windows stand open."""
PASSING_MS = 5_000
RELEASED_AFTER_MS = 3_000
"""So soon a lock in order opens in a fire: well within F10's limit."""
QUALITY_METRICS = frozenset(
    {"voltage_v", "current_a", "power_factor", "residual_current_ma", "cable_temperature_c", "reactive_import_kvarh"}
)


@dataclass(frozen=True, slots=True)
class Carried:
    """What goes from one day to the next; registers per circuit and building."""

    rooms: RoomState
    import_kwh: Floats
    export_kwh: Floats
    reactive_kvarh: Floats
    cable_rise_k: Floats
    water_m3: Floats
    heat_gj: Floats
    working_w: Mapping[BuildingId, float]
    """What each building took in the last working hours beyond what is always on."""


@dataclass(frozen=True, slots=True)
class SiteDay:
    """A day of a site, known whole. `quality` only where a device measures it."""

    grid: DayGrid
    people: PeopleDay
    conditions: Conditions
    weather: DayWeather
    rooms: RoomsDay
    power: electricity.PowerDay
    quality: PowerQuality | None
    water_m3: Floats
    """At the boundaries of steps, per building; the next one too."""
    heat_gj: Floats
    openings: Openings
    working_w: Mapping[BuildingId, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What makes the days of a site under a seed."""

    registry: Registry
    seed: int
    climate: Climate
    faults: tuple[Fault, ...]
    is_workday: IsWorkday
    rooms: Rooms = field(init=False)
    circuits: Circuits = field(init=False)
    pressure: float = field(init=False)
    people: People = field(init=False)
    habits: Habits = field(init=False)
    weather: Weather = field(init=False)
    measures_quality: bool = field(init=False)
    openings: Openings = field(init=False)
    _taps: Keys = field(init=False)

    def __post_init__(self) -> None:
        """Lay out what does not change from day to day."""
        put = object.__setattr__
        put(self, "rooms", Rooms.of(self.registry))
        put(self, "circuits", Circuits.of(self.registry, self.rooms))
        put(self, "pressure", pressure_ratio(self.registry.site.altitude_m))
        put(self, "people", People(self.registry, self.rooms, self.seed))
        put(self, "habits", Habits.of(self.registry, self.rooms, self.seed, self.pressure))
        put(self, "weather", Weather(self.climate, self.seed))
        put(self, "measures_quality", _measures_quality(self.registry))
        put(self, "openings", self._openings())
        put(self, "_taps", keys(self.seed, "taps", list(self.registry.buildings)))

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return ZoneInfo(self.registry.site.timezone)

    def at_first(self, grid: DayGrid) -> Carried:
        """Return what a site begins with on a day: rooms empty for long, registers that have counted before."""
        circuits, buildings = len(self.circuits), len(self.registry.buildings)
        begun = [float(Chance(self.seed, "register", circuit).whole(100, 40_000)) for circuit in self.registry.circuits]
        return Carried(
            rooms=RoomState.at_first(self.rooms, self.weather.day(grid)),
            import_kwh=np.array(begun, dtype=np.float64),
            export_kwh=np.zeros(circuits),
            reactive_kvarh=np.zeros(circuits),
            cable_rise_k=np.zeros(circuits),
            water_m3=np.full(buildings, 1000.0),
            heat_gj=np.full(buildings, 100.0),
            working_w={},
        )

    def day(self, grid: DayGrid, start: Carried) -> SiteDay:
        """Return a day from what was carried into it."""
        people = self.people_day(grid)
        worked = self.is_workday(grid.day)
        conditions = self.habits.conditions(grid, people, worked=worked)
        afflict(conditions, self.faults, Place(self.registry, self.is_workday, start.rooms.co2_ppm, self.pressure))
        weather = self.weather.day(grid)
        rooms = rooms_day(start.rooms, conditions, weather, pressure=self.pressure)
        taken = electricity.loads(self.registry, self.circuits, conditions, rooms, weather, self.climate)
        power_w = electricity.flows(self.circuits, taken, grid.steps)
        supply = Supply(self.circuits, self._house(grid), worked, start.working_w)
        burden(power_w, self.faults, supply)
        return SiteDay(
            grid=grid,
            people=people,
            conditions=conditions,
            weather=weather,
            rooms=rooms,
            power=electricity.PowerDay(power_w, electricity.registers(power_w, start.import_kwh, start.export_kwh)),
            quality=self._quality(grid, power_w, weather, start) if self.measures_quality else None,
            water_m3=self._water(conditions, start),
            heat_gj=self._heat(rooms, start),
            openings=self.openings,
            working_w=working_w(power_w, supply),
        )

    def carried(self, day: SiteDay, start: Carried) -> Carried:
        """Return what a day leaves to the next one."""
        after = replace(
            start,
            rooms=day.rooms.last,
            import_kwh=day.power.registers.import_kwh[-1],
            export_kwh=day.power.registers.export_kwh[-1],
            water_m3=day.water_m3[-1],
            heat_gj=day.heat_gj[-1],
            working_w=day.working_w,
        )
        if day.quality is None:
            return after
        return replace(after, reactive_kvarh=day.quality.reactive_kvarh[-1], cable_rise_k=day.quality.cable_rise_k[-1])

    def people_day(self, grid: DayGrid) -> PeopleDay:
        """Return where people are on a day, which no other day and no physics decides."""
        near = is_near_rest(grid.day, self.is_workday, workdays=BRIDGE_DAYS, rest_days=LONG_HOLIDAY_DAYS)
        idle = idle_rooms(self.faults, grid)
        people = self.people.day(grid, worked=self.is_workday(grid.day), near_holiday=near, idle=idle)
        return limited(people, self.faults, self._house(grid))

    def _house(self, grid: DayGrid) -> House:
        return House(self.registry, self.rooms, grid)

    def _openings(self) -> Openings:
        """Return when openings stand open: those forced, held, or left open; and when a fire releases their locks."""
        return Openings(
            tuple(self.registry.openings),
            _open_spans(self.faults, self.registry),
            _released_spans(self.faults, self.registry),
        )

    def _quality(self, grid: DayGrid, power_w: Floats, weather: DayWeather, start: Carried) -> PowerQuality:
        return power_quality.quality(
            self.circuits,
            power_w,
            weather.outdoor_c,
            grid=grid,
            seed=self.seed,
            reactive_kvarh=start.reactive_kvarh,
            cable_rise_k=start.cable_rise_k,
            extras=Extras.none(grid.steps, len(self.circuits)),
        )

    def _water(self, day: Conditions, start: Carried) -> Floats:
        buildings = list(self.registry.buildings)
        people = np.stack([_sum(day.occupants[:, self.rooms.of_building(b)]) for b in buildings], axis=1)
        running = np.stack([day.water_m3s[building] for building in buildings], axis=1)
        return water.registers(start.water_m3, people, running, self._taps, day.grid)

    def _heat(self, rooms: RoomsDay, start: Carried) -> Floats:
        """Return what the district's heat meters have counted; elsewhere they stand still."""
        given = [
            _sum(np.maximum(rooms.plant_w[:, self.rooms.of_building(building)], 0.0)) * STEP_S / 1e9
            for building in self.registry.buildings
        ]
        used = np.stack(given, axis=1) * self.climate.district_heating
        return np.cumsum(np.concatenate([start.heat_gj[None, :], used]), axis=0)


def _measures_quality(registry: Registry) -> bool:
    """Say whether any meter measures more of its circuit than power and energy."""
    meters = (d for d in registry.devices.values() if any(place.circuit is not None for place in d.placements))
    return any(metric in QUALITY_METRICS for meter in meters for metric in meter.metrics)


def _open_spans(faults: Iterable[Fault], registry: Registry) -> dict[OpeningId, tuple[Span, ...]]:
    spans: dict[OpeningId, tuple[Span, ...]] = {}
    for fault in faults:
        for opening in _opened(fault, registry):
            spans[opening] = (*spans.get(opening, ()), _open_span(fault))
    return spans


def _opened(fault: Fault, registry: Registry) -> list[OpeningId]:
    """Return the openings that a fault leaves open: its own, or the windows of its room."""
    if fault.kind in WINDOW_OPENED:
        return [each.id for each in openings_of(registry, fault.subject, OpeningKind.WINDOW)]
    return [OpeningId(fault.subject.id)] if fault.kind in OPENED else []


def _released_spans(faults: Iterable[Fault], registry: Registry) -> dict[OpeningId, tuple[Span, ...]]:
    """Return when fires that are confirmed keep locks open: the one at fault only once its fault is over."""
    spans: dict[OpeningId, tuple[Span, ...]] = {}
    for fault in faults:
        if fault.kind is FaultKind.EXIT_LOCKED:
            start, end = fault.span
            for opening in registry.openings.values():
                if opening.release_on_fire:
                    begins = end if opening.id == fault.subject.id else start + RELEASED_AFTER_MS
                    spans[opening.id] = (*spans.get(opening.id, ()), (begins, burns_until(fault)))
    return spans


def _open_span(fault: Fault) -> Span:
    """Return when a fault's door is open; what only looks like a forced one is somebody passing with a card."""
    start, end = fault.span
    only_passing = fault.near_miss and fault.kind is FaultKind.FORCED_DOOR
    return start, min(end, start + PASSING_MS) if only_passing else end


def _sum(values: Floats) -> Floats:
    """Return the sum over columns, in order: the same bits everywhere."""
    return np.cumsum(values, axis=1)[:, -1] if values.shape[1] else np.zeros(len(values))
