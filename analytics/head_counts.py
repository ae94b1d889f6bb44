"""How many people are in rooms and buildings: the uses of a room by their largest number, a building's daily peak."""

from collections.abc import Iterator

import polars as pl

from analytics.intervals import SPAN, cut, held, in_hours, merged, within_spans
from analytics.points import with_hold
from analytics.spells import gathered, numbered
from sensors.readings import Quality
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building, Registry, Room, RoomCategory

PEOPLE = "people_count"
USE_GAP_MS = 15 * 60_000
"""A room that is empty for no longer is still in the same use. The project's own choice."""
USES_OF = "uses_of_"
"""Beginning of the names of features that count the uses by their largest number of people: `uses_of_4`."""
COUNTED_ROOMS = frozenset({RoomCategory.OFFICE, RoomCategory.SERVICE})
"""The rooms that are counted into a building's peak even where nothing watches them: as if they were full."""

Track = pl.DataFrame


def people_track(readings: pl.DataFrame, point_rows: pl.DataFrame, kind: SubjectKind) -> Track:
    """Return a track of `people`, the sum of a subject's counters, while all of them answer.

    `readings` are READINGS_SCHEMA, sorted by series and time.
    """
    members = point_rows.filter((pl.col("metric") == PEOPLE) & pl.col("subject").str.starts_with(f"{kind}:"))
    samples = readings.filter(pl.col("metric") == PEOPLE).join(
        members.select("device").unique(), on="device", how="semi"
    )
    good = pl.when(pl.col("quality") < Quality.SUSPECT).then(pl.col("value"))
    known = held(with_hold(samples, members).with_columns(value=good), by=["device", "metric", "phase"])
    answers = merged(known.drop_nulls("value"), by=["device", "phase"], value="value").drop("phase")
    placed = within_spans(answers, members.select("subject", "device", *SPAN), on="device")
    expected = members.select("subject", *SPAN, people=pl.lit(0.0), answered=pl.lit(0), expected=pl.lit(1))
    counted = placed.select("subject", *SPAN, people="value", answered=pl.lit(1), expected=pl.lit(0))
    everyone = (pl.col("answered") >= pl.col("expected")) & (pl.col("expected") > 0)
    return (
        summed(pl.concat([counted, expected]), "people", "answered", "expected")
        .filter(everyone)
        .select("subject", *SPAN, "people")
    )


