"""The devices that send and are not in the registry, put together from what the quarantine kept of them."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from math import isnan

from api.data_ports import DeviceKind, SentMetric, UnknownDevice
from ingest import native
from ingest.dialects.desk import Dialects
from ingest.native import Decoded, Topic, TopicError, TopicKind
from sensors.intake import Quarantined
from sensors.metrics import METRICS
from sensors.readings import ReadingBatch, from_epoch_ms
from storage.quarantine import Kept, QuarantineShelf, Which

UNKNOWN_DEVICE = "unknown_device"

MOST_MESSAGES = 20_000
"""How many messages are looked through: the newest; a few seconds' work. Our own choice."""

MOST_DEVICES = 1_000

_PAGE = 50
"""Messages in memory at once: each may be as large as `mqtt.max_payload_bytes`."""
_DOOR_METRICS = frozenset({"open", "locked"})
_METER_KINDS = frozenset({"electricity", "utilities"})
_DOOR_EVENTS = frozenset({"granted", "denied", "forced", "exit_request", "held"})


def unknown_devices(
    shelf: QuarantineShelf, known: Collection[str], dialects: Dialects | None = None
) -> list[UnknownDevice]:
    """Return the devices that sent and are not in the registry, the last heard first; `known` is who is in it now.

    `dialects` are the gateways whose formats are their own.
    """
    seen: dict[tuple[str, str], _Seen] = {}
    for page in shelf.pages(Which(reason=UNKNOWN_DEVICE), size=_PAGE, latest=MOST_MESSAGES):
        for kept in page:
            _take(seen, kept, dialects)
    found = [each.told(is_known=each.device in known, model=_model(each, dialects)) for each in seen.values()]
    return sorted(found, key=lambda each: (each.last, each.device), reverse=True)


@dataclass(slots=True)
class _Metric:
    count: int = 0
    last_ms: int = 0
    value: float | None = None
    phases: set[str] = field(default_factory=set)

    def add(self, batch: ReadingBatch, row: int) -> None:
        self.count += 1
        self.phases.add(batch.phase[row])
        if batch.time_ms[row] >= self.last_ms:
            self.last_ms = batch.time_ms[row]
            self.value = None if isnan(batch.value[row]) else batch.value[row]


@dataclass(slots=True)
class _Seen:
    device: str
    gateway: str
    site: str
    first_ms: int
    last_ms: int
    records: int = 0
    metrics: dict[str, _Metric] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)

    def heard(self, received_ms: int) -> None:
        self.records += 1
        self.first_ms = min(self.first_ms, received_ms)
        self.last_ms = max(self.last_ms, received_ms)

    def told(self, *, is_known: bool, model: str | None) -> UnknownDevice:
        return UnknownDevice(
            device=self.device,
            gateway=self.gateway,
            site=self.site,
            first=from_epoch_ms(self.first_ms),
            last=from_epoch_ms(self.last_ms),
            records=self.records,
            kind=kind_of(self.metrics.keys(), self.events.keys()),
            is_known=is_known,
            model=model,
            metrics=tuple(_sent(name, metric) for name, metric in sorted(self.metrics.items())),
            events=self.events,
        )


def kind_of(metrics: Collection[str], events: Collection[str]) -> DeviceKind:
    """Return what a device most likely is by what it sends."""
    if _DOOR_METRICS & set(metrics) or _DOOR_EVENTS & set(events):
        return DeviceKind.DOOR
    kinds = {METRICS[metric].kind.value for metric in metrics}
    if kinds & _METER_KINDS:
        return DeviceKind.METER
    return DeviceKind.ROOM_SENSOR if kinds or events else DeviceKind.UNKNOWN


def _sent(name: str, metric: _Metric) -> SentMetric:
    return SentMetric(
        metric=name,
        unit=METRICS[name].unit,
        count=metric.count,
        value=metric.value,
        last=from_epoch_ms(metric.last_ms),
        phases=tuple(sorted(metric.phases - {""})),
    )


def _model(seen: _Seen, dialects: Dialects | None) -> str | None:
    return None if dialects is None else dialects.model_of(seen.gateway, seen.device)


def _decoded(message: Quarantined, dialects: Dialects | None) -> tuple[Topic, Decoded] | None:
    """Return where a message came from and what it says, None where nobody's format is known."""
    gateway = None if dialects is None else dialects.gateway_of(message.topic)
    if dialects is not None and gateway is not None:
        dialects.forget()  # each message by itself: none is taken for a repetition of another
        said = dialects.decode(gateway, message.topic, message.payload, received_ms=message.received_ms, retained=False)
        return Topic(site=said.readings.site, gateway=gateway, kind=TopicKind.READINGS), said
    try:
        topic = Topic.parse(message.topic)
    except TopicError:
        return None
    return topic, native.decode(topic, message.payload, received_ms=message.received_ms)


def _path(decoded: Decoded, kind: str, record: int) -> str:
    return decoded.paths[record] if decoded.paths else f"{kind}[{record}]"


def _take(seen: dict[tuple[str, str], _Seen], kept: Kept, dialects: Dialects | None) -> None:
    message = kept.message
    found = _decoded(message, dialects)
    if found is None:
        return
    topic, decoded = found
    meant = set(message.paths)
    _take_readings(seen, topic, decoded, meant, message.received_ms)
    for record, event in zip(decoded.event_records, decoded.events, strict=True):
        if _path(decoded, "events", record) in meant and (
            device := _seen(seen, topic, event.device, message.received_ms)
        ):
            device.heard(message.received_ms)
            device.events[event.type.value] += 1


def _take_readings(
    seen: dict[tuple[str, str], _Seen], topic: Topic, decoded: Decoded, meant: set[str], received_ms: int
) -> None:
    batch = decoded.readings
    for row, record in enumerate(decoded.reading_records):
        if _path(decoded, "readings", record) in meant and (
            device := _seen(seen, topic, batch.device[row], received_ms)
        ):
            device.heard(received_ms)
            device.metrics.setdefault(batch.metric[row], _Metric()).add(batch, row)


def _seen(seen: dict[tuple[str, str], _Seen], topic: Topic, device: str, received_ms: int) -> _Seen | None:
    """Return what is known of a device, None for one more than is kept."""
    key = (topic.gateway, device)
    if key not in seen and len(seen) >= MOST_DEVICES:
        return None
    return seen.setdefault(key, _Seen(device, topic.gateway, topic.site, first_ms=received_ms, last_ms=received_ms))
