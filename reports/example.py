"""One room day by day, so that a reader can add up the answer's figures by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from analytics.occupancy import OCCUPANCY_METRICS
from analytics.power import IMPORT, POWER
from analytics.runs import Analysis
from analytics.summary import WHOLE_DAY_PCT
from reports.energy import CircuitRow, Energy
from reports.rooms import OpenRoom, Rooms, daily_figures
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, Device, Placement

HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleDay:
    """Hours of one local day, and per circuit its kWh and those while empty. None is unknown."""

    day: date
    work_known_h: float
    work_occupied_h: float
    known_h: float
    occupied_h: float
    circuits: tuple[tuple[float | None, float | None], ...]

    @property
    def never_occupied(self) -> bool:
        """Say whether the day is known whole and had nobody."""
        return self.occupied_h == 0 and 100 * self.known_h >= WHOLE_DAY_PCT * HOURS_A_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A device and what it measures, for a reader who looks the readings up."""

    device: str
    metric: str
    circuit: CircuitId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The least used room, its circuits that may be shown, and its days."""

    row: OpenRoom
    circuits: tuple[CircuitRow, ...]
    points: tuple[Point, ...]
    days: tuple[ExampleDay, ...]


def example_of(analysis: Analysis, rooms: Rooms, energy: Energy) -> Example | None:
    """Return the least used room that several people share, None where nothing is known of any."""
    row = rooms.least_used
    if row is None:
        return None
    circuits = tuple(circuit for circuit in energy.rows if row.room.id in circuit.circuit.serves)
    return Example(
        row=row,
        circuits=circuits,
        points=tuple(_points(analysis, row, circuits)),
        days=tuple(_days(analysis, row, circuits)),
    )


def _points(analysis: Analysis, row: OpenRoom, circuits: tuple[CircuitRow, ...]) -> list[Point]:
    ours = {circuit.circuit.id for circuit in circuits}
    found = []
    for device in analysis.registry.devices.values():
        for placement in device.placements:
            if placement.room == row.room.id:
                found += _measured(device, OCCUPANCY_METRICS, placement)
            if placement.circuit in ours:
                found += _measured(device, (IMPORT, POWER), placement)
    return sorted(set(found), key=lambda point: (point.circuit or "", point.device, point.metric))


def _measured(device: Device, wanted: tuple[str, ...], placement: Placement) -> list[Point]:
    return [
        Point(device=device.id, metric=metric, circuit=placement.circuit)
        for metric in wanted
        if metric in device.metrics
    ]


def _days(analysis: Analysis, row: OpenRoom, circuits: tuple[CircuitRow, ...]) -> list[ExampleDay]:
    room = daily_figures(analysis, row.use.subject)
    meters = [daily_figures(analysis, Subject(SubjectKind.CIRCUIT, circuit.circuit.id)) for circuit in circuits]
    days = {day for day in room if room[day].get("known_h")}.union(*meters)
    return [_day(day, room.get(day, {}), [meter.get(day, {}) for meter in meters]) for day in sorted(days)]


def _day(day: date, room: Mapping[str, float], meters: list[Mapping[str, float]]) -> ExampleDay:
    return ExampleDay(
        day=day,
        work_known_h=room.get("work_known_h", 0.0),
        work_occupied_h=room.get("work_occupied_h", 0.0),
        known_h=room.get("known_h", 0.0),
        occupied_h=room.get("occupied_h", 0.0),
        circuits=tuple((meter.get("energy_kwh"), _empty_kwh(meter)) for meter in meters),
    )


def _empty_kwh(meter: Mapping[str, float]) -> float | None:
    return meter.get("empty_kwh") if meter.get("occupancy_known_h") else None
