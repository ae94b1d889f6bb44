"""Conditions: what people, plant and the clock make of a day, per step and room, before physics reads it.

Faults change these arrays in place (effects.py); physics, electricity and water only read them.
Figures without a source are the project's own choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sensors.seasons import Season, conditioned_season
from sensors.topology import Building, BuildingId, CircuitItem, Registry
from simulators import lamps
from simulators.air import design_fresh_air_m3s, leakage_m3s
from simulators.arithmetic import Flags, Floats
from simulators.chance import Keys, between, keys, uniform
from simulators.climate import climate_of
from simulators.grid import STEP_MINUTES, STEP_S, DayGrid, step_means
from simulators.people import PeopleDay
from simulators.rooms import Rooms

PLANT_MIN = (7 * 60, 20 * 60 + 30)
"""When the plant and with it the fresh air run on a workday."""
HEAT_TO_C, COOL_TO_C = 20.0, 26.0
"""Set points. Source: 国办发〔2007〕42号: no cooler than 26 °C in summer, no warmer than 20 °C in winter."""
GUARD_C, DISTRICT_GUARD_C = 12.0, 19.0
"""Out of hours the rooms are kept from cooling further than this. A district heats day and night and is paid by
floor area: there the valves are set back by little."""
SERVER_COOL_TO_C = 24.0
NEVER_C = 200.0
"""A set point for cooling that no room reaches; its negative for heating."""

LIGHTING_WM2 = 7.0
"""Installed lighting per usable area; GB 55015-2021 allows an ordinary office 8.0 W/m² (recalled)."""
DESK_W = (70.0, 105.0)
"""A computer with its screen and what else one person uses, from room to room."""
STANDBY_ROOM_W, STANDBY_SEAT_W = 12.0, 5.0
SERVER_WM2 = 70.0
"""Computers in a server room, day and night, before their cooling."""

CORRIDOR_DAY_WM2, CORRIDOR_NIGHT_WM2 = 1.5, 0.3
"""Lighting of corridors and stairs per gross area."""
PUMPS_DAY_WM2, PUMPS_NIGHT_WM2 = 0.6, 0.3
"""Pumps and building services per gross area, and lifts that stand."""
LIFT_TRIP_J = 60_000.0
"""One person's ride; about 17 Wh. Source: order of magnitude of VDI 4707 for usage category 2 (recalled)."""
CHARGER_W = 7000.0
"""A charging point with one phase, as most cars in China take at work."""
CHARGERS_PER_PERSON = 0.02
CHARGES_FROM_MIN, CHARGES_MIN = (9 * 60, 13 * 60), (60, 240)

FILTER = 0.6
"""The share of PM2.5 that a clean filter of class F7 holds back. Source: EN 779:2012 gives F7 80-90 % at 0.4 µm when
loaded and 35 % at least when clean; between the two."""

House = tuple[BuildingId, CircuitItem]


