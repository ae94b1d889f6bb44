"""Air of rooms by mass balance: carbon dioxide, moisture, particles.

Each is exact where inflows are constant within a step. Rooms exchange air with the outdoors only.
"""

import numpy as np

from simulators.arithmetic import Floats, exp, relaxed, stepped
from simulators.humid_air import AIR_J_KGK, AIR_KGM3, humidity_ratio, saturation_pa

OUTDOOR_PPM = 420.0
"""CO2 outdoors. Source: NOAA Global Monitoring Laboratory, annual mean 2023 (419 ppm), rounded."""
CO2_PER_PERSON_M3S = 0.0052e-3
"""CO2 that one person breathes out at office work (1.2 met), m³/s at sea level.
Source: ASHRAE 62.1, appendix on CO2; Persily and de Jonge, Indoor Air 27 (2017) 868-879."""
DESIGN_PPM = 850.0
"""What a full room settles at while its fresh air is in order. The project's own choice, below the 1000 ppm of A01."""
LEAKAGE_PER_H = 0.3
"""Air changes per hour through gaps, by day and night. The project's own choice."""

VAPOUR_PER_PERSON_KGS = 0.055 / 2501
"""Moisture of one person at office work: 55 W of latent heat ÷ 2,501 kJ/kg.
Source: ASHRAE Handbook Fundamentals 2017, chapter 18, table 1."""
MOISTURE_BUFFER = 4.0
"""Walls and furniture hold back moisture as if the room were so many times larger. The project's own choice, within the
range of the moisture capacity multiplier of EnergyPlus' Engineering Reference."""
COIL_C, COIL_WARMS_K = 12.0, 10.0
"""A cooling coil's surface, and by how much it cools the air that passes. The project's own choice."""

PENETRATION = 0.8
"""The share of PM2.5 that gaps let in. Source: Chen and Zhao, Atmospheric Environment 45 (2011) 275-288: 0.6 to 1."""
DEPOSITION_PER_H = 0.2
"""How quickly PM2.5 settles. Source: the same review: about 0.1 to 0.4 per hour."""
STIRRED_UP_UGS = 0.004
"""PM2.5 that one person stirs up, µg/s. The project's own choice, of the order of Qian et al., Indoor Air 24 (2014)."""


def leakage_m3s(room_m3: Floats) -> Floats:
    """Return the air that comes in through gaps."""
    return room_m3 * LEAKAGE_PER_H / 3600


def design_fresh_air_m3s(seats: Floats, pressure: float) -> Floats:
    """Return the fresh air, leakage included, with which the full room settles at DESIGN_PPM.

    Source: the steady state of the mass balance in `co2`, C = Cout + n·G ÷ Q.
    """
    return seats * CO2_PER_PERSON_M3S / pressure / ((DESIGN_PPM - OUTDOOR_PPM) * 1e-6)


def co2(
    start_ppm: Floats, *, people: Floats, air_m3s: Floats, room_m3: Floats, pressure: float, step_s: float
) -> Floats:
    """Return the CO2 at the boundaries of steps, ppm.

    The exact solution of dC/dt = (n·G − Q·(C − Cout)) ÷ V: C∞ + (C − C∞)·e^(−Q·t ÷ V). A person breathes out the
    same mass at any height, which takes up 1 ÷ `pressure` times the volume in thinner air.
    Source: ASHRAE 62.1, appendix on CO2; ASTM D6245.
    """
    settled_ppm = OUTDOOR_PPM + people * CO2_PER_PERSON_M3S / pressure / air_m3s * 1e6
    return relaxed(start_ppm, settled_ppm, exp(-air_m3s * step_s / room_m3))


def particles(
    start_ugm3: Floats,
    *,
    outdoor_ugm3: Floats,
    people: Floats,
    fan_m3s: Floats,
    gaps_m3s: Floats,
    filtered: Floats,
    room_m3: Floats,
    step_s: float,
) -> Floats:
    """Return the PM2.5 at the boundaries of steps, µg/m³.

    dC/dt = (p·Qgaps + (1 − η)·Qfan)·Cout ÷ V + n·S ÷ V − ((Qgaps + Qfan) ÷ V + k)·C, solved exactly.
    Source: Chen and Zhao, Atmospheric Environment 45 (2011) 275-288, with the plant's filter η.
    """
    rate = (gaps_m3s + fan_m3s) / room_m3 + DEPOSITION_PER_H / 3600
    enters = (PENETRATION * gaps_m3s + (1.0 - filtered) * fan_m3s) * outdoor_ugm3[:, None] + people * STIRRED_UP_UGS
    return relaxed(start_ugm3, enters / room_m3 / rate, exp(-rate * step_s))


def moisture(
    start: Floats,
    *,
    outdoor: Floats,
    people: Floats,
    air_m3s: Floats,
    cooling_w: Floats,
    room_m3: Floats,
    pressure: float,
    step_s: float,
) -> Floats:
    """Return the humidity ratio at the boundaries of steps, kg/kg.

    m·b·dw/dt = ρ·Q·(wout − w) + n·g, solved exactly; then what a cooling coil takes out of the air that passes it,
    down to saturation at the coil's temperature. b is the buffer of walls and furniture.
    Source: ASHRAE Handbook Fundamentals 2017, chapters 1 and 18.
    """
    density = AIR_KGM3 * pressure
    held_kg = density * room_m3 * MOISTURE_BUFFER
    flow_kgs = density * air_m3s
    towards = outdoor[:, None] + people * VAPOUR_PER_PERSON_KGS / flow_kgs
    kept = exp(-flow_kgs * step_s / held_kg)
    added = towards * (1.0 - kept)
    dried = 1.0 - exp(-cooling_w / (AIR_J_KGK * COIL_WARMS_K) * step_s / held_kg)
    coil = humidity_ratio(saturation_pa(np.array([COIL_C])), pressure)

    def advance(step: int, held: Floats) -> Floats:
        mixed = held * kept[step] + added[step]
        dry: Floats = mixed - dried[step] * np.maximum(mixed - coil, 0.0)
        return dry

    return stepped(start, len(towards), advance)
