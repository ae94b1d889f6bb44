"""Whether what a circuit feeds is running in a room, from the power of the circuits that feed that room alone."""

import polars as pl

from analytics.frame import RunData, room_subject
from analytics.intervals import SPAN, merged
from analytics.week import Week
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitItem, RoomId

USUAL_MOST = 0.95
"""The percentile of a week's power while on that counts as all of it running. The project's own choice."""


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
