"""The durable spool that stands before every store: SQLite, write-ahead log, synchronous FULL.

One ingest process writes it; one drain reads it and strikes off what is stored. Bounded: above `max_bytes`, or when
the disk has less than `min_free_bytes`, the oldest readings go and are counted; events never go.

Each table has a module of its own (`spool_entries`, `spool_books`, …) with functions over a connection; here is what
belongs into one transaction.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sensors.intake import Birth, Book, Delivery, Gap, GatewayState, Quarantined, SpoolEntry
from storage.quarantine import Kept, Which, find, keep_bounded, put_in, take_out
from storage.spool_births import keep_births, read_births
from storage.spool_books import add_ignored, add_to_books, read_books, read_gateways, write_statuses
from storage.spool_bounds import Bounds, SpoolFullError, is_full, used_bytes
from storage.spool_entries import (
    DamagedEntryError,
    Pending,
    gather,
    insert_entries,
    read_pending,
    set_aside,
    strike_off,
)
from storage.spool_outbox import write_signals
from storage.spool_repeats import DELIVERIES, EVENT_KEYS_MS, Deliveries, remember_events, seen_event
from storage.spool_schema import SpoolUnreadableError, open_spool
from storage.spool_seqs import BOOTS, SeqWindows
from storage.spool_turns import Durability, leave_log_to_drain, turn
from storage.spool_watch import NOTHING, Watched, write_watched

__all__ = [
    "BOOTS",
    "DELIVERIES",
    "EVENT_KEYS_MS",
    "MAX_BYTES",
    "MIN_FREE_BYTES",
    "QUARANTINE_BYTES",
    "DamagedEntryError",
    "Kept",
    "Pending",
    "SpoolFullError",
    "SpoolUnreadableError",
    "SqliteSpool",
]

MAX_BYTES = 4 * 2**30
MIN_FREE_BYTES = 512 * 2**20
QUARANTINE_BYTES = 256 * 2**20
"""How much raw payload the quarantine keeps; beyond it the oldest go, counted as before."""

PENDING_RECORDS = 200_000
"""How many records the drain holds in memory at once, about 100 MB: what bounds it after days away."""


class SqliteSpool:
    """Keeps `ingest.ports.Spool` and the side that drains it. For one thread at a time."""

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = MAX_BYTES,
        min_free_bytes: int = MIN_FREE_BYTES,
        quarantine_bytes: int = QUARANTINE_BYTES,
        on_gap: Callable[[Gap], None] = lambda _: None,
        on_dropped: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Open the file or make it; SchemaTooNewError, SpoolUnreadableError or SpoolFullError where that fails.

        After a commit, `on_gap` hears of numbers that it shows to be missing, `on_dropped` of readings that gave way.
        """
        self._path = path
        self._bounds = Bounds(max_bytes=max_bytes, min_free_bytes=min_free_bytes)
        self._on_dropped = on_dropped
        self._quarantine_bytes = quarantine_bytes
        self._on_gap = on_gap
        self._db = open_spool(path)
        self._windows = SeqWindows(self._db)
        self._deliveries = Deliveries(self._db)
        self.spool_id = str(self._one("SELECT value FROM meta WHERE key = 'spool_id'"))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def leave_log_to_drain(self) -> None:
        """Never wait for the write-ahead log to be brought into the file, as long as somebody drains."""
        leave_log_to_drain(self._db)

    # The side of ingest.

    def commit(
        self, entries: Iterable[SpoolEntry], *, instead_of: Sequence[Kept] = (), watched: Watched = NOTHING
    ) -> None:
        """Make all entries durable in one transaction; SpoolFullError keeps nothing of them.

        `instead_of` are messages of the quarantine that were judged again: they leave it, and the books, as these
        entries enter. Raises QuarantineChangedError where one of them is gone. `watched` is what the rules over events
        make of these entries.
        """
        entries = list(entries)
        if not entries:
            return
        marked = self._windows.marked(entries)
        used = self.bytes
        with self._transaction() as db:
            gathered = gather(entries)
            take_out(db, instead_of)
            insert_entries(db, gathered)
            write_signals(db, [each for entry in entries for each in entry.signals])
            write_watched(db, watched)
            self._put_in(db, [each for entry in entries for each in entry.quarantined])
            gaps = self._windows.write(marked, entries[-1].received_ms)
            add_to_books(db, gathered, gaps, live=not instead_of)
            add_ignored(db, [each for entry in entries for each in entry.ignored])
            write_statuses(db, gathered)
            remember_events(db, entries)
            keep_births(db, entries)
            self._deliveries.remember(entries)
            dropped = self._bounds.keep(db, self._path.parent, used_before=used)
        self._windows.cache(marked)
        if dropped:
            self._on_dropped(dropped)
        for gap in gaps:
            if gap.missing > 0:
                self._on_gap(gap)

    def seen(self, gateway: str, boot: str, seq: int) -> bool:
        """Say whether this sequence number was committed before, within a window of 65,536."""
        return seq in self._windows.window(gateway, boot)

    def births(self) -> Mapping[str, Sequence[Birth]]:
        """Return what the messages of gateways are read by, by gateway, in the order in which it was said."""
        return read_births(self._db)

    def seen_event(self, gateway: str, event_key: str) -> bool:
        """Say whether an event of this key was committed before."""
        return seen_event(self._db, gateway, event_key)

    def seen_delivery(self, delivery: Delivery) -> bool:
        """Say whether this very message was committed under this packet id in the broker's present session."""
        return delivery in self._deliveries

    def forget_deliveries(self) -> None:
        """Forget all packet ids: the broker lost the session, so they start anew."""
        with self._transaction():
            self._deliveries.forget()

    # The side of the drain.

    def pending(self, after: int = 0, limit: int = 1_000, most_records: int = PENDING_RECORDS) -> list[Pending]:
        """Return the entries behind `after`, oldest first: at most `limit`, and only one beyond `most_records`.

        Stops before an entry that cannot be read back; raises DamagedEntryError where it is the first.
        """
        return read_pending(self._db, after=after, limit=limit, most_records=most_records)

    def mark_stored(
        self,
        last: int,
        unchanged: Mapping[str, int] | None = None,
        refused: Sequence[Quarantined] = (),
    ) -> None:
        """Strike off the entries up to `last` as stored.

        `unchanged` counts by gateway the records that said nothing new to the store: they were duplicates. `refused`
        are records that the store will never take: they go into quarantine, and in the books from accepted to there.
        """
        bad: Counter[str] = Counter()
        for each in refused:
            bad[each.gateway] += each.records
        # What a power cut undoes here is done again, for the store knows its place; only refusals nobody else knows.
        kept = Durability.THROUGH_POWER_CUTS if refused else Durability.THROUGH_OUR_END
        with self._transaction(kept) as db:
            strike_off(db, last, unchanged=unchanged or {}, refused=bad)
            self._put_in(db, refused)

    def set_aside(self, entry: int, reason: str, detail: str) -> None:
        """Put an entry that nobody can use into quarantine, whole, and count its records there."""
        with self._transaction() as db:
            self._put_in(db, set_aside(db, entry, reason, detail))

    @property
    def newest(self) -> int:
        """Return the number of the newest entry that waits, 0 where none does."""
        return self._one("SELECT coalesce(max(id), 0) FROM entries")

    # What people ask.

    def books(self) -> dict[str, Book]:
        """Return the account of each gateway."""
        return read_books(self._db)

    def gateways(self) -> list[GatewayState]:
        """Return what is known of each gateway, by name: last heard, last status, missing numbers."""
        return read_gateways(self._db)

    def quarantined(self, *, reason: str | None = None, gateway: str | None = None, limit: int = 100) -> list[Kept]:
        """Return what is in quarantine, newest first."""
        return find(self._db, Which(reason=reason, gateway=gateway), order="id DESC", limit=limit)

    def quarantined_message(self, number: int) -> Kept | None:
        """Return one message in quarantine, None where there is none of this number."""
        return next(iter(find(self._db, Which(numbers=(number,)), order="id", limit=1)), None)

    @property
    def depth(self) -> int:
        """Return the number of records that wait for the store."""
        return self._one("SELECT coalesce(sum(readings + events), 0) FROM entries")

    @property
    def oldest_ms(self) -> int | None:
        """Return when the entry at the head of the queue came, None where none waits."""
        row = self._db.execute("SELECT received_ms FROM entries ORDER BY id LIMIT 1").fetchone()
        return None if row is None else int(row[0])

    @property
    def bytes(self) -> int:
        """Return the bytes in use, without the pages that are free for reuse."""
        return used_bytes(self._db)

    # Inside.

    def _put_in(self, db: sqlite3.Connection, messages: Sequence[Quarantined]) -> None:
        if messages:
            put_in(db, messages)
            keep_bounded(db, self._quarantine_bytes)

    def _one(self, query: str) -> int:
        value: int = self._db.execute(query).fetchone()[0]
        return value

    @contextmanager
    def _transaction(self, kept: Durability = Durability.THROUGH_POWER_CUTS) -> Iterator[sqlite3.Connection]:
        try:
            with turn(self._db, kept) as db:
                yield db
        except sqlite3.OperationalError as exc:
            if is_full(exc, self._path.parent):
                raise SpoolFullError.at(self._path) from exc
            raise
