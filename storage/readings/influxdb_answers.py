"""What InfluxDB answers, piece by piece, as the frames that a store of readings gives."""

import json
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np
import polars as pl

from analytics.ports import READINGS_SCHEMA
from sensors.topology import SiteId
from storage.readings.frames import AGGREGATE_SCHEMA, KEY, SERIES, STORED_EVENTS_SCHEMA
from storage.readings.influxdb_lines import EVENT_FIELDS, NANOSECONDS, NO_VALUE, decoded, series_key
from storage.readings.influxdb_server import Series

KEYED_SCHEMA = pl.Schema([*READINGS_SCHEMA.items(), ("key", pl.String())])
"""READINGS_SCHEMA with how the line of each reading's series begins, as far as the answer tells its tags."""

_AGGREGATES = ("time", "mean", "min", "max", "count")


class ForeignAnswerError(Exception):
    """The server answered other columns than were asked for."""

    def __init__(self, found: Sequence[str], wanted: Sequence[str]) -> None:
        """Name both."""
        super().__init__(f"InfluxDB answered the columns {list(found)} where {list(wanted)} were asked for")


@dataclass(slots=True)
class _Readings:
    """Columns in the making; what a piece has in common is kept once, with the number of its rows."""

    rows: list[int] = field(default_factory=list)
    common: list[tuple[str, str, str, str]] = field(default_factory=list)
    time_ns: "array[int]" = field(default_factory=lambda: array("q"))
    value: "array[float]" = field(default_factory=lambda: array("d"))
    quality: bytearray = field(default_factory=bytearray)
    flags: bytearray = field(default_factory=bytearray)

    def add(self, piece: Series, metric: str) -> None:
        tags = {name: decoded(value) for name, value in piece.tags.items()}
        self.rows.append(len(piece.rows))
        self.common.append((tags.get("device", ""), metric, tags.get("phase", ""), series_key(piece.name, tags)))
        if piece.rows:
            times, values, qualities, flags = zip(*piece.rows, strict=True)
            self.time_ns.extend(times)
            self.value.extend(nan if each is None else each for each in values)
            self.quality.extend(int(each or 0) for each in qualities)
            self.flags.extend(int(each or 0) for each in flags)

    def frame(self) -> pl.DataFrame:
        """KEYED_SCHEMA; of one key one row, for a point under another room would be the same reading."""
        repeated = np.repeat(np.arange(len(self.rows)), self.rows)
        common = pl.DataFrame(self.common, schema=dict.fromkeys((*SERIES, "key"), pl.String), orient="row")
        flags = pl.Series(list(self.flags), dtype=pl.UInt8)
        there = (flags & NO_VALUE) == 0
        columns = {
            "time_ms": pl.Series(self.time_ns, dtype=pl.Int64) // NANOSECONDS,
            "value": pl.Series(self.value, dtype=pl.Float64).fill_nan(None),
            "quality": pl.Series(list(self.quality), dtype=pl.UInt8),
            "flags": flags & (NO_VALUE - 1),
            "there": there,
        }
        frame = common[repeated].with_columns(**columns)
        value = pl.when("there").then("value")
        return frame.with_columns(value.alias("value")).select(KEYED_SCHEMA.names()).unique(KEY, keep="last")


def readings(answer: Iterable[Series], metrics: Sequence[str]) -> pl.DataFrame:
    """KEYED_SCHEMA of what statements on `metrics`, one for each, answered."""
    made = _Readings()
    for piece in answer:
        metric = metrics[piece.statement]
        checked(piece, ("time", metric, f"{metric}_quality", f"{metric}_flags"))
        made.add(piece, metric)
    return made.frame()


def latest(answer: Iterable[Series], metrics: Sequence[str]) -> pl.DataFrame:
    """KEYED_SCHEMA of the newest readings, one statement for each metric."""
    made = _Readings()
    for piece in answer:
        metric = metrics[piece.statement]
        checked(piece, ("time", "last", metric, f"{metric}_flags"))
        rows = [(time, value, quality, flags) for time, quality, value, flags in piece.rows]
        made.add(Series(piece.statement, piece.name, piece.tags, piece.columns, rows), metric)
    return made.frame()


def times_ms(answer: Iterable[Series]) -> list[int]:
    """Return the times of all rows, UTC ms."""
    return [row[0] // NANOSECONDS for piece in answer for row in piece.rows]


def total(answer: Iterable[Series]) -> int:
    """Return the sum of all counts."""
    return sum(int(row[1]) for piece in answer for row in piece.rows)


def aggregates(answer: Iterable[Series]) -> pl.DataFrame:
    """AGGREGATE_SCHEMA of one statement's answer, sorted by device, phase, bucket_ms."""
    rows: list[tuple[Any, ...]] = []
    for piece in answer:
        checked(piece, _AGGREGATES)
        device, phase = (decoded(piece.tags.get(name, "")) for name in ("device", "phase"))
        rows += [(time // NANOSECONDS, device, phase, *values) for time, *values in piece.rows]
    return pl.DataFrame(rows, schema=AGGREGATE_SCHEMA, orient="row").sort("device", "phase", "bucket_ms")


def events(answer: Iterable[Series], site: SiteId) -> pl.DataFrame:
    """STORED_EVENTS_SCHEMA of the events of a site, sorted by time_ms, received_ms, identity."""
    rows: list[dict[str, Any]] = []
    for piece in answer:
        checked(piece, ("time", *EVENT_FIELDS))
        device = decoded(piece.tags.get("device", ""))
        rows += [
            {"site": site, "device": device, **_event(dict(zip(EVENT_FIELDS, fields, strict=True)), time)}
            for time, *fields in piece.rows
        ]
    return pl.DataFrame(rows, schema=STORED_EVENTS_SCHEMA).sort("time_ms", "received_ms", "identity")


def event_nanoseconds(answer: Iterable[Series]) -> dict[int, str]:
    """Return the identity of the event at each nanosecond within its millisecond."""
    place = EVENT_FIELDS.index("identity") + 1
    return {row[0] % NANOSECONDS: row[place] for piece in answer for row in piece.rows}


def _event(fields: dict[str, Any], time_ns: int) -> dict[str, Any]:
    return fields | {
        "time_ms": time_ns // NANOSECONDS,
        "received_ms": int(fields["received_ms"]),
        "test": bool(fields["test"]),
        "flags": int(fields["flags"]),
        "doubts": json.loads(fields["doubts"]),
        "credential": fields["credential"] or "",
    }


def checked(piece: Series, wanted: Sequence[str]) -> None:
    """Raise ForeignAnswerError: a server that names its columns otherwise must not pass for an empty store."""
    if tuple(piece.columns) != tuple(wanted):
        raise ForeignAnswerError(piece.columns, wanted)
