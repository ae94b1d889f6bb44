"""The native MQTT contract, version 1: a topic and a payload become readings and events.

What is wrong with a record is a value (`Problem`), never an exception, and spoils that record only.
The choices that the contract leaves open are made here and are the project's own:

- `dev` on a topic that names a device must agree with it;
- times before 2000 (seconds sent as milliseconds) and more than a day ahead are refused; less than that is
  taken as sent;
- an optional field of the wrong type spoils its reading, for what it was to say is not known; in a fire, smoke,
  leak or forced door it is a doubt only, and so is a wrong time;
- `seq` counts only together with `boot`: without it a gateway that starts over would look like its own echo;
- `null` in an optional field is the same as leaving it out.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self, TypeVar

import orjson

from ingest.device_states import DeviceSaid, devices_said
from ingest.native_fields import (
    LONGEST_NAME,
    MOST_SHOWN,
    FieldFault,
    backfill_of,
    bad,
    credential_of,
    event_type_of,
    metric_of,
    phase_of,
    quality_of,
    shown,
    state_of,
    text_of,
    time_ms_of,
    truth_of,
    value_of,
)
from sensors.events import VITAL_EVENTS, Event, EventState
from sensors.intake import Birth
from sensors.readings import ReadingBatch, ReadingFlag, from_epoch_ms
from sensors.topology import DeviceId, SiteId

TOPIC_FILTER = "premises/v1/#"
"""What to subscribe to: everything under the contract's root, so that a misspelt topic is seen, not lost."""

T = TypeVar("T")

_ROOT = ("premises", "v1")
_LONGEST_ZONE = 200
_MOST_NOTES = 10
LARGEST_SEQ = 2**53
_LONGEST_S = 31 * 86_400.0
"""No gateway is meant to speak more rarely than monthly."""

_MESSAGE_FIELDS = frozenset({"boot", "seq", "ts", "hist", "readings", "events"})
_READING_FIELDS = frozenset({"dev", "m", "v", "u", "ph", "q", "ts", "hist"})
_EVENT_FIELDS = frozenset({"id", "dev", "type", "state", "zone", "test", "ts", "hist", "card"})


class TopicError(ValueError):
    """The topic is none of the contract."""

    def __init__(self, topic: str) -> None:
        """Say what a topic looks like."""
        super().__init__(f"{topic[:200]!r} is not premises/v1/SITE/GATEWAY[/DEVICE]/readings|events or …/status")
        self.topic = topic


