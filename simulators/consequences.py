"""Truth that nobody injected: what the simulated physics comes to by itself, such as dry air in a heated building.

Rows follow from the physical truth of the days, before any device, and from the rule's definition; no rule is asked.
Occasions less than a week apart make one row, since a rule tells them as one finding; so a row may hold days in between
on which all was well. A room with thermostat or plant that tells when it runs has no row of temperature.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.readings import from_epoch_ms
from sensors.seasons import Season, conditioned_season
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, Room, RoomCategory, RoomId
from simulators.arithmetic import Flags, Floats, Ints
from simulators.grid import STEP_MINUTES, STEP_MS
from simulators.rooms import Rooms
from simulators.site_day import SiteDay
from simulators.truth import TruthKind, TruthRow
from simulators.world import World

APART = timedelta(days=7)
"""Occasions closer than this are one row, as they make one finding."""
HUMIDITY, TEMPERATURE = "relative_humidity_pct", "temperature_c"
TELLS_OF_PLANT = frozenset({"setpoint_c", "hvac_on"})
FOR_THINGS = frozenset({"archive", "server", "server_room"})
"""Rooms that have limits of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One truth over the days: a subject's value at each step, of season −1 (winter), 0 or 1 (summer)."""

    subject: Subject
    times_ms: Ints
    values: Floats
    season: Ints


def with_consequences(rows: Sequence[TruthRow], world: World, days: int) -> list[TruthRow]:
    """Return the truth with what `days` days of a world at its beginning come to by themselves."""
    lived = list(_columns(_days(world, days), world))
    found = [row for course in lived for row in _rows_of(course, world)]
    return sorted(_joined([*rows, *found]), key=lambda row: (row.rule, row.subject, row.start, row.end))


def _days(world: World, days: int) -> Iterator[SiteDay]:
    for _ in range(days):
        day = world.day
        yield day
        world.step(from_epoch_ms(day.grid.end_ms))


def _columns(days: Iterable[SiteDay], world: World) -> Iterator[Course]:
    """Yield the humidity of each building over its rooms, and the temperature of rooms that nothing else tells of."""
    registry, rooms = world.model.registry, world.model.rooms
    damp, warm = _judged_rooms(registry, rooms, HUMIDITY), _judged_rooms(registry, rooms, TEMPERATURE)
    times, seasons, humid, air = [], [], [], []
    for day in days:
        steps = day.grid.steps
        times.append(day.grid.start_ms + STEP_MS * np.arange(1, steps + 1, dtype=np.int64))
        seasons.append(np.full(steps, _season(registry, day), dtype=np.int64))
        humid.append(day.rooms.relative_humidity_pct[1:, damp])
        air.append(day.rooms.air_c[1:, warm])
    if not times:
        return
    times_ms, season = np.concatenate(times), np.concatenate(seasons)
    humid_pct, air_c = np.concatenate(humid), np.concatenate(air)
    for building in registry.buildings:
        own = [place for place, column in enumerate(damp) if rooms.building[column] == building]
        if own:
            subject = Subject(SubjectKind.BUILDING, building)
            yield Course(subject=subject, times_ms=times_ms, values=humid_pct[:, own].mean(axis=1), season=season)
    for place, column in enumerate(warm):
        subject = Subject(SubjectKind.ROOM, rooms.rooms[column].id)
        yield Course(subject=subject, times_ms=times_ms, values=air_c[:, place], season=season)


def _season(registry: Registry, day: SiteDay) -> int:
    found = conditioned_season(registry.site, day.grid.day)
    return 0 if found is None else -1 if found is Season.WINTER else 1


def _judged_rooms(registry: Registry, rooms: Rooms, metric: str) -> list[int]:
    """Return the columns of rooms for people that show a metric; of temperature, where no thermostat tells more."""
    shown: dict[RoomId, set[str]] = {}
    for device in registry.devices.values():
        for place in device.placements[-1:]:
            if place.room is not None:
                shown.setdefault(place.room, set()).update(device.metrics)
    told = TELLS_OF_PLANT if metric == TEMPERATURE else frozenset()
    return [
        column
        for column, room in enumerate(rooms.rooms)
        if _is_for_people(room) and metric in shown.get(room.id, ()) and told.isdisjoint(shown[room.id])
    ]


def _is_for_people(room: Room) -> bool:
    return not room.restricted and room.category is not RoomCategory.EQUIPMENT and room.subtype not in FOR_THINGS


def _rows_of(course: Course, world: World) -> Iterator[TruthRow]:
    judges = {"A06": _beyond_humidity} if course.subject.kind is SubjectKind.BUILDING else {"E07": _heated_beyond}
    for rule, beyond in judges.items():
        length = timedelta(hours=CATALOGUE[rule].parameter("mean_h"))
        means = _moving_mean(course.values, round(length / timedelta(minutes=STEP_MINUTES)))
        for begin_ms, end_ms in _spans(course.times_ms, beyond(means, course.season)):
            start = max(from_epoch_ms(begin_ms) - length, from_epoch_ms(int(course.times_ms[0]) - STEP_MS))
            start, end = (moment.astimezone(world.zone) for moment in (start, from_epoch_ms(end_ms)))
            yield TruthRow(rule, course.subject, start, end, TruthKind.FAULT)


def _beyond_humidity(means: Floats, season: Ints) -> Flags:
    value = CATALOGUE["A06"].parameter
    found: Flags = ((season < 0) & (means < value("winter_low_pct"))) | (
        (season > 0) & (means > value("summer_high_pct"))
    )
    return found


def _heated_beyond(means: Floats, season: Ints) -> Flags:
    value = CATALOGUE["E07"].parameter
    found: Flags = (season < 0) & (means > value("setpoint_c") + value("margin_c"))
    return found


def _moving_mean(values: Floats, length: int) -> Floats:
    """Return the mean of each value and those before it, `length` in all; NaN before there are so many."""
    summed = np.concatenate([[0.0], np.cumsum(values)])
    means: Floats = np.full(len(values), np.nan)
    if len(values) >= length:
        means[length - 1 :] = (summed[length:] - summed[:-length]) / length
    return means


def _spans(times_ms: Ints, flags: Flags) -> Iterator[tuple[int, int]]:
    """Yield when flags are set without a break, from the first moment to the last."""
    padded = np.concatenate([[False], flags, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield int(times_ms[begin]), int(times_ms[end - 1])


def _may_join(row: TruthRow) -> bool:
    return row.rule in {"A06", "E07"} and row.kind is TruthKind.FAULT


def _joined(rows: Iterable[TruthRow]) -> Iterator[TruthRow]:
    """Yield the rows, faults of A06 and E07 that lie close made one."""
    last: TruthRow | None = None
    several = list(rows)
    yield from (row for row in several if not _may_join(row))
    for row in sorted(filter(_may_join, several), key=lambda row: (row.rule, row.subject, row.start)):
        if last is not None and (last.rule, last.subject) == (row.rule, row.subject) and row.start < last.end + APART:
            last = TruthRow(last.rule, last.subject, last.start, max(last.end, row.end), last.kind)
            continue
        if last is not None:
            yield last
        last = row
    if last is not None:
        yield last