@dataclass(frozen=True, slots=True)
class Conditions:
    """One day of a site; arrays are [steps, rooms] unless said otherwise."""

    grid: DayGrid
    worked: bool
    people: PeopleDay
    rooms: Rooms
    occupants: Floats
    """Mean number of people."""
    lamps_w: Floats
    plugs_w: Floats
    servers_w: Floats
    fan_m3s: Floats
    """Outdoor air that the plant brings."""
    gaps_m3s: Floats
    """Outdoor air through gaps and open windows."""
    filtered: Floats
    """The share of particles that the plant's filter holds back."""
    heat_to_c: Floats
    cool_to_c: Floats
    plant: Floats
    """Per step alone: the share of it in which the plant runs."""
    house_w: Mapping[House, Floats]
    """Per step alone: what a building uses apart from its rooms, by item."""
    water_m3s: Mapping[BuildingId, Floats]
    """Per step alone: what runs beside the taps that people open."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The numbers of chance behind conditions: one set for a site and seed."""

    registry: Registry
    rooms: Rooms
    lamps: Keys
    desks: Keys
    servers: Keys
    chargers: Mapping[BuildingId, Keys]
    pressure: float

    @classmethod
    def of(cls, registry: Registry, rooms: Rooms, seed: int, pressure: float) -> "Habits":
        """Return the habits of a site under a seed, in air of a share `pressure` of sea level's."""
        names = [room.id for room in rooms.rooms]
        return cls(
            registry=registry,
            rooms=rooms,
            lamps=keys(seed, "lamps", names),
            desks=keys(seed, "desks", names),
            servers=keys(seed, "servers", names),
            chargers={b.id: keys(seed, "charger", _chargers(registry, b)) for b in registry.buildings.values()},
            pressure=pressure,
        )

    def conditions(self, grid: DayGrid, people: PeopleDay, *, worked: bool) -> Conditions:
        """Return the day of a building in order."""
        rooms, shape = self.rooms, (grid.steps, len(self.rooms))
        plant = step_means(grid.minutes_in([PLANT_MIN] if worked else []))
        on = plant[:, None] > 0
        lighted = lamps.lit(grid, people.workers, people.cleaners, self.lamps, by_sensor=rooms.is_meeting)
        gaps, design = leakage_m3s(rooms.volume_m3), design_fresh_air_m3s(rooms.seats, self.pressure)
        fan = np.maximum(design - gaps, 0.0)
        stays_late = ~on & (step_means(people.workers) > 0)
        servers = rooms.has_servers
        heats_only = conditioned_season(self.registry.site, grid.day) is Season.WINTER
        return Conditions(
            grid=grid,
            worked=worked,
            people=people,
            rooms=rooms,
            occupants=step_means(people.present),
            lamps_w=step_means(lighted) * (LIGHTING_WM2 * rooms.area_m2),
            plugs_w=self._plugs(grid, step_means(people.workers)),
            servers_w=self._servers(grid),
            fan_m3s=plant[:, None] * fan,
            # whoever works on when the plant has gone off opens the window
            gaps_m3s=np.where(stays_late, np.maximum(design, gaps), gaps),
            filtered=np.full(shape, FILTER),
            heat_to_c=np.where(on & ~servers, HEAT_TO_C, np.where(servers, -NEVER_C, self._guard_c)),
            cool_to_c=np.where(servers, SERVER_COOL_TO_C, np.where(on & ~np.bool_(heats_only), COOL_TO_C, NEVER_C)),
            plant=plant,
            house_w=self._house(grid, people, plant),
            water_m3s={building: np.zeros(grid.steps) for building in self.registry.buildings},
        )

    @property
    def _guard_c(self) -> float:
        return DISTRICT_GUARD_C if climate_of(self.registry.site).district_heating else GUARD_C

    def _plugs(self, grid: DayGrid, workers: Floats) -> Floats:
        rooms = self.rooms
        desk_w = np.round(between(uniform(self.desks, np.array([grid.day.toordinal()])), *DESK_W), 1)
        standby_w = STANDBY_ROOM_W + STANDBY_SEAT_W * np.array([room.capacity or 0 for room in rooms.rooms])
        return np.where(rooms.has_servers, 0.0, standby_w + desk_w * workers)

    def _servers(self, grid: DayGrid) -> Floats:
        """Return what computers use: a little more by day, when they are asked."""
        daily = between(uniform(self.servers, np.array([grid.day.toordinal()])), 0.96, 1.04)
        base_w = np.where(self.rooms.has_servers, SERVER_WM2 * self.rooms.area_m2 * daily, 0.0)
        return np.broadcast_to(base_w, (grid.steps, len(self.rooms))).copy()

    def _house(self, grid: DayGrid, people: PeopleDay, plant: Floats) -> Mapping[House, Floats]:
        found: dict[House, Floats] = {}
        trips = _trips(grid, people)
        share = 1.0 / max(len(self.registry.buildings), 1)
        for building in self.registry.buildings.values():
            gross_m2 = building.gross_area_m2 or float(self.rooms.area_m2[self.rooms.of_building(building.id)].sum())
            rides_w = trips * share * LIFT_TRIP_J / STEP_S
            on = plant > 0
            found[building.id, CircuitItem.LIGHTING] = gross_m2 * np.where(on, CORRIDOR_DAY_WM2, CORRIDOR_NIGHT_WM2)
            found[building.id, CircuitItem.POWER] = gross_m2 * np.where(on, PUMPS_DAY_WM2, PUMPS_NIGHT_WM2) + rides_w
            found[building.id, CircuitItem.CHARGING] = self._charging(grid, building, worked=bool(plant.any()))
        return found

    def _charging(self, grid: DayGrid, building: Building, *, worked: bool) -> Floats:
        """Return what cars take, W: each charger has one car a workday, for one to four hours."""
        of = self.chargers[building.id]
        drawn = uniform(of[:, None], grid.day.toordinal() * 4 + np.arange(2))
        starts = between(drawn[:, 0], *CHARGES_FROM_MIN)
        ends = starts + between(drawn[:, 1], *CHARGES_MIN)
        at = grid.middle_minutes[:, None]
        charging: Flags = (starts <= at) & (at < ends) & worked
        return np.cumsum(charging.astype(np.float64) * CHARGER_W, axis=1)[:, -1] if len(of) else np.zeros(grid.steps)


def _chargers(registry: Registry, building: Building) -> list[str]:
    people = building.headcount or len(registry.people)
    return [f"{building.id}/{number}" for number in range(max(round(people * CHARGERS_PER_PERSON), 1))]


def _trips(grid: DayGrid, people: PeopleDay) -> Floats:
    """Return how many ride in each step: whoever passes the building's door."""
    minutes = np.array([minute for minute, _ in people.passages], dtype=np.int64)
    inside = minutes[(minutes >= 0) & (minutes < grid.minutes)]
    return np.bincount(inside // STEP_MINUTES, minlength=grid.steps).astype(np.float64)
