"""Whether what a circuit feeds is running in a room, from the power of the circuits that feed that room alone."""

import polars as pl

from analytics.frame import RunData, room_subject
from analytics.intervals import SPAN, held, merged
from analytics.samples import SERIES, samples
from analytics.week import Week
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitItem, RoomId

USUAL_MOST = 0.95
"""The percentile of a week's power while on that counts as all of it running. The project's own choice."""
HVAC_ON = "hvac_on"
EVIDENCE_OF_HVAC = "hvac_on|a metered air conditioning circuit of its own"
METER_METRICS = ("energy_import_kwh", "active_power_w")


def circuits_of(data: RunData, item: CircuitItem) -> dict[str, RoomId]:
    """Return the circuits of an item that serve one room alone, with that room.

    What a circuit of several rooms takes does not tell in which of them it is used.
    """
    return {
        str(Subject(SubjectKind.CIRCUIT, circuit.id)): circuit.serves[0]
        for circuit in data.registry.circuits.values()
        if circuit.item is item and len(circuit.serves) == 1
    }


def running(data: RunData, week: Week, item: CircuitItem, *, least_wm2: float, share: float = 0.0) -> pl.DataFrame:
    """Return a track per room with the boolean `state`: a circuit takes enough, of its usual too."""
    rooms = circuits_of(data, item)
    rows = [
        (circuit, str(room_subject(room)), data.registry.rooms[room].usable_area_m2) for circuit, room in rooms.items()
    ]
    schema = {"circuit": pl.String, "room": pl.String, "area_m2": pl.Float64}
    served = pl.DataFrame(rows, schema=schema, orient="row")
    power = week.tracks.power.filter("measured").rename({"subject": "circuit"}).join(served, on="circuit")
    is_on = pl.col("power_w") > least_wm2 * pl.col("area_m2")
    usual_w = pl.col("power_w").filter(is_on).quantile(USUAL_MOST).over("circuit")
    states = power.with_columns(state=is_on & (pl.col("power_w") >= share * usual_w).fill_null(value=False))
    return merged(states.select(pl.col("room").alias("subject"), *SPAN, "state").sort("subject", "start_ms"))


def plant_running(data: RunData, week: Week, *, least_wm2: float) -> pl.DataFrame:
    """Return a track per room of whether its air conditioning runs: as it says itself, else by its circuit."""
    told = held(samples(data, week, HVAC_ON, at=SubjectKind.ROOM), by=list(SERIES))
    said = told.select("subject", *SPAN, state=pl.col("value") > 0)
    circuit = running(data, week, CircuitItem.HVAC, least_wm2=least_wm2)
    return pl.concat([said, circuit.join(said.select("subject").unique(), on="subject", how="anti")])


def rooms_with_plant(data: RunData) -> frozenset[Subject]:
    """Return the rooms of which it is known when their air conditioning runs."""
    rooms = (room_subject(room) for room in data.registry.rooms)
    told = {room for room in rooms if data.has_points(room, (HVAC_ON,))}
    circuits = circuits_of(data, CircuitItem.HVAC)
    metered = {
        room_subject(room)
        for circuit, room in circuits.items()
        if data.has_points(Subject.parse(circuit), METER_METRICS)
    }
    return frozenset(told | metered)
