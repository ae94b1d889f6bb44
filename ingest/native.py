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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from math import isfinite, nan
from typing import Any, Self, TypeVar

import orjson

from sensors.events import LASTING_EVENTS, VITAL_EVENTS, Event, EventState, EventType
from sensors.metrics import Metric, Nature, UnknownMetricError, UnknownUnitError, find_metric
from sensors.readings import Quality, ReadingBatch, ReadingFlag, epoch_ms, from_epoch_ms
from sensors.topology import DeviceId, SiteId

TOPIC_FILTER = "premises/v1/#"
"""What to subscribe to: everything under the contract's root, so that a misspelt topic is seen, not lost."""

EARLIEST_MS = 946_684_800_000
"""2000-01-01: an earlier time is a wrong unit or a clock that was never set."""

AHEAD_MS = 86_400_000
"""How far ahead of the receipt a time may lie: a day covers every time zone mistaken for UTC."""

PHASES = frozenset({"", "L1", "L2", "L3", "N", "L1-L2", "L2-L3", "L3-L1"})

T = TypeVar("T")

_ROOT = ("premises", "v1")
LONGEST_NAME = 128
_LONGEST_ZONE = 200
_MOST_NOTES = 10
_MOST_SHOWN = 60
LARGEST_SEQ = 2**53
_LONGEST_S = 31 * 86_400.0
"""No gateway is meant to speak more rarely than monthly."""

_MESSAGE_FIELDS = frozenset({"boot", "seq", "ts", "hist", "readings", "events"})
_READING_FIELDS = frozenset({"dev", "m", "v", "u", "ph", "q", "ts", "hist"})
_EVENT_FIELDS = frozenset({"id", "dev", "type", "state", "zone", "test", "ts", "hist"})
_QUALITIES: Mapping[str, Quality] = {quality.name.lower(): quality for quality in Quality}


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


