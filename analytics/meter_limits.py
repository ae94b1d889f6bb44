"""How fast meters can go: by what their circuit can carry where the registry says so, else by what is believed."""

import polars as pl

from analytics.meter_scale import LIMITS_SCHEMA
from sensors.topology import DeviceId, Registry

VOLTS = 400 * 3**0.5
"""Three phases at 400 V: V·A for each ampere of rated current. A single-phase circuit carries a third."""
OVERLOAD = 1.45
"""A breaker of IEC 60898-1 (8.6.1, 2015) trips within an hour at 1.45 times its rated current."""

BELIEVED_PER_H = {
    "energy_import_kwh": 100.0,
    "energy_export_kwh": 100.0,
    "reactive_import_kvarh": 100.0,
    "water_m3": 10.0,
    "gas_m3": 20.0,
    "heat_gj": 0.5,
}
"""In a window of a few days a load may begin that was never there before: so much per hour is believed of any meter.
The project's own choice: what a floor of an office building can take."""

_RATED = ("energy_import_kwh", "energy_export_kwh", "reactive_import_kvarh")


def believed(meters: pl.DataFrame) -> pl.DataFrame:
    """Return LIMITS_SCHEMA with BELIEVED_PER_H for the meters given by `device` and `metric`."""
    floor = pl.col("metric").replace_strict(BELIEVED_PER_H, default=None, return_dtype=pl.Float64)
    return _limits(meters.select("device", "metric").unique().with_columns(floor_per_h=floor))


def limits_of(registry: Registry, meters: pl.DataFrame) -> pl.DataFrame:
    """Return LIMITS_SCHEMA for meters of a registry: by the largest rated current of the circuits each was on."""
    known = [(str(device), most) for device in registry.devices if (most := _most_kwh(registry, device)) is not None]
    rated = pl.DataFrame(known, schema={"device": pl.String, "most": pl.Float64}, orient="row")
    most_per_h = pl.when(pl.col("metric").is_in(_RATED)).then("most")
    others = believed(meters).drop("limit_per_h")
    return _limits(others.join(rated, on="device", how="left").with_columns(limit_per_h=most_per_h))


def _most_kwh(registry: Registry, device: DeviceId) -> float | None:
    """Return what the meter can say per hour at most: before the current transformer, as the register counts."""
    circuits = [registry.circuits[place.circuit] for place in registry.devices[device].placements if place.circuit]
    rated = [circuit.rated_a * VOLTS * OVERLOAD / 1000 / circuit.ct_ratio for circuit in circuits if circuit.rated_a]
    return max(rated) if rated and len(rated) == len(circuits) else None


def _limits(rows: pl.DataFrame) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.Float64)
    missing = [nothing.alias(name) for name in LIMITS_SCHEMA.names() if name not in rows.columns]
    return rows.with_columns(missing).select(LIMITS_SCHEMA.names())
