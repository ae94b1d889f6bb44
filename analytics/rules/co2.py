"""A01: too much carbon dioxide while people are in the room."""

from datetime import timedelta

import polars as pl

from analytics.air import co2_correction
from analytics.features import Tracks
from analytics.frame import RunData, above, by_subject, day_start, evidence, latched, not_applicable, room_subject
from analytics.intervals import MS_PER_HOUR, SPAN, in_hours, within_spans
from analytics.occupancy import OCCUPANCY_METRICS
from analytics.points import with_hold
from analytics.spells import gathered
from sensors.readings import Quality, from_epoch_ms
from sensors.subjects import Subject
from sensors.topology import Room
from sensors.verdicts import Finding, Severity, Verdict

RULE = "A01"
CO2 = "co2_ppm"
GATHER_MS = 72 * MS_PER_HOUR
"""Spells within three days of each other, so across a weekend, are one finding. The project's own choice."""

SPELLS_SCHEMA = pl.Schema(
    {"subject": pl.String, "start_ms": pl.Int64, "end_ms": pl.Int64, "peak": pl.Float64, "hours": pl.Float64}
)
KNOWN_SCHEMA = pl.Schema({"subject": pl.String, "judged": pl.UInt32})


def high_co2(data: RunData, tracks: Tracks, readings: pl.DataFrame, span_ms: tuple[int, int]) -> pl.DataFrame:
    """Return SPELLS_SCHEMA plus `judged` for the span: stretches with the 1 h mean over the limit, occupied.

    A room that was judged and had no such stretch has a row without times.
    """
    samples = _while_occupied(_samples(data, readings), tracks.occupancy)
    means = _hourly_means(data, samples).filter(pl.col("time_ms").is_between(*span_ms, closed="left"))
    spells = _spells(_stretches(means), data)
    judged = means.group_by("subject").agg(judged=pl.len())
    return judged.join(spells, on="subject", how="left")


def _stretches(means: pl.DataFrame) -> pl.DataFrame:
    """Return the means with `stretch` numbering those that follow each other without the room being empty."""
    onward = (pl.col("subject") == pl.col("subject").shift()) & (pl.col("time_ms").diff() <= pl.col("hold_ms"))
    return means.with_columns(stretch=(~onward.fill_null(value=False)).cum_sum())


def _spells(means: pl.DataFrame, data: RunData) -> pl.DataFrame:
    limit = data.thresholds.value(RULE, "co2_ppm")
    clear = ~above("mean_ppm", limit - data.thresholds.value(RULE, "clear_margin_ppm"))
    states = means.with_columns(high=latched(faulty=above("mean_ppm", limit), clear=clear, within="stretch"))
    change = (pl.col("high") != pl.col("high").shift()) | (pl.col("stretch") != pl.col("stretch").shift())
    return (
        states.with_columns(run=change.fill_null(value=True).cum_sum())
        .filter("high")
        .group_by("run", maintain_order=True)
        .agg(
            pl.first("subject"),
            start_ms=pl.first("time_ms") - MS_PER_HOUR,
            end_ms=(pl.col("time_ms") + pl.col("step_ms")).last(),
            peak=pl.max("mean_ppm"),
            hours=in_hours(pl.sum("step_ms")),
        )
        .select(SPELLS_SCHEMA.names())
    )


