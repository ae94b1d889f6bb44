"""E08: a window that stands open while the room's air conditioning runs."""

import polars as pl

from analytics.frame import RunData, room_subject
from analytics.intervals import SPAN, cut, held, merged, votes
from analytics.moving import as_kept
from analytics.points import with_hold
from analytics.rules.levels import Lacking, LevelWords, with_lacking
from analytics.running import EVIDENCE_OF_HVAC, plant_running, rooms_with_plant
from analytics.spells import numbered
from analytics.week import Week
from sensors.readings import Quality
from sensors.subjects import Subject, SubjectKind
from sensors.topology import OpeningKind
from sensors.verdicts import Finding

RULE = "E08"
OPEN = "open"
WINDOW_CONTACT = "a contact on a window of the room"
MS_PER_MINUTE = 60_000


def open_while_running(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells in which a window was open and the air conditioning on, by the minute."""
    plant = plant_running(data, week, least_wm2=data.thresholds.value(RULE, "hvac_on_wm2"))
    opened = _any_window(data, week.readings)
    both = cut([opened.rename({"state": "is_open"}), plant.rename({"state": "runs"})], week.parts_around)
    known = both.drop_nulls(["is_open", "runs"])
    start_ms, end_ms = week.span_ms
    inside = known.filter((pl.col("start_ms") < end_ms) & (pl.col("end_ms") > start_ms))
    judged = inside.group_by("subject").agg(known_ms=pl.sum("length_ms"))
    spells = _spells(numbered(known, pl.col("is_open") & pl.col("runs")), data.thresholds.value(RULE, "both_on_min"))
    ours = spells.filter((pl.col("start_ms") < end_ms) & (pl.col("end_ms") > start_ms))
    rows = pl.concat([ours, judged.cast({"known_ms": pl.Float64})], how="diagonal")
    return as_kept(rows.with_columns(tag=pl.lit(RULE)))


def open_window(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each room with a window."""
    return WORDS.findings(data, found, _asked(data))


def _spells(segments: pl.DataFrame, least_min: float) -> pl.DataFrame:
    spells = segments.group_by("spell").agg(
        pl.first("subject"), pl.min("start_ms"), pl.max("end_ms"), value=pl.sum("length_ms") / MS_PER_MINUTE
    )
    return spells.filter(pl.col("value") >= least_min).select(
        "subject",
        *SPAN,
        "value",
        limit=pl.lit(least_min),
        excess=pl.col("value") / least_min - 1,
        hours=pl.col("value") / 60,
    )


def _any_window(data: RunData, readings: pl.DataFrame) -> pl.DataFrame:
    """Return a track per room: true while any of its windows is open, false while all are known to be shut."""
    good = readings.filter((pl.col("metric") == OPEN) & (pl.col("quality") < Quality.SUSPECT)).drop_nulls("value")
    states = held(with_hold(good, _contacts(data)), by=["device", "metric", "phase"])
    rooms = _rooms_of_windows(data)
    placed = states.join(_contacts(data).select("device", pl.col("subject").alias("opening")), on="device")
    told = placed.join(rooms, on="opening").select("subject", *SPAN, state=pl.col("value") > 0)
    reach = told.group_by("subject").agg(pl.min("start_ms"), pl.max("end_ms"))
    counted = rooms.filter(pl.col("opening").is_in(placed["opening"].unique().to_list()))
    members = counted.join(reach, on="subject").select("subject", *SPAN)
    return merged(votes(told, members).sort("subject", "start_ms"))


def _contacts(data: RunData) -> pl.DataFrame:
    return data.analyst.point_rows.filter(pl.col("metric") == OPEN)


def _rooms_of_windows(data: RunData) -> pl.DataFrame:
    """Return `opening` and `subject`, the room, of every window."""
    rows = [
        (str(Subject(SubjectKind.OPENING, opening.id)), str(room_subject(opening.room)))
        for opening in data.registry.openings.values()
        if opening.kind is OpeningKind.WINDOW and opening.room is not None
    ]
    return pl.DataFrame(rows, schema={"opening": pl.String, "subject": pl.String}, orient="row")


def _asked(data: RunData) -> Lacking:
    contacts = set(_contacts(data)["subject"].to_list())
    watched = {room for opening, room in _rooms_of_windows(data).iter_rows() if opening in contacts}
    rooms = [room_subject(room.id) for room in data.registry.rooms.values() if not room.restricted]
    asked: Lacking = {room: () if str(room) in watched else (WINDOW_CONTACT,) for room in rooms}
    told = rooms_with_plant(data)
    return with_lacking(asked, EVIDENCE_OF_HVAC, lambda subject: subject not in told)


WORDS = LevelWords(
    rule=RULE, units={RULE: "min"}, limit="both_on_min", missing="window and air conditioning known at the same time"
)
