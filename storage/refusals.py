"""What a store will never take, as messages of the quarantine that can be judged again after a mend."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isnan
from typing import NamedTuple, Protocol

from sensors.events import Event
from sensors.intake import STORE_REFUSED, Quarantined
from sensors.readings import Quality, Reading, ReadingBatch, ReadingFlag, epoch_ms
from storage.spool_entries import Pending


class _Origin(NamedTuple):
    """Where a device's last record came from, and when."""

    gateway: str
    received_ms: int


RECORDS_AT_ONCE = 500
"""How many records one message holds, so that it stays far under what a broker takes."""


class Refused(Protocol):
    """What the drain looks at in a store's refusal: its words and what they are about."""

    @property
    def words(self) -> str:
        """Return the store's own words."""
        ...

    @property
    def readings(self) -> ReadingBatch | None:
        """Return the readings, None where it is about events."""
        ...

    @property
    def events(self) -> Sequence[Event]:
        """Return the events."""
        ...


def refused_messages(refusals: Iterable[Refused], pending: Sequence[Pending]) -> list[Quarantined]:
    """Return refusals as messages of the native contract, each of one gateway: the one that brought the device last."""
    if not (given := list(refusals)):
        return []
    origins = _origins(pending)
    return [message for each in given for message in (*_of_readings(each, origins), *_of_events(each, origins))]


def _origins(pending: Sequence[Pending]) -> Mapping[str, _Origin]:
    origins: dict[str, _Origin] = {}
    for entry in pending:
        devices = [event.device for event in entry.events] if entry.readings is None else entry.readings.device
        for gateway, device in zip(entry.gateways(), devices, strict=True):
            origins[device] = _Origin(gateway, entry.received_ms)
    return origins


def _of_readings(refusal: Refused, origins: Mapping[str, _Origin]) -> Iterator[Quarantined]:
    if refusal.readings is None:
        return
    of_gateway: defaultdict[str, list[Reading]] = defaultdict(list)
    for reading in refusal.readings.readings():
        of_gateway[origins[reading.device].gateway].append(reading)
    for gateway, readings in of_gateway.items():
        received_ms = max(origins[reading.device].received_ms for reading in readings)
        for start in range(0, len(readings), RECORDS_AT_ONCE):
            records = [_reading(each) for each in readings[start : start + RECORDS_AT_ONCE]]
            topic = f"premises/v1/{refusal.readings.site}/{gateway}/readings"
            yield _message(gateway, topic, {"readings": records}, refusal.words, received_ms)


def _of_events(refusal: Refused, origins: Mapping[str, _Origin]) -> Iterator[Quarantined]:
    for event in refusal.events:
        topic = f"premises/v1/{event.site}/{event.gateway}/events"
        received_ms = origins[event.device].received_ms
        yield _message(origins[event.device].gateway, topic, {"events": [_event(event)]}, refusal.words, received_ms)


def _message(
    gateway: str, topic: str, message: Mapping[str, Sequence[object]], words: str, received_ms: int
) -> Quarantined:
    return Quarantined(
        topic=topic,
        payload=json.dumps(message, ensure_ascii=False).encode(),
        reason=STORE_REFUSED,
        detail=words,
        gateway=gateway,
        received_ms=received_ms,
        records=sum(map(len, message.values())),
    )


def _reading(reading: Reading) -> Mapping[str, object]:
    told: dict[str, object] = {
        "dev": reading.device,
        "m": reading.metric,
        "v": None if reading.value is None or isnan(reading.value) else reading.value,
        "q": Quality(reading.quality).name.lower(),
        "ts": epoch_ms(reading.time),
        "hist": bool(reading.flags & ReadingFlag.BACKFILL),
    }
    return told | ({"ph": reading.phase} if reading.phase else {})


def _event(event: Event) -> Mapping[str, object]:
    told: dict[str, object] = {
        "dev": event.device,
        "type": event.type.value,
        "state": event.state.value,
        "test": event.test,
        "ts": epoch_ms(event.time),
        "hist": bool(event.flags & ReadingFlag.BACKFILL),
    }
    return told | ({"zone": event.zone} if event.zone else {}) | ({} if event.id is None else {"id": event.id})
