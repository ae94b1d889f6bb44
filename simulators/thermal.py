"""Heat of rooms: two resistances and two capacities each, and a plant that keeps between two set points.

Building figures are per usable area and the project's own choice of an ordinary office unless a source is named.
"""

from dataclasses import dataclass

import numpy as np

from simulators.arithmetic import Flags, Floats
from simulators.humid_air import AIR_J_KGK, AIR_KGM3
from simulators.sun import Sunshine

PERSON_W = 75.0
"""Sensible heat of one person at office work. Source: ASHRAE Handbook Fundamentals 2017, chapter 18, table 1."""
MASS_JM2K = 165_000.0
"""Heat that floors and walls take up, class medium. Source: ISO 13790:2008, table 12."""
MASS_AREA, SURFACE_WM2K = 2.5, 9.1
"""Surface of the mass per floor area, and its exchange with the air. Source: ISO 13790:2008, 7.2.2.2 and 12.2.2."""
AIR_JM2K = 12_000.0
"""Air and furniture, which follow within minutes."""
WINDOW_AREA, WINDOW_WM2K, SOLAR_GAIN = 0.22, 2.4, 0.25
"""Window per floor area, its U-value, and what comes through it and its blinds of the sun's heat."""
WALL_WM2K = 0.3
"""Loss through opaque walls per floor area."""
TO_MASS = 0.6
"""The share of gains that floors and walls take up first."""
HEATING_WM2, COOLING_WM2, SERVER_COOLING_WM2 = 130.0, 110.0, 200.0
"""What the plant can give: heat enough for a full meeting room's fresh air at −12 °C. The project's own choice."""


@dataclass(frozen=True, slots=True)
class HeatFlows:
    """What holds in a room: gains by step, W, air from outdoors, and the set points of the plant."""

    gains_w: Floats
    air_m3s: Floats
    outdoor_c: Floats
    heat_to_c: Floats
    cool_to_c: Floats
    pressure: float


@dataclass(frozen=True, slots=True)
class RoomHeat:
    """Temperatures at the boundaries of steps, and what the plant gave (heating above 0, cooling below) in each, W."""

    air_c: Floats
    mass_c: Floats
    plant_w: Floats


def solar_gain_w(sun: Sunshine, area_m2: Floats, faces_south: Flags) -> Floats:
    """Return the sun's heat through the windows, per step and room."""
    facade_wm2 = np.where(faces_south, sun.south_wm2[:, None], sun.north_wm2[:, None])
    return facade_wm2 * (WINDOW_AREA * SOLAR_GAIN * area_m2)


def air_exchange_wk(flows: HeatFlows, area_m2: Floats) -> Floats:
    """Return what the room's air loses to outdoors per kelvin: through windows and with the air it exchanges."""
    return WINDOW_AREA * WINDOW_WM2K * area_m2 + AIR_KGM3 * flows.pressure * AIR_J_KGK * flows.air_m3s


def temperatures(
    air_c: Floats, mass_c: Floats, flows: HeatFlows, *, area_m2: Floats, cooling_w: Floats, step_s: float
) -> RoomHeat:
    """Return the temperatures of air and mass under the plant's control.

    Ca·dTa/dt = Hm·(Tm − Ta) + Hx·(To − Ta) + Qa + Qplant and Cm·dTm/dt = Hm·(Ta − Tm) + Hw·(To − Tm) + Qm, by the
    backward Euler rule, which is stable and closes the balance of each step exactly. The plant gives what keeps the
    air between the set points, as far as it can.
    Source: the hourly method of ISO 13790:2008, annex C, with two nodes; ISO 52016-1:2017, 6.5.6 for the rule.
    """
    to_mass, wall = MASS_AREA * SURFACE_WM2K * area_m2, WALL_WM2K * area_m2
    stores_air, stores_mass = AIR_JM2K * area_m2 / step_s, MASS_JM2K * area_m2 / step_s
    mass_sum = stores_mass + to_mass + wall
    exchange = air_exchange_wk(flows, area_m2)
    per_k = stores_air + exchange + to_mass - to_mass * to_mass / mass_sum
    outdoor = flows.outdoor_c[:, None]
    into_mass = (wall * outdoor + TO_MASS * flows.gains_w) / mass_sum
    into_air = exchange * outdoor + (1.0 - TO_MASS) * flows.gains_w + to_mass * into_mass
    from_mass, linked, most_heat = to_mass * stores_mass / mass_sum, to_mass / mass_sum, HEATING_WM2 * area_m2
    keeps_mass = stores_mass / mass_sum
    steps = len(flows.outdoor_c)
    airs, masses = np.empty((steps + 1, len(air_c))), np.empty((steps + 1, len(air_c)))
    plant = np.empty((steps, len(air_c)))
    airs[0], masses[0] = air_c, mass_c
    for step in range(steps):
        free = (stores_air * airs[step] + from_mass * masses[step] + into_air[step]) / per_k[step]
        wanted = np.minimum(np.maximum(free, flows.heat_to_c[step]), flows.cool_to_c[step])
        plant[step] = np.maximum(np.minimum((wanted - free) * per_k[step], most_heat), -cooling_w)
        airs[step + 1] = free + plant[step] / per_k[step]
        masses[step + 1] = keeps_mass * masses[step] + into_mass[step] + linked * airs[step + 1]
    return RoomHeat(airs, masses, plant)