def co2_findings(data: RunData, spells: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each room: a finding per gathered run of spells, else pass or insufficient data."""
    findings: list[Finding] = []
    of_room = by_subject(spells)
    for room in data.registry.rooms.values():
        if room.restricted:
            continue
        subject = room_subject(room.id)
        lacking = _lacking(data, subject)
        if lacking:
            findings.append(not_applicable(data, RULE, subject, *lacking))
        else:
            findings += _judged(data, room, of_room.get(str(subject), spells.clear()))
    return findings


def _judged(data: RunData, room: Room, spells: pl.DataFrame) -> list[Finding]:
    high = gathered(spells.drop_nulls("start_ms").sort("start_ms"), gap_ms=GATHER_MS)
    if high.height:
        return [_fault(data, room, group) for _, group in high.group_by("group", maintain_order=True)]
    known = spells.height > 0
    return [
        Finding(
            rule=RULE,
            subject=room_subject(room.id),
            verdict=Verdict.PASS if known else Verdict.INSUFFICIENT_DATA,
            start=day_start(data.calendar, data.window.first),
            end=day_start(data.calendar, data.window.last + timedelta(days=1)),
            threshold=data.thresholds.value(RULE, "co2_ppm"),
            unit="ppm",
            missing=() if known else ("CO2 while the room was known to be occupied",),
        )
    ]


def _fault(data: RunData, room: Room, spells: pl.DataFrame) -> Finding:
    starts, ends = spells["start_ms"].to_list(), spells["end_ms"].to_list()
    peak_ppm = float(max(spells["peak"].to_list()))
    return Finding(
        rule=RULE,
        subject=room_subject(room.id),
        verdict=Verdict.FAULT,
        start=from_epoch_ms(starts[0]),
        end=from_epoch_ms(max(ends)),
        value=round(peak_ppm, 1),
        threshold=data.thresholds.value(RULE, "co2_ppm"),
        unit="ppm",
        severity=_severity(data, room, peak_ppm),
        evidence=evidence(peak_ppm=peak_ppm, hours=float(spells["hours"].sum()), spells=spells.height),
    )


def _severity(data: RunData, room: Room, peak_ppm: float) -> Severity:
    """Return the colour: meeting rooms have a tier of their own, blue up to 2000 ppm."""
    if room.is_meeting_room and peak_ppm <= data.thresholds.value(RULE, "meeting_room_ppm"):
        return Severity.BLUE
    return Severity.ORANGE if peak_ppm > data.thresholds.value(RULE, "co2_orange_ppm") else Severity.YELLOW


def _lacking(data: RunData, subject: Subject) -> tuple[str, ...]:
    lacking = []
    if not data.has_points(subject, (CO2,)):
        lacking.append(CO2)
    if not data.has_points(subject, OCCUPANCY_METRICS):
        lacking.append("|".join(OCCUPANCY_METRICS))
    return tuple(lacking)


def _samples(data: RunData, readings: pl.DataFrame) -> pl.DataFrame:
    """Return every CO2 sample by room, corrected for altitude: `ppm`, with `step_ms` and `hold_ms`."""
    good = readings.filter((pl.col("metric") == CO2) & (pl.col("quality") < Quality.SUSPECT)).drop_nulls("value")
    sampled = (
        with_hold(good, data.analyst.point_rows)
        .join(_corrections(data), on="device", how="left")
        .with_columns(
            start_ms=pl.col("time_ms"),
            end_ms=pl.col("time_ms") + pl.col("hold_ms"),
            ppm=pl.col("value") * pl.col("factor").fill_null(1.0),
            step_ms=pl.coalesce("nominal_ms", "hold_ms"),
        )
    )
    places = data.analyst.point_rows.filter(
        (pl.col("metric") == CO2) & pl.col("subject").str.starts_with("room:")
    ).select("device", "subject", *SPAN)
    return within_spans(sampled, places, on="device").select(
        "subject", "device", "time_ms", "ppm", "step_ms", "hold_ms"
    )


def _hourly_means(data: RunData, samples: pl.DataFrame) -> pl.DataFrame:
    """Return per room and instant the mean of the occupied hour before it: `mean_ppm`.

    The highest of a room's sensors counts; an hour that was occupied for less than the coverage asked has no mean.
    """
    share = data.thresholds.value(RULE, "coverage_pct") / 100
    mean_h = data.thresholds.value(RULE, "mean_h")
    rolled = (
        samples.sort("subject", "device", "time_ms")
        .with_columns(time=pl.from_epoch("time_ms", time_unit="ms"))
        .rolling("time", period=f"{int(mean_h * 3600)}s", group_by=["subject", "device"])
        .agg(
            pl.last("time_ms", "step_ms", "hold_ms"),
            mean_ppm=pl.mean("ppm"),
            covered_ms=pl.sum("step_ms"),
        )
        .filter(pl.col("covered_ms") >= share * mean_h * MS_PER_HOUR)
    )
    return (
        rolled.group_by("subject", "time_ms").agg(pl.max("mean_ppm", "step_ms", "hold_ms")).sort("subject", "time_ms")
    )


def _corrections(data: RunData) -> pl.DataFrame:
    altitude_m = data.registry.site.altitude_m
    rows = [
        (device.id, co2_correction(altitude_m, pressure_compensated=device.pressure_compensated))
        for device in data.registry.devices.values()
    ]
    return pl.DataFrame(rows, schema={"device": pl.String, "factor": pl.Float64}, orient="row")


def _while_occupied(samples: pl.DataFrame, occupancy: pl.DataFrame) -> pl.DataFrame:
    """Return the samples taken while the room was known to be occupied."""
    joined = samples.sort("time_ms").join_asof(
        occupancy.sort("start_ms"),
        left_on="time_ms",
        right_on="start_ms",
        by="subject",
        strategy="backward",
        check_sortedness=False,  # both are sorted here; polars cannot check it beside `by` and would warn
    )
    return joined.filter(pl.col("state").fill_null(value=False) & (pl.col("time_ms") < pl.col("end_ms")))
