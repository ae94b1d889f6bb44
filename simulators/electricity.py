"""Electricity: what flows through each circuit, from the leaves to the main meter, and what the registers count.

Power is constant within a step, so registers and power agree at every instant. Figures without a source are the
project's own choice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sensors.topology import Building, BuildingId, CircuitItem, Registry
from simulators.arithmetic import Floats
from simulators.circuits import Branch, Circuits
from simulators.climate import Climate
from simulators.conditions import Conditions
from simulators.grid import STEP_S
from simulators.physics import RoomsDay
from simulators.weather import DayWeather

LOSSES = 0.02
"""Losses between the main meter and the sub-meters, as a share of what the sub-meters count."""
FAN_W_PER_M3S = 1500.0
"""What moving outdoor air takes. Source: EN 16798-3:2017, class SFP 3 (1,250 to 2,000 W per m³/s)."""
PV_M2_PER_GROSS = 0.08
PV_EFFICIENCY = 0.2 * 0.85
"""A module of today times inverter, heat and dirt. Source: the latter NREL's PVWatts 5 manual (2014), 14 % losses."""
KWH_PER_W_STEP = STEP_S / 3.6e6


@dataclass(frozen=True, slots=True)
class Registers:
    """What the meters have counted at the boundaries of steps, kWh [steps + 1, circuits]."""

    import_kwh: Floats
    export_kwh: Floats


@dataclass(frozen=True, slots=True)
class PowerDay:
    """A day of the circuits: mean power in each step [steps, circuits] (giving below 0), and the registers."""

    power_w: Floats
    registers: Registers


def efficiency(outdoor_c: Floats) -> tuple[Floats, Floats]:
    """Return how much heat and how much cold a heat pump gives per unit of electricity, by outdoor temperature.

    Straight lines through the rated points of GB 21455-2019's middle grade for room air conditioners (recalled), with
    the slope that such machines have: about 2 to 3 % per kelvin.
    """
    heating = np.clip(3.2 + 0.07 * (outdoor_c - 7.0), 1.6, 4.6)
    cooling = np.clip(3.4 - 0.08 * (outdoor_c - 35.0), 2.4, 6.0)
    return heating, cooling


def plant_electricity_w(day: Conditions, rooms: RoomsDay, weather: DayWeather, climate: Climate) -> Floats:
    """Return what heating, cooling and fresh air take, per step and room. A district's heat takes no electricity."""
    heating, cooling = efficiency(weather.outdoor_c)
    heat_w = np.maximum(rooms.plant_w, 0.0) / heating[:, None]
    cold_w = np.maximum(-rooms.plant_w, 0.0) / cooling[:, None]
    return cold_w + day.fan_m3s * FAN_W_PER_M3S + (0.0 if climate.district_heating else heat_w)


@dataclass(frozen=True, slots=True)
class Loads:
    """What rooms and buildings take on a day, by item."""

    by_room_w: Mapping[CircuitItem, Floats]
    by_house_w: Mapping[tuple[BuildingId, CircuitItem], Floats]

    def of(self, branch: Branch, steps: int) -> Floats:
        """Return what a circuit without sub-meters feeds, W per step: its rooms' or its building's use of its item."""
        item = branch.circuit.item
        if len(branch.rooms):
            use = self.by_room_w.get(item)
            return np.zeros(steps) if use is None else _across(use[:, branch.rooms])
        return (
            np.zeros(steps)
            if branch.building is None
            else self.by_house_w.get((branch.building, item), np.zeros(steps))
        )


def loads(
    registry: Registry, circuits: Circuits, day: Conditions, rooms: RoomsDay, weather: DayWeather, climate: Climate
) -> Loads:
    """Return what everything takes. What no room's own circuit feeds, the building's circuit of that item does."""
    plant_w = plant_electricity_w(day, rooms, weather, climate)
    servers = day.rooms.has_servers
    by_room = {
        CircuitItem.LIGHTING: day.lamps_w,
        CircuitItem.PLUGS: day.plugs_w,
        CircuitItem.SERVER_ROOM: day.servers_w + np.where(servers, plant_w, 0.0),
        CircuitItem.HVAC: np.where(servers, 0.0, plant_w),
    }
    by_house = dict(day.house_w)
    fed = _fed_by_rooms(circuits, len(day.rooms))
    for building in registry.buildings.values():
        inside = day.rooms.of_building(building.id)
        for item, use in by_room.items():
            rest = _across(use[:, inside & ~fed(item)])
            by_house[building.id, item] = by_house.get((building.id, item), 0.0) + rest
        by_house[building.id, CircuitItem.PV] = -_pv_w(building, weather)
    return Loads(by_room, by_house)


def flows(circuits: Circuits, taken: Loads, steps: int) -> Floats:
    """Return the power through each circuit, W: a parent has its children's, the main meter the losses as well.

    What PV gives is negative and passes no losses.
    """
    power = np.zeros((steps, len(circuits)))
    for column in circuits.leaves_first:
        branch = circuits.branches[column]
        if branch.is_leaf:
            power[:, column] = taken.of(branch, steps)
        else:
            lost = LOSSES if branch.circuit.item is CircuitItem.TOTAL else 0.0
            for child in branch.children:
                gives = circuits.branches[child].circuit.item is CircuitItem.PV
                power[:, column] += power[:, child] * (1.0 if gives else 1.0 + lost)
    return power


def registers(power_w: Floats, import_kwh: Floats, export_kwh: Floats) -> Registers:
    """Return the registers through a day, from what they showed at its beginning."""
    taken, given = np.maximum(power_w, 0.0), np.maximum(-power_w, 0.0)
    return Registers(_counted(taken, import_kwh), _counted(given, export_kwh))


def _counted(power_w: Floats, start_kwh: Floats) -> Floats:
    return np.cumsum(np.concatenate([start_kwh[None, :], power_w * KWH_PER_W_STEP]), axis=0)


def _across(use: Floats) -> Floats:
    """Return the sum over rooms, in order: the same bits everywhere."""
    return np.cumsum(use, axis=1)[:, -1] if use.shape[1] else np.zeros(len(use))


def _pv_w(building: Building, weather: DayWeather) -> Floats:
    return weather.sun.global_wm2 * (building.gross_area_m2 or 0.0) * PV_M2_PER_GROSS * PV_EFFICIENCY


def _fed_by_rooms(circuits: Circuits, rooms: int) -> Callable[[CircuitItem], np.ndarray]:
    """Return what says of an item which rooms have a circuit of their own for it."""

    def fed(item: CircuitItem) -> np.ndarray:
        mask = np.zeros(rooms, dtype=np.bool_)
        for branch in circuits.branches:
            if branch.circuit.item is item and len(branch.rooms):
                mask[branch.rooms] = True
        return mask

    return fed
