"""The usual load of a meter by the hour of the week: how a gap is spread, and what a lost step may have held.

A gap's amount is known, its course is not. By time alone a weekend would get as much as the Monday after it, and a
night as much as a day: offices are not so. The shape is the meter's own; where it is not known, time serves.
"""

import polars as pl

from analytics.intervals import MS_PER_HOUR

HOURS_OF_WEEK = 168
HOURS_OF_DAY = 24
SHAPE_SCHEMA = pl.Schema({"series": pl.UInt32, "hour": pl.Int64, "per_ms": pl.Float64})
"""Mean rate by the UTC hour of the week, 0 at Thursday's midnight, when the epoch began."""


LONGEST_MS = 26 * MS_PER_HOUR
"""Steps of up to a day tell how days differ, the long day of a clock change included; longer ones tell no shape."""


def load_shape(steps: pl.DataFrame) -> pl.DataFrame:
    """Return SHAPE_SCHEMA, with every hour of the week for every series that was measured by the day or finer.

    An hour of the week that was never seen has the mean of its hour of the day, else of all.
    """
    plain = ~pl.col("inferred") & ~pl.col("is_long") & pl.col("amount").is_not_null()
    known = steps.filter(plain & (pl.col("span_ms") <= LONGEST_MS)).select(
        "series", "amount", "span_ms", start_ms=pl.col("time_ms") - pl.col("span_ms"), end_ms="time_ms"
    )
    is_fine = pl.col("span_ms") <= MS_PER_HOUR
    middle = (pl.col("start_ms") + pl.col("end_ms")) // 2
    fine = known.filter(is_fine).select("series", "amount", "span_ms", hour=_hour_of_week(middle))
    coarse = _cut_by_hours(known.filter(~is_fine)).select(
        "series",
        amount=pl.col("amount") * pl.col("part_ms") / pl.col("span_ms"),
        span_ms="part_ms",
        hour="hour",
    )
    parts = pl.concat([fine, coarse])
    if parts.is_empty():
        return SHAPE_SCHEMA.to_frame()
    rate = pl.sum("amount") / pl.sum("span_ms")
    of_week = parts.group_by("series", "hour").agg(of_week=rate)
    of_day = parts.group_by("series", pl.col("hour") % HOURS_OF_DAY).agg(of_day=rate).rename({"hour": "hour_of_day"})
    overall = parts.group_by("series").agg(overall=rate)
    hours = pl.DataFrame({"hour": range(HOURS_OF_WEEK)}, schema={"hour": pl.Int64})
    return (
        overall.join(hours, how="cross")
        .with_columns(hour_of_day=pl.col("hour") % HOURS_OF_DAY)
        .join(of_week, on=["series", "hour"], how="left")
        .join(of_day, on=["series", "hour_of_day"], how="left")
        .select("series", "hour", per_ms=pl.coalesce("of_week", "of_day", "overall"))
    )


def shaped_amount(steps: pl.DataFrame, shape: pl.DataFrame) -> pl.DataFrame:
    """Return the steps with `shaped`: what usually flows from `span_ms` before `time_ms` to then; null if not known."""
    spans = steps.with_columns(start_ms=pl.col("time_ms") - pl.col("span_ms"), end_ms=pl.col("time_ms"))
    weighed = _hourly(spans.select("row", "series", "start_ms", "end_ms"), shape)
    sums = weighed.group_by("row").agg(shaped=pl.sum("weight"), known=pl.col("weight").is_not_null().all())
    told = sums.select("row", shaped=pl.when("known").then("shaped"))
    mean = pl.col("mean_per_ms") * pl.col("span_ms")
    return steps.join(told, on="row", how="left", maintain_order="left").with_columns(
        shaped=pl.coalesce("shaped", mean)
    )


def filled(spans: pl.DataFrame, shape: pl.DataFrame) -> pl.DataFrame:
    """Return points within the gaps at whole hours, `series`, `time_ms`, `register`: as the load usually goes there.

    `spans` has `series`, `time_ms`, `register`, and of the step that begins there `span_end_ms`, `next_register`,
    `is_long`.
    """
    gaps = spans.filter(
        pl.col("is_long").fill_null(value=False)
        & (pl.col("span_end_ms") - pl.col("time_ms") > MS_PER_HOUR)
        & (pl.col("next_register") > pl.col("register"))
    ).with_row_index("row")
    hourly = _hourly(gaps.select("row", "series", start_ms="time_ms", end_ms="span_end_ms"), shape)
    total = pl.col("weight").sum().over("row")
    share = (pl.col("weight").cum_sum().over("row") - pl.col("weight")) / total
    gain = pl.col("next_register") - pl.col("register")
    return (
        hourly.with_columns(share=pl.when(total > 0).then(share))
        .join(gaps.select("row", "register", "next_register", "time_ms"), on="row", maintain_order="left")
        .filter(pl.col("share").is_not_null() & (pl.col("from_ms") > pl.col("time_ms")))
        .select("series", time_ms="from_ms", register=pl.col("register") + gain * pl.col("share"))
    )


def _hourly(spans: pl.DataFrame, shape: pl.DataFrame) -> pl.DataFrame:
    """Return each span cut at whole hours with `weight`, what usually flows in that part; null if unknown."""
    usual = _cut_by_hours(spans).join(shape, on=["series", "hour"], how="left", maintain_order="left")
    return usual.with_columns(weight=pl.col("per_ms") * pl.col("part_ms"))


def _cut_by_hours(spans: pl.DataFrame) -> pl.DataFrame:
    """Return each span [start_ms, end_ms) cut at whole hours: `from_ms`, `part_ms`, `hour` of the week."""
    first, last = pl.col("start_ms") // MS_PER_HOUR, (pl.col("end_ms") - 1) // MS_PER_HOUR
    return (
        spans.with_columns(at=pl.int_ranges(first, last + 1))
        .explode("at", empty_as_null=False)
        .with_columns(
            from_ms=pl.max_horizontal("start_ms", pl.col("at") * MS_PER_HOUR),
            to_ms=pl.min_horizontal("end_ms", (pl.col("at") + 1) * MS_PER_HOUR),
            hour=pl.col("at") % HOURS_OF_WEEK,
        )
        .with_columns(part_ms=pl.col("to_ms") - pl.col("from_ms"))
    )


def _hour_of_week(time_ms: pl.Expr) -> pl.Expr:
    return time_ms // MS_PER_HOUR % HOURS_OF_WEEK
