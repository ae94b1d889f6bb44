"""What came in, message by message: accepted, duplicate, quarantined or ignored, and counted."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    event_ids: Sequence[str] = ()
