"""A08: air conditioning that is too loud, heard while nobody is in the room."""

import polars as pl

from analytics.frame import RunData, room_subject
from analytics.intervals import MS_PER_HOUR
from analytics.moving import beyond, kept, moving
from analytics.occupancy import OCCUPANCY_METRICS
from analytics.rules.levels import Lacking, LevelWords, rooms_asked, share_of, with_lacking
from analytics.running import EVIDENCE_OF_HVAC, plant_running, rooms_with_plant
from analytics.samples import during, in_series, samples
from analytics.week import Week
from sensors.subjects import SubjectKind
from sensors.topology import Room, RoomCategory
from sensors.verdicts import Finding

RULE = "A08"
SOUND = "sound_level_dba"
EQUIVALENT_LEVEL = 10 * (10 ** (pl.col("value") / 10)).mean().log10()
"""The steady level with the same energy, LAeq. Source: ISO 1996-1:2016."""
PLANT_LEVEL = pl.min_horizontal(EQUIVALENT_LEVEL, pl.median("value"))
"""Air conditioning is heard all the time: a short visit or a slammed door raises the LAeq but not the median, so the
lower of both is judged. The project's own choice."""


def loud(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with the 1 h equivalent level above its limit, empty, plant running."""
    plausible = pl.col("value") >= data.thresholds.value(RULE, "plausible_low_dba")
    found = samples(data, week, SOUND, at=SubjectKind.ROOM).filter(plausible)
    empty = during(found, week.tracks.occupancy, state=False)
    length_ms = data.thresholds.value(RULE, "mean_h") * MS_PER_HOUR
    heard = in_series(during(empty, plant_running(data, week, least_wm2=data.thresholds.value(RULE, "hvac_on_wm2"))))
    levels = moving(heard, length_ms=length_ms, share=share_of(data, RULE), value=PLANT_LEVEL)
    judged = beyond(levels.join(_limits(data), on="subject"), high=pl.col("limit_dba"))
    margin = data.thresholds.value(RULE, "clear_margin_db")
    return kept(judged, margin=margin, length_ms=length_ms, tag=RULE, span_ms=week.span_ms)


def noise(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each room that is no plant room."""
    return WORDS.findings(data, found, _asked(data))


def _asked(data: RunData) -> Lacking:
    asked = rooms_asked(data, (SOUND,), OCCUPANCY_METRICS, concerns=_is_quiet)
    told = rooms_with_plant(data)
    return with_lacking(asked, EVIDENCE_OF_HVAC, lambda subject: subject not in told)


def _is_quiet(room: Room) -> bool:
    return room.category is not RoomCategory.EQUIPMENT


def _limits(data: RunData) -> pl.DataFrame:
    rows = [
        (
            str(room_subject(room.id)),
            data.thresholds.value(RULE, "single_office_dba" if is_single(room) else "level_dba"),
        )
        for room in data.registry.rooms.values()
    ]
    return pl.DataFrame(rows, schema={"subject": pl.String, "limit_dba": pl.Float64}, orient="row")


def is_single(room: Room) -> bool:
    """Say whether a room is an office for one."""
    return room.category is RoomCategory.OFFICE and room.capacity == 1


WORDS = LevelWords(
    rule=RULE, units={RULE: "dB(A)"}, limit="level_dba", missing="sound in the empty room with the air conditioning on"
)
