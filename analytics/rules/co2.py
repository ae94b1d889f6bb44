"""A01: too much carbon dioxide while people are in the room."""

import polars as pl

from analytics.air import (
    altitude_corrected,
    if_uncompensated,
    plausible_co2,
    rooms_uncorrected,
    without_unsure_passes,
)
from analytics.frame import RunData, evidence
from analytics.intervals import MS_PER_HOUR
from analytics.moving import beyond, kept, moving
from analytics.occupancy import OCCUPANCY_METRICS
from analytics.rules.levels import LevelWords, Told, rooms_asked, share_of, with_lacking
from analytics.samples import during, in_series, samples
from analytics.week import Week
from sensors.subjects import Subject, SubjectKind
from sensors.topology import RoomId
from sensors.verdicts import Evidence, Finding, Severity

RULE = "A01"
CO2 = "co2_ppm"
AT_MOST = "if_uncompensated"
"""The tag of what there was if sensors of which nobody knows it do not know the altitude."""


def high_co2(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with the mean of an occupied hour over the limit."""
    found = plausible_co2(data, RULE, samples(data, week, CO2, at=SubjectKind.ROOM))
    occupied = in_series(during(found, week.tracks.occupancy))
    at_most = if_uncompensated(data.registry, occupied)
    return pl.concat([_spells(data, week, occupied, CO2), _spells(data, week, at_most, AT_MOST)])


def _spells(data: RunData, week: Week, occupied: pl.DataFrame, tag: str) -> pl.DataFrame:
    length_ms = data.thresholds.value(RULE, "mean_h") * MS_PER_HOUR
    means = moving(occupied, length_ms=length_ms, share=share_of(data, RULE))
    judged = beyond(means, high=pl.lit(data.thresholds.value(RULE, CO2)))
    margin = data.thresholds.value(RULE, "clear_margin_ppm")
    return kept(judged, margin=margin, length_ms=length_ms, tag=tag, span_ms=week.span_ms)


def co2(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each room: a finding per gathered run of spells, else pass or insufficient data."""
    uncorrected = rooms_uncorrected(data.registry)
    asked = rooms_asked(data, (CO2,), OCCUPANCY_METRICS)
    lacking = with_lacking(asked, "site.altitude_m", lambda s: s.id in uncorrected)
    if "tag" not in found.columns:
        return WORDS.findings(data, found, lacking)
    at_most = found.filter((pl.col("tag") == AT_MOST) & pl.col("start_ms").is_not_null())
    unsure = {Subject.parse(subject).id for subject in at_most["subject"].to_list()}
    return without_unsure_passes(WORDS.findings(data, found.filter(pl.col("tag") == CO2), lacking), unsure)


def _severity(data: RunData, told: Told, _rule: str) -> Severity:
    """Return the colour: meeting rooms have a tier of their own, blue up to 2000 ppm."""
    is_meeting_room = data.registry.rooms[RoomId(told.subject.id)].is_meeting_room
    if is_meeting_room and told.value <= data.thresholds.value(RULE, "meeting_room_ppm"):
        return Severity.BLUE
    return Severity.ORANGE if told.value > data.thresholds.value(RULE, "co2_orange_ppm") else Severity.YELLOW


def _evidence(data: RunData, told: Told) -> Evidence:
    return {**evidence(peak_ppm=told.value), **altitude_corrected(data.registry, told.device)}


WORDS = LevelWords(
    rule=RULE,
    units={CO2: "ppm"},
    limit=CO2,
    missing="CO2 while the room was known to be occupied",
    severity=_severity,
    beside=_evidence,
)
