"""Air: what a CO2 sensor would have shown at the site's pressure."""

STANDARD_EXPONENT = 5.25588
STANDARD_LAPSE_PER_M = 2.25577e-5


def pressure_ratio(altitude_m: float) -> float:
    """Return the air pressure at an altitude ÷ that at sea level, in the standard atmosphere (ISO 2533).

    0.795 at 1,890 m, Kunming.
    """
    return float((1 - STANDARD_LAPSE_PER_M * altitude_m) ** STANDARD_EXPONENT)


def co2_correction(altitude_m: float | None, *, pressure_compensated: bool | None) -> float:
    """Return the factor for an infrared CO2 sensor's value: 1 where it compensates or the altitude is unknown.

    An uncompensated sensor counts molecules, of which thin air has fewer: 1000 ppm in Kunming shows as 795.
    """
    if pressure_compensated is not False or altitude_m is None:
        return 1.0
    return 1 / pressure_ratio(altitude_m)
