"""A07: too little light where people work with the lights on."""

import polars as pl

from analytics.frame import RunData, room_subject
from analytics.moving import beyond, kept, moving
from analytics.occupancy import OCCUPANCY_METRICS
from analytics.rules.levels import Lacking, LevelWords, rooms_asked, share_of, with_lacking
from analytics.running import circuits_of, running
from analytics.samples import during, in_series, samples
from analytics.week import Week
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitItem, Room, RoomCategory
from sensors.verdicts import Finding

RULE = "A07"
LIGHT = "illuminance_lux"
CORRIDOR = "corridor"
OWN_CIRCUIT = "a metered lighting circuit of its own"
STEADY_LIGHT = pl.max_horizontal(pl.mean("value"), pl.median("value"))
"""A sample taken just after the lights went off, which their meter tells minutes later, lowers the mean but not the
median, so the higher of both is judged. The project's own choice."""
METER_METRICS = ("energy_import_kwh", "active_power_w")


def dim(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with the 15 min mean below its limit, occupied, all lights on."""
    value = data.thresholds.value
    lit = running(
        data,
        week,
        CircuitItem.LIGHTING,
        least_wm2=value(RULE, "lights_on_wm2"),
        share=value(RULE, "lights_on_pct") / 100,
    )
    at_desk = _at_the_desk(data, samples(data, week, LIGHT, at=SubjectKind.ROOM))
    used = during(during(at_desk, week.tracks.occupancy), lit)
    length_ms = value(RULE, "mean_min") * 60_000
    means = moving(in_series(used), length_ms=length_ms, share=share_of(data, RULE), value=STEADY_LIGHT)
    judged = beyond(means.join(_limits(data), on="subject"), low=pl.col("limit_lux"))
    margin = value(RULE, "clear_margin_lux")
    return kept(judged, margin=margin, length_ms=length_ms, tag=RULE, span_ms=week.span_ms)


def light(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each office, meeting room and corridor."""
    return WORDS.findings(data, found, _asked(data))


def _asked(data: RunData) -> Lacking:
    asked = rooms_asked(data, (LIGHT,), OCCUPANCY_METRICS, concerns=_has_limit)
    circuits = circuits_of(data, CircuitItem.LIGHTING)
    metered = {room for circuit, room in circuits.items() if data.has_points(Subject.parse(circuit), METER_METRICS)}
    calibrated = {str(room_subject(room)) for room in _rooms_with_factor(data)}
    with_meter = with_lacking(asked, OWN_CIRCUIT, lambda subject: subject.id not in metered)
    return with_lacking(
        with_meter, "device.lux_factor", lambda s: data.has_points(s, (LIGHT,)) and str(s) not in calibrated
    )


def _has_limit(room: Room) -> bool:
    return room.category is RoomCategory.OFFICE or room.is_meeting_room or room.subtype == CORRIDOR


def _rooms_with_factor(data: RunData) -> list[str]:
    """Return the rooms with a sensor of which somebody found out what the desk has while the wall shows so much."""
    devices = [device for device in data.registry.devices.values() if device.lux_factor is not None]
    return [place.room for device in devices for place in device.placements if place.room is not None]


def _at_the_desk(data: RunData, found: pl.DataFrame) -> pl.DataFrame:
    rows = [(device.id, device.lux_factor) for device in data.registry.devices.values() if device.lux_factor]
    factors = pl.DataFrame(rows, schema={"device": pl.String, "factor": pl.Float64}, orient="row")
    return found.join(factors, on="device").with_columns(pl.col("value") * pl.col("factor")).drop("factor")


def _limits(data: RunData) -> pl.DataFrame:
    rows = [
        (
            str(room_subject(room.id)),
            data.thresholds.value(RULE, "corridor_lux" if room.subtype == CORRIDOR else "office_lux"),
        )
        for room in data.registry.rooms.values()
        if _has_limit(room)
    ]
    return pl.DataFrame(rows, schema={"subject": pl.String, "limit_lux": pl.Float64}, orient="row")


WORDS = LevelWords(
    rule=RULE, units={RULE: "lx"}, limit="office_lux", missing="light in the occupied room with the lights on"
)
