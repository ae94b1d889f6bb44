"""Whether a room was occupied, from whatever in it says so."""

import polars as pl

from analytics.intervals import SPAN, held, merged, votes, within_spans
from analytics.lookups import looked_up
from analytics.points import with_hold
from sensors.readings import Quality

OCCUPANCY_METRICS = ("presence", "people_count", "motion")
"""What says directly that someone is there, the surest first; a room is judged by the surest that it has."""

MOTION_HOLD_OFF_MS = 15 * 60_000
"""A motion detector does not see someone who sits still: after the last motion the room counts as occupied
for 15 minutes. The project's own choice."""


def room_members(point_rows: pl.DataFrame) -> pl.DataFrame:
    """Return the points that answer for each room: those of the surest occupancy metric that it has."""
    rank = pl.col("metric").replace_strict({name: rank for rank, name in enumerate(OCCUPANCY_METRICS)}, default=None)
    candidates = point_rows.filter(pl.col("subject").str.starts_with("room:")).with_columns(rank=rank)
    surest = pl.col("rank") == pl.col("rank").min().over("subject")
    return candidates.drop_nulls("rank").filter(surest).drop("rank")


def room_occupancy(readings: pl.DataFrame, point_rows: pl.DataFrame) -> pl.DataFrame:
    """Return a track per room with the boolean `state`, occupied or empty; unknown time is left out.

    `readings` are READINGS_SCHEMA, sorted by series and time. A room with several sensors is occupied when
    one says so and empty only when all answer.
    """
    members = room_members(point_rows)
    told = members.select("device", "metric", is_told=pl.lit(value=True)).unique()
    samples = looked_up(readings, told, on=["device", "metric"]).filter("is_told").drop("is_told")
    trusted = pl.when(pl.col("quality") < Quality.SUSPECT).then(pl.col("value"))
    states = held(
        with_hold(samples, members).with_columns(state=trusted > 0), by=["device", "metric", "phase"]
    ).drop_nulls("state")
    # votes would find no change between equal states: to make them one here leaves it little to count
    answers = merged(_with_hold_off(states), by=["device", "metric", "phase"]).drop("phase")
    spans = members.select("subject", "device", "metric", *SPAN)
    # the pair of device and metric is one member; joining on a combined key keeps the clipping in one place
    key = pl.concat_str("device", "metric", separator="\n").alias("member")
    placed = within_spans(
        answers.with_columns(key).drop("device", "metric"),
        spans.with_columns(key).drop("device", "metric"),
        on="member",
    )
    return votes(placed.select("subject", *SPAN, "state"), members.select("subject", *SPAN))


def _with_hold_off(states: pl.DataFrame) -> pl.DataFrame:
    moving = (pl.col("metric") == "motion") & pl.col("state")
    extended = states.with_columns(
        end_ms=pl.when(moving).then(pl.col("end_ms") + MOTION_HOLD_OFF_MS).otherwise(pl.col("end_ms"))
    )
    busy_until = (
        pl.when(pl.col("state")).then(pl.col("end_ms")).cum_max().forward_fill().shift().over("device", "metric")
    )
    return extended.with_columns(start_ms=pl.max_horizontal("start_ms", busy_until)).filter(
        pl.col("start_ms") < pl.col("end_ms")
    )


def circuit_occupancy(rooms: pl.DataFrame, serves: pl.DataFrame) -> pl.DataFrame:
    """Return a track per circuit of whether the rooms that it serves are in use.

    `state` is true while any room is occupied, false while all are empty; other time is left out.

    `rooms` is the track of room_occupancy; `serves` has a row per circuit and room: `circuit`, `room`, SPAN.
    """
    pairs = serves.select(pl.col("circuit"), subject=pl.col("room"))
    answers = rooms.join(pairs, on="subject").select(pl.col("circuit").alias("subject"), *SPAN, "state")
    members = serves.select(pl.col("circuit").alias("subject"), *SPAN)
    return votes(answers, members)
