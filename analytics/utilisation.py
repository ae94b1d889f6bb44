"""How rooms are used by hour and weekday, and how long they stand empty: pure functions over occupancy."""

from collections.abc import Iterable

import polars as pl

from analytics.frame import total
from analytics.intervals import MS_PER_HOUR, cut, in_hours
from analytics.spells import numbered
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, RoomId
from sensors.utilisation import GroupUse, HourCell, Scope, groups_of, is_open

VACANCY_MS = MS_PER_HOUR
"""A room that is empty for an hour of working time stands vacant. The project's own choice."""
LEAST_KNOWN_H = 1.0
"""An hour of the week is told of only from so many known hours on. The project's own choice."""

USE_SCHEMA = pl.Schema(
    {
        "subject": pl.String,
        "day": pl.Date,
        "hour": pl.Int64,
        "known_h": pl.Float64,
        "occupied_h": pl.Float64,
        "work_known_h": pl.Float64,
        "work_occupied_h": pl.Float64,
        "vacant_h": pl.Float64,
    }
)
"""One row per room, local day and hour with known time, and one per vacancy with `vacant_h` alone."""


def use_of(registry: Registry, occupancy: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return USE_SCHEMA of the rooms whose figures may be shown."""
    shown = [str(Subject(SubjectKind.ROOM, room.id)) for room in registry.rooms.values() if is_open(room)]
    return hourly_use(occupancy.filter(pl.col("subject").is_in(shown)), parts)


def hourly_use(occupancy: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return USE_SCHEMA from a track with the boolean `state`; unknown time counts for nothing."""
    segments = cut([occupancy], parts).with_columns(
        hour=(pl.col("start_ms") - pl.col("start_ms").min().over("day")) // MS_PER_HOUR
    )
    known, occupied = pl.col("state").is_not_null(), pl.col("state").fill_null(value=False)
    hours = (
        segments.filter(known)
        .group_by("subject", "day", "hour")
        .agg(
            known_h=_hours(known),
            occupied_h=_hours(occupied),
            work_known_h=_hours(known & pl.col("working")),
            work_occupied_h=_hours(occupied & pl.col("working")),
        )
    )
    empty = pl.col("working") & ~pl.col("state").fill_null(value=True)
    spells = (
        numbered(segments, empty)
        .group_by("spell")
        .agg(
            pl.first("subject", "day"),
            pl.sum("length_ms"),
        )
    )
    vacancies = spells.filter(pl.col("length_ms") >= VACANCY_MS).select(
        "subject", "day", vacant_h=in_hours(pl.col("length_ms"))
    )
    told = pl.concat([hours, vacancies], how="diagonal")
    return told.select(USE_SCHEMA.names()).cast(USE_SCHEMA)


def utilisation(registry: Registry, use: pl.DataFrame) -> tuple[GroupUse, ...]:
    """Return the use of every open room, and of floors, buildings and departments over their open rooms.

    `use` is USE_SCHEMA; a group without a known working hour is left out.
    """
    if use.is_empty():
        return ()
    rows = use.with_columns(room=pl.col("subject").str.strip_prefix("room:"), weekday=pl.col("day").dt.weekday() - 1)
    told = (_group(scope, name, rooms, rows) for scope, name, rooms in groups_of(registry))
    return tuple(group for group in told if group is not None)


def _group(scope: Scope, name: str, rooms: tuple[RoomId, ...], rows: pl.DataFrame) -> GroupUse | None:
    own = rows.filter(pl.col("room").is_in(list(rooms)))
    known_h, occupied_h = total(own, "work_known_h"), total(own, "work_occupied_h")
    if not known_h:
        return None
    vacancies: list[float] = own["vacant_h"].drop_nulls().to_list()
    return GroupUse(
        scope=scope,
        id=name,
        rooms=rooms,
        mean_pct=round(100 * occupied_h / known_h, 1),
        vacancies=len(vacancies),
        longest_vacancy_h=round(max(vacancies, default=0.0), 2),
        mean_vacancy_h=round(sum(vacancies) / len(vacancies), 2) if vacancies else 0.0,
        cells=tuple(_cells(own)),
    )


def _cells(own: pl.DataFrame) -> Iterable[HourCell]:
    week = own.drop_nulls("hour").group_by("weekday", "hour").agg(pl.sum("known_h", "occupied_h"))
    enough = week.filter(pl.col("known_h") >= LEAST_KNOWN_H).sort("weekday", "hour")
    for weekday, hour, known_h, occupied_h in enough.select("weekday", "hour", "known_h", "occupied_h").iter_rows():
        yield HourCell(weekday, hour, round(100 * occupied_h / known_h, 1))


def _hours(condition: pl.Expr) -> pl.Expr:
    return in_hours(pl.col("length_ms").filter(condition).sum())
