"""The entries of the spool: what one gateway sent within one commit, until the store has it."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sensors.events import Event
from sensors.intake import GatewayStatus, Quarantined, SpoolEntry
from sensors.readings import ReadingBatch, joined
from storage.quarantine import SET_ASIDE
from storage.spool_codec import SpoolDataError, pack_events, pack_readings, unpack_events, unpack_readings

_DROPPED_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An entry that waits for the store: what one gateway sent within one commit."""

    id: int
    gateway: str
    received_ms: int
    readings: ReadingBatch | None
    events: Sequence[Event]


@dataclass(slots=True)
class Gathered:
    """What the entries of one commit come to for one gateway; `heard_ms` is when its last record came."""

    received_ms: int = 0
    heard_ms: int | None = None
    batches: list[ReadingBatch] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    statuses: list[GatewayStatus] = field(default_factory=list)
    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    unassured: int = 0

    def add(self, entry: SpoolEntry) -> None:
        """Take in what one message became."""
        self.received_ms = max(self.received_ms, entry.received_ms)
        self.received += entry.received
        self.accepted += entry.accepted
        self.duplicate += entry.duplicates
        self.unassured += entry.unassured
        self.quarantined += sum(each.records for each in entry.quarantined)
        self.events += entry.events
        if not entry.ignored:
            self.heard_ms = entry.received_ms
        if entry.status is not None:
            self.statuses.append(entry.status)
        if entry.readings is not None and len(entry.readings):
            self.batches.append(entry.readings)

    def rows(self, gateway: str) -> Iterator[tuple[object, ...]]:
        """Yield what is written of it, as columns of `entries`."""
        for _, batches in groupby(self.batches, key=lambda batch: batch.site):
            batch = joined(list(batches))
            yield gateway, self.received_ms, len(batch), 0, pack_readings(batch), None
        if self.events:
            yield gateway, self.received_ms, 0, len(self.events), None, pack_events(self.events)


def gather(entries: Iterable[SpoolEntry]) -> dict[str, Gathered]:
    """Return what the entries come to, by gateway."""
    gathered: defaultdict[str, Gathered] = defaultdict(Gathered)
    for entry in entries:
        gathered[entry.gateway].add(entry)
    return gathered


def insert_entries(db: sqlite3.Connection, gathered: Mapping[str, Gathered]) -> None:
    """Write the readings and events of one commit, within the caller's transaction."""
    insert = (
        "INSERT INTO entries (gateway, received_ms, readings, events, reading_data, event_data)"
        " VALUES (?, ?, ?, ?, ?, ?)"
    )
    db.executemany(insert, (row for gateway, each in gathered.items() for row in each.rows(gateway)))


class DamagedEntryError(SpoolDataError):
    """An entry cannot be read back; those before it in the spool can."""

    def __init__(self, entry: int, detail: str) -> None:
        """Name the entry, for it to be set aside."""
        super().__init__(f"entry {entry}: {detail}")
        self.entry = entry


def read_pending(db: sqlite3.Connection, *, after: int, limit: int, most_records: int) -> list[Pending]:
    """Return the entries behind `after`, oldest first: at most `limit`, and only one beyond `most_records`.

    Stops before an entry that cannot be read back; raises DamagedEntryError where it is the first.
    """
    query = (
        "SELECT id, gateway, received_ms, reading_data, event_data, readings + events"
        " FROM entries WHERE id > ? ORDER BY id LIMIT ?"
    )
    found: list[Pending] = []
    records = 0
    for number, gateway, received_ms, readings, events, count in db.execute(query, (after, limit)):
        try:
            found.append(_pending(number, gateway, received_ms, readings, events))
        except SpoolDataError as exc:
            if not found:
                raise DamagedEntryError(number, str(exc)) from exc
            break
        records += count
        if records >= most_records:
            break
    return found


def _pending(number: int, gateway: str, received_ms: int, readings: bytes | None, events: bytes | None) -> Pending:
    return Pending(
        id=number,
        gateway=gateway,
        received_ms=received_ms,
        readings=None if readings is None else unpack_readings(readings),
        events=() if events is None else unpack_events(events),
    )


def set_aside(db: sqlite3.Connection, number: int, reason: str, detail: str) -> Quarantined | None:
    """Take an entry out whole and count it as quarantined; return what goes into quarantine, None where it is gone."""
    query = (
        "SELECT gateway, received_ms, readings + events, coalesce(reading_data, event_data) FROM entries WHERE id = ?"
    )
    row = db.execute(query, (number,)).fetchone()
    if row is None:
        return None
    gateway, received_ms, records, data = row
    db.execute("DELETE FROM entries WHERE id = ?", (number,))
    db.execute(
        "UPDATE books SET accepted = accepted - ?, quarantined = quarantined + ? WHERE gateway = ?",
        (records, records, gateway),
    )
    return Quarantined(
        topic=f"{SET_ASIDE}{number}",
        payload=data,
        reason=reason,
        detail=detail,
        gateway=gateway,
        received_ms=received_ms,
        records=records,
    )


def strike_off(db: sqlite3.Connection, last: int, *, unchanged: Mapping[str, int], refused: Mapping[str, int]) -> None:
    """Delete the entries up to `last` and count them as stored, less what said nothing new and what was refused."""
    query = "SELECT gateway, sum(readings + events) FROM entries WHERE id <= ? GROUP BY gateway"
    settled = []
    for gateway, records in db.execute(query, (last,)).fetchall():
        # Some may have been dropped for want of room while the store took them.
        bad = min(records, refused.get(gateway, 0))
        duplicate = min(records - bad, unchanged.get(gateway, 0))
        settled.append((records - duplicate - bad, duplicate + bad, duplicate, bad, gateway))
    db.executemany(
        "UPDATE books SET stored = stored + ?, accepted = accepted - ?, duplicate = duplicate + ?,"
        " quarantined = quarantined + ? WHERE gateway = ?",
        settled,
    )
    db.execute("DELETE FROM entries WHERE id <= ?", (last,))


def drop_oldest_readings(db: sqlite3.Connection) -> int:
    """Drop some of the oldest readings and count them; return how many, 0 when there are none left."""
    query = "SELECT id, gateway, readings FROM entries WHERE readings > 0 ORDER BY id LIMIT ?"
    rows = db.execute(query, (_DROPPED_AT_ONCE,)).fetchall()
    dropped: Counter[str] = Counter()
    for _, gateway, readings in rows:
        dropped[gateway] += readings
    db.executemany("DELETE FROM entries WHERE id = ?", [(number,) for number, _, _ in rows])
    db.executemany(
        "UPDATE books SET dropped = dropped + ? WHERE gateway = ?",
        [(count, gateway) for gateway, count in dropped.items()],
    )
    return dropped.total()
