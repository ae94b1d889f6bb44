"""Overtime that was approved, by building: what its meters count then is neither of the working hours nor waste."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import polars as pl

from analytics.calendar import NIGHT, WorkCalendar
from analytics.intervals import cut, in_hours
from sensors.day_changes import DayChange, DayChanges
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, CircuitId, Registry

NIGHT_H = (NIGHT[1] - NIGHT[0]) / 60
TRACK_SCHEMA = pl.Schema({"subject": pl.String, "start_ms": pl.Int64, "end_ms": pl.Int64, "overtime": pl.Boolean})


@dataclass(frozen=True, slots=True)
class _Approved:
    """An entry of the calendar, with what else holds of the rooms that it is about."""

    change: DayChange
    rooms: tuple[DayChanges, ...]

    def holds(self, day: date) -> bool:
        """Say whether somebody may work then: in a closed room nobody does."""
        is_open = not self.rooms or any(not any(each.holds(day) for each in room.closures) for room in self.rooms)
        return self.change.holds(day) and is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtime:
    """All overtime of a site: that of the whole site, and that of any room of a building."""

    by_building: Mapping[BuildingId, tuple[_Approved, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, registry: Registry, calendar: WorkCalendar) -> "Overtime":
        """Return what the calendar holds of the rooms of a registry."""
        found: dict[BuildingId, list[_Approved]] = defaultdict(list)
        for change in calendar.changes.overtime:
            rooms = [room for room in registry.rooms.values() if change.scope.covers(room)]
            for building in registry.buildings if change.scope.is_site else {room.building for room in rooms}:
                theirs = tuple(calendar.changes.of(room) for room in rooms if room.building == building)
                found[building].append(_Approved(change, theirs))
        return cls(by_building={building: tuple(approved) for building, approved in found.items()})

    def circuits(self, registry: Registry, calendar: WorkCalendar, days: Collection[date]) -> pl.DataFrame:
        """Return TRACK_SCHEMA: when there was overtime in the building of each circuit."""
        by_building: dict[BuildingId, list[Subject]] = defaultdict(list)
        for circuit in registry.circuits.values() if self.by_building else ():
            building = registry.circuit_building(CircuitId(circuit.id))
            if building is not None:
                by_building[building].append(Subject(SubjectKind.CIRCUIT, circuit.id))
        rows = [
            (str(subject), *span, True)
            for building, subjects in by_building.items()
            for span in self.spans(building, calendar, days)
            for subject in subjects
        ]
        return pl.DataFrame(rows, schema=TRACK_SCHEMA, orient="row").sort("subject", "start_ms")

    def spans(self, building: BuildingId, calendar: WorkCalendar, days: Collection[date]) -> list[tuple[int, int]]:
        """Return when there was overtime in a building, UTC ms, in order and without overlaps."""
        return list(_united(_spans(self.by_building.get(building, ()), calendar, days)))


def due_hours(track: pl.DataFrame, calendar: WorkCalendar, days: Collection[date]) -> pl.DataFrame:
    """Return `subject`, `day`, `overtime_h` outside working hours and `night_h` without overtime, of days with some."""
    with_some = {calendar.local_day(at) for at in track["start_ms"].to_list()}
    wanted = sorted(with_some.intersection(days))
    if not wanted:
        return pl.DataFrame(
            schema={"subject": pl.String, "day": pl.Date, "overtime_h": pl.Float64, "night_h": pl.Float64}
        )
    segments = cut([track], calendar.frame(wanted[0], wanted[-1]))
    overtime, length_ms = pl.col("overtime").fill_null(value=False), pl.col("length_ms")
    return segments.group_by("subject", "day").agg(
        overtime_h=in_hours(length_ms.filter(overtime & ~pl.col("working")).sum()),
        night_h=in_hours(length_ms.filter(pl.col("night") & ~pl.col("working") & ~overtime).sum()),
    )


def _spans(entries: Iterable[_Approved], calendar: WorkCalendar, days: Collection[date]) -> Iterator[tuple[int, int]]:
    for approved in entries:
        for day in filter(approved.holds, days):
            for begin, end in approved.change.hours:
                yield calendar.minute_ms(day, begin), calendar.minute_ms(day, end)


def _united(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    reached: tuple[int, int] | None = None
    for start, end in sorted(spans):
        if reached is not None and start <= reached[1]:
            reached = (reached[0], max(reached[1], end))
            continue
        if reached is not None:
            yield reached
        reached = (start, end)
    if reached is not None:
        yield reached
