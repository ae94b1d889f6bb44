"""E06: rooms that are cooled to below what is allowed in summer."""

import polars as pl

from analytics.frame import RunData
from analytics.rules.levels import LevelWords
from analytics.rules.setpoints import TEMPERATURE, Conditioning
from analytics.samples import outdoor_samples
from analytics.week import Week
from sensors.seasons import Season

RULE = "E06"
FRESH_MS = 3_600_000
"""The weather of an hour ago is still the weather. The project's own choice."""


def _cooler_than_outdoors(data: RunData, week: Week, found: pl.DataFrame) -> pl.DataFrame:
    """Return the samples far below the air outdoors on a hot day: nothing but cooling does that."""
    value = data.thresholds.value
    weather = outdoor_samples(data, week, TEMPERATURE)
    outdoor = weather.group_by("time_ms").agg(outdoor_c=pl.mean("value")).sort("time_ms")
    is_hot = pl.col("outdoor_c") >= value(RULE, "evidence_outdoor_c")
    if outdoor.filter(is_hot).is_empty():
        return found.clear()
    beside = found.sort("time_ms").join_asof(outdoor, on="time_ms", tolerance=FRESH_MS)
    is_cooled = pl.col("value") < pl.col("outdoor_c") - value(RULE, "evidence_difference_c")
    return beside.filter(is_hot & is_cooled).select(found.columns)


OVERCOOLING = Conditioning(
    words=LevelWords(
        rule=RULE, units={RULE: "°C"}, limit="setpoint_c", missing="setpoint or temperature while the room was cooled"
    ),
    season=Season.SUMMER,
    is_below=True,
    unused="evidence of cooling",
    by_weather=_cooler_than_outdoors,
)
