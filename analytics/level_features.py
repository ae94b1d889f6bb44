"""Daily features of levels: what sensors of CO2 came down to, residual currents, reactive energy."""

import polars as pl

from analytics.intervals import MS_PER_HOUR, in_hours
from analytics.lookups import within
from analytics.points import with_hold
from analytics.power import circuit_power
from sensors.readings import Quality
from sensors.subjects import SubjectKind

CO2, RESIDUAL, REACTIVE = "co2_ppm", "residual_current_ma", "reactive_import_kvarh"


def drift_features(readings: pl.DataFrame, point_rows: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return per device and day the lowest CO2 it showed, `co2_min_ppm`, and the hours behind it, `co2_known_h`.

    A day on which it showed one value alone has neither: that sensor is frozen.
    """
    daily = (
        _by_day(readings, point_rows, parts, CO2)
        .group_by("device", "day")
        .agg(
            co2_min_ppm=pl.min("value"),
            co2_known_h=in_hours(pl.sum("step_ms")),
            highest_ppm=pl.max("value"),
        )
        .filter(pl.col("highest_ppm") > pl.col("co2_min_ppm"))
    )
    subject = pl.concat_str(pl.lit(f"{SubjectKind.DEVICE}:"), "device")
    return _long(daily.with_columns(subject=subject), "co2_min_ppm", "co2_known_h")


def residual_features(readings: pl.DataFrame, point_rows: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return per circuit and day the median residual current, `residual_median_ma`, and the hours behind it."""
    is_circuit = pl.col("subject").str.starts_with(f"{SubjectKind.CIRCUIT}:")
    places = point_rows.filter((pl.col("metric") == RESIDUAL) & is_circuit)
    spans = places.select("device", "subject", from_place_ms="start_ms", to_place_ms="end_ms")
    inside = pl.col("time_ms").is_between("from_place_ms", "to_place_ms", closed="left")
    daily = (
        _by_day(readings, point_rows, parts, RESIDUAL)
        .join(spans, on="device")
        .filter(inside)
        .group_by("subject", "day")
        .agg(residual_median_ma=pl.median("value"), residual_known_h=in_hours(pl.sum("step_ms")))
    )
    return _long(daily, "residual_median_ma", "residual_known_h")


def reactive_features(
    readings: pl.DataFrame, point_rows: pl.DataFrame, ct_ratios: pl.DataFrame, parts: pl.DataFrame
) -> pl.DataFrame:
    """Return per circuit and day the reactive energy it took, `reactive_kvarh`; what a gap hid is spread over it."""
    steps = circuit_power(readings, point_rows, ct_ratios, register=REACTIVE)
    hours = parts.select("start_ms", "day", to_ms="end_ms").sort("start_ms")
    placed = steps.sort("start_ms").join_asof(hours, on="start_ms")
    inside = placed.filter(pl.col("start_ms") < pl.col("to_ms"))
    energy_kvarh = pl.col("power_w") * (pl.col("end_ms") - pl.col("start_ms")) / (1000 * MS_PER_HOUR)
    daily = inside.group_by("subject", "day").agg(reactive_kvarh=energy_kvarh.sum())
    return _long(daily, "reactive_kvarh")


def _by_day(readings: pl.DataFrame, point_rows: pl.DataFrame, parts: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Return the good readings of a metric that lie in the days, with `day` and `step_ms`."""
    is_good = (pl.col("metric") == metric) & (pl.col("quality") < Quality.SUSPECT) & pl.col("value").is_not_null()
    timed = with_hold(readings.filter(is_good), point_rows.filter(pl.col("metric") == metric)).drop_nulls("nominal_ms")
    days = parts.group_by("day").agg(pl.min("start_ms"), pl.max("end_ms"))
    return within(timed, days).with_columns(step_ms=pl.col("nominal_ms"))


def _long(wide: pl.DataFrame, *names: str) -> pl.DataFrame:
    numbers = wide.select("day", "subject", pl.col(names).cast(pl.Float64))
    return numbers.unpivot(index=["day", "subject"], variable_name="feature", value_name="value").drop_nulls("value")
