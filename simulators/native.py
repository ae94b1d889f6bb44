"""Ticks as messages of the native MQTT contract, version 1. Nothing is published here."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from sensors.events import Event, EventState
from sensors.readings import epoch_ms
from sensors.topology import Registry, SiteId
from simulators.field import Post, told
from simulators.incidents import UNNAMED_GATEWAY
from simulators.uplinks import Letter
from simulators.world import Tick

RECORDS_PER_MESSAGE = 100
Message = tuple[str, bytes]


@dataclass(slots=True)
class Gateways:
    """The gateways of a site since they were started: who speaks for which device, and the numbers given so far.

    `boot` must be another one after every start; `history` marks what is sent as backfill, which never alerts.
    """

    registry: Registry
    boot: str
    history: bool = False
    _numbers: dict[str, int] = field(default_factory=dict)
    _gateway: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look up once who speaks for whom."""
        self._gateway = {d.id: d.gateway or UNNAMED_GATEWAY for d in self.registry.devices.values()}

    @property
    def site(self) -> SiteId:
        """Return the site's id, the third part of every topic."""
        return self.registry.site.id

    @property
    def names(self) -> list[str]:
        """Return every gateway once, in the registry's order."""
        return list(dict.fromkeys(self._gateway.values()))

    def of(self, device: str) -> str:
        """Return the gateway that speaks for a device."""
        return self._gateway.get(device, UNNAMED_GATEWAY)

    def envelope(self, gateway: str) -> dict[str, object]:
        """Return what every message begins with, under the gateway's next number."""
        number = self._numbers.get(gateway, 0)
        self._numbers[gateway] = number + 1
        head: dict[str, object] = {"boot": self.boot, "seq": number}
        return head | {"hist": True} if self.history else head


def messages(tick: Tick, gateways: Gateways) -> Iterator[Message]:
    """Yield the topics and payloads of a tick: events first, each alone, then batches of readings per gateway."""
    for event in tick.events:
        gateway = gateways.of(event.device)
        payload = gateways.envelope(gateway) | {"events": [_event(event)]}
        yield f"premises/v1/{gateways.site}/{gateway}/events", orjson.dumps(payload)
    by_gateway: dict[str, list[dict[str, object]]] = {}
    batch = tick.readings
    for device, metric, phase, value in zip(batch.device, batch.metric, batch.phase, batch.value, strict=True):
        record: dict[str, object] = {"dev": device, "m": metric, "v": value}
        if phase:
            record["ph"] = phase
        by_gateway.setdefault(gateways.of(device), []).append(record)
    for gateway, records in by_gateway.items():
        for begin in range(0, len(records), RECORDS_PER_MESSAGE):
            part = records[begin : begin + RECORDS_PER_MESSAGE]
            payload = gateways.envelope(gateway) | {"ts": epoch_ms(tick.time), "readings": part}
            yield f"premises/v1/{gateways.site}/{gateway}/readings", orjson.dumps(payload)


def letter_message(letter: Letter, post: Post, gateways: Gateways) -> Message:
    """Return the topic and the payload of one message of a gateway as it is: each record at its own time."""
    head: dict[str, object] = {"boot": gateways.boot, "seq": letter.number}
    if letter.kept or gateways.history:
        head["hist"] = True
    topic = f"premises/v1/{gateways.site}/{letter.gateway}"
    if letter.event is not None:
        return f"{topic}/events", orjson.dumps(head | {"events": [_event(told(letter.event, letter))]})
    return f"{topic}/readings", orjson.dumps(head | {"readings": list(_records(letter, post))})


def _records(letter: Letter, post: Post) -> Iterator[dict[str, object]]:
    part = slice(letter.begin, letter.end)
    columns = (post.row[part].tolist(), post.time_ms[part].tolist(), post.value[part].tolist())
    for row, time_ms, value in zip(*columns, strict=True):
        device, metric, phase = post.series[row]
        record: dict[str, object] = {"dev": device, "m": metric, "v": value, "ts": time_ms}
        yield record | {"ph": phase} if phase else record


def births(gateways: Gateways, *, interval_s: float) -> Iterator[Message]:
    """Yield the status that each gateway publishes, retained, when it starts."""
    for gateway in gateways.names:
        status = {"state": "ready", "boot": gateways.boot, "interval_s": interval_s}
        yield f"premises/v1/{gateways.site}/{gateway}/status", orjson.dumps(status)


def _event(event: Event) -> dict[str, object]:
    record: dict[str, object] = {"id": event.id, "dev": event.device, "type": event.type, "ts": epoch_ms(event.time)}
    if event.state is not EventState.MOMENTARY:
        record["state"] = event.state
    if event.zone:
        record["zone"] = event.zone
    if event.test:
        record["test"] = True
    if event.credential:
        record["card"] = event.credential
    return record
