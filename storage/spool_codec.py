"""How readings and events lie in the spool: columns as little-endian bytes, names once, events as JSON."""

import struct
import sys
from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingBatch, ReadingFlag
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject
from sensors.topology import DeviceId, SiteId
from sensors.verdicts import Severity

_VERSION = 1
_HEADER = struct.Struct("<BII")
"""Version, length of the names, number of readings."""


def pack_readings(batch: ReadingBatch) -> bytes:
    """Return a batch as bytes: 22 for each reading, and every device, metric and phase once."""
    series: dict[tuple[str, str, str], int] = {}
    index = [series.setdefault(key, len(series)) for key in zip(batch.device, batch.metric, batch.phase, strict=True)]
    names = orjson.dumps([batch.site, list(series)])
    numbers = (_little(batch.time_ms), _little(batch.value), _little(array("I", index)))
    return b"".join((_HEADER.pack(_VERSION, len(names), len(index)), names, *numbers, batch.quality, batch.flags))


def unpack_readings(data: bytes) -> ReadingBatch:
    """Return the batch of `pack_readings`; SpoolDataError where the bytes are none."""
    try:
        return _unpack_readings(data)
    except (struct.error, ValueError, IndexError) as exc:
        msg = f"damaged readings in the spool: {exc}"
        raise SpoolDataError(msg) from exc


class SpoolDataError(Exception):
    """What lies in the spool cannot be read back."""


def _unpack_readings(data: bytes) -> ReadingBatch:
    version, names_length, count = _HEADER.unpack_from(data)
    if version != _VERSION:
        msg = f"form {version}, known is {_VERSION}"
        raise ValueError(msg)
    names_end = _HEADER.size + names_length
    site, series = orjson.loads(data[_HEADER.size : names_end])
    values_at, index_at, quality_at = (names_end + size * count for size in (8, 16, 20))
    flags_at, end = quality_at + count, quality_at + 2 * count
    if len(data) != end:
        msg = f"{len(data)} bytes where {end} were written"
        raise ValueError(msg)
    keys = [series[position] for position in _column("I", data[index_at:quality_at])]
    return ReadingBatch(
        site=SiteId(site),
        time_ms=_column("q", data[names_end:values_at]),
        device=[key[0] for key in keys],
        metric=[key[1] for key in keys],
        phase=[key[2] for key in keys],
        value=_column("d", data[values_at:index_at]),
        quality=bytearray(data[quality_at:flags_at]),
        flags=bytearray(data[flags_at:]),
    )


def _little(column: "array[Any]") -> bytes:
    """Return the bytes of a column, the lowest first whatever machine this is."""
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()


def _column(kind: str, data: bytes) -> "array[Any]":
    column: array[Any] = array(kind, data)
    if sys.byteorder == "big":
        column.byteswap()
    return column


def pack_events(events: Sequence[Event]) -> bytes:
    """Return events as JSON."""
    return orjson.dumps([_event_fields(event) for event in events])


def unpack_events(data: bytes) -> list[Event]:
    """Return the events of `pack_events`; SpoolDataError where the bytes are none."""
    try:
        return [_event(fields) for fields in orjson.loads(data)]
    except (ValueError, TypeError, KeyError) as exc:
        msg = f"damaged events in the spool: {exc}"
        raise SpoolDataError(msg) from exc


def pack_signal(signal: Signal) -> bytes:
    """Return a signal as JSON."""
    return orjson.dumps(
        {
            "kind": signal.kind,
            "mark": signal.mark,
            "site": signal.site,
            "rule": signal.rule,
            "event": signal.event,
            "subject": str(signal.subject),
            "device": signal.device,
            "severity": signal.severity,
            "time": signal.time,
            "received": signal.received,
            "zone": signal.zone,
            "test": signal.test,
            "doubts": signal.doubts,
            "parameters": dict(signal.parameters),
        }
    )


def unpack_signal(data: bytes) -> Signal:
    """Return the signal of `pack_signal`; SpoolDataError where the bytes are none."""
    try:
        return _signal(orjson.loads(data))
    except (ValueError, TypeError, KeyError) as exc:
        msg = f"a damaged signal in the spool: {exc}"
        raise SpoolDataError(msg) from exc


def _signal(fields: dict[str, Any]) -> Signal:
    return Signal(
        kind=SignalKind(fields["kind"]),
        mark=fields["mark"],
        site=SiteId(fields["site"]),
        rule=fields["rule"],
        event=Alarm(fields["event"]),
        subject=Subject.parse(fields["subject"]),
        device=DeviceId(fields["device"]),
        severity=Severity(fields["severity"]),
        time=datetime.fromisoformat(fields["time"]),
        received=datetime.fromisoformat(fields["received"]),
        zone=fields["zone"],
        test=fields["test"],
        doubts=tuple(fields["doubts"]),
        parameters=fields["parameters"],
    )


def _event_fields(event: Event) -> dict[str, object]:
    return {
        "site": event.site,
        "gateway": event.gateway,
        "device": event.device,
        "type": event.type,
        "state": event.state,
        "time": event.time,
        "received": event.received,
        "id": event.id,
        "zone": event.zone,
        "test": event.test,
        "flags": int(event.flags),
        "doubts": event.doubts,
        **({"credential": event.credential} if event.credential else {}),
    }


def _event(fields: dict[str, Any]) -> Event:
    return Event(
        site=SiteId(fields["site"]),
        gateway=fields["gateway"],
        device=DeviceId(fields["device"]),
        type=EventType(fields["type"]),
        state=EventState(fields["state"]),
        time=datetime.fromisoformat(fields["time"]),
        received=datetime.fromisoformat(fields["received"]),
        id=fields["id"],
        zone=fields["zone"],
        test=fields["test"],
        flags=ReadingFlag(fields["flags"]),
        doubts=tuple(fields["doubts"]),
        credential=fields.get("credential", ""),
    )
