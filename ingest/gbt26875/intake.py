"""Frames become entries of the spool: translated into the native contract, judged by the same pipeline as MQTT.

So a fire over this line is known, alerted, counted and replayed from quarantine exactly as one over MQTT. What cannot
be read is kept raw. A frame that comes again, because its confirmation was lost, is a duplicate.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from zoneinfo import ZoneInfo

import orjson
import structlog

from ingest.gbt26875.events import Record, Translator
from ingest.gbt26875.frames import Command, Frame, Unreadable, time_of
from ingest.gbt26875.memory import Texts
from ingest.gbt26875.panels import Panel, Panels
from ingest.gbt26875.states import States
from ingest.gbt26875.units import Unit, UnitError, parse_unit
from ingest.messages import Message
from ingest.native_fields import AHEAD_MS, EARLIEST_MS
from ingest.pipeline import Pipeline
from sensors.intake import GatewayStatus, Ignored, Quarantined, SpoolEntry
from sensors.readings import epoch_ms
from sensors.topology import Registry

REPEAT_MS = 600_000
"""A repeated frame is a duplicate for ten to twenty minutes: senders repeat within seconds (6.5), and a panel whose
clock is dead sends the same bytes for another fire. Our own choice."""

OFFSET_EVERY_MS = 600_000
OFFSET_STEP_S = 5.0
"""How often a panel's clock offset is stored, and by how much it must change to be stored at once. Our own choice."""

STATUS_EVERY_MS = 60_000
CLOCK_OFFSET = "clock_offset_s"

_KEPT = 4_096
_READY, _LOST = "ready", "lost"

Commit = Callable[[Sequence[SpoolEntry]], None]


class Memory(Protocol):
    """What the spool remembers of what came before."""

    def seen_event(self, gateway: str, event_key: str) -> bool:
        """Say whether an event of this key was committed before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a connection brought, and when; `speaker` is who spoke on it last, None before the first frame."""

    item: Frame | Unreadable
    received_ms: int
    peer: str
    speaker: int | None = None


@dataclass(slots=True)
class _Clock:
    """What was stored last of a panel's clock."""

    offset_s: float
    told_ms: int


@dataclass(slots=True)
class _Turn:
    """What this turn has taken in so far and the spool does not know yet."""

    keys: set[tuple[str, str]] = field(default_factory=set)
    clocks: dict[str, _Clock] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)


