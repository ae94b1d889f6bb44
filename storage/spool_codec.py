"""How readings and events lie in the spool: columns as little-endian bytes, names once, events as JSON."""

import struct
from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

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
    count = len(batch)
    columns = struct.pack(f"<{count}q{count}d{count}I", *batch.time_ms, *batch.value, *index)
    return b"".join((_HEADER.pack(_VERSION, len(names), count), names, columns, batch.quality, batch.flags))


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
    columns = struct.unpack_from(f"<{count}q{count}d{count}I", data, names_end)
    tail = names_end + 20 * count
    keys = [series[position] for position in columns[2 * count :]]
    return ReadingBatch(
        site=SiteId(site),
        time_ms=array("q", columns[:count]),
        device=[key[0] for key in keys],
        metric=[key[1] for key in keys],
        phase=[key[2] for key in keys],
        value=array("d", columns[count : 2 * count]),
        quality=bytearray(data[tail : tail + count]),
        flags=bytearray(data[tail + count : tail + 2 * count]),
    )


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
        event=EventType(fields["event"]),
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
    )
