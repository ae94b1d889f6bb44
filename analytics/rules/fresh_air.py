"""A02: too little fresh air for those who are in a room, from how far its CO2 stands above the outdoor air."""

import polars as pl

from analytics.air import (
    altitude_corrected,
    plausible_co2,
    rooms_uncorrected,
    rooms_unsure,
    without_unsure_passes,
)
from analytics.frame import RunData, evidence, room_subject
from analytics.intervals import MS_PER_HOUR
from analytics.moving import beyond, kept
from analytics.rules.levels import Lacking, LevelWords, Told, rooms_asked, with_lacking
from analytics.samples import SERIES, THIN_MS, outdoor_samples, samples, thinned
from analytics.week import Week
from sensors.subjects import SubjectKind
from sensors.topology import Room, RoomCategory
from sensors.verdicts import Evidence, Finding

RULE = "A02"
CO2, PEOPLE = "co2_ppm", "people_count"
HALF_HOUR = 30 * 60_000 // THIN_MS
"""Half an hour, in quarters of an hour."""
LITRES_PER_M3 = 1000
ENDLESS_M3H = 1e6
"""What stands for so much fresh air that the room shows no more CO2 than the outdoor air."""


def stale_air(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with too little fresh air per person while the head count was steady.

    Before the CO2 has settled the formula tells of more air than there is: a fault holds, a pass does not. While it
    falls fast, more people were there before, and neither holds.
    """
    value = data.thresholds.value
    quarters = _steady(data, _quarters(data, week))
    excess_ppm = pl.col("co2_ppm") - pl.col("outdoor_ppm")
    breathed_m3h = value(RULE, "co2_litres_h") / LITRES_PER_M3 * 1e6
    fresh_m3h = pl.when(excess_ppm > 0).then(breathed_m3h / excess_ppm).otherwise(ENDLESS_M3H)
    judged = beyond(
        quarters.with_columns(value=pl.min_horizontal(fresh_m3h, pl.lit(ENDLESS_M3H))).join(
            _limits(data), on="subject"
        ),
        low=pl.col("limit_m3h"),
    )
    settled = pl.col("slope_ppm_h").abs() < value(RULE, "plateau_ppm_h")
    is_falling = pl.col("slope_ppm_h") <= -value(RULE, "plateau_ppm_h")
    holds = settled | ((pl.col("over") > 0) & ~is_falling)
    length_ms = value(RULE, "steady_h") * MS_PER_HOUR
    return kept(judged.filter(holds), margin=0.0, length_ms=length_ms, tag=RULE, span_ms=week.span_ms)


def fresh_air(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each room in which people may work."""
    return without_unsure_passes(WORDS.findings(data, found, _asked(data)), rooms_unsure(data.registry))


def _asked(data: RunData) -> Lacking:
    asked = rooms_asked(data, (CO2,), (PEOPLE,), concerns=_is_for_people)
    uncorrected = rooms_uncorrected(data.registry)
    return with_lacking(asked, "site.altitude_m", lambda subject: subject.id in uncorrected)


def _is_for_people(room: Room) -> bool:
    return room.category is not RoomCategory.EQUIPMENT


def _quarters(data: RunData, week: Week) -> pl.DataFrame:
    """Return per CO2 sensor and quarter of an hour: `co2_ppm`, `outdoor_ppm`, `people`, and the fewest of them."""
    air = plausible_co2(data, RULE, samples(data, week, CO2, at=SubjectKind.ROOM))
    percentile = data.thresholds.value(RULE, "outdoor_percentile") / 100
    low, high = (data.thresholds.value(RULE, f"outdoor_{side}_ppm") for side in ("low", "high"))
    own_outdoor = pl.col("value").quantile(percentile, "linear").over("subject", "device").clip(low, high)
    inside = thinned(air).with_columns(own_ppm=own_outdoor)
    outdoors = thinned(plausible_co2(data, RULE, outdoor_samples(data, week, CO2)))
    measured = outdoors.group_by("time_ms").agg(measured_ppm=pl.mean("value"))
    return (
        inside.join(_people(data, week), on=["subject", "time_ms"])
        .join(measured, on="time_ms", how="left")
        .with_columns(co2_ppm="value", outdoor_ppm=pl.coalesce("measured_ppm", "own_ppm"))
        .sort(*SERIES, "time_ms")
    )


def _people(data: RunData, week: Week) -> pl.DataFrame:
    """Return per room and quarter of an hour the mean head count and the least of it, by the room's first counter."""
    counts = samples(data, week, PEOPLE, at=SubjectKind.ROOM)
    first = counts.filter(pl.col("device") == pl.col("device").min().over("subject"))
    stamp = (pl.col("time_ms") // THIN_MS + 1) * THIN_MS
    return first.group_by("subject", time_ms=stamp).agg(people=pl.mean("value"), fewest=pl.min("value"))


def _steady(data: RunData, quarters: pl.DataFrame) -> pl.DataFrame:
    """Return the quarters at whose end the head count had been steady for long enough, with the slope of the CO2."""
    steady = int(data.thresholds.value(RULE, "steady_h") * MS_PER_HOUR / THIN_MS)
    hour = int(data.thresholds.value(RULE, "plateau_h") * MS_PER_HOUR / THIN_MS)
    strays = data.thresholds.value(RULE, "steady_share")
    keyed = quarters.with_columns(series=pl.struct(SERIES).rle_id())
    looked = keyed.with_columns(
        since_ms=pl.col("time_ms") - pl.col("time_ms").shift(steady - 1).over("series"),
        half_hour=pl.col("people").rolling_mean(HALF_HOUR).over("series"),
        mean=pl.col("people").rolling_mean(steady).over("series"),
        fewest=pl.col("fewest").rolling_min(steady).over("series"),
        slope_ppm_h=(pl.col("co2_ppm") - pl.col("co2_ppm").shift(hour).over("series"))
        * MS_PER_HOUR
        / (pl.col("time_ms") - pl.col("time_ms").shift(hour).over("series")),
    ).with_columns(
        most_half=pl.col("half_hour").rolling_max(steady - HALF_HOUR + 1).over("series"),
        least_half=pl.col("half_hour").rolling_min(steady - HALF_HOUR + 1).over("series"),
    )
    band = pl.col("mean") * strays
    is_whole = pl.col("since_ms") == (steady - 1) * THIN_MS
    is_steady = (pl.col("most_half") <= pl.col("mean") + band) & (pl.col("least_half") >= pl.col("mean") - band)
    return looked.filter(is_whole & is_steady & (pl.col("fewest") >= 1)).with_columns(beside=pl.col("mean"))


def _limits(data: RunData) -> pl.DataFrame:
    rows = [
        (
            str(room_subject(room.id)),
            data.thresholds.value(RULE, "meeting_room_m3h" if room.is_meeting_room else "office_m3h"),
        )
        for room in data.registry.rooms.values()
    ]
    return pl.DataFrame(rows, schema={"subject": pl.String, "limit_m3h": pl.Float64}, orient="row")


def _evidence(data: RunData, told: Told) -> Evidence:
    return {**evidence(people=told.beside), **altitude_corrected(data.registry, told.device)}


WORDS = LevelWords(
    rule=RULE,
    units={RULE: "m³/(h·person)"},
    limit="office_m3h",
    missing="CO2 while the head count was steady",
    beside=_evidence,
)
