"""Messages out of quarantine judged again after a mending: the same pipeline, the original receive time.

What is taken in late is marked as backfill, which never alerts: a fire of last week must not ring tonight. One thing
is different. A fire, smoke, leak or forced door that began at most `FRESH_MS` ago still alerts, for it may still burn
and nobody was told; it carries the doubt `from_quarantine`. An end, a silencing or a reset never counts when it comes
late: a newer alarm may have begun since.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from ingest import native
from ingest.messages import MESSAGE_KEY, Message
from ingest.native import Decoded, Problem, Topic
from ingest.pipeline import Dialects, Pipeline
from ingest.ports import Spool
from sensors.credentials import CredentialKey
from sensors.events import VITAL_EVENTS, Event, EventState
from sensors.intake import STORE_REFUSED, Birth, Delivery, Quarantined, SpoolEntry
from sensors.readings import ReadingBatch, ReadingFlag
from sensors.topology import Registry

FRESH_MS = 15 * 60_000
"""How old a vital event may be to alert out of quarantine: about as long as people take to look. Our own choice."""

FROM_QUARANTINE = "from_quarantine"


class SecondLook:
    """Judges messages of the quarantine; writes nothing itself."""

    def __init__(
        self, *, registry: Registry, spool: Spool, max_payload_bytes: int, dialects: Dialects | None = None
    ) -> None:
        """Judge by this registry, against what the spool remembers; by these dialects beside the contract."""
        self._memory = _Memory(spool)
        self._asked = _Asked()
        self._pipeline = Pipeline(
            registry=registry,
            spool=self._memory,
            max_payload_bytes=max_payload_bytes,
            decode=self._decode,
            dialects=None if dialects is None else _Late(dialects, self._meant),
            log=_silent(),
        )

    def judge(self, messages: Sequence[Quarantined], *, now_ms: int) -> list[SpoolEntry]:
        """Return for each message what became of the records kept; those that fail again are in its `quarantined`.

        What an earlier call judged counts as known only after `committed`, so that a failed commit can be repeated.
        """
        self._memory.forget_uncommitted()
        return [self._judged(kept, now_ms=now_ms) for kept in messages]

    def committed(self) -> None:
        """Take what the last call judged as known from now on."""
        self._memory.keep()

    def _judged(self, kept: Quarantined, *, now_ms: int) -> SpoolEntry:
        self._asked = _Asked(
            paths=frozenset(kept.paths) or None,
            is_fresh=now_ms - kept.received_ms <= FRESH_MS,
            was_accepted=kept.reason == STORE_REFUSED,
        )
        # The number of a message that was read is its own; of one that was not, another message may have it.
        self._memory.looks_up_numbers = self._asked.paths is None
        message = Message(topic=kept.topic, payload=kept.payload, received_ms=kept.received_ms)
        self._memory.knows_events = not self._asked.was_accepted
        # Each message stands alone here: what a device said before it is long gone.
        self._pipeline.forget()
        (entry,) = self._pipeline.process([message])
        self._memory.remember(entry)
        if self._asked.was_accepted:
            entry = replace(entry, signals=())
        # The number is looked up and not kept: the window belongs to the process that ingests. An old status is none.
        return replace(entry, boot=None, seq=None, status=None, unassured=0)

    def _decode(self, topic: Topic, payload: bytes, *, received_ms: int) -> Decoded:
        return self._meant(native.decode(topic, payload, received_ms=received_ms))

    def _meant(self, decoded: Decoded) -> Decoded:
        meant = _only(decoded, self._asked.paths)
        return meant if self._asked.was_accepted else _late(meant, is_fresh=self._asked.is_fresh)


def _silent() -> structlog.typing.FilteringBoundLogger:
    """Return a log that writes nothing: whoever asked for the second look is told what came of it."""

    def drop(_logger: object, _method: str, _event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        raise structlog.DropEvent

    log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        None, processors=[drop], wrapper_class=structlog.make_filtering_bound_logger(0)
    )
    return log


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Which records of the message at hand are meant, None for all, and whether it came a moment ago.

    What `was_accepted` has alerted whom it had to and is in the spool's memory; only the store has to take it.
    """

    paths: frozenset[str] | None = None
    is_fresh: bool = False
    was_accepted: bool = False


@dataclass(slots=True)
class _Known:
    """Sequence numbers and events' keys, each with its gateway."""

    numbers: set[tuple[str, str, int]] = field(default_factory=set)
    events: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class _Memory:
    """The spool's memory, and what this run has judged."""

    spool: Spool
    looks_up_numbers: bool = True
    knows_events: bool = True
    _committed: _Known = field(default_factory=_Known)
    _uncommitted: _Known = field(default_factory=_Known)

    def remember(self, entry: SpoolEntry) -> None:
        """Note what the entry makes known."""
        if entry.boot is not None and entry.seq is not None:
            self._uncommitted.numbers.add((entry.gateway, entry.boot, entry.seq))
        self._uncommitted.events.update((entry.gateway, key) for key in entry.event_keys)

    def forget_uncommitted(self) -> None:
        """Forget what was judged and never kept."""
        self._uncommitted = _Known()

    def keep(self) -> None:
        """Take what was judged as known."""
        self._committed.numbers |= self._uncommitted.numbers
        self._committed.events |= self._uncommitted.events

    def commit(self, entries: Iterable[SpoolEntry]) -> None:
        """Hand on."""
        self.spool.commit(entries)

    def births(self) -> Mapping[str, Sequence[Birth]]:
        """Hand on."""
        return self.spool.births()

    def seen(self, gateway: str, boot: str, seq: int) -> bool:
        """Say whether another message of this number was taken in."""
        if not self.looks_up_numbers:
            return False
        key = (gateway, boot, seq)
        return key in self._committed.numbers or key in self._uncommitted.numbers or self.spool.seen(*key)

    def seen_event(self, gateway: str, event_key: str) -> bool:
        """Say whether an event of this key was taken in."""
        if event_key.startswith(MESSAGE_KEY) and not self.looks_up_numbers:
            return False
        key = (gateway, event_key)
        if key in self._committed.events or key in self._uncommitted.events:
            return True
        return self.knows_events and self.spool.seen_event(*key)

    def seen_delivery(self, delivery: Delivery) -> bool:
        """Hand on."""
        return self.spool.seen_delivery(delivery)

    def forget_deliveries(self) -> None:
        """Hand on."""
        self.spool.forget_deliveries()


