"""Outdoor air as models want it: by the hour, gaps bridged, with the memory of walls; by the day; in degree days."""

from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from analytics.savings.slots import HOURS_A_DAY, MS_PER_HOUR, local_day

BASES_C = tuple(range(8, 27))
"""Bases and change points that are tried, °C: offices are heated below and cooled above them. Our own choice."""

LONGEST_BRIDGE_H = 6
"""Hours without weather that a straight line may bridge, as CalTRACK 2 (2.3.2) has it."""
MEMORY_H = 24.0
"""Time constant of a building's fabric. The project's own choice: a day."""
LEAST_HOURS_A_DAY = 12
"""Of temperatures, for the mean of a day, as CalTRACK 2 has it. Weather given by the day counts as it is."""


def hourly(weather: pl.DataFrame) -> pl.DataFrame:
    """Return `time_ms`, `temperature_c` and `memory_c` of each hour that is known or can be bridged, in order."""
    hour = pl.col("time_ms") // MS_PER_HOUR * MS_PER_HOUR
    known = weather.drop_nulls().filter(pl.col("temperature_c").is_finite())
    means = known.group_by(time_ms=hour).agg(pl.mean("temperature_c")).sort("time_ms")
    if means.is_empty():
        return means.with_columns(memory_c=pl.col("temperature_c"))
    first, last = means["time_ms"][0], means["time_ms"][-1]
    grid = pl.DataFrame({"time_ms": pl.int_range(first, last + 1, MS_PER_HOUR, dtype=pl.Int64, eager=True)})
    bridged = grid.join(
        means.with_columns(seen_ms=pl.col("time_ms")), on="time_ms", how="left", maintain_order="left"
    ).with_columns(
        gap_h=(pl.col("seen_ms").backward_fill() - pl.col("seen_ms").forward_fill()) / MS_PER_HOUR,
        line_c=pl.col("temperature_c").interpolate(),
    )
    short = pl.when(pl.col("gap_h") <= LONGEST_BRIDGE_H + 1).then("line_c")
    return bridged.select("time_ms", temperature_c=short, memory_c=memory(pl.col("line_c"))).drop_nulls()


def daily(weather: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    """Return `day`, mean `temperature_c` and its memory of each local day that has half its hours, in order."""
    placed = hourly(weather) if _is_hourly(weather) else weather.drop_nulls()
    least = LEAST_HOURS_A_DAY if _is_hourly(weather) else 1
    by_day = placed.group_by(day=local_day(zone)).agg(pl.mean("temperature_c"), count=pl.len()).sort("day")
    mean = pl.col("temperature_c")
    return by_day.filter(pl.col("count") >= least).select("day", mean, memory_c=memory(mean, HOURS_A_DAY))


def memory(air_c: pl.Expr, step_h: float = 1.0) -> pl.Expr:
    """Return the temperature that fabric follows the air with, °C: an exponential mean of what was before."""
    return air_c.ewm_mean(alpha=1 - float(np.exp(-step_h / MEMORY_H)), adjust=False)


def degree_days(weather: pl.DataFrame, base_c: float, zone: ZoneInfo) -> pl.DataFrame:
    """Return `day`, `heating_kd`, `cooling_kd`: how far a local day's mean lies below or above the base, K·d."""
    mean = pl.col("temperature_c")
    return daily(weather, zone).select(
        "day", heating_kd=(base_c - mean).clip(lower_bound=0), cooling_kd=(mean - base_c).clip(lower_bound=0)
    )


def degrees(name: str, prefix: str = "") -> list[pl.Expr]:
    """Return a column per base for degrees below it, `below_8` …, and above it, `above_8` …."""
    air = pl.col(name)
    below = [(base - air).clip(lower_bound=0).alias(f"{prefix}below_{base}") for base in BASES_C]
    return below + [(air - base).clip(lower_bound=0).alias(f"{prefix}above_{base}") for base in BASES_C]


def _is_hourly(weather: pl.DataFrame) -> bool:
    step = weather["time_ms"].sort().diff().median()
    return step is not None and float(str(step)) < 6 * MS_PER_HOUR
