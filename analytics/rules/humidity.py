"""A06: a building whose air is too dry in winter or too damp in summer; told once, not room by room."""

import polars as pl

from analytics.frame import RunData, evidence
from analytics.intervals import MS_PER_HOUR
from analytics.moving import beyond, kept, moving
from analytics.rules.levels import Lacking, LevelWords, Told, share_of, with_lacking
from analytics.samples import THIN_MS, samples
from analytics.week import Week
from sensors.seasons import Season, conditioned_season, seasons_known
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Room, RoomCategory
from sensors.verdicts import Evidence, Finding

RULE = "A06"
HUMIDITY = "relative_humidity_pct"
APART = frozenset({"archive", "server", "server_room"})
"""Rooms with limits of their own."""
OUT_OF_SEASON = "a day of the heated or cooled season"


def building_humidity(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: per building and quarter of an hour the sum over its rooms, and how many.

    `week` is the day that the week begins with: a site may come in shares, whose sums are one account of the week.
    """
    length_ms = data.thresholds.value(RULE, "mean_h") * MS_PER_HOUR
    in_reach = pl.col("time_ms").is_between(week.span_ms[0] - length_ms, week.span_ms[1], closed="left")
    found = samples(data, week, HUMIDITY, at=SubjectKind.ROOM).filter(in_reach)
    plausible = pl.col("value") >= data.thresholds.value(RULE, "plausible_low_pct")
    rows = [(f"{SubjectKind.ROOM}:{room.id}", _building(room)) for room in _rooms(data)]
    buildings = pl.DataFrame(rows, schema={"subject": pl.String, "building": pl.String}, orient="row")
    per_room = (
        found.filter(plausible)
        .group_by("subject", time_ms=(pl.col("time_ms") // THIN_MS + 1) * THIN_MS)
        .agg(pl.mean("value"))
    )
    return (
        per_room.join(buildings, on="subject")
        .group_by(pl.col("building").alias("subject"), "time_ms")
        .agg(total_pct=pl.sum("value"), rooms=pl.len())
        .with_columns(week=pl.lit(week.first))
    )


def humidity(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each building, from the 3 h mean over its rooms."""
    return WORDS.findings(data, _spells(data, found), _asked(data))


def _spells(data: RunData, found: pl.DataFrame) -> pl.DataFrame:
    # the weeks overlap by their margins: of each quarter of an hour the fuller account counts
    rows = found if "time_ms" in found.columns else found.with_columns(_EMPTY)
    accounts = rows.group_by("subject", "time_ms", "week").agg(pl.sum("total_pct", "rooms"))
    quarters = accounts.sort("rooms", "week").unique(["subject", "time_ms"], keep="last", maintain_order=True)
    means = quarters.select(
        "subject",
        "time_ms",
        device=pl.lit(""),
        phase=pl.lit(""),
        value=pl.col("total_pct") / pl.col("rooms"),
        step_ms=pl.lit(float(THIN_MS)),
        hold_ms=pl.lit(2 * THIN_MS, dtype=pl.Int64),
    ).sort("subject", "time_ms")
    length_ms = data.thresholds.value(RULE, "mean_h") * MS_PER_HOUR
    moved = moving(means, length_ms=length_ms, share=share_of(data, RULE)).sort("time_ms")
    days = _limits(data).sort("start_ms")
    placed = moved.join_asof(days, left_on="time_ms", right_on="start_ms").filter(pl.col("time_ms") < pl.col("to_ms"))
    in_use = placed.join(quarters.select("subject", "time_ms", beside="rooms"), on=["subject", "time_ms"], how="left")
    judged = beyond(in_use, high=pl.col("high_pct"), low=pl.col("low_pct"))
    margin = data.thresholds.value(RULE, "clear_margin_pct")
    return kept(judged, margin=margin, length_ms=length_ms, tag=RULE)


_EMPTY = (
    pl.lit(None, dtype=pl.Int64).alias("time_ms"),
    pl.lit(None, dtype=pl.Float64).alias("total_pct"),
    pl.lit(None, dtype=pl.UInt32).alias("rooms"),
    pl.lit(None, dtype=pl.Date).alias("week"),
)


def _limits(data: RunData) -> pl.DataFrame:
    """Return the judged days of the window: `start_ms`, `to_ms`, `low_pct`, `high_pct`."""
    value = data.thresholds.value
    days = data.days.filter(data.in_window())
    seasons = [conditioned_season(data.registry.site, day) for day in days["day"].to_list()]
    low = [value(RULE, "winter_low_pct") if each is Season.WINTER else None for each in seasons]
    high = [value(RULE, "summer_high_pct") if each is Season.SUMMER else None for each in seasons]
    return days.select("start_ms", to_ms="end_ms").with_columns(
        low_pct=pl.Series(low, dtype=pl.Float64), high_pct=pl.Series(high, dtype=pl.Float64)
    )


def _rooms(data: RunData) -> list[Room]:
    """Return the rooms whose air is the building's."""
    return [
        room
        for room in data.registry.rooms.values()
        if not room.restricted and room.category is not RoomCategory.EQUIPMENT and room.subtype not in APART
    ]


def _building(room: Room) -> str:
    return str(Subject(SubjectKind.BUILDING, room.building))


def _asked(data: RunData) -> Lacking:
    has = {_building(room) for room in _rooms(data) if data.has_points(Subject(SubjectKind.ROOM, room.id), (HUMIDITY,))}
    buildings = [Subject(SubjectKind.BUILDING, building) for building in data.registry.buildings]
    asked: Lacking = {subject: () if str(subject) in has else (HUMIDITY,) for subject in buildings}
    site = data.registry.site
    if not seasons_known(site):
        return with_lacking(asked, "site.climate_zone", lambda _: True)
    days = data.calendar.days(data.window.first, data.window.last)
    is_judged = any(conditioned_season(site, day) for day in days)
    return with_lacking(asked, OUT_OF_SEASON, lambda _: not is_judged)


def _evidence(_data: RunData, told: Told) -> Evidence:
    return evidence(rooms_measured=told.beside)


def _expected_ms(data: RunData) -> float:
    """Return how much of the judged days has passed."""
    judged = _limits(data).filter(pl.col("low_pct").is_not_null() | pl.col("high_pct").is_not_null())
    passed = pl.min_horizontal("to_ms", pl.lit(data.window.now_ms)) - pl.col("start_ms")
    return float(judged.select(passed.clip(lower_bound=0).sum()).item() or 0)


WORDS = LevelWords(
    rule=RULE,
    units={RULE: "%"},
    limit="winter_low_pct",
    missing=HUMIDITY,
    expected_ms=_expected_ms,
    beside=_evidence,
)