class TopicKind(StrEnum):
    """What a topic carries."""

    READINGS = "readings"
    EVENTS = "events"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic taken apart; `device` is None on a batch topic."""

    site: SiteId
    gateway: str
    kind: TopicKind
    device: DeviceId | None = None

    @classmethod
    def parse(cls, topic: str) -> Self:
        """Return the parts of a topic; TopicError where it is none of the contract."""
        first, second, *parts = [*topic.split("/"), "", ""]
        parts = parts[:-2]
        if (first, second) != _ROOT or len(parts) not in {3, 4} or not all(0 < len(p) <= LONGEST_NAME for p in parts):
            raise TopicError(topic)
        site, gateway, *device, kind = parts
        if kind not in TopicKind.__members__.values() or (device and kind == TopicKind.STATUS):
            raise TopicError(topic)
        return cls(
            site=SiteId(site),
            gateway=gateway,
            kind=TopicKind(kind),
            device=DeviceId(device[0]) if device else None,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong where: `readings[3].v`, `out_of_range`, and one line for a person.

    `record` is the index of the record that was lost to it, None where the whole message was.
    """

    path: str
    reason: str
    detail: str
    record: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What a message says.

    `records` counts what came, good or bad; `reading_records` and `event_records` are the indices of the records
    that the readings and events were made of. `notes` lost nothing: fields nobody knows, which are often typos.
    Messages of gateways with a format of their own are told in the same words: `paths` are then where the records
    stand in the message, `message_id` is what it is known by when it comes again, and `nothing` is why there is no
    record where there is none. `births` are what later messages are read by;
    `devices` is what a status says of what is behind its gateway.
    """

    records: int
    readings: ReadingBatch
    reading_records: list[int]
    events: tuple[Event, ...] = ()
    event_records: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    boot: str | None = None
    seq: int | None = None
    status: str | None = None
    interval_s: float | None = None
    paths: Sequence[str] = ()
    nothing: str = "empty"
    message_id: str | None = None
    births: Sequence[Birth] = ()
    devices: Sequence[DeviceSaid] = ()


@dataclass(slots=True, kw_only=True)
class _Message:
    """What holds for all records of a message, and what they have become so far."""

    topic: Topic
    received_ms: int
    time_ms: int | None = None
    backfill: ReadingFlag = ReadingFlag.NONE
    fault: FieldFault | None = None
    readings: ReadingBatch
    reading_records: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    event_records: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def note(self, path: str, reason: str, detail: str) -> None:
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(Problem(path, reason, detail))


def decode(topic: Topic, payload: bytes, *, received_ms: int) -> Decoded:
    """Return what a payload says; times without an own `ts` are `received_ms`. Raises nothing."""
    message = _Message(topic=topic, received_ms=received_ms, readings=ReadingBatch(site=topic.site))
    try:
        document = _parse(payload)
    except FieldFault as fault:
        return _undecodable(message, fault)
    if topic.kind is TopicKind.STATUS:
        return _decode_status(message, document)
    if _is_bare_event(topic, document):
        message.note("", "bare_event", 'one event with no list round it; write {"events": [{…}]}')
        document = _in_a_list(document)
    records = document.get(topic.kind.value)
    if not isinstance(records, list):
        return _undecodable(
            message,
            FieldFault(at=topic.kind.value, reason=f"no_{topic.kind}", detail=f"no list under {topic.kind.value!r}"),
        )
    _note_unknown(message, "", document, _MESSAGE_FIELDS)
    _read_defaults(message, document)
    _decode_records(message, records)
    boot, seq = _sequence(message, document)
    return _decoded(message, records=len(records), boot=boot, seq=seq)


def _is_bare_event(topic: Topic, document: dict[str, Any]) -> bool:
    """Say whether somebody forgot the list: a fire must not be missed for a pair of brackets."""
    return topic.kind is TopicKind.EVENTS and "events" not in document and "type" in document


def _in_a_list(event: dict[str, Any]) -> dict[str, Any]:
    """Return the message that holds the event; what speaks of the whole message stays with it."""
    own = {name: value for name, value in event.items() if name not in _MESSAGE_FIELDS}
    return {name: value for name, value in event.items() if name in _MESSAGE_FIELDS} | {"events": [own]}


def _decoded(message: _Message, *, records: int, boot: str | None = None, seq: int | None = None) -> Decoded:
    return Decoded(
        records=records,
        readings=message.readings,
        reading_records=message.reading_records,
        events=tuple(message.events),
        event_records=tuple(message.event_records),
        problems=tuple(message.problems),
        notes=tuple(message.notes),
        boot=boot,
        seq=seq,
    )


def _undecodable(message: _Message, fault: FieldFault) -> Decoded:
    message.problems.append(Problem(fault.at, fault.reason, fault.detail))
    return _decoded(message, records=1)


def _parse(payload: bytes) -> dict[str, Any]:
    document = _parse_json(payload)
    if not isinstance(document, dict):
        raise FieldFault(at="", reason="not_an_object", detail=f"{shown(document)} where an object was expected")
    return document


def _parse_json(payload: bytes) -> object:
    if not payload:
        raise FieldFault(at="", reason="empty_payload", detail="the payload has no bytes")
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as exc:
        if b"NaN" in payload or b"Infinity" in payload or "infinity" in str(exc):
            return _parse_beyond_json(payload)
        raise FieldFault(at="", reason="not_json", detail=str(exc)[:200]) from exc


def _parse_beyond_json(payload: bytes) -> object:
    """Return a document with NaN or infinite numbers, so that only the records that hold them are refused."""
    try:
        document = json.loads(payload.decode())
        # Python's parser lets lone surrogates and endless integers through, which no store can hold.
        orjson.dumps(document)
    except (ValueError, TypeError, RecursionError) as exc:
        raise FieldFault(at="", reason="not_json", detail=str(exc)[:200]) from exc
    return document


def _decode_status(message: _Message, document: dict[str, Any]) -> Decoded:
    state = document.get("state")
    if not isinstance(state, str) or not 0 < len(state) <= LONGEST_NAME:
        return _undecodable(
            message, FieldFault(at="state", reason="no_state", detail=f"{shown(state)} is no state; write a word")
        )
    boot, interval_s = _boot(message, document), _interval_s(message, document)
    devices = devices_said(document, message.note)
    decoded = _decoded(message, records=1, boot=boot)
    return replace(decoded, status=state, interval_s=interval_s, devices=devices)


def _interval_s(message: _Message, document: dict[str, Any]) -> float | None:
    interval_s = document.get("interval_s")
    if interval_s is None:
        return None
    if isinstance(interval_s, bool) or not isinstance(interval_s, int | float) or not 0 < interval_s <= _LONGEST_S:
        message.note("interval_s", "bad_interval_s", f"{shown(interval_s)} is no number of seconds; it is ignored")
        return None
    return float(interval_s)


def _read_defaults(message: _Message, document: dict[str, Any]) -> None:
    try:
        message.backfill = backfill_of(document)
        message.time_ms = time_ms_of(document, message.received_ms)
    except FieldFault as fault:
        message.fault = fault


def _sequence(message: _Message, document: dict[str, Any]) -> tuple[str | None, int | None]:
    boot, seq = _boot(message, document), document.get("seq")
    if seq is not None and not (type(seq) is int and 0 <= seq <= LARGEST_SEQ):
        message.note("seq", "bad_seq", f"{shown(seq)} is no sequence number; it is ignored")
        seq = None
    return (boot, seq) if boot is not None and seq is not None else (None, None)


def _boot(message: _Message, document: dict[str, Any]) -> str | None:
    boot = document.get("boot")
    if isinstance(boot, int) and not isinstance(boot, bool):
        boot = str(boot)
    if boot is None or (isinstance(boot, str) and 0 < len(boot) <= LONGEST_NAME):
        return boot
    message.note("boot", "bad_boot", f"{shown(boot)} is no boot id; it is ignored")
    return None


def _decode_records(message: _Message, records: list[object]) -> None:
    kind = message.topic.kind.value
    decode_one: Callable[[_Message, dict[str, Any], int], None]
    decode_one = _decode_reading if message.topic.kind is TopicKind.READINGS else _decode_event
    known = _READING_FIELDS if message.topic.kind is TopicKind.READINGS else _EVENT_FIELDS
    for index, record in enumerate(records):
        try:
            if not isinstance(record, dict):
                raise FieldFault(at="", reason="not_an_object", detail=f"{shown(record)} where an object was expected")  # noqa: TRY301 - ends the record like every other fault
            if not record.keys() <= known:
                _note_unknown(message, f"{kind}[{index}]", record, known)
            decode_one(message, record, index)
        except FieldFault as fault:
            path = f"{kind}[{index}]" + (f".{fault.at}" if fault.at else "")
            message.problems.append(Problem(path, fault.reason, fault.detail, index))


def _note_unknown(message: _Message, path: str, record: dict[str, Any], known: frozenset[str]) -> None:
    for name in record.keys() - known:
        message.note(f"{path}.{name[:MOST_SHOWN]}".lstrip("."), "unknown_field", "no such field; it is ignored")


def _decode_reading(message: _Message, record: dict[str, Any], index: int) -> None:
    metric = metric_of(record)
    quality = quality_of(record)
    value = value_of(record, metric, quality)
    device = _device(message, record)
    time_ms, flags = _time_and_flags(message, record)
    message.readings.add(time_ms, device, metric.name, value, phase=phase_of(record), quality=quality, flags=flags)
    message.reading_records.append(index)


def _device(message: _Message, record: dict[str, Any]) -> DeviceId:
    named, own = record.get("dev"), message.topic.device
    if named is None:
        if own is None:
            raise FieldFault(at="dev", reason="no_device", detail="neither the topic nor the record names a device")
        return own
    if not isinstance(named, str) or not 0 < len(named) <= LONGEST_NAME:
        raise bad(at="dev", detail=f"{shown(named)} is no device id")
    if own is not None and named != own:
        raise FieldFault(
            at="dev", reason="device_contradicts_topic", detail=f"{shown(named)} in the record, {own!r} in the topic"
        )
    return DeviceId(named)


def _time_and_flags(message: _Message, record: dict[str, Any]) -> tuple[int, ReadingFlag]:
    historic = message.backfill | backfill_of(record)
    own = time_ms_of(record, message.received_ms)
    if message.fault is not None and (own is None or message.fault.at == "hist"):
        raise message.fault
    if own is not None:
        return own, historic
    if message.time_ms is not None:
        return message.time_ms, historic
    return message.received_ms, historic | ReadingFlag.TIME_OF_RECEIPT


def _decode_event(message: _Message, record: dict[str, Any], index: int) -> None:
    kind = event_type_of(record)
    doubts: list[FieldFault] = []
    time_ms, flags = _tried(doubts, lambda: _time_and_flags(message, record), _time_of_receipt(message, record))
    event = Event(
        site=message.topic.site,
        gateway=message.topic.gateway,
        device=_tried(doubts, lambda: _device(message, record), _stand_in(message.topic)),
        type=kind,
        state=_tried(doubts, lambda: state_of(record, kind), EventState.ACTIVE),
        time=from_epoch_ms(time_ms),
        received=from_epoch_ms(message.received_ms),
        id=_tried(doubts, lambda: text_of(record, "id", LONGEST_NAME) or None, None),
        zone=_tried(doubts, lambda: text_of(record, "zone", _LONGEST_ZONE), ""),
        test=_tried(doubts, lambda: truth_of(record, "test"), False),  # noqa: FBT003 - what may be real is real
        flags=flags,
        credential=credential_of(record),
        doubts=tuple(dict.fromkeys(doubt.reason for doubt in doubts)),
    )
    if doubts and kind not in VITAL_EVENTS:
        raise doubts[0]
    message.events.append(event)
    message.event_records.append(index)


def _tried(doubts: list[FieldFault], read: Callable[[], T], otherwise: T) -> T:
    """Return what was read, else the fallback, with the fault kept among the doubts."""
    try:
        return read()
    except FieldFault as fault:
        doubts.append(fault)
        return otherwise


def _time_of_receipt(message: _Message, record: dict[str, Any]) -> tuple[int, ReadingFlag]:
    historic = ReadingFlag.BACKFILL if record.get("hist") is True else message.backfill
    return message.received_ms, historic | ReadingFlag.TIME_OF_RECEIPT


def _stand_in(topic: Topic) -> DeviceId:
    """Return what to call the device of an event that names none: the gateway that sent it."""
    return topic.device or DeviceId(topic.gateway)
