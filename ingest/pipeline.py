"""A group of messages becomes entries for the spool: decoded, checked, told from duplicates, and counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from alerts import event_rules
from ingest import native
from ingest.device_states import DeviceStates
from ingest.keeping import Keeper, Kept, record_path
from ingest.known import Known
from ingest.messages import Message, delivery_of, event_key, message_key
from ingest.native import Decoded, Topic, TopicError, TopicKind
from ingest.plain import PlainReader
from ingest.ports import Spool
from ingest.runs import Run
from sensors.credentials import CredentialKey, without_cards
from sensors.events import VITAL_EVENTS, Event
from sensors.intake import Birth, Delivery, GatewayStatus, Ignored, SpoolEntry
from sensors.signals import Signal
from sensors.topology import Registry

MAX_PAYLOAD_BYTES = 256 * 1024
"""A thousand readings take about 100 KB; the project's own choice."""

_KEPT_OF_TOO_LARGE = 4_096


@dataclass(slots=True)
class _Group:
    """What this group has taken in so far and the spool does not know yet."""

    seqs: set[tuple[str, str, int]] = field(default_factory=set)
    events: set[tuple[str, str]] = field(default_factory=set)
    entries: list[SpoolEntry | Run] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    """The run that the next ordinary message of a gateway may join."""


class Decode(Protocol):
    """A decoder: a topic and a payload become records. It raises nothing."""

    def __call__(self, topic: Topic, payload: bytes, *, received_ms: int) -> Decoded:
        """Return what a payload says."""
        ...


class Dialects(Protocol):
    """The gateways that speak another format than the contract's."""

    def use(self, registry: Registry) -> None:
        """Know the devices of a registry."""
        ...

    def gateway_of(self, topic: str) -> str | None:
        """Return the gateway that a topic belongs to, None for one of nobody."""
        ...

    def recall(self, births: Mapping[str, Sequence[Birth]]) -> None:
        """Know again what gateways said of their values before this process began."""
        ...

    def clean(self, gateway: str, payload: bytes, key: CredentialKey | None) -> bytes:
        """Return a payload as it may be kept, personal data in it as digests."""
        ...

    def decode(self, gateway: str, topic: str, payload: bytes, *, received_ms: int, retained: bool) -> Decoded:
        """Return what a payload says. Raises nothing."""
        ...

    def forget(self) -> None:
        """Forget what was remembered of devices, and what they were to be told."""
        ...

    def commands(self) -> Sequence[tuple[str, bytes]]:
        """Return what is to be published in answer to what was decoded since the last call."""
        ...