class _Fault(Exception):  # noqa: N818 - caught where a record ends; never leaves this module
    """One field of a record cannot be used."""

    def __init__(self, *, at: str, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.at = at
        self.reason = reason
        self.detail = detail


@dataclass(slots=True, kw_only=True)
class _Message:
    """What holds for all records of a message, and what they have become so far."""

    topic: Topic
    received_ms: int
    time_ms: int | None = None
    backfill: ReadingFlag = ReadingFlag.NONE
    fault: _Fault | None = None
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
    except _Fault as fault:
        return _undecodable(message, fault)
    if topic.kind is TopicKind.STATUS:
        return _decode_status(message, document)
    records = document.get(topic.kind.value)
    if not isinstance(records, list):
        return _undecodable(
            message,
            _Fault(at=topic.kind.value, reason=f"no_{topic.kind}", detail=f"no list under {topic.kind.value!r}"),
        )
    _note_unknown(message, "", document, _MESSAGE_FIELDS)
    _read_defaults(message, document)
    _decode_records(message, records)
    boot, seq = _sequence(message, document)
    return _decoded(message, records=len(records), boot=boot, seq=seq)


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


def _undecodable(message: _Message, fault: _Fault) -> Decoded:
    message.problems.append(Problem(fault.at, fault.reason, fault.detail))
    return _decoded(message, records=1)


def _parse(payload: bytes) -> dict[str, Any]:
    document = _parse_json(payload)
    if not isinstance(document, dict):
        raise _Fault(at="", reason="not_an_object", detail=f"{_shown(document)} where an object was expected")
    return document


def _parse_json(payload: bytes) -> object:
    if not payload:
        raise _Fault(at="", reason="empty_payload", detail="the payload has no bytes")
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as exc:
        if b"NaN" in payload or b"Infinity" in payload or "infinity" in str(exc):
            return _parse_beyond_json(payload)
        raise _Fault(at="", reason="not_json", detail=str(exc)[:200]) from exc


def _parse_beyond_json(payload: bytes) -> object:
    """Return a document with NaN or infinite numbers, so that only the records that hold them are refused."""
    try:
        document = json.loads(payload.decode())
        # Python's parser lets lone surrogates and endless integers through, which no store can hold.
        orjson.dumps(document)
    except (ValueError, TypeError, RecursionError) as exc:
        raise _Fault(at="", reason="not_json", detail=str(exc)[:200]) from exc
    return document


def _decode_status(message: _Message, document: dict[str, Any]) -> Decoded:
    state = document.get("state")
    if not isinstance(state, str) or not 0 < len(state) <= LONGEST_NAME:
        return _undecodable(
            message, _Fault(at="state", reason="no_state", detail=f"{_shown(state)} is no state; write a word")
        )
    boot, interval_s = _boot(message, document), _interval_s(message, document)
    return replace(_decoded(message, records=1, boot=boot), status=state, interval_s=interval_s)


def _interval_s(message: _Message, document: dict[str, Any]) -> float | None:
    interval_s = document.get("interval_s")
    if interval_s is None:
        return None
    if isinstance(interval_s, bool) or not isinstance(interval_s, int | float) or not 0 < interval_s <= _LONGEST_S:
        message.note("interval_s", "bad_interval_s", f"{_shown(interval_s)} is no number of seconds; it is ignored")
        return None
    return float(interval_s)


def _read_defaults(message: _Message, document: dict[str, Any]) -> None:
    try:
        message.backfill = _backfill(document)
        message.time_ms = _time_ms(document, message.received_ms)
    except _Fault as fault:
        message.fault = fault


def _sequence(message: _Message, document: dict[str, Any]) -> tuple[str | None, int | None]:
    boot, seq = _boot(message, document), document.get("seq")
    if seq is not None and not (type(seq) is int and 0 <= seq <= LARGEST_SEQ):
        message.note("seq", "bad_seq", f"{_shown(seq)} is no sequence number; it is ignored")
        seq = None
    return (boot, seq) if boot is not None and seq is not None else (None, None)


def _boot(message: _Message, document: dict[str, Any]) -> str | None:
    boot = document.get("boot")
    if isinstance(boot, int) and not isinstance(boot, bool):
        boot = str(boot)
    if boot is None or (isinstance(boot, str) and 0 < len(boot) <= LONGEST_NAME):
        return boot
    message.note("boot", "bad_boot", f"{_shown(boot)} is no boot id; it is ignored")
    return None


def _decode_records(message: _Message, records: list[object]) -> None:
    kind = message.topic.kind.value
    decode_one: Callable[[_Message, dict[str, Any], int], None]
    decode_one = _decode_reading if message.topic.kind is TopicKind.READINGS else _decode_event
    known = _READING_FIELDS if message.topic.kind is TopicKind.READINGS else _EVENT_FIELDS
    for index, record in enumerate(records):
        try:
            if not isinstance(record, dict):
                raise _Fault(at="", reason="not_an_object", detail=f"{_shown(record)} where an object was expected")  # noqa: TRY301 - ends the record like every other fault
            if not record.keys() <= known:
                _note_unknown(message, f"{kind}[{index}]", record, known)
            decode_one(message, record, index)
        except _Fault as fault:
            path = f"{kind}[{index}]" + (f".{fault.at}" if fault.at else "")
            message.problems.append(Problem(path, fault.reason, fault.detail, index))


def _note_unknown(message: _Message, path: str, record: dict[str, Any], known: frozenset[str]) -> None:
    for name in record.keys() - known:
        message.note(f"{path}.{name[:_MOST_SHOWN]}".lstrip("."), "unknown_field", "no such field; it is ignored")


def _decode_reading(message: _Message, record: dict[str, Any], index: int) -> None:
    metric = _metric(record)
    quality = _quality(record)
    value = _value(record, metric, quality)
    device = _device(message, record)
    time_ms, flags = _time_and_flags(message, record)
    message.readings.add(time_ms, device, metric.name, value, phase=_phase(record), quality=quality, flags=flags)
    message.reading_records.append(index)


def _metric(record: dict[str, Any]) -> Metric:
    name = record.get("m")
    if not isinstance(name, str):
        raise _Fault(at="m", reason="no_metric", detail=f"{_shown(name)} is no metric; write a quantity such as co2")
    try:
        return find_metric(name)
    except UnknownMetricError:
        raise _Fault(at="m", reason="unknown_metric", detail=f"unknown metric {_shown(name)}") from None


def _quality(record: dict[str, Any]) -> Quality:
    word = record.get("q")
    if word is None:
        return Quality.GOOD
    if not isinstance(word, str) or word not in _QUALITIES:
        raise _bad(at="q", detail=f"{_shown(word)} is no quality; one of {', '.join(_QUALITIES)}")
    return _QUALITIES[word]


def _value(record: dict[str, Any], metric: Metric, quality: Quality) -> float:
    raw = record.get("v")
    if raw is None:
        if quality is Quality.FAULT and "v" in record:
            return nan
        raise _Fault(at="v", reason="no_value", detail='no value; null goes only with "q":"fault"')
    value = _boolean(raw) if metric.nature is Nature.BOOLEAN else _number(raw)
    value = _converted(record, metric, value)
    if not metric.in_range(value):
        detail = f"{value:g} {metric.unit} is outside {metric.low:g} … {metric.high:g}, what {metric.name} can be"
        raise _Fault(at="v", reason="out_of_range", detail=detail)
    return value


def _number(raw: object) -> float:
    if type(raw) is not float and type(raw) is not int:
        raise _Fault(at="v", reason="not_a_number", detail=f"{_shown(raw)} where a number was expected")
    if not isfinite(raw):
        raise _Fault(at="v", reason="not_finite", detail=f"{raw} is not a number that can be stored")
    return float(raw)


def _boolean(raw: object) -> float:
    if isinstance(raw, bool | int | float) and raw in {0, 1}:
        return float(raw)
    raise _Fault(at="v", reason="not_a_boolean", detail=f"{_shown(raw)} where true or false was expected")


def _converted(record: dict[str, Any], metric: Metric, value: float) -> float:
    unit = record.get("u")
    if unit is None or unit == metric.unit:
        return value
    if not isinstance(unit, str):
        raise _bad(at="u", detail=f"{_shown(unit)} is no unit; write a string")
    try:
        conversion = metric.conversion(unit)
    except UnknownUnitError:
        accepted = ", ".join(sorted({metric.unit, *metric.accepted_units}))
        detail = f"unit {_shown(unit)} is not accepted for {metric.name}; accepted: {accepted}"
        raise _Fault(at="u", reason="unknown_unit", detail=detail) from None
    return value if conversion is None else conversion.apply(value)


def _phase(record: dict[str, Any]) -> str:
    phase = record.get("ph")
    if phase is None:
        return ""
    if not isinstance(phase, str) or phase not in PHASES:
        raise _bad(at="ph", detail=f"{_shown(phase)} is no phase; one of {', '.join(sorted(PHASES - {''}))}")
    return phase


def _device(message: _Message, record: dict[str, Any]) -> DeviceId:
    named, own = record.get("dev"), message.topic.device
    if named is None:
        if own is None:
            raise _Fault(at="dev", reason="no_device", detail="neither the topic nor the record names a device")
        return own
    if not isinstance(named, str) or not 0 < len(named) <= LONGEST_NAME:
        raise _bad(at="dev", detail=f"{_shown(named)} is no device id")
    if own is not None and named != own:
        raise _Fault(
            at="dev", reason="device_contradicts_topic", detail=f"{_shown(named)} in the record, {own!r} in the topic"
        )
    return DeviceId(named)


def _backfill(fields: dict[str, Any]) -> ReadingFlag:
    return ReadingFlag.BACKFILL if _truth(fields, "hist") else ReadingFlag.NONE


def _time_and_flags(message: _Message, record: dict[str, Any]) -> tuple[int, ReadingFlag]:
    historic = message.backfill | _backfill(record)
    own = _time_ms(record, message.received_ms)
    if message.fault is not None and (own is None or message.fault.at == "hist"):
        raise message.fault
    if own is not None:
        return own, historic
    if message.time_ms is not None:
        return message.time_ms, historic
    return message.received_ms, historic | ReadingFlag.TIME_OF_RECEIPT


def _time_ms(fields: dict[str, Any], received_ms: int) -> int | None:
    """Return the time of `ts` in UTC milliseconds, None where there is none."""
    raw = fields.get("ts")
    if raw is None:
        return None
    time_ms = _milliseconds(raw)
    if time_ms < EARLIEST_MS:
        raise _Fault(
            at="ts",
            reason="time_before_2000",
            detail=f"{_shown(raw)} is before 2000; milliseconds are expected, not seconds",
        )
    if time_ms > received_ms + AHEAD_MS:
        raise _Fault(
            at="ts", reason="time_in_future", detail=f"{_shown(raw)} is more than a day ahead; set the gateway's clock"
        )
    return time_ms


def plain_time_ms(raw: object, received_ms: int) -> int | None:
    """Return the time that a `ts` gives, UTC ms; None for one that is not to be taken as it is."""
    try:
        return _time_ms({"ts": raw}, received_ms)
    except _Fault:
        return None


def _milliseconds(raw: object) -> int:
    if type(raw) is int:
        return raw
    if type(raw) is float and isfinite(raw):
        return int(raw)
    if not isinstance(raw, str):
        raise _Fault(
            at="ts",
            reason="time_unreadable",
            detail=f"{_shown(raw)} is no time; milliseconds or RFC 3339 with an offset",
        )
    try:
        time = datetime.fromisoformat(raw)
    except ValueError:
        raise _Fault(at="ts", reason="time_unreadable", detail=f"{_shown(raw)} is no time of RFC 3339") from None
    if time.tzinfo is None:
        raise _Fault(at="ts", reason="time_without_offset", detail=f"{_shown(raw)} has no offset; add Z or +08:00")
    return epoch_ms(time)


def _decode_event(message: _Message, record: dict[str, Any], index: int) -> None:
    kind = _event_type(record)
    doubts: list[_Fault] = []
    time_ms, flags = _tried(doubts, lambda: _time_and_flags(message, record), _time_of_receipt(message, record))
    event = Event(
        site=message.topic.site,
        gateway=message.topic.gateway,
        device=_tried(doubts, lambda: _device(message, record), _stand_in(message.topic)),
        type=kind,
        state=_tried(doubts, lambda: _state(record, kind), EventState.ACTIVE),
        time=from_epoch_ms(time_ms),
        received=from_epoch_ms(message.received_ms),
        id=_tried(doubts, lambda: _text(record, "id", LONGEST_NAME) or None, None),
        zone=_tried(doubts, lambda: _text(record, "zone", _LONGEST_ZONE), ""),
        test=_tried(doubts, lambda: _truth(record, "test"), False),  # noqa: FBT003 - what may be real is real
        flags=flags,
        doubts=tuple(dict.fromkeys(doubt.reason for doubt in doubts)),
    )
    if doubts and kind not in VITAL_EVENTS:
        raise doubts[0]
    message.events.append(event)
    message.event_records.append(index)


def _tried(doubts: list[_Fault], read: Callable[[], T], otherwise: T) -> T:
    """Return what was read, else the fallback, with the fault kept among the doubts."""
    try:
        return read()
    except _Fault as fault:
        doubts.append(fault)
        return otherwise


def _time_of_receipt(message: _Message, record: dict[str, Any]) -> tuple[int, ReadingFlag]:
    historic = ReadingFlag.BACKFILL if record.get("hist") is True else message.backfill
    return message.received_ms, historic | ReadingFlag.TIME_OF_RECEIPT


def _stand_in(topic: Topic) -> DeviceId:
    """Return what to call the device of an event that names none: the gateway that sent it."""
    return topic.device or DeviceId(topic.gateway)


def _event_type(record: dict[str, Any]) -> EventType:
    word = record.get("type")
    if not isinstance(word, str):
        raise _Fault(at="type", reason="no_type", detail=f"{_shown(word)} is no event type")
    try:
        return EventType(word)
    except ValueError:
        raise _Fault(at="type", reason="unknown_type", detail=f"unknown event type {_shown(word)}") from None


def _state(record: dict[str, Any], kind: EventType) -> EventState:
    word = record.get("state")
    if kind not in LASTING_EVENTS:
        if word is None or word == EventState.MOMENTARY:
            return EventState.MOMENTARY
        raise _Fault(at="state", reason="bad_state", detail=f"{kind} is momentary and has no state {_shown(word)}")
    if word in (EventState.ACTIVE, EventState.CLEARED):
        return EventState(word)
    raise _Fault(at="state", reason="bad_state", detail=f"{_shown(word)} is no state of {kind}; active or cleared")


def _text(record: dict[str, Any], name: str, longest: int) -> str:
    text = record.get(name)
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > longest:
        raise _bad(at=name, detail=f"{_shown(text)} is no text of at most {longest} characters")
    return text


def _truth(fields: dict[str, Any], name: str) -> bool:
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise _bad(at=name, detail=f"{_shown(value)} where true or false was expected")


def _bad(*, at: str, detail: str) -> _Fault:
    return _Fault(at=at, reason=f"bad_{at}", detail=detail)


def _shown(value: object) -> str:
    """Return a short form of what a stranger sent; never the inside of a list, which may be bottomless."""
    if isinstance(value, str):
        return repr(value[:_MOST_SHOWN])
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "nothing" if value is None else repr(value)
