"""Air: what a CO2 sensor would have shown at the site's pressure."""

from collections.abc import Collection, Iterable
from dataclasses import replace

import polars as pl

from analytics.frame import RunData
from sensors.topology import Device, DeviceId, Registry
from sensors.verdicts import Evidence, Finding, Verdict

STANDARD_EXPONENT = 5.25588
STANDARD_LAPSE_PER_M = 2.25577e-5
MATTERS = 1.05
"""A correction beyond what the sensors err by themselves: from some 430 m on. The project's own choice."""
COMPENSATED = "device.pressure_compensated"
"""What is missing where nobody knows whether a sensor knows the altitude."""


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


def corrected_co2(registry: Registry, found: pl.DataFrame) -> pl.DataFrame:
    """Return samples of CO2 with the `value` of sensors that do not know the altitude corrected for it."""
    rows = [
        (device.id, co2_correction(registry.site.altitude_m, pressure_compensated=device.pressure_compensated))
        for device in registry.devices.values()
    ]
    factors = pl.DataFrame(rows, schema={"device": pl.String, "factor": pl.Float64}, orient="row")
    corrected = found.join(factors, on="device", how="left", maintain_order="left")
    return corrected.with_columns(pl.col("value") * pl.col("factor").fill_null(1.0)).drop("factor")


def plausible_co2(data: RunData, rule: str, found: pl.DataFrame) -> pl.DataFrame:
    """Return samples of CO2, corrected, without those below what any air has: they are of another unit."""
    least_ppm = data.thresholds.value(rule, "plausible_low_ppm")
    return corrected_co2(data.registry, found).filter(pl.col("value") >= least_ppm)


def altitude_corrected(registry: Registry, device: str) -> Evidence:
    """Return, as evidence, the altitude for which a device's values were corrected; nothing where they were not."""
    known = registry.devices.get(DeviceId(device))
    if known is None or known.pressure_compensated is not False or registry.site.altitude_m is None:
        return {}
    return {"corrected_for_altitude_m": registry.site.altitude_m}


def rooms_unsure(registry: Registry) -> frozenset[str]:
    """Return the rooms with a sensor of which nobody wrote down whether it knows the altitude, where that matters."""
    return frozenset(
        place.room
        for device in registry.devices.values()
        if "co2_ppm" in device.metrics and is_unsure(registry, device)
        for place in device.placements
        if place.room is not None
    )


def is_unsure(registry: Registry, device: Device) -> bool:
    """Say whether a sensor may or may not show what thin air makes of its value, and the difference is no small one."""
    altitude_m = registry.site.altitude_m
    is_high = altitude_m is not None and 1 / pressure_ratio(altitude_m) > MATTERS
    return is_high and device.pressure_compensated is None


def if_uncompensated(registry: Registry, found: pl.DataFrame) -> pl.DataFrame:
    """Return the samples of sensors that may not know the altitude, as if they did not."""
    unsure = [device.id for device in registry.devices.values() if is_unsure(registry, device)]
    factor = co2_correction(registry.site.altitude_m, pressure_compensated=False)
    return found.filter(pl.col("device").is_in(unsure)).with_columns(pl.col("value") * factor)


def without_unsure_passes(findings: Iterable[Finding], rooms: Collection[str]) -> list[Finding]:
    """Return the findings; a pass of these rooms lacks the word whether their sensor knows the altitude.

    A fault stands: an uncompensated sensor shows less than there is.
    """
    return [
        replace(each, verdict=Verdict.INSUFFICIENT_DATA, missing=(COMPENSATED,))
        if each.verdict is Verdict.PASS and each.subject.id in rooms
        else each
        for each in findings
    ]


def rooms_uncorrected(registry: Registry) -> frozenset[str]:
    """Return the rooms with a sensor that does not know the altitude, where the registry does not either."""
    if registry.site.altitude_m is not None:
        return frozenset()
    devices = [device for device in registry.devices.values() if device.pressure_compensated is False]
    return frozenset(place.room for device in devices for place in device.placements if place.room is not None)