def summed(intervals: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return a track of the columns, each the sum over the intervals of a subject that hold at a time."""
    closing = [-pl.col(name) for name in columns]
    changes = pl.concat(
        [
            intervals.select("subject", "start_ms", *columns),
            intervals.select("subject", pl.col("end_ms").alias("start_ms"), *closing),
        ]
    )
    return (
        changes.group_by("subject", "start_ms")
        .agg(pl.sum(*columns))
        .sort("subject", "start_ms")
        .with_columns(pl.col(*columns).cum_sum().over("subject"), end_ms=pl.col("start_ms").shift(-1).over("subject"))
        .drop_nulls("end_ms")
    )


def use_features(people: Track, parts: pl.DataFrame) -> pl.DataFrame:
    """Return per room and day the uses that began then, `uses_of_N` by their largest number of people.

    `count_known_h` is how much of the working hours is counted. Cleaning hours are no use of a room.
    """
    segments = cut([people], parts)
    there = (pl.col("people") > 0) & ~pl.col("cleaning")
    spells = (
        numbered(segments, there)
        .group_by("spell", maintain_order=True)
        .agg(pl.first("subject", "start_ms", "day"), pl.last("end_ms"), pl.max("people"))
    )
    uses = gathered(spells, gap_ms=USE_GAP_MS).group_by("group").agg(pl.first("subject", "day"), pl.max("people"))
    number = pl.concat_str(pl.lit(USES_OF), pl.col("people").round().cast(pl.Int64))
    counted = uses.group_by("subject", "day", number.alias("feature")).agg(value=pl.len().cast(pl.Float64))
    known_ms = pl.col("length_ms").filter(pl.col("people").is_not_null() & pl.col("working")).sum()
    known = (
        segments.group_by("subject", "day").agg(value=in_hours(known_ms)).with_columns(feature=pl.lit("count_known_h"))
    )
    return _long(pl.concat([_long(counted), _long(known)]))


def building_features(
    registry: Registry, people: Track, occupancy: Track, counters: Track, parts: pl.DataFrame
) -> pl.DataFrame:
    """Return per building and day the most people at one time: `people_low` at least, `people_high` at most.

    A counter of the building itself gives both. Else rooms are added up: a counted room gives its number, an occupied
    one between one person and all its seats, one of which nothing is known between none and all. `people_high` is
    left out where a room without a number of seats might hold anybody.
    """
    counted = set(counters["subject"].unique())
    own = (
        cut([counters], parts)
        .drop_nulls("people")
        .group_by("subject", "day")
        .agg(people_low=pl.max("people"), people_high=pl.max("people"))
    )
    rooms = [room for room in registry.rooms.values() if _building(room) not in counted]
    of_rooms = _of_rooms(registry, rooms, _bounds(rooms, people, occupancy), parts)
    return _long(
        pl.concat([own, of_rooms])
        .unpivot(index=["subject", "day"], variable_name="feature", value_name="value")
        .drop_nulls("value")
        .filter(pl.col("value").is_finite())
    )


def _of_rooms(registry: Registry, rooms: list[Room], bounds: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    full = pl.DataFrame(
        [(building, seats) for building, seats in _full(registry, rooms)],
        schema={"subject": pl.String, "full": pl.Float64},
        orient="row",
    )
    track = summed(bounds, "low", "high", "anybody")
    daily = cut([track], parts).join(full, on="subject")
    # `anybody` counts rooms that may hold any number; each that is bounded now takes one away.
    open_rooms = pl.DataFrame(
        [(building, number) for building, number in _open(registry, rooms)],
        schema={"subject": pl.String, "open": pl.Int64},
        orient="row",
    )
    still_open = (pl.col("open") + pl.col("anybody").fill_null(0)) > 0
    most = pl.when(still_open).then(float("inf")).otherwise(pl.col("full") + pl.col("high").fill_null(0.0))
    return (
        daily.join(open_rooms, on="subject")
        .group_by("subject", "day")
        .agg(people_low=pl.col("low").fill_null(0.0).max(), people_high=most.max())
    )


def _bounds(rooms: list[Room], people: Track, occupancy: Track) -> pl.DataFrame:
    """Return per building the intervals in which a room is known: what it adds to the least and takes off the most."""
    places = pl.DataFrame(
        [(_room(room), _building(room), _seats(room) if _counts_unseen(room) else 0, _is_open(room)) for room in rooms],
        schema={"subject": pl.String, "building": pl.String, "seats": pl.Float64, "open": pl.Int64},
        orient="row",
    )
    counted = people.join(places, on="subject")
    seen = occupancy.join(places, on="subject").join(people.select("subject").unique(), on="subject", how="anti")
    seats = pl.col("seats").fill_null(0.0)
    exact = counted.select("building", *SPAN, low="people", high=pl.col("people") - seats, anybody=-pl.col("open"))
    someone = pl.col("state")
    vague = seen.select(
        "building",
        *SPAN,
        low=someone.cast(pl.Float64),
        high=pl.when(someone).then(pl.lit(0.0)).otherwise(-seats),
        anybody=pl.when(someone).then(0).otherwise(-pl.col("open")),
    )
    return pl.concat([exact, vague]).rename({"building": "subject"})


def _full(registry: Registry, rooms: list[Room]) -> Iterator[tuple[str, float]]:
    for building in registry.buildings.values():
        own = [room for room in rooms if room.building == building.id and _counts_unseen(room)]
        yield _named(building), float(sum(_seats(room) or 0 for room in own))


def _open(registry: Registry, rooms: list[Room]) -> Iterator[tuple[str, int]]:
    for building in registry.buildings.values():
        yield _named(building), sum(_is_open(room) for room in rooms if room.building == building.id)


def _seats(room: Room) -> int | None:
    """Return how many people a room holds: its seats, else its holders."""
    return room.capacity if room.capacity is not None else len(room.holders) or None


def _counts_unseen(room: Room) -> bool:
    return room.category in COUNTED_ROOMS


def _is_open(room: Room) -> int:
    return int(_counts_unseen(room) and _seats(room) is None)


def _room(room: Room) -> str:
    return str(Subject(SubjectKind.ROOM, room.id))


def _building(room: Room) -> str:
    return str(Subject(SubjectKind.BUILDING, room.building))


def _named(building: Building) -> str:
    return str(Subject(SubjectKind.BUILDING, building.id))


def _long(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("day", "subject", "feature", pl.col("value").cast(pl.Float64))