class Pipeline:
    """Judges messages against a registry and a spool's memory; writes nothing itself."""

    def __init__(
        self,
        *,
        registry: Registry,
        spool: Spool,
        max_payload_bytes: int = MAX_PAYLOAD_BYTES,
        decode: Decode = native.decode,
        dialects: Dialects | None = None,
        credentials: CredentialKey | None = None,
        log: structlog.typing.FilteringBoundLogger | None = None,
    ) -> None:
        """Judge by this registry until `use` gives another; `decode` says what a payload holds.

        `dialects` are the gateways whose topics and formats are their own; they know again what the spool kept of them.
        `credentials` is the key under which cards
        are known again; without one they are left out.
        """
        self._credentials = credentials
        self._dialects = dialects
        self._spool = spool
        self._decode = decode
        self._takes_plain = decode is native.decode
        self._max_payload_bytes = max_payload_bytes
        self._log = log or structlog.get_logger(__name__)
        self._keeper = Keeper(self._log)
        self._device_states = DeviceStates()
        self.use(registry)
        if dialects is not None:
            dialects.recall(spool.births())

    def use(self, registry: Registry) -> None:
        """Judge by another registry from the next message on."""
        self._registry = registry
        self._site = registry.site.id
        self._known = Known(registry)
        self._plain = PlainReader(self._site, self._known.devices)
        if self._dialects is not None:
            self._dialects.use(registry)

    def forget(self) -> None:
        """Take nothing for known that was judged since the last commit, for that failed."""
        self._device_states.forget()
        if self._dialects is not None:
            self._dialects.forget()

    def commands(self) -> Sequence[tuple[str, bytes]]:
        """Return what gateways are to be told, topics and payloads, once what they sent is durable."""
        return () if self._dialects is None else self._dialects.commands()

    def process(self, messages: Iterable[Message]) -> list[SpoolEntry]:
        """Return what the messages become, in order for each gateway. Raises only what the spool's memory raises.

        Ordinary messages of a gateway that follow each other share an entry; every other has one of its own.
        """
        group = _Group()
        for message in map(self._without_cards, messages):
            if not self._joins_a_run(message, group):
                entry = self._with_signals(self._entry(message, group))
                if message.packet_id is None:
                    entry = replace(entry, unassured=entry.received)
                group.runs.pop(entry.gateway, None)
                group.entries.append(entry)
        return [each.entry() if isinstance(each, Run) else each for each in group.entries]

    def _without_cards(self, message: Message) -> Message:
        """Return a message in which no card stands: whatever becomes of it, none is kept."""
        payload = without_cards(message.payload, self._credentials)
        return message if payload is message.payload else message._replace(payload=payload)

    def _joins_a_run(self, message: Message, group: _Group) -> bool:
        """Take in a message that is in order in every respect; say whether it was."""
        if message.dup or message.retain or len(message.payload) > self._max_payload_bytes or not self._takes_plain:
            return False
        plain = self._plain.read(message.topic, message.payload, message.received_ms)
        if plain is None or self._is_repeated(plain.gateway, plain.boot, plain.seq, group):
            return False
        run = group.runs.get(plain.gateway)
        if run is None or run.boot != plain.boot:
            run = group.runs[plain.gateway] = Run(plain.gateway, plain.boot, self._site)
            group.entries.append(run)
        run.add(
            plain,
            received_ms=message.received_ms,
            assured=message.packet_id is not None,
            delivery=delivery_of(message) if plain.seq is None else None,
        )
        return True

    def _with_signals(self, entry: SpoolEntry) -> SpoolEntry:
        """Return the entry with what its events ask people to see."""
        if not entry.events:
            return entry
        signals = [self._signal(event) for event in entry.events]
        return replace(entry, signals=tuple(signal for signal in signals if signal is not None))

    def _signal(self, event: Event) -> Signal | None:
        try:
            return event_rules.signal(event, self._registry)
        except Exception:  # noqa: BLE001 - a task's boundary: a poison event must not stop the stream, nor itself be lost
            self._log.exception("signal_failed", gateway=event.gateway, device=event.device, type=event.type.value)
            return None

    def _entry(self, message: Message, group: _Group) -> SpoolEntry:
        dialect = self._dialect_of(message.topic)
        try:
            topic = dialect or Topic.parse(message.topic)
        except TopicError as exc:
            return self._refused(message, _gateway_of(message.topic), "unknown_topic", str(exc))
        gateway = topic.gateway if topic.site == self._site else f"{topic.site}/{topic.gateway}"
        if dialect is not None and self._dialects is not None:
            message = message._replace(payload=self._dialects.clean(gateway, message.payload, self._credentials))
        if len(message.payload) > self._max_payload_bytes:
            detail = f"{len(message.payload)} bytes, at most {self._max_payload_bytes}; send smaller batches"
            return self._refused(message, gateway, "payload_too_large", detail)
        try:
            decoded = self._decoded(message, topic, is_dialect=dialect is not None)
        except Exception as exc:  # noqa: BLE001 - a task's boundary: a poison message must not stop the stream
            self._log.exception("decoder_failed", topic=message.topic)
            return self._refused(message, gateway, "decoder_failed", f"{type(exc).__name__}: {exc}")
        return self._judged(message, gateway, topic, decoded, group)

    def _dialect_of(self, topic: str) -> Topic | None:
        """Return where a message of a gateway with a format of its own comes from, None for the contract's."""
        gateway = None if self._dialects is None else self._dialects.gateway_of(topic)
        return None if gateway is None else Topic(site=self._site, gateway=gateway, kind=TopicKind.READINGS)

    def _decoded(self, message: Message, topic: Topic, *, is_dialect: bool) -> Decoded:
        if self._dialects is None or not is_dialect:
            return self._decode(topic, message.payload, received_ms=message.received_ms)
        return self._dialects.decode(
            topic.gateway, message.topic, message.payload, received_ms=message.received_ms, retained=message.retain
        )

    def _refused(self, message: Message, gateway: str, reason: str, detail: str) -> SpoolEntry:
        """Return the entry of a message that was not read at all: one record."""
        entry = SpoolEntry(gateway=gateway, received_ms=message.received_ms, received=1, delivery=delivery_of(message))
        if message.retain:
            # The broker replays it at each connection; when it was new it went into quarantine.
            return _ignored(replace(entry, delivery=None), "retained")
        if self._is_redelivery(message, entry.delivery):
            return replace(entry, duplicates=1)
        kept = Kept(message=message, gateway=gateway)
        too_large = len(message.payload) > self._max_payload_bytes
        kept.add(reason, detail, records=1, payload=message.payload[: _KEPT_OF_TOO_LARGE if too_large else None])
        self._keeper.tell(kept)
        return replace(entry, quarantined=tuple(kept.entries))

    def _with_devices(self, message: Message, gateway: str, topic: Topic, decoded: Decoded) -> Decoded:
        """Return a status with the news of devices behind its gateway as records; a replay is no news."""
        if not decoded.devices or message.retain or topic.site != self._site:
            return decoded
        found = self._device_states.records(
            decoded.devices,
            site=self._site,
            gateway=gateway,
            known=self._known.devices,
            received_ms=message.received_ms,
        )
        count, readings = len(found.paths), len(found.readings)
        return replace(
            decoded,
            records=count or decoded.records,
            readings=found.readings,
            reading_records=list(range(readings)),
            events=found.events,
            event_records=tuple(range(readings, count)),
            paths=found.paths,
        )

    def _judged(self, message: Message, gateway: str, topic: Topic, decoded: Decoded, group: _Group) -> SpoolEntry:
        decoded = self._with_devices(message, gateway, topic, decoded)
        entry = SpoolEntry(
            gateway=gateway,
            received_ms=message.received_ms,
            received=decoded.records,
            boot=decoded.boot,
            seq=decoded.seq,
            delivery=delivery_of(message) if decoded.seq is None else None,
        )
        if message.retain and decoded.status is None:
            # A replay of an old message: it must not use up the number of the message itself.
            received = decoded.records or 1
            entry = replace(entry, received=received, boot=None, seq=None, delivery=None, births=decoded.births)
            return _ignored(entry, "retained")
        if self._is_repeated(gateway, decoded.boot, decoded.seq, group) or self._is_redelivery(message, entry.delivery):
            return self._repeated(entry, message, topic, decoded, group)
        if decoded.records and decoded.message_id is not None and self._is_known_message(entry, decoded, group):
            return replace(entry, duplicates=decoded.records)
        if decoded.births:
            entry = replace(entry, births=decoded.births)
        if decoded.status is not None:
            self._log.info("gateway_status", gateway=gateway, state=decoded.status, retained=message.retain)
            entry = replace(entry, status=_status(decoded.status, message, decoded))
            if message.retain or not (len(decoded.readings) or decoded.events):
                self._keeper.problems(Kept(message=message, gateway=gateway), decoded)
                return _ignored(entry, "status")
        if not decoded.records:
            return _ignored(replace(entry, received=1), decoded.nothing)
        return self._accepted(entry, message, topic, decoded, group)

    def _is_repeated(self, gateway: str, boot: str | None, seq: int | None, group: _Group) -> bool:
        if boot is None or seq is None:
            return False
        key = (gateway, boot, seq)
        if key in group.seqs or self._spool.seen(*key):
            return True
        group.seqs.add(key)
        return False

    def _is_known_message(self, entry: SpoolEntry, decoded: Decoded, group: _Group) -> bool:
        key = message_key(decoded)
        return key is not None and self._event_seen(entry.gateway, key, group)

    def _is_redelivery(self, message: Message, delivery: Delivery | None) -> bool:
        return message.dup and delivery is not None and self._spool.seen_delivery(delivery)

    def _repeated(
        self, entry: SpoolEntry, message: Message, topic: Topic, decoded: Decoded, group: _Group
    ) -> SpoolEntry:
        """Return a duplicate, less the vital events that are news: their gateway starts its numbers over."""
        news = [
            (index, event)
            for index, event in zip(decoded.event_records, decoded.events, strict=True)
            if event.type in VITAL_EVENTS and self._is_news(entry.gateway, event, group)
        ]
        if not news:
            return replace(entry, duplicates=decoded.records)
        doubtful = replace(
            decoded,
            events=tuple(replace(event, doubts=(*event.doubts, "seq_repeated")) for _, event in news),
            event_records=tuple(index for index, _ in news),
        )
        kept = Kept(message=message, gateway=entry.gateway)
        events, keys, duplicates = self._known_events(kept, topic, doubtful, group)
        duplicates += decoded.records - len(news)
        return replace(entry, events=tuple(events), event_keys=tuple(keys), duplicates=duplicates)

    def _is_news(self, gateway: str, event: Event, group: _Group) -> bool:
        key = event_key(event)
        return key is not None and not self._event_seen(gateway, key, group)

    def _accepted(
        self, entry: SpoolEntry, message: Message, topic: Topic, decoded: Decoded, group: _Group
    ) -> SpoolEntry:
        kept = Kept(message=message, gateway=entry.gateway)
        self._keeper.problems(kept, decoded)
        readings = self._known.readings(kept, topic, decoded)
        events, keys, duplicates = self._known_events(kept, topic, decoded, group)
        own_key = message_key(decoded)
        if own_key is not None:
            group.events.add((entry.gateway, own_key))
            keys.append(own_key)
        self._keeper.tell(kept)
        return replace(
            entry,
            readings=readings,
            events=tuple(events),
            event_keys=tuple(keys),
            duplicates=duplicates,
            quarantined=tuple(kept.entries),
        )

    def _known_events(
        self, kept: Kept, topic: Topic, decoded: Decoded, group: _Group
    ) -> tuple[list[Event], list[str], int]:
        """Return the events to keep, the keys to remember them by, and how many were known already."""
        events, keys, duplicates = [], [], 0
        for index, event in zip(decoded.event_records, decoded.events, strict=True):
            key = event_key(event)
            if key is not None and self._event_seen(kept.gateway, key, group):
                duplicates += 1
                continue
            checked = self._known.event(kept, topic, event, record_path(decoded, "events", index))
            if checked is None:
                continue
            events.append(checked)
            if key is not None:
                group.events.add((kept.gateway, key))
                keys.append(key)
        return events, keys, duplicates

    def _event_seen(self, gateway: str, key: str, group: _Group) -> bool:
        return (gateway, key) in group.events or self._spool.seen_event(gateway, key)


def _gateway_of(topic: str) -> str:
    """Return the gateway that a topic outside the contract most likely came from, `-` where there is none to see."""
    parts = topic.split("/")
    return parts[3][:128] if topic.startswith("premises/v1/") and len(parts) > 4 and parts[3] else "-"  # noqa: PLR2004 - premises/v1/SITE/GATEWAY/…


def _status(state: str, message: Message, decoded: Decoded) -> GatewayStatus:
    return GatewayStatus(
        state=state,
        boot=decoded.boot,
        interval_s=decoded.interval_s,
        received_ms=message.received_ms,
        retained=message.retain,
    )


def _ignored(entry: SpoolEntry, reason: str) -> SpoolEntry:
    ignored = Ignored(gateway=entry.gateway, reason=reason, records=entry.received)
    return replace(entry, ignored=(ignored,))
