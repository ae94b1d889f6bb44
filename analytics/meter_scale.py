"""What is usual of each register: its unit of counting, how far it may err, how fast it can go."""

import polars as pl

from analytics.intervals import MS_PER_HOUR
from analytics.meter_judge import QUANTA
from analytics.meter_series import after, before, change, of_series

FACTOR = 5.0
BURST_FACTOR = 3.0
"""A register may go so many times as fast as in its busiest hours, and as in its busiest steps. Own choice."""
BURSTS = 5
"""So many steps may go faster than the busiest ones: they may be wrong."""
NEIGHBOURS = 5.0
"""A leap goes so many times as fast as the steps on both sides of it; load that goes on is no leap. Own choice."""
SMOOTHED = 5
"""The median of so many readings is free of up to two wrong ones."""
COARSE_SHARE = 0.05
COARSE_STEPS = 5
COARSE_TOLERANCE = 1e-4
"""A register counts in units where so large a share of its steps, and so many, are the smallest one, as nearly."""
LIMITS_SCHEMA = pl.Schema(
    {
        "device": pl.String,
        "metric": pl.String,
        "limit_per_h": pl.Float64,
        "floor_per_h": pl.Float64,
        "rolls_at": pl.Float64,
    }
)
"""What is known of meters, as they say it (before current transformers); null is unknown.

The most per hour that the circuit can carry; where that is not known, what is believed per hour however unusual; and
where the register turns over.
"""


def with_scale(rows: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """Return the rows (series, time_ms, value; sorted) with what is usual of each register, as it says it.

    `limits` has `series` and what LIMITS_SCHEMA says of it. Columns: `quantum`, `noise`, `limit_per_ms`,
    `mean_per_ms`, `rolls_at`.
    """
    smooth = rows.with_columns(
        smooth=pl.col("value").rolling_median(SMOOTHED, min_samples=1, center=True).over("series")
    )
    speeds = _speed(smooth).join(_bursts(smooth), on="series", how="left")
    scale = _counting(rows).join(speeds, on="series", how="left").join(limits, on="series", how="left")
    usual = pl.max_horizontal(
        pl.col("usual_per_ms") * FACTOR, pl.col("burst_per_ms") * BURST_FACTOR, pl.col("floor_per_h") / MS_PER_HOUR
    )
    known = scale.with_columns(
        limit_per_ms=pl.coalesce(pl.col("limit_per_h") / MS_PER_HOUR, usual, pl.lit(float("inf"))),
        mean_per_ms=pl.col("mean_per_ms").fill_null(0.0),
    ).drop("limit_per_h", "floor_per_h", "usual_per_ms", "burst_per_ms")
    return rows.join(known, on="series", how="left", maintain_order="left")


def perhaps_eventful(rows: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the series in which there may be an event; in all others there is none.

    It takes no more than the differences and the limits, and finds few: what is usual of a register is worked out, and
    the register read step by step, for those alone.
    """
    least = pl.coalesce("limit_per_h", "floor_per_h", pl.lit(0.0)) / MS_PER_HOUR
    known = rows.with_columns(
        limits.sort("series").select(least).to_series().gather(rows["series"]).alias("least_per_ms")
    )
    return of_series(known, _fell_or_leapt(pl.col("least_per_ms") * change("time_ms"))).drop("least_per_ms")


def is_event() -> pl.Expr:
    """Return the condition that a register fell into this row, or leapt as no load does."""
    return _fell_or_leapt(pl.col("limit_per_ms") * change("time_ms") + QUANTA * pl.col("quantum"))


def _fell_or_leapt(possible: pl.Expr) -> pl.Expr:
    gain = change("value")
    rate = gain / change("time_ms")
    around = pl.max_horizontal(before(rate), after(rate), pl.lit(0.0))
    leapt = (gain > possible) & (rate > NEIGHBOURS * around)
    return ((gain < 0) | leapt).fill_null(value=False)


def _counting(rows: pl.DataFrame) -> pl.DataFrame:
    gains = rows.select("series", gain=change("value"))
    up = pl.col("gain").filter(pl.col("gain") > 0)
    # not the very smallest: where a register turned over a step may be a part of its unit
    smallest = up.quantile(COARSE_SHARE, interpolation="lower")
    is_smallest = (up / smallest - 1).abs() <= COARSE_TOLERANCE
    coarse = (is_smallest.mean() >= COARSE_SHARE) & (is_smallest.sum() >= COARSE_STEPS)
    return (
        gains.group_by("series")
        .agg(quantum=pl.when(coarse).then(smallest).otherwise(0.0), usual_gain=up.median())
        .with_columns(pl.col("quantum").fill_null(0.0))
        .with_columns(noise=pl.max_horizontal(1.5 * pl.col("quantum"), pl.col("usual_gain") / 2).fill_null(0.0))
        .drop("usual_gain")
    )


def _speed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return per series the rate that only few hours exceed, and the mean one, from a smoothed register by the hour."""
    hourly = (
        rows.with_columns(hour=pl.col("time_ms") // MS_PER_HOUR)
        .group_by("series", "hour", maintain_order=True)
        .agg(pl.first("time_ms", "smooth"), last_ms=pl.last("time_ms"), last_smooth=pl.last("smooth"))
        .with_columns(
            end_ms=after("time_ms").fill_null(pl.col("last_ms")),
            end=after("smooth").fill_null(pl.col("last_smooth")),
        )
        .filter(pl.col("end_ms") > pl.col("time_ms"))
        .with_columns(span_ms=pl.col("end_ms") - pl.col("time_ms"), gain=pl.col("end") - pl.col("smooth"))
        .with_columns(rate=pl.col("gain") / pl.col("span_ms"))
        .filter(pl.col("rate") >= 0)
    )
    exceeded_by = pl.min_horizontal(pl.len() // SMOOTHED, 2) + pl.len() // 100
    usual = pl.col("rate").sort(descending=True).get(exceeded_by)
    usual_per_series = hourly.group_by("series").agg(usual_per_ms=usual)
    believed = hourly.join(usual_per_series, on="series").filter(pl.col("rate") <= FACTOR * pl.col("usual_per_ms"))
    means = believed.group_by("series").agg(mean_per_ms=pl.sum("gain") / pl.sum("span_ms"))
    positive = pl.when(pl.col("usual_per_ms") > 0).then("usual_per_ms")
    return usual_per_series.with_columns(usual_per_ms=positive).join(means, on="series", how="left")


def _bursts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return per series the rate that few single steps exceed: what comes back for a minute now and then is usual."""
    steps = rows.select("series", rate=change("smooth") / change("time_ms")).filter(pl.col("rate") > 0)
    exceeded_by = BURSTS + pl.len() // 1000
    return steps.group_by("series").agg(
        burst_per_ms=pl.when(pl.len() > 10 * BURSTS).then(
            pl.col("rate").sort(descending=True).get(exceeded_by, null_on_oob=True)
        )
    )
