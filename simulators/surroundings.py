"""Light and sound of rooms, per step."""

import numpy as np

from simulators.arithmetic import Floats, log
from simulators.sun import Sunshine
from simulators.thermal import WINDOW_AREA

LAMPS_LX = 400.0
"""What lamps that are all on give at a sensor; GB 50034 asks 300 lx at the desk (recalled). Our own choice."""
DAYLIGHT_LM_W = 120.0
"""Luminous efficacy of daylight from the sky. Source: Littlefair, Lighting Research & Technology 17 (1985) 177-187."""
GLASS_TRANSMITS, SKY_SEEN_DEG, REFLECTS = 0.6, 65.0, 0.5
"""The project's own choices for the formula below."""
QUIET_DBA, PLANT_DBA, PERSON_DBA = 32.0, 37.0, 50.0
"""Background, ventilation, and one person at work, at a sensor. The project's own choice; GB 50118 asks ≤ 45 dB(A)."""


def daylight_factor(area_m2: Floats, ceiling_m: float) -> Floats:
    """Return a room's mean share of the light outdoors: τ·Aw·θ ÷ (A·(1 − R²)), as a fraction.

    Source: Lynes, and BRE's Site Layout Planning for Daylight and Sunlight, the average daylight factor.
    """
    surfaces_m2 = 2 * area_m2 + 4 * np.sqrt(area_m2) * ceiling_m
    percent = GLASS_TRANSMITS * WINDOW_AREA * area_m2 * SKY_SEEN_DEG / (surfaces_m2 * (1.0 - REFLECTS**2))
    return percent / 100


def illuminance_lux(sun: Sunshine, lamps_on: Floats, factor: Floats) -> Floats:
    """Return the light at a room's sensor: daylight, and lamps by the share that is on."""
    return sun.diffuse_wm2[:, None] * DAYLIGHT_LM_W * factor + LAMPS_LX * lamps_on


def sound_dba(people: Floats, plant: Floats) -> Floats:
    """Return the level of a room: the sum of energies of background, plant and people, 10·lg Σ10^(L ÷ 10).

    Source: the addition of incoherent levels, ISO 1996-1:2016.
    """
    energy = _energy(QUIET_DBA) + _energy(PLANT_DBA) * plant[:, None] + _energy(PERSON_DBA) * people
    return 10.0 / _LN_10 * log(energy)


_LN_10 = 2.302585092994046


def _energy(level_db: float) -> float:
    return float(10 ** (level_db / 10))