class Intake:
    """Owns what is known of the panels. For one thread; `commit` makes entries durable or raises."""

    def __init__(
        self, *, panels: Panels, registry: Registry, pipeline: Pipeline, memory: Memory, texts: Texts, commit: Commit
    ) -> None:
        """Judge by the pipeline, whose registry is this one."""
        self._panels = panels
        self._pipeline = pipeline
        self._memory = memory
        self._texts = texts
        self._commit = commit
        self._log = structlog.get_logger(__name__)
        self._states = States()
        self._translator = Translator(self._states, texts)
        self._clocks: dict[str, _Clock] = {}
        self._statuses: dict[str, int] = {}
        self._use(registry)

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone, in which panels tell the time."""
        return self._zone

    def use(self, registry: Registry) -> None:
        """Judge by another registry from now on."""
        self._pipeline.use(registry)
        self._use(registry)

    def _use(self, registry: Registry) -> None:
        self._site = registry.site.id
        self._devices = frozenset(registry.devices)
        self._zone = ZoneInfo(registry.site.timezone)

    def panel(self, address: int) -> Panel:
        """Return the panel of an address."""
        return self._panels.at(address)

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """Make everything durable in one commit; where that fails, nothing is taken for known."""
        turn = _Turn()
        try:
            entries = [entry for each in arrivals for entry in self._entries(each, turn)]
            self._texts.write()
            self._commit(entries)
        except BaseException:
            self._states.drop()
            raise
        self._states.keep()
        self._clocks |= turn.clocks
        self._statuses |= turn.statuses

    def lost(self, address: int, *, received_ms: int) -> None:
        """Make durable that nothing comes from a panel any more."""
        gateway = self.panel(address).gateway
        self._statuses.pop(gateway, None)
        self._commit([_left_out(gateway, received_ms, "status", status=_status(_LOST, received_ms))])

    def roll_call(self, address: int, outcome: str, *, key: str, received_ms: int) -> None:
        """Make durable how a roll call ended that nobody answered; `key` tells it from any other."""
        panel = self.panel(address)
        record = {"id": key, "dev": panel.device, "type": "roll_call", "zone": outcome, "ts": received_ms}
        self._commit(self._judged(panel, "events", [record], received_ms))

    # One arrival.

    def _entries(self, arrival: Arrival, turn: _Turn) -> list[SpoolEntry]:
        item = arrival.item
        if isinstance(item, Unreadable):
            return [self._kept(arrival, item.raw, item.reason, item.detail)]
        panel = self.panel(item.source)
        try:
            entries = self._frame_entries(panel, item, arrival, turn)
        except Exception as exc:  # noqa: BLE001 - a task's boundary: a poison frame must not stop the stream
            self._log.exception("decoder_failed", gateway=panel.gateway)
            entries = [self._kept(arrival, item.raw, "decoder_failed", f"{type(exc).__name__}: {exc}")]
        status = self._due_status(panel, arrival.received_ms, turn)
        return entries if status is None else [replace(entries[0], status=status), *entries[1:]]

    def _frame_entries(self, panel: Panel, frame: Frame, arrival: Arrival, turn: _Turn) -> list[SpoolEntry]:
        match frame.command:
            case Command.SEND | Command.ANSWER:
                return self._data_entries(panel, frame, arrival, turn)
            case Command.CONFIRM | Command.NEGATIVE:
                return [_left_out(panel.gateway, arrival.received_ms, Command(frame.command).name.lower())]
            case Command.CONTROL | Command.REQUEST:
                return [self._kept(arrival, frame.raw, "wrong_direction", "a command that only a centre sends")]
            case _:
                return [self._kept(arrival, frame.raw, "unknown_command", f"command byte {frame.command}")]

    def _data_entries(self, panel: Panel, frame: Frame, arrival: Arrival, turn: _Turn) -> list[SpoolEntry]:
        received_ms = arrival.received_ms
        clock = self._clock_entries(panel, frame, received_ms, turn)
        if len(frame.data) <= 1:
            # 6.6 lets the unit be empty, which devices use as their heartbeat; some put one byte of their own in it.
            return [_left_out(panel.gateway, received_ms, "heartbeat"), *clock]
        try:
            unit = parse_unit(frame.data)
        except UnitError as exc:
            return [self._kept(arrival, frame.raw, exc.reason, str(exc)), *clock]
        key = _Key.of(frame, unit, received_ms)
        is_repeated = self._is_repeated(panel, key, turn)
        if is_repeated and not self._translator.is_news(panel, unit.objects):
            count = max(1, len(unit.objects))
            return [
                SpoolEntry(gateway=panel.gateway, received_ms=received_ms, received=count, duplicates=count),
                *clock,
            ]
        entries = self._unit_entries(panel, unit, arrival, f"{key.now}-{received_ms}" if is_repeated else key.now)
        turn.keys.add((panel.gateway, key.now))
        first = replace(entries[0], event_keys=(*entries[0].event_keys, key.now))
        return [first, *entries[1:], *clock]

    def _unit_entries(self, panel: Panel, unit: Unit, arrival: Arrival, key: str) -> list[SpoolEntry]:
        received_ms = arrival.received_ms
        told = self._translator.told(panel, unit.objects)
        if not unit.objects:
            told.ignored["unit_not_used"] += 1
        entries = [
            *self._judged(panel, "events", self._timed(told.events, key, received_ms), received_ms),
            *self._judged(panel, "readings", self._timed(told.readings, "", received_ms), received_ms),
            *(_left_out(panel.gateway, received_ms, reason, count) for reason, count in told.ignored.items()),
        ]
        if unit.problem:
            entries.append(self._kept(arrival, getattr(arrival.item, "raw", b""), "bad_length", unit.problem))
        return entries

    def _is_repeated(self, panel: Panel, key: "_Key", turn: _Turn) -> bool:
        return any(
            (panel.gateway, each) in turn.keys or self._memory.seen_event(panel.gateway, each)
            for each in (key.now, key.before)
        )

    def _judged(self, panel: Panel, kind: str, records: Sequence[Record], received_ms: int) -> list[SpoolEntry]:
        if not records:
            return []
        topic = f"premises/v1/{self._site}/{panel.gateway}/{kind}"
        entries = self._pipeline.process([Message(topic, orjson.dumps({kind: records}), received_ms)])
        # Not as of QoS 0: a panel sends again what was not confirmed.
        return [replace(entry, unassured=0) for entry in entries]

    def _timed(self, records: Iterable[tuple[Record, bytes | None]], key: str, received_ms: int) -> list[Record]:
        """Return the records with ids and with the panel's own times, where these can be; else the receipt serves."""
        timed = []
        for number, (record, label) in enumerate(records):
            time_ms = self._time_ms(label, received_ms)
            own = {"id": f"{key}-{number}"} if key else {}
            timed.append(record | own | ({} if time_ms is None else {"ts": time_ms}))
        return timed

    def _time_ms(self, label: bytes | None, received_ms: int) -> int | None:
        time = None if label is None else time_of(label, self._zone)
        if time is None:
            return None
        time_ms = epoch_ms(time)
        return time_ms if EARLIEST_MS <= time_ms <= received_ms + AHEAD_MS else None

    # What is known beside the records.

    def _clock_entries(self, panel: Panel, frame: Frame, received_ms: int, turn: _Turn) -> list[SpoolEntry]:
        """Return the panel's clock offset where it is due: how far the time of sending is ahead of the receipt."""
        sent = time_of(frame.label, self._zone)
        if sent is None or panel.device not in self._devices:
            return []
        offset_s = round((epoch_ms(sent) - received_ms) / 1000)
        last = turn.clocks.get(panel.gateway) or self._clocks.get(panel.gateway)
        is_due = last is None or received_ms - last.told_ms >= OFFSET_EVERY_MS
        if last is not None and not is_due and abs(offset_s - last.offset_s) < OFFSET_STEP_S:
            return []
        turn.clocks[panel.gateway] = _Clock(offset_s, received_ms)
        record = {"dev": panel.device, "m": CLOCK_OFFSET, "v": offset_s, "ts": received_ms}
        return self._judged(panel, "readings", [record], received_ms)

    def _due_status(self, panel: Panel, received_ms: int, turn: _Turn) -> GatewayStatus | None:
        last = turn.statuses.get(panel.gateway) or self._statuses.get(panel.gateway)
        if last is not None and 0 <= received_ms - last < STATUS_EVERY_MS:
            return None
        turn.statuses[panel.gateway] = received_ms
        return _status(_READY, received_ms)

    def _kept(self, arrival: Arrival, raw: bytes, reason: str, detail: str) -> SpoolEntry:
        speaker = arrival.item.source if isinstance(arrival.item, Frame) else arrival.speaker
        gateway = "-" if speaker is None else self.panel(speaker).gateway
        kept = Quarantined(
            topic=f"premises/v1/{self._site}/{gateway}/gbt26875",
            payload=raw[:_KEPT],
            reason=reason,
            detail=f"from {arrival.peer}: {detail}",
            gateway=gateway,
            received_ms=arrival.received_ms,
            size=len(raw),
        )
        return SpoolEntry(gateway=gateway, received_ms=arrival.received_ms, received=1, quarantined=(kept,))


@dataclass(frozen=True, slots=True)
class _Key:
    """What a frame is known by if it comes again: now, and had it come a little earlier."""

    now: str
    before: str

    @classmethod
    def of(cls, frame: Frame, unit: Unit, received_ms: int) -> "_Key":
        """Return the key of number, data and, where no object has a time of its own, the time of sending."""
        own = b"" if any(each.label is not None for each in unit.objects) else frame.label
        said = frame.seq.to_bytes(2, "little") + own + frame.data
        digest = hashlib.blake2b(said, digest_size=12).hexdigest()
        slot = received_ms // REPEAT_MS
        return cls(f"gbt-{digest}-{slot}", f"gbt-{digest}-{slot - 1}")


def _left_out(
    gateway: str, received_ms: int, reason: str, records: int = 1, *, status: GatewayStatus | None = None
) -> SpoolEntry:
    return SpoolEntry(
        gateway=gateway,
        received_ms=received_ms,
        received=records,
        ignored=(Ignored(gateway=gateway, reason=reason, records=records),),
        status=status,
    )


def _status(state: str, received_ms: int) -> GatewayStatus:
    return GatewayStatus(state=state, boot=None, interval_s=None, received_ms=received_ms)
