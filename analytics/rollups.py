"""Roll-ups: what a page reads of months, made from readings; cumulative metrics as what was consumed."""

import polars as pl

from analytics.meter_series import SERIES
from analytics.meters import Meters, corrected
from analytics.ports import ROLLUP_SCHEMA
from sensors.metrics import METRICS, MeasurementKind, Nature
from sensors.readings import Quality

CUMULATIVE = tuple(name for name, metric in METRICS.items() if metric.nature is Nature.CUMULATIVE)
_BEHIND_TRANSFORMERS = [name for name in CUMULATIVE if METRICS[name].kind is MeasurementKind.ELECTRICITY]


def rolled_up(
    readings: pl.DataFrame,
    *edges: pl.Series,
    limits: pl.DataFrame | None = None,
    ratios: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, ...]:
    """Return for each series of `edges` (UTC ms, rising) ROLLUP_SCHEMA of the buckets between neighbouring ones.

    They are sorted by series and bucket. `readings` is READINGS_SCHEMA; of cumulative metrics it should reach before
    the first edge and after the last, to the next readings at least, and to a week for what is estimated. `limits` is
    as analytics.meters takes it, `ratios` as device_ratios returns it.
    """
    registers = corrected(readings.filter(pl.col("metric").is_in(CUMULATIVE)), limits=limits)
    return tuple(_rolled_up(readings, registers, each, ratios) for each in edges)


def _rolled_up(
    readings: pl.DataFrame, registers: Meters, edges: pl.Series, ratios: pl.DataFrame | None
) -> pl.DataFrame:
    amounts = registers.amounts(edges).select(*SERIES, "amount", "estimated_amount", bucket_ms="start_ms")
    if ratios is not None:
        amounts = _scaled(amounts, ratios)
    statistics = _statistics(readings, edges)
    both = statistics.join(amounts, on=["bucket_ms", *SERIES], how="full", coalesce=True)
    counted = both.with_columns(pl.col("count").fill_null(0))
    return counted.select(pl.col(name).cast(kind) for name, kind in ROLLUP_SCHEMA.items()).sort(*SERIES, "bucket_ms")


def device_ratios(point_rows: pl.DataFrame, ct_ratios: pl.DataFrame) -> pl.DataFrame:
    """Return `device`, `metric`, `from_ms`, `until_ms`, `ct_ratio` of the electricity meters on circuits.

    `point_rows` is as analytics.points returns it, `ct_ratios` has `subject` and `ct_ratio`.
    """
    electric = point_rows.filter(pl.col("metric").is_in(_BEHIND_TRANSFORMERS))
    return electric.join(ct_ratios, on="subject").select(
        "device", "metric", from_ms="start_ms", until_ms="end_ms", ct_ratio="ct_ratio"
    )


def _statistics(readings: pl.DataFrame, edges: pl.Series) -> pl.DataFrame:
    inside = readings.filter(
        pl.col("time_ms").is_between(edges[0], edges[-1], closed="left"),
        pl.col("quality") <= Quality.ESTIMATED,
        pl.col("value").is_not_null(),
    )
    bucket_ms = edges.gather(edges.search_sorted(inside["time_ms"], side="right").cast(pl.Int64) - 1)
    return (
        inside.with_columns(bucket_ms=bucket_ms)
        .group_by("bucket_ms", *SERIES)
        .agg(
            mean=pl.mean("value"),
            minimum=pl.min("value"),
            maximum=pl.max("value"),
            count=pl.len(),
        )
    )


def _scaled(amounts: pl.DataFrame, ratios: pl.DataFrame) -> pl.DataFrame:
    """Return the amounts times the ratio of where the meter was when the bucket began."""
    placed = amounts.sort("bucket_ms").join_asof(
        ratios.sort("from_ms"),
        left_on="bucket_ms",
        right_on="from_ms",
        by=["device", "metric"],
        strategy="backward",
        check_sortedness=False,
    )
    there = pl.col("bucket_ms") < pl.col("until_ms")
    ratio = pl.when(there).then("ct_ratio").otherwise(1.0).fill_null(1.0)
    return placed.with_columns(pl.col("amount", "estimated_amount") * ratio).drop("from_ms", "until_ms", "ct_ratio")