@dataclass(frozen=True, slots=True)
class _Late:
    """Dialects of which only what is meant is taken."""

    dialects: Dialects
    meant: Callable[[Decoded], Decoded]
    births: dict[str, Sequence[Birth]] = field(default_factory=dict)

    def use(self, registry: Registry) -> None:
        """Hand on."""
        self.dialects.use(registry)

    def gateway_of(self, topic: str) -> str | None:
        """Hand on."""
        return self.dialects.gateway_of(topic)

    def recall(self, births: Mapping[str, Sequence[Birth]]) -> None:
        """Hand on, and hold to it: what is judged again is read by the births that stand."""
        self.births.update(births)
        self.dialects.recall(births)

    def clean(self, gateway: str, payload: bytes, key: CredentialKey | None) -> bytes:
        """Hand on."""
        return self.dialects.clean(gateway, payload, key)

    def decode(self, gateway: str, topic: str, payload: bytes, *, received_ms: int, retained: bool) -> Decoded:
        """Return what is meant of a payload."""
        decoded = self.dialects.decode(gateway, topic, payload, received_ms=received_ms, retained=retained)
        if decoded.births:
            # A birth that lay in quarantine is an old one by now; what came after it may be of a later session.
            self.dialects.recall(self.births)
        return replace(self.meant(decoded), births=())

    def forget(self) -> None:
        """Hand on."""
        self.dialects.forget()

    def commands(self) -> Sequence[tuple[str, bytes]]:
        """Return nothing: what was sent long ago asks for no answer."""
        return ()


def _records(decoded: Decoded, paths: frozenset[str]) -> frozenset[int]:
    """Return the positions of records: those in `readings[3]`, in a dialect those of the paths."""
    if decoded.paths:
        return frozenset(index for index, path in enumerate(decoded.paths) if path in paths)
    return frozenset(int(path.rpartition("[")[2].rstrip("]")) for path in paths)


def _only(decoded: Decoded, paths: frozenset[str] | None) -> Decoded:
    """Return what the records at these paths say; all of it where they cannot be told apart."""
    if paths is None or any(problem.record is None for problem in decoded.problems):
        return decoded
    records = _records(decoded, paths)
    rows = [row for row, record in enumerate(decoded.reading_records) if record in records]
    events = [row for row, record in enumerate(decoded.event_records) if record in records]
    problems = _problems(decoded, paths, records)
    return replace(
        decoded,
        records=len(rows) + len(events) + len(problems),
        readings=_rows(decoded.readings, rows),
        reading_records=[decoded.reading_records[row] for row in rows],
        events=tuple(decoded.events[row] for row in events),
        event_records=tuple(decoded.event_records[row] for row in events),
        problems=problems,
    )


def _problems(decoded: Decoded, paths: frozenset[str], records: frozenset[int]) -> tuple[Problem, ...]:
    """Return what is wrong with the records meant.

    Where a dialect finds a record no more under its path and cannot read something else (a number whose birth is long
    gone had its name then), that is what is wrong with it: it must not vanish.
    """
    meant = [problem for problem in decoded.problems if problem.record in records]
    gone = paths.difference(decoded.paths) if decoded.paths else ()
    instead = [problem for problem in decoded.problems if problem.record not in records][: len(gone)]
    return (*meant, *instead)


def _rows(batch: ReadingBatch, rows: Sequence[int]) -> ReadingBatch:
    picked = ReadingBatch(site=batch.site)
    for row in rows:
        picked.add(
            batch.time_ms[row],
            batch.device[row],
            batch.metric[row],
            batch.value[row],
            phase=batch.phase[row],
            quality=batch.quality[row],
            flags=batch.flags[row],
        )
    return picked


def _late(decoded: Decoded, *, is_fresh: bool) -> Decoded:
    """Return what was decoded marked as backfill, less what may still be going on."""
    flags = decoded.readings.flags
    flags[:] = bytes(each | ReadingFlag.BACKFILL for each in flags)
    return replace(decoded, events=tuple(_late_event(event, is_fresh=is_fresh) for event in decoded.events))


def _late_event(event: Event, *, is_fresh: bool) -> Event:
    doubts = (*event.doubts, FROM_QUARANTINE)
    if is_fresh and event.type in VITAL_EVENTS and event.state is EventState.ACTIVE:
        return replace(event, doubts=doubts)
    return replace(event, flags=event.flags | ReadingFlag.BACKFILL, doubts=doubts)
