"""What ingest needs from the durable spool that stands before every store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sensors.events import Event
from sensors.readings import ReadingBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A message, or one record of it, that could not be used, kept raw with the reason."""

    topic: str
    payload: bytes
    reason: str
    detail: str
    gateway: str
    received_ms: int
    records: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Records left out on purpose, with the reason."""

    gateway: str
    reason: str
    records: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolEntry:
    """What one message became. `seq` marks it in its gateway's duplicate window, None where it carries none."""

    gateway: str
    received_ms: int
    readings: ReadingBatch | None = None
    events: Sequence[Event] = ()
    duplicates: int = 0
    quarantined: Sequence[Quarantined] = ()
    ignored: Sequence[Ignored] = ()
    boot: str | None = None
    seq: int | None = None
    event_ids: Sequence[str] = field(default_factory=tuple)


class Spool(Protocol):
    """The write side of the spool, owned by one ingest process."""

    def commit(self, entries: Iterable[SpoolEntry]) -> None:
        """Make all entries durable in one transaction: data, quarantine, duplicate windows and the books.

        When this returns, a `kill -9` loses none of it. Raises SpoolFullError when there is no room.
        """
        ...

    def seen(self, gateway: str, boot: str, seq: int) -> bool:
        """Say whether this sequence number was committed before, within a window of 65,536."""
        ...

    def seen_event(self, gateway: str, event_id: str) -> bool:
        """Say whether an event of this id was committed before."""
        ...
