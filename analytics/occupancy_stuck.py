"""Sensors of people that got stuck: what they say is not believed, and the room is unknown rather than wrong."""

import polars as pl

from analytics.intervals import MS_PER_HOUR
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, RoomCategory

STUCK_OCCUPIED_H = 6 * 24
"""Nobody is in an office for six days and nights on end; a duty room is no office. The project's own choice."""
STUCK_EMPTY_H = 5 * 24
"""A sensor that saw nobody for so long is held against what else the room says."""
CONTRADICTED_H = 5
"""So many hours surely occupied by all else contradict it."""


def without_endless_use(seen: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Return the track without the spells of offices that were in use for longer than anybody stays."""
    offices = [
        str(Subject(SubjectKind.ROOM, r.id)) for r in registry.rooms.values() if r.category is RoomCategory.OFFICE
    ]
    endless = pl.col("state") & (_length_ms() > STUCK_OCCUPIED_H * MS_PER_HOUR) & pl.col("subject").is_in(offices)
    return seen.filter(~endless)


def never_used(seen: pl.DataFrame) -> frozenset[str]:
    """Return the rooms of a track that were known for long and empty throughout."""
    told = seen.group_by("subject").agg(ever=pl.any("state"), known_ms=_length_ms().sum())
    return frozenset(told.filter(~pl.col("ever") & (pl.col("known_ms") >= STUCK_EMPTY_H * MS_PER_HOUR))["subject"])


def without_contradicted(seen: pl.DataFrame, inferred: pl.DataFrame) -> pl.DataFrame:
    """Return the track without the rooms that were inferred to be in use, though their sensors saw nobody."""
    used = inferred.filter(pl.col("state")).group_by("subject").agg(used_ms=_length_ms().sum())
    contradicted = used.filter(pl.col("used_ms") >= CONTRADICTED_H * MS_PER_HOUR)
    return seen.join(contradicted, on="subject", how="anti")


def _length_ms() -> pl.Expr:
    return pl.col("end_ms") - pl.col("start_ms")
