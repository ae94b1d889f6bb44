"""Daily features of water meters: how little flowed in any hour of the night."""

import polars as pl

from analytics.intervals import MS_PER_HOUR
from analytics.meter_limits import believed
from analytics.meter_series import SERIES
from analytics.meters import corrected
from analytics.points import with_hold
from sensors.catalogue import CATALOGUE
from sensors.readings import Quality

WATER = "water_m3"
NIGHT_H = tuple(int(CATALOGUE["W01"].parameter(name)) for name in ("night_start_h", "night_end_h"))
COVERAGE = CATALOGUE["W01"].parameter("coverage_pct") / 100
QUARTER_MS = MS_PER_HOUR // 4
QUARTERS_PER_HOUR = 4


def water_features(readings: pl.DataFrame, point_rows: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return per place of a water meter and day `night_flow_m3h`, the least that flowed in any hour of the night.

    An hour begins at any quarter. A night in which a quarter is not known has none, nor one of which more was spread
    over gaps than the rule's coverage allows: what ran within a gap is known, only not when.
    """
    is_water = (pl.col("metric") == WATER) & (pl.col("quality") < Quality.SUSPECT)
    registers = readings.filter(is_water).drop_nulls("value")
    nights = _nights(parts)
    meters = point_rows.filter(pl.col("metric") == WATER)
    if registers.is_empty() or nights.is_empty() or meters.is_empty():
        return _EMPTY
    put_right = corrected(with_hold(registers, meters), limits=believed(meters))
    quarters = nights.select(pl.int_ranges("from_ms", pl.col("to_ms") + 1, QUARTER_MS)).explode("from_ms")
    flows = put_right.amounts(quarters["from_ms"].sort())
    placed = _at_places(flows.sort("start_ms").join_asof(nights, left_on="start_ms", right_on="from_ms"), meters)
    inside = placed.filter(
        (pl.col("end_ms") <= pl.col("to_ms")) & (pl.col("end_ms") - pl.col("start_ms") <= QUARTER_MS)
    )
    hourly = (
        inside.group_by("subject", "day", "device", *SERIES[1:], maintain_order=True)
        .agg(
            night_flow_m3h=pl.col("amount").rolling_sum(QUARTERS_PER_HOUR).min(),
            quarters=pl.len(),
            measured=(~pl.col("estimated")).sum(),
            due=pl.first("quarters"),
        )
        .filter(pl.col("quarters") == pl.col("due"), pl.col("measured") >= COVERAGE * pl.col("due"))
    )
    daily = hourly.group_by("subject", "day").agg(pl.max("night_flow_m3h"))
    return daily.select("day", "subject", feature=pl.lit("night_flow_m3h"), value=pl.col("night_flow_m3h"))


_EMPTY = pl.DataFrame(schema={"day": pl.Date, "subject": pl.String, "feature": pl.String, "value": pl.Float64})


def _nights(parts: pl.DataFrame) -> pl.DataFrame:
    """Return `day`, `from_ms`, `to_ms` and `quarters` of each day's night, by the hours since its midnight."""
    midnights = parts.group_by("day").agg(midnight_ms=pl.min("start_ms")).sort("midnight_ms")
    first_h, last_h = NIGHT_H
    return midnights.select(
        "day",
        from_ms=pl.col("midnight_ms") + first_h * MS_PER_HOUR,
        to_ms=pl.col("midnight_ms") + last_h * MS_PER_HOUR,
        quarters=pl.lit((last_h - first_h) * QUARTERS_PER_HOUR),
    )


def _at_places(flows: pl.DataFrame, meters: pl.DataFrame) -> pl.DataFrame:
    spans = meters.select("device", "subject", since_ms="start_ms", until_ms="end_ms").unique()
    there = (pl.col("since_ms") <= pl.col("start_ms")) & (pl.col("end_ms") <= pl.col("until_ms"))
    return flows.join(spans, on="device").filter(there).sort("subject", "device", "start_ms")
