"""Moving means over samples, and the spells in which they are beyond a limit."""

import polars as pl

from analytics.frame import TOLERANCE
from analytics.intervals import in_hours
from analytics.lookups import looked_up, summed
from analytics.samples import SERIES

KEPT_SCHEMA = pl.Schema(
    {
        "subject": pl.String,
        "tag": pl.String,
        "device": pl.String,
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "value": pl.Float64,
        "limit": pl.Float64,
        "excess": pl.Float64,
        "beside": pl.Float64,
        "hours": pl.Float64,
        "known_ms": pl.Float64,
    }
)
"""What a rule on levels keeps of a week. A row is a spell beyond a limit, with its worst `value`, the `limit` then, by
how much of the limit it exceeds it, and the mean of a figure `beside` it; or, where `start_ms` is null, what was
judged of a subject. `tag` tells apart several levels of one rule."""


def moving(found: pl.DataFrame, *, length_ms: float, share: float, value: pl.Expr | None = None) -> pl.DataFrame:
    """Return per series and sample the mean, or another `value`, of what lies in the `length_ms` up to its end.

    Windows of which less than a `share` was sampled have none. `found` is sorted by SERIES and `time_ms`.
    """
    if found.is_empty():
        return found
    keyed = found.with_columns(series=pl.struct(SERIES).rle_id(), time=pl.from_epoch("time_ms", time_unit="ms"))
    rolled = (
        keyed.rolling("time", period=f"{int(length_ms)}ms", group_by="series")
        .agg(
            pl.last(*SERIES, "time_ms", "step_ms", "hold_ms"),
            value=pl.mean("value") if value is None else value,
            covered_ms=pl.sum("step_ms"),
        )
        .filter(pl.col("covered_ms") >= share * length_ms * (1 - TOLERANCE))
    )
    return rolled.select(*SERIES, "time_ms", "value", "step_ms", "hold_ms")


def beyond(means: pl.DataFrame, *, high: pl.Expr | None = None, low: pl.Expr | None = None) -> pl.DataFrame:
    """Return the means with the `limit` that is nearer or exceeded and `over`, by how much; null where none holds."""
    above = pl.lit(None, dtype=pl.Float64) if high is None else pl.col("value") - high
    below = pl.lit(None, dtype=pl.Float64) if low is None else low - pl.col("value")
    limits = (pl.lit(None, dtype=pl.Float64) if each is None else each for each in (high, low))
    high_limit, low_limit = limits
    nearer_high = above.fill_null(float("-inf")) >= below.fill_null(float("-inf"))
    return means.with_columns(
        over=pl.max_horizontal(above, below), limit=pl.when(nearer_high).then(high_limit).otherwise(low_limit)
    ).drop_nulls("over")


def kept(
    means: pl.DataFrame, *, margin: float, length_ms: float, tag: str, span_ms: tuple[int, int] | None = None
) -> pl.DataFrame:
    """Return KEPT_SCHEMA of the means in the span: spells until `margin` inside the limit, and what was judged.

    A spell begins where the window of its first mean does. `means` has `over` and `limit` (see `beyond`).
    """
    inside = means if span_ms is None else means.filter(pl.col("time_ms").is_between(*span_ms, closed="left"))
    if "beside" not in inside.columns:
        inside = inside.with_columns(beside=pl.lit(None, dtype=pl.Float64))
    judged = known_ms(inside)
    spells = _spells(inside.with_columns(tolerance=TOLERANCE * pl.col("limit").abs()), margin, int(length_ms))
    return as_kept(pl.concat([spells, judged], how="diagonal").with_columns(tag=pl.lit(tag)))


def known_ms(found: pl.DataFrame) -> pl.DataFrame:
    """Return `subject` and `known_ms`, how long the samples of its best series stand for in all."""
    per_series = summed(found, "step_ms", by=SERIES)
    return per_series.group_by("subject").agg(known_ms=pl.max("step_ms"))


def as_kept(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows in KEPT_SCHEMA, with null for what they do not have."""
    absent = {name: pl.lit(None) for name in KEPT_SCHEMA if name not in rows.columns}
    return rows.with_columns(**absent).select(KEPT_SCHEMA.names()).cast(KEPT_SCHEMA)


def _spells(means: pl.DataFrame, margin: float, length_ms: int) -> pl.DataFrame:
    faulty = pl.col("over") > pl.col("tolerance")
    worst = means.filter(faulty).select(*SERIES, is_suspect=pl.lit(value=True)).unique()
    suspects = looked_up(means, worst, on=SERIES).filter("is_suspect").drop("is_suspect")
    ordered = suspects.sort(*SERIES, "time_ms")
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in SERIES)
    onward = (same & (pl.col("time_ms").diff() <= pl.col("hold_ms"))).fill_null(value=False)
    edge = (
        pl.when(faulty).then(statement=True).when(pl.col("over") <= -margin + pl.col("tolerance")).then(statement=False)
    )
    states = ordered.with_columns(stretch=(~onward).cum_sum()).with_columns(
        is_high=edge.forward_fill().over("stretch").fill_null(value=False)
    )
    change = (pl.col("is_high") != pl.col("is_high").shift()) | (pl.col("stretch") != pl.col("stretch").shift())
    peak = pl.col("over").arg_max()
    return (
        states.with_columns(run=change.fill_null(value=True).cum_sum())
        .filter("is_high")
        .group_by("run", maintain_order=True)
        .agg(
            pl.first("subject", "device"),
            pl.col("value", "limit").get(peak),
            start_ms=pl.first("time_ms") - length_ms,
            end_ms=(pl.col("time_ms") + pl.col("step_ms").cast(pl.Int64)).last(),
            excess=(pl.col("over") / pl.col("limit").abs()).max(),
            beside=pl.mean("beside"),
            hours=in_hours(pl.sum("step_ms")),
        )
        .drop("run")
    )
