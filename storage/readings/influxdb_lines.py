"""Readings and events as InfluxDB's line protocol, and its tags as our words again.

A metric is a field of its kind's measurement, with `METRIC_quality` and `METRIC_flags` beside it; numbers are always
floats, for the first point written decides a field's type for ever. Place, device and phase are tags; nothing that
changes from message to message is.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl

from sensors.events import Event, EventType
from sensors.metrics import METRICS, MeasurementKind
from sensors.readings import epoch_ms
from storage.readings.frames import event_identity

NO_VALUE = 128
"""A bit of `METRIC_flags` beyond those of ReadingFlag: the device had no value, whatever the value field still holds.

A field once written cannot be taken away, only overwritten.
"""

TAGS = ("building", "device", "floor", "phase", "room", "site")
"""In the order in which the server keeps them, which saves it the sorting."""

NANOSECONDS = 1_000_000
"""In a millisecond."""

EARLIEST_MS, LATEST_MS = -9_223_372_036_854, 9_223_372_036_854
"""What a time in nanoseconds can hold: 1677 to 2262."""

EVENT_FIELDS = (
    *("received_ms", "gateway", "type", "state", "zone", "test", "id", "flags", "doubts", "identity", "credential"),
)

ROLLUP_FIELDS = ("min", "max", "count", "amount", "estimated", "state")
"""What stands beside the mean in a roll-up, each behind the metric's name."""

_EVENT_KINDS: Mapping[EventType, MeasurementKind] = MappingProxyType(
    {
        EventType.LEAK: MeasurementKind.UTILITIES,
        **dict.fromkeys(
            (
                EventType.GRANTED,
                EventType.DENIED,
                EventType.FORCED,
                EventType.EXIT_REQUEST,
                EventType.TAMPER,
                EventType.HELD,
                EventType.OFFLINE,
            ),
            MeasurementKind.DOOR_ACCESS,
        ),
    }
)

# Line protocol cannot end a tag's value in a backslash, nor hold an empty one or one with a line's end.
_ENCODED = str.maketrans({"%": "%25", "\\": "%5C", "\n": "%0A", "\r": "%0D", "\t": "%09", "\0": "%00"})
_ESCAPED = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
_DECODED = {code: chr(number) for number, code in _ENCODED.items() if isinstance(code, str)}
_EMPTY = "%"


def tag_value(text: str) -> str:
    """Return the text as the value of a tag, before line protocol's own escaping; `decoded` undoes it."""
    return text.translate(_ENCODED) or _EMPTY


def decoded(value: str) -> str:
    """Return the text that a tag's value stands for."""
    if "%" not in value:
        return value
    text = "" if value == _EMPTY else value
    for code, character in _DECODED.items():
        if character != "%":
            text = text.replace(code, character)
    return text.replace("%25", "%")


def series_key(measurement: str, tags: Mapping[str, str], names: Sequence[str] = TAGS) -> str:
    """Return how a line begins: the measurement and those tags that say something, escaped, in the server's order."""
    said = (f",{name}={tag_value(tags[name]).translate(_ESCAPED)}" for name in names if tags.get(name))
    return measurement + "".join(said)


def kind_of(metric: str) -> str:
    """Return the measurement that a metric is a field of."""
    return METRICS[metric].kind.value


def event_kind(event: Event) -> str:
    """Return the measurement that an event is a point of."""
    return _EVENT_KINDS.get(event.type, MeasurementKind.FIRE_ALARM).value


EVENT_MEASUREMENTS = tuple(sorted({_EVENT_KINDS.get(each, MeasurementKind.FIRE_ALARM).value for each in EventType}))


def reading_lines(readings: pl.DataFrame) -> pl.Series:
    """Return one line for each row of READINGS_SCHEMA with its series `key`."""
    metric, value = pl.col("metric"), pl.col("value")
    flags = pl.col("flags") | pl.when(value.is_null()).then(NO_VALUE).otherwise(0).cast(pl.UInt8)
    shown = pl.concat_str(metric, pl.lit("="), value.cast(pl.String), pl.lit(","))
    line = pl.concat_str(
        "key",
        pl.lit(" "),
        pl.when(value.is_null()).then(pl.lit("")).otherwise(shown),
        metric,
        pl.lit("_flags="),
        flags.cast(pl.String),
        pl.lit(","),
        metric,
        pl.lit("_quality="),
        pl.col("quality").cast(pl.String),
        pl.lit(" "),
        (pl.col("time_ms") * NANOSECONDS).cast(pl.String),
    )
    return readings.select(line.alias("line"))["line"]


def rollup_fields(metric: str) -> tuple[str, ...]:
    """Return the fields of a roll-up; the mean has the metric's own name, so that one panel draws all buckets."""
    return metric, *(f"{metric}_{name}" for name in ROLLUP_FIELDS)


def rollup_lines(rollups: pl.DataFrame) -> pl.Series:
    """Return one line for each row of ROLLUP_SCHEMA with its series `key` and `state`."""
    columns = {"mean": "", "minimum": "_min", "maximum": "_max", "amount": "_amount", "estimated_amount": "_estimated"}
    shown = [
        pl.when(pl.col(name).is_null())
        .then(pl.lit(""))
        .otherwise(pl.concat_str("metric", pl.lit(f"{ending}="), pl.col(name).cast(pl.String), pl.lit(",")))
        for name, ending in columns.items()
    ]
    line = pl.concat_str(
        "key",
        pl.lit(" "),
        *shown,
        "metric",
        pl.lit("_count="),
        pl.col("count").cast(pl.String),
        pl.lit(","),
        "metric",
        pl.lit("_state="),
        pl.col("state").cast(pl.String),
        pl.lit(" "),
        (pl.col("bucket_ms") * NANOSECONDS).cast(pl.String),
    )
    return rollups.select(line.alias("line"))["line"]


def event_line(event: Event, key: str, time_ns: int) -> str:
    """Return the line of an event at its own nanosecond."""
    said = {
        "credential": text_field(event.credential) if event.credential else None,
        "doubts": text_field(json.dumps(event.doubts, ensure_ascii=False)),
        "flags": str(int(event.flags)),
        "gateway": text_field(event.gateway),
        "id": None if event.id is None else text_field(event.id),
        "identity": text_field(event_identity(event)),
        "received_ms": str(epoch_ms(event.received)),
        "state": text_field(event.state),
        "test": str(int(event.test)),
        "type": text_field(event.type),
        "zone": text_field(event.zone),
    }
    fields = ",".join(f"{name}={value}" for name, value in said.items() if value is not None)
    return f"{key} {fields} {time_ns}"


def text_field(text: str) -> str:
    """Return a text as the value of a field."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def body(lines: Sequence[str] | pl.Series) -> bytes:
    """Return lines as the body of one write."""
    return "\n".join(lines).encode()
