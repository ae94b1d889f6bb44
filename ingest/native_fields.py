"""The fields of a record of the native contract, one by one: each is read, or raises what is wrong with it."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite, nan
from typing import Any

from sensors.credentials import DIGEST
from sensors.events import LASTING_EVENTS, EventState, EventType
from sensors.metrics import Metric, Nature, UnknownMetricError, UnknownUnitError, find_metric
from sensors.readings import Quality, ReadingFlag, epoch_ms

EARLIEST_MS = 946_684_800_000
"""2000-01-01: an earlier time is a wrong unit or a clock that was never set."""

AHEAD_MS = 86_400_000
"""How far ahead of the receipt a time may lie: a day covers every time zone mistaken for UTC."""

PHASES = frozenset({"", "L1", "L2", "L3", "N", "L1-L2", "L2-L3", "L3-L1"})

LONGEST_NAME = 128
MOST_SHOWN = 60
_QUALITIES: Mapping[str, Quality] = {quality.name.lower(): quality for quality in Quality}


class FieldFault(Exception):  # noqa: N818 - caught where a record ends; never leaves the contract's modules
    """One field of a record cannot be used."""

    def __init__(self, *, at: str, reason: str, detail: str) -> None:
        """Name the field, the reason as a word, and one line for a person."""
        super().__init__(detail)
        self.at = at
        self.reason = reason
        self.detail = detail


def metric_of(record: dict[str, Any]) -> Metric:
    """Return the metric that `m` names, as a quantity or by its stored name."""
    name = record.get("m")
    if not isinstance(name, str):
        raise FieldFault(at="m", reason="no_metric", detail=f"{shown(name)} is no metric; write a quantity such as co2")
    try:
        return find_metric(name)
    except UnknownMetricError:
        raise FieldFault(at="m", reason="unknown_metric", detail=f"unknown metric {shown(name)}") from None


def quality_of(record: dict[str, Any]) -> Quality:
    """Return the quality of `q`, good where there is none."""
    word = record.get("q")
    if word is None:
        return Quality.GOOD
    if not isinstance(word, str) or word not in _QUALITIES:
        raise bad(at="q", detail=f"{shown(word)} is no quality; one of {', '.join(_QUALITIES)}")
    return _QUALITIES[word]


def value_of(record: dict[str, Any], metric: Metric, quality: Quality) -> float:
    """Return `v` in the metric's own unit; NaN for a device that says it has none."""
    raw = record.get("v")
    if raw is None:
        if quality is Quality.FAULT and "v" in record:
            return nan
        raise FieldFault(at="v", reason="no_value", detail='no value; null goes only with "q":"fault"')
    value = _boolean(raw) if metric.nature is Nature.BOOLEAN else _number(raw)
    value = _converted(record, metric, value)
    if not metric.in_range(value):
        detail = f"{value:g} {metric.unit} is outside {metric.low:g} … {metric.high:g}, what {metric.name} can be"
        raise FieldFault(at="v", reason="out_of_range", detail=detail)
    return value


def _number(raw: object) -> float:
    if type(raw) is not float and type(raw) is not int:
        raise FieldFault(at="v", reason="not_a_number", detail=f"{shown(raw)} where a number was expected")
    if not isfinite(raw):
        raise FieldFault(at="v", reason="not_finite", detail=f"{raw} is not a number that can be stored")
    return float(raw)


def _boolean(raw: object) -> float:
    if isinstance(raw, bool | int | float) and raw in {0, 1}:
        return float(raw)
    raise FieldFault(at="v", reason="not_a_boolean", detail=f"{shown(raw)} where true or false was expected")


def _converted(record: dict[str, Any], metric: Metric, value: float) -> float:
    unit = record.get("u")
    if unit is None or unit == metric.unit:
        return value
    if not isinstance(unit, str):
        raise bad(at="u", detail=f"{shown(unit)} is no unit; write a string")
    try:
        conversion = metric.conversion(unit)
    except UnknownUnitError:
        accepted = ", ".join(sorted({metric.unit, *metric.accepted_units}))
        detail = f"unit {shown(unit)} is not accepted for {metric.name}; accepted: {accepted}"
        raise FieldFault(at="u", reason="unknown_unit", detail=detail) from None
    return value if conversion is None else conversion.apply(value)


