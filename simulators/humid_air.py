"""Humid air: pressure at a height, vapour, density."""

from decimal import Decimal

import numpy as np

from simulators.arithmetic import Floats, exp

SEA_LEVEL_PA = 101_325.0
VAPOUR_TO_AIR = 0.622
"""Molar mass of water ÷ that of dry air. Source: ASHRAE Handbook Fundamentals 2017, chapter 1."""
AIR_KGM3 = 1.2
"""Dry air at sea level and 20 °C. Source: the same."""
AIR_J_KGK = 1006.0


def pressure_ratio(altitude_m: float | None) -> float:
    """Return the air pressure at an altitude ÷ that at sea level; 0.795 at 1,890 m. Source: ISO 2533."""
    if altitude_m is None:
        return 1.0
    return round(float((1 - Decimal("2.25577e-5") * Decimal(altitude_m)) ** Decimal("5.25588")), 9)


def saturation_pa(temperature_c: Floats) -> Floats:
    """Return the vapour pressure of saturated air, Pa: 611.2·exp(17.62·t ÷ (243.12 + t)).

    Source: Magnus' formula with the coefficients of WMO-No. 8, Guide to Instruments, annex 4.B.
    """
    return 611.2 * exp(17.62 * temperature_c / (243.12 + temperature_c))


def humidity_ratio(vapour_pa: Floats, ratio: float) -> Floats:
    """Return kg of vapour per kg of dry air at a share `ratio` of sea level's pressure: 0.622·e ÷ (p − e)."""
    return VAPOUR_TO_AIR * vapour_pa / (SEA_LEVEL_PA * ratio - vapour_pa)


def relative_humidity_pct(temperature_c: Floats, humidity: Floats, ratio: float) -> Floats:
    """Return the relative humidity of air of a humidity ratio, 0 to 100 %."""
    vapour_pa = humidity * SEA_LEVEL_PA * ratio / (VAPOUR_TO_AIR + humidity)
    return np.minimum(100.0 * vapour_pa / saturation_pa(temperature_c), 100.0)
