"""The summary of a run: per room how it was used and what burned while it was empty."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from analytics.frame import RunData, room_subject
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, Room, RoomId

ROOM_FEATURES = ("known_h", "occupied_h", "work_known_h", "work_occupied_h")
CIRCUIT_FEATURES = ("energy_kwh", "empty_kwh", "empty_h", "occupancy_known_h")
Hours = tuple[float, float, float]
"""Hours of a room over the window: occupied at work, known at work, at work."""
WHOLE_DAY_PCT = 90.0
"""A day counts as never occupied only when so much of it is known. The project's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitUse:
    """Energy of a circuit over the window; `kwh_while_empty` is None where occupancy was never known beside it."""

    kwh: float
    kwh_while_empty: float | None
    empty_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomUse:
    """Use of a room over the window.

    `utilisation_pct` is occupied ÷ known working hours, None where nothing is known; `days` the local dates with
    readings; `days_never_occupied` those of them that are known whole and had nobody. `personal` rooms have one or
    two holders: what is shown of them to others is an attendance record in all but name.
    """

    subject: Subject
    utilisation_pct: float | None
    occupied_h: float
    known_h: float
    working_h: float
    days: int
    days_never_occupied: int
    personal: bool
    circuits: Mapping[CircuitId, CircuitUse] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the mapping against change."""
        object.__setattr__(self, "circuits", MappingProxyType(dict(self.circuits)))


def summarise(data: RunData) -> list[RoomUse]:
    """Return the use of every room that is not restricted, in the registry's order."""
    rooms = [room for room in data.registry.rooms.values() if not room.restricted]
    daily = data.daily_in_window([room_subject(room.id) for room in rooms], ROOM_FEATURES)
    # A window of which no instant has passed, as by a single reading at midnight, has no row of any room.
    sums = {str(room_subject(room.id)): (0.0, 0.0, 0.0) for room in rooms} | _hours(daily)
    heard, circuits = _days_heard(data), _circuits_of_rooms(data)
    whole = 100 * pl.col("known_h") / pl.col("day_h") >= WHOLE_DAY_PCT
    empty = daily.filter(whole & (pl.col("occupied_h") == 0)).join(heard, on=["subject", "day"], how="semi")
    days = _counts(heard), _counts(empty)
    return [_room_use(room, sums[str(room_subject(room.id))], days, circuits.get(room.id, {})) for room in rooms]


def _hours(daily: pl.DataFrame) -> dict[str, Hours]:
    sums = daily.group_by("subject").agg(pl.sum("work_occupied_h", "work_known_h", "work_h"))
    return {subject: (occupied, known, working) for subject, occupied, known, working in sums.iter_rows()}


def _counts(days: pl.DataFrame) -> Mapping[str, int]:
    return dict(days.group_by("subject").len().iter_rows())


def _room_use(
    room: Room,
    hours: Hours,
    days: tuple[Mapping[str, int], Mapping[str, int]],
    circuits: Mapping[CircuitId, CircuitUse],
) -> RoomUse:
    """Return the use of a room from its `hours`; `days` count those with readings, and those empty throughout."""
    subject = room_subject(room.id)
    occupied_h, known_h, working_h = hours
    heard, empty = (each.get(str(subject), 0) for each in days)
    return RoomUse(
        subject=subject,
        utilisation_pct=100 * occupied_h / known_h if known_h else None,
        occupied_h=occupied_h,
        known_h=known_h,
        working_h=working_h,
        days=heard,
        days_never_occupied=empty,
        personal=room.is_personal,
        circuits=circuits,
    )


def _circuits_of_rooms(data: RunData) -> Mapping[RoomId, Mapping[CircuitId, CircuitUse]]:
    """Return of each room the circuits that serve it and of which anything is known, in the registry's order."""
    used = _circuits(data)
    of_rooms = defaultdict[RoomId, dict[CircuitId, CircuitUse]](dict)
    for circuit in data.registry.circuits.values():
        if circuit.id in used:
            for room in circuit.serves:
                of_rooms[room][circuit.id] = used[circuit.id]
    return of_rooms


def _days_heard(data: RunData) -> pl.DataFrame:
    """Return `subject` (rooms) and `day` for every day on which a device in the room gave a reading."""
    devices = [Subject(SubjectKind.DEVICE, device) for device in data.registry.devices]
    daily = data.daily_in_window(devices, ("readings",)).filter(pl.col("readings") > 0)
    places = data.analyst.point_rows.select(
        pl.concat_str(pl.lit(f"{SubjectKind.DEVICE}:"), "device").alias("device_subject"),
        "subject",
        since_ms="start_ms",
        until_ms="end_ms",
    ).unique()
    placed = daily.join(places, left_on="subject", right_on="device_subject")
    there = (pl.col("since_ms") < pl.col("end_ms")) & (pl.col("until_ms") > pl.col("start_ms"))
    return placed.filter(there).select(pl.col("subject_right").alias("subject"), "day").unique()


def _circuits(data: RunData) -> Mapping[CircuitId, CircuitUse]:
    subjects = [Subject(SubjectKind.CIRCUIT, circuit) for circuit in data.registry.circuits]
    daily = data.daily_in_window(subjects, CIRCUIT_FEATURES).drop_nulls("energy_kwh")
    sums = daily.group_by("subject").agg(pl.sum(*CIRCUIT_FEATURES))
    return {
        CircuitId(Subject.parse(subject).id): CircuitUse(
            kwh=energy_kwh, kwh_while_empty=empty_kwh if known_h else None, empty_h=empty_h
        )
        for subject, energy_kwh, empty_kwh, empty_h, known_h in sums.select("subject", *CIRCUIT_FEATURES).iter_rows()
    }
