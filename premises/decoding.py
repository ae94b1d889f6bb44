"""What a message of a gateway becomes, told path by path and timed."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.dialects.decoded import Context, Decoded, Decoder, DialectError, Outcome, Row
from ingest.dialects.formats import FORMATS
from ingest.dialects.mapped import mapped_by_file
from ingest.dialects.native_contract import NativeContract
from sensors.errors import InputFault
from sensors.events import Event
from sensors.local_time import UnknownTimezoneError, find_timezone
from sensors.readings import from_epoch_ms
from sensors.topology import SiteId

ROUNDS = 50
"""How often a message is decoded to tell how long it takes; the shortest counts."""

Told = Mapping[str, Any]


class _AnyDevice(dict[str, str]):
    """Models by device where one was named for all of them: each is of it, none is known."""

    def __init__(self, model: str) -> None:
        """Answer with this model."""
        super().__init__()
        self._model = model

    def get(self, _device: str, _default: object = None) -> str:
        """Return the model."""
        return self._model


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What became of every path of a message; `us` is how long that takes, µs."""

    format: str
    readings: Sequence[Told]
    events: Sequence[Told]
    problems: Sequence[Told]
    ignored: Sequence[Told]
    statuses: Sequence[Told]
    heard: Sequence[Told]
    without_value: Sequence[Told] = field(default_factory=list)
    us: float = 0.0

    def document(self) -> dict[str, Any]:
        """Return it for other programs."""
        return {
            "format": self.format,
            "readings": list(self.readings),
            "events": list(self.events),
            "problems": list(self.problems),
            "ignored": list(self.ignored),
            "without_value": list(self.without_value),
            "statuses": list(self.statuses),
            "heard": list(self.heard),
            "us": round(self.us, 1),
        }


def formats() -> Mapping[str, Callable[[], Decoder]]:
    """Return what makes a decoder of each format, the native contract among them."""
    return {"native": NativeContract, **FORMATS}


def explain(
    name: str,
    topic: str,
    payload: bytes,
    *,
    model: str | None = None,
    timezone: str | None = None,
    mapping: Path | None = None,
    received_ms: int | None = None,
) -> Explained:
    """Return what becomes of a message. InputFault where the mapping or the zone cannot be used."""
    decoder = formats()[name]() if mapping is None else mapped_by_file(mapping)
    context = context_of(model, timezone, time.time_ns() // 1_000_000 if received_ms is None else received_ms)
    try:
        decoded = decoder.decode(topic, payload, context)
    except DialectError as exc:
        decoded = undecodable(exc)
    us = _shortest_us(decoder, topic, payload, context)
    return explained(name, decoded, us=us)


def undecodable(error: DialectError) -> Decoded:
    """Return what there is to tell of a message that cannot be read."""
    return Decoded(problems=[Outcome("", error.reason, error.detail)])


def explained(name: str, decoded: Decoded, *, us: float = 0.0) -> Explained:
    """Return what was decoded, told. What lost nothing and is wrong all the same is a problem to a gateway's author."""
    told = [*decoded.problems, *(outcome for _, outcome in decoded.faulty), *decoded.notes]
    return Explained(
        format=name,
        readings=[_reading(row, path) for row, path in zip(decoded.readings, decoded.paths, strict=True)],
        events=[_event(event, path) for event, path in zip(decoded.events, decoded.event_paths, strict=True)],
        problems=[each._asdict() for each in told],
        ignored=[each._asdict() for each in decoded.ignored],
        without_value=[{**_reading(row, outcome.path), "value": None} for row, outcome in decoded.faulty],
        statuses=[each._asdict() for each in decoded.statuses],
        heard=[each._asdict() for each in decoded.heard],
        us=us,
    )


def context_of(model: str | None, timezone: str | None, received_ms: int) -> Context:
    """Return the context of a message of nobody's gateway. InputFault where there is no such zone."""
    try:
        zone = None if timezone is None else find_timezone(timezone)
    except UnknownTimezoneError as exc:
        raise InputFault(str(exc)) from exc
    return Context(
        site=SiteId(""),
        gateway="",
        received_ms=received_ms,
        zone=zone,
        models={} if model is None else _AnyDevice(model),
    )


def _shortest_us(decoder: Decoder, topic: str, payload: bytes, context: Context) -> float:
    """Return the shortest time in µs that decoding the message took, its memory empty each time."""
    shortest_ns = 2**62
    for _ in range(ROUNDS):
        decoder.forget()
        context.states.clear()
        began_ns = time.perf_counter_ns()
        with suppress(DialectError):
            decoder.decode(topic, payload, context)
        shortest_ns = min(shortest_ns, time.perf_counter_ns() - began_ns)
    return shortest_ns / 1000


def _reading(row: Row, path: str) -> Told:
    time_ms, device, metric, phase, value, _ = row
    return {
        "device": device,
        "metric": metric,
        "value": value,
        "time": _written(time_ms),
        "phase": phase,
        "path": path,
    }


def _event(event: Event, path: str) -> Told:
    return {
        "device": event.device,
        "type": event.type.value,
        "state": event.state.value,
        "test": event.test,
        "time": event.time.isoformat(timespec="milliseconds"),
        "path": path,
    }


def _written(time_ms: int) -> str:
    return from_epoch_ms(time_ms).isoformat(timespec="milliseconds")
