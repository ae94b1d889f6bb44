"""The entries of the spool: what one commit brought, until the store has it.

The readings of a site share an entry, whichever gateways sent them, for each entry costs to write and to read. Events
lie by gateway.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat

import orjson

from sensors.events import Event
from sensors.intake import GatewayStatus, Quarantined, SpoolEntry
from sensors.readings import ReadingBatch, joined
from storage.quarantine import SET_ASIDE
from storage.spool_codec import SpoolDataError, pack_events, pack_readings, unpack_events, unpack_readings

_DROPPED_AT_ONCE = 8

_SHARED = ""
"""The gateway of an entry that several share."""

SHARES = (
    "SELECT id, gateway, readings + events AS records FROM entries WHERE shares IS NULL"
    " UNION ALL SELECT entries.id, each.key, each.value FROM entries, json_each(entries.shares) AS each"
)
"""A subquery: what each gateway has in each entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An entry that waits for the store.

    `shares` counts the records of each gateway, in the order in which they lie.
    """

    id: int
    shares: Mapping[str, int]
    received_ms: int
    readings: ReadingBatch | None
    events: Sequence[Event]

    def gateways(self) -> Iterator[str]:
        """Yield for each record the gateway that brought it."""
        return chain.from_iterable(map(repeat, self.shares, self.shares.values()))


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


def gather(entries: Iterable[SpoolEntry]) -> dict[str, Gathered]:
    """Return what the entries come to, by gateway."""
    gathered: defaultdict[str, Gathered] = defaultdict(Gathered)
    for entry in entries:
        gathered[entry.gateway].add(entry)
    return gathered


def insert_entries(db: sqlite3.Connection, gathered: Mapping[str, Gathered]) -> None:
    """Write the readings and events of one commit, within the caller's transaction."""
    insert = (
        "INSERT INTO entries (gateway, shares, received_ms, readings, events, reading_data, event_data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    db.executemany(insert, [*_reading_rows(gathered), *_event_rows(gathered)])


def _reading_rows(gathered: Mapping[str, Gathered]) -> Iterator[tuple[object, ...]]:
    """Yield for each site what all gateways brought, each gateway's together."""
    sites: defaultdict[str, list[tuple[str, ReadingBatch]]] = defaultdict(list)
    for gateway, each in gathered.items():
        for batch in each.batches:
            sites[batch.site].append((gateway, batch))
    for brought in sites.values():
        shares: Counter[str] = Counter()
        for gateway, batch in brought:
            shares[gateway] += len(batch)
        whole = joined([batch for _, batch in brought])
        received_ms = max(gathered[gateway].received_ms for gateway in shares)
        yield *_owner(shares), received_ms, len(whole), 0, pack_readings(whole), None


def _owner(shares: Mapping[str, int]) -> tuple[str, str | None]:
    """Return the columns `gateway` and `shares`."""
    if len(shares) == 1:
        (gateway,) = shares
        return gateway, None
    return _SHARED, orjson.dumps(shares).decode()


def _event_rows(gathered: Mapping[str, Gathered]) -> Iterator[tuple[object, ...]]:
    for gateway, each in gathered.items():
        if each.events:
            yield gateway, None, each.received_ms, 0, len(each.events), None, pack_events(each.events)


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
        "SELECT id, gateway, shares, received_ms, readings + events, reading_data, event_data"
        " FROM entries WHERE id > ? ORDER BY id LIMIT ?"
    )
    found: list[Pending] = []
    records = 0
    for row in db.execute(query, (after, limit)):
        try:
            found.append(_pending(*row))
        except SpoolDataError as exc:
            if not found:
                raise DamagedEntryError(row[0], str(exc)) from exc
            break
        records += row[4]
        if records >= most_records:
            break
    return found


def _pending(
    number: int,
    gateway: str,
    shares: str | None,
    received_ms: int,
    records: int,
    readings: bytes | None,
    events: bytes | None,
) -> Pending:
    return Pending(
        id=number,
        shares=_shares(gateway, shares, records),
        received_ms=received_ms,
        readings=None if readings is None else unpack_readings(readings),
        events=() if events is None else unpack_events(events),
    )


def _shares(gateway: str, shares: str | None, records: int) -> Mapping[str, int]:
    """Return how many of an entry's records each gateway brought."""
    if shares is None:
        return {gateway: records}
    told: dict[str, int] = orjson.loads(shares)
    return told


def set_aside(db: sqlite3.Connection, number: int, reason: str, detail: str) -> list[Quarantined]:
    """Take an entry out whole and count it as quarantined; return what goes into quarantine, nothing where it is gone.

    That is one message for each gateway. The bytes lie with the first, for they tell of all.
    """
    query = (
        "SELECT gateway, shares, received_ms, readings + events, coalesce(reading_data, event_data)"
        " FROM entries WHERE id = ?"
    )
    row = db.execute(query, (number,)).fetchone()
    if row is None:
        return []
    gateway, told, received_ms, records, data = row
    shares = _shares(gateway, told, records)
    db.execute("DELETE FROM entries WHERE id = ?", (number,))
    db.executemany(
        "UPDATE books SET accepted = accepted - ?, quarantined = quarantined + ? WHERE gateway = ?",
        [(count, count, each) for each, count in shares.items()],
    )
    return [
        Quarantined(
            topic=f"{SET_ASIDE}{number}",
            payload=b"" if position else data,
            reason=reason,
            detail=detail,
            gateway=each,
            received_ms=received_ms,
            records=count,
        )
        for position, (each, count) in enumerate(shares.items())
    ]


def strike_off(db: sqlite3.Connection, last: int, *, unchanged: Mapping[str, int], refused: Mapping[str, int]) -> None:
    """Delete the entries up to `last` and count them as stored, less what said nothing new and what was refused."""
    query = f"SELECT gateway, sum(records) FROM ({SHARES}) WHERE id <= ? GROUP BY gateway"  # noqa: S608 - our own text
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
    query = "SELECT id, gateway, shares, readings FROM entries WHERE readings > 0 ORDER BY id LIMIT ?"
    rows = db.execute(query, (_DROPPED_AT_ONCE,)).fetchall()
    dropped: Counter[str] = Counter()
    for _, gateway, shares, readings in rows:
        dropped.update(_shares(gateway, shares, readings))
    db.executemany("DELETE FROM entries WHERE id = ?", [(row[0],) for row in rows])
    db.executemany(
        "UPDATE books SET dropped = dropped + ? WHERE gateway = ?",
        [(count, gateway) for gateway, count in dropped.items()],
    )
    return dropped.total()