def phase_of(record: dict[str, Any]) -> str:
    """Return the phase of `ph`, empty where there is none."""
    phase = record.get("ph")
    if phase is None:
        return ""
    if not isinstance(phase, str) or phase not in PHASES:
        raise bad(at="ph", detail=f"{shown(phase)} is no phase; one of {', '.join(sorted(PHASES - {''}))}")
    return phase


def backfill_of(fields: dict[str, Any]) -> ReadingFlag:
    """Return the flag of what `hist` says was sent afterwards."""
    return ReadingFlag.BACKFILL if truth_of(fields, "hist") else ReadingFlag.NONE


def time_ms_of(fields: dict[str, Any], received_ms: int) -> int | None:
    """Return the time of `ts` in UTC milliseconds, None where there is none."""
    raw = fields.get("ts")
    if raw is None:
        return None
    time_ms = _milliseconds(raw)
    if time_ms < EARLIEST_MS:
        raise FieldFault(
            at="ts",
            reason="time_before_2000",
            detail=f"{shown(raw)} is before 2000; milliseconds are expected, not seconds",
        )
    if time_ms > received_ms + AHEAD_MS:
        raise FieldFault(
            at="ts", reason="time_in_future", detail=f"{shown(raw)} is more than a day ahead; set the gateway's clock"
        )
    return time_ms


def plain_time_ms(raw: object, received_ms: int) -> int | None:
    """Return the time that a `ts` gives, UTC ms; None for one that is not to be taken as it is."""
    try:
        return time_ms_of({"ts": raw}, received_ms)
    except FieldFault:
        return None


def _milliseconds(raw: object) -> int:
    if type(raw) is int:
        return raw
    if type(raw) is float and isfinite(raw):
        return int(raw)
    if not isinstance(raw, str):
        raise FieldFault(
            at="ts",
            reason="time_unreadable",
            detail=f"{shown(raw)} is no time; milliseconds or RFC 3339 with an offset",
        )
    try:
        time = datetime.fromisoformat(raw)
    except ValueError:
        raise FieldFault(at="ts", reason="time_unreadable", detail=f"{shown(raw)} is no time of RFC 3339") from None
    if time.tzinfo is None:
        raise FieldFault(at="ts", reason="time_without_offset", detail=f"{shown(raw)} has no offset; add Z or +08:00")
    return epoch_ms(time)


def event_type_of(record: dict[str, Any]) -> EventType:
    """Return the type of an event."""
    word = record.get("type")
    if not isinstance(word, str):
        raise FieldFault(at="type", reason="no_type", detail=f"{shown(word)} is no event type")
    try:
        return EventType(word)
    except ValueError:
        raise FieldFault(at="type", reason="unknown_type", detail=f"unknown event type {shown(word)}") from None


def state_of(record: dict[str, Any], kind: EventType) -> EventState:
    """Return the state of an event of this kind; what is momentary has only one."""
    word = record.get("state")
    if kind not in LASTING_EVENTS:
        if word is None or word == EventState.MOMENTARY:
            return EventState.MOMENTARY
        raise FieldFault(at="state", reason="bad_state", detail=f"{kind} is momentary and has no state {shown(word)}")
    if word in (EventState.ACTIVE, EventState.CLEARED):
        return EventState(word)
    raise FieldFault(at="state", reason="bad_state", detail=f"{shown(word)} is no state of {kind}; active or cleared")


def text_of(record: dict[str, Any], name: str, longest: int) -> str:
    """Return an optional text of at most so many characters, empty where there is none.

    PostgreSQL takes no NUL: a fire in a zone with one would never get into the records.
    """
    text = record.get(name)
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > longest:
        raise bad(at=name, detail=f"{shown(text)} is no text of at most {longest} characters")
    return text.replace("\0", "")


def credential_of(record: dict[str, Any]) -> str:
    """Return the digest that stands for the card, empty where there is none; a card itself is never taken."""
    card = record.get("card")
    return card if isinstance(card, str) and DIGEST.fullmatch(card) else ""


def truth_of(fields: dict[str, Any], name: str) -> bool:
    """Return an optional truth, false where there is none."""
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise bad(at=name, detail=f"{shown(value)} where true or false was expected")


def bad(*, at: str, detail: str) -> FieldFault:
    """Return the fault of an optional field that says nothing one can use."""
    return FieldFault(at=at, reason=f"bad_{at}", detail=detail)


def shown(value: object) -> str:
    """Return a short form of what a stranger sent; never the inside of a list, which may be bottomless."""
    if isinstance(value, str):
        return repr(value[:MOST_SHOWN])
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "nothing" if value is None else repr(value)
