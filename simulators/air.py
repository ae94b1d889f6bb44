"""Air of a room: carbon dioxide by mass balance, temperature by a time constant."""

from decimal import Decimal
from functools import lru_cache

from sensors.topology import Room

OUTDOOR_PPM = 420.0
"""CO2 outdoors. Source: NOAA Global Monitoring Laboratory, annual mean 2023 (419 ppm), rounded."""
CO2_PER_PERSON_M3S = 0.0052e-3
"""CO2 that one person breathes out at office work (1.2 met), m³/s at sea level.
Source: ASHRAE 62.1, appendix on CO2; Persily and de Jonge, Indoor Air 27 (2017) 868-879."""
CEILING_M = 2.8
"""Clear height of an office. The project's own choice."""
DESIGN_PPM = 850.0
"""What a full room settles at while its fresh air is in order. The project's own choice, below the 1000 ppm of A01."""
LEAKAGE_PER_H = 0.3
"""Air changes per hour through gaps, by day and night. The project's own choice."""
STUCK_DAMPER = 0.2
"""The share of the fresh air that a stuck damper lets through, at severity 1. The project's own choice."""

HEATED_C = 22.0
UNHEATED_C = 18.0
WARMTH_PER_PERSON_K = 0.3
ROOM_TIME_CONSTANT_S = 4 * 3600.0
"""How a room follows what it is driven to. The project's own choices, as are the three figures above."""


@lru_cache(maxsize=4096)
def decay(exponent: float) -> float:
    """Return e^-exponent, the same bits everywhere: the decimal module rounds correctly, a C library need not."""
    return float((-Decimal(exponent)).exp())


def pressure_ratio(altitude_m: float | None) -> float:
    """Return the air pressure at an altitude ÷ that at sea level; 0.795 at 1,890 m. Source: ISO 2533."""
    if altitude_m is None:
        return 1.0
    return round(float((1 - Decimal("2.25577e-5") * Decimal(altitude_m)) ** Decimal("5.25588")), 9)


def volume_m3(room: Room) -> float:
    """Return the volume of a room."""
    return room.usable_area_m2 * CEILING_M


def leakage_m3s(room: Room) -> float:
    """Return the air that comes in through gaps."""
    return volume_m3(room) * LEAKAGE_PER_H / 3600


def design_fresh_air_m3s(room: Room, ratio: float) -> float:
    """Return the fresh air, leakage included, with which the full room settles at DESIGN_PPM.

    Source: the steady state of the mass balance in `co2_after`, C = Cout + n·G ÷ Q.
    """
    people = room.capacity or max(len(room.holders), 1)
    return people * CO2_PER_PERSON_M3S / ratio / ((DESIGN_PPM - OUTDOOR_PPM) * 1e-6)


def co2_after(co2_ppm: float, *, people: int, air_m3s: float, room_m3: float, seconds: float, ratio: float) -> float:
    """Return the CO2 after `seconds` in which nothing changed, ppm.

    The exact solution of dC/dt = (n·G − Q·(C − Cout)) ÷ V: C∞ + (C − C∞)·e^(−Q·t ÷ V). A person breathes out the
    same mass at any height, which takes up 1 ÷ `ratio` times the volume in thinner air.
    Source: ASHRAE 62.1, appendix on CO2; ASTM D6245.
    """
    settled_ppm = OUTDOOR_PPM + people * CO2_PER_PERSON_M3S / ratio / air_m3s * 1e6
    return settled_ppm + (co2_ppm - settled_ppm) * decay(air_m3s * seconds / room_m3)


def temperature_after(temperature_c: float, *, people: int, heated: bool, seconds: float) -> float:
    """Return the temperature after `seconds` in which nothing changed, °C.

    The exact solution of the lumped heat balance dT/dt = (T∞ − T) ÷ τ, with T∞ by whether the plant runs.
    Source: the lumped-capacitance model, e.g. Incropera and DeWitt, Fundamentals of Heat and Mass Transfer, ch. 5.
    """
    driven_to_c = (HEATED_C if heated else UNHEATED_C) + WARMTH_PER_PERSON_K * people
    return driven_to_c + (temperature_c - driven_to_c) * decay(seconds / ROOM_TIME_CONSTANT_S)
