"""The durable spool that stands before every store: SQLite, write-ahead log, synchronous FULL.

One ingest process writes it; one drain reads it and strikes off what is stored. Bounded: above `max_bytes`, or when
the disk has less than `min_free_bytes`, the oldest readings go and are counted; events never go.
"""

import shutil
import sqlite3
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from sensors.errors import InputFault
from sensors.events import Event
from sensors.intake import Book, Delivery, Ignored, SpoolEntry
from sensors.readings import ReadingBatch
from storage.errors import SchemaTooNewError
from storage.quarantine import Kept, Which, find, keep_bounded, put_in, take_out
from storage.spool_codec import pack_events, pack_readings, unpack_events, unpack_readings
from storage.spool_outbox import write_signals
from storage.spool_windows import SeqWindow

MAX_BYTES = 4 * 2**30
MIN_FREE_BYTES = 512 * 2**20
QUARANTINE_BYTES = 256 * 2**20
"""How much raw payload the quarantine keeps; beyond it the oldest go, counted as before."""

EVENT_KEYS_MS = 35 * 86_400_000
"""How long an event's key is remembered: longer than any gateway keeps what it could not send."""

DELIVERIES = 32_768
"""How many messages back a redelivery is recognised: half of all packet ids, before a broker uses one again."""

BOOTS = 8
"""How many boots of a gateway keep their duplicate window."""

_DROPPED_AT_ONCE = 8
_CACHED_WINDOWS = 4_096


class SpoolFullError(Exception):
    """There is no room for more; nothing of the transaction was kept."""


class SpoolUnreadableError(InputFault):
    """The file is not a spool, or cannot be reached."""

    def __init__(self, path: Path, detail: str) -> None:
        """Name the file and what was found instead."""
        super().__init__(f"{path}: cannot be opened as a spool ({detail}); restore it or move it away")
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An entry that waits for the store: what one gateway sent within one commit."""

    id: int
    gateway: str
    readings: ReadingBatch | None
    events: Sequence[Event]


@dataclass(slots=True)
class _Gathered:
    """What the entries of one commit come to for one gateway."""

    received_ms: int = 0
    batches: list[ReadingBatch] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0

    def add(self, entry: SpoolEntry) -> None:
        self.received_ms = max(self.received_ms, entry.received_ms)
        self.received += entry.received
        self.accepted += entry.accepted
        self.duplicate += entry.duplicates
        self.quarantined += sum(each.records for each in entry.quarantined)
        self.events += entry.events
        if entry.readings is not None and len(entry.readings):
            self._add_readings(entry.readings)

    def _add_readings(self, batch: ReadingBatch) -> None:
        if not self.batches or self.batches[-1].site != batch.site:
            self.batches.append(ReadingBatch(site=batch.site))
        self.batches[-1].extend(batch)


class SqliteSpool:
    """Keeps `ingest.ports.Spool` and the side that drains it. For one thread at a time."""

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = MAX_BYTES,
        min_free_bytes: int = MIN_FREE_BYTES,
        quarantine_bytes: int = QUARANTINE_BYTES,
    ) -> None:
        """Open the file or make it; SchemaTooNewError or SpoolUnreadableError where it cannot be used."""
        self._path = path
        self._max_bytes = max_bytes
        self._min_free_bytes = min_free_bytes
        self._quarantine_bytes = quarantine_bytes
        self._db = _open(path)
        self._windows: dict[tuple[str, str], SeqWindow] = {}
        self.spool_id = str(self._one("SELECT value FROM meta WHERE key = 'spool_id'"))
        self._delivery_number = self._one("SELECT coalesce(max(number), 0) FROM deliveries")
        self._page_bytes = self._one("PRAGMA page_size")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # The side of ingest.

    def commit(self, entries: Iterable[SpoolEntry], *, instead_of: Sequence[Kept] = ()) -> None:
        """Make all entries durable in one transaction; SpoolFullError keeps nothing of them.

        `instead_of` are messages of the quarantine that were judged again: they leave it, and the books, as these
        entries enter. Raises QuarantineChangedError where one of them is gone.
        """
        entries = list(entries)
        if not entries:
            return
        marked = self._marked_windows(entries)
        used = self.bytes
        with self._transaction() as db:
            gathered = _gather(entries)
            take_out(db, instead_of)
            _insert_entries(db, gathered)
            write_signals(db, [each for entry in entries for each in entry.signals])
            put_in(db, [each for entry in entries for each in entry.quarantined])
            _add_to_books(db, gathered)
            _add_ignored(db, [each for entry in entries for each in entry.ignored])
            self._write_windows(db, marked, entries[-1].received_ms)
            _remember_events(db, entries)
            self._remember_deliveries(db, entries)
            keep_bounded(db, self._quarantine_bytes)
            self._make_room(db, used_before=used)
        self._cache(marked)

    def seen(self, gateway: str, boot: str, seq: int) -> bool:
        """Say whether this sequence number was committed before, within a window of 65,536."""
        return seq in self._window(gateway, boot)

    def seen_event(self, gateway: str, event_key: str) -> bool:
        """Say whether an event of this key was committed before."""
        query = "SELECT 1 FROM event_keys WHERE gateway = ? AND key = ?"
        return self._db.execute(query, (gateway, event_key)).fetchone() is not None

    def seen_delivery(self, delivery: Delivery) -> bool:
        """Say whether this very message was committed under this packet id in the broker's present session."""
        query = "SELECT 1 FROM deliveries WHERE packet_id = ? AND digest = ? AND number > ?"
        known = (delivery.packet_id, delivery.digest, self._delivery_number - DELIVERIES)
        return self._db.execute(query, known).fetchone() is not None

    def forget_deliveries(self) -> None:
        """Forget all packet ids: the broker lost the session, so they start anew."""
        with self._transaction() as db:
            db.execute("DELETE FROM deliveries")

    # The side of the drain.

    def pending(self, after: int = 0, limit: int = 1_000) -> list[Pending]:
        """Return the entries behind `after`, oldest first, at most `limit`."""
        query = "SELECT id, gateway, reading_data, event_data FROM entries WHERE id > ? ORDER BY id LIMIT ?"
        return [
            Pending(
                id=number,
                gateway=gateway,
                readings=None if readings is None else unpack_readings(readings),
                events=() if events is None else unpack_events(events),
            )
            for number, gateway, readings, events in self._db.execute(query, (after, limit))
        ]

    def mark_stored(self, last: int, unchanged: Mapping[str, int] | None = None) -> None:
        """Strike off the entries up to `last` as stored.

        `unchanged` counts by gateway the records that said nothing new to the store: they were duplicates.
        """
        with self._transaction() as db:
            query = "SELECT gateway, sum(readings + events) FROM entries WHERE id <= ? GROUP BY gateway"
            for gateway, records in db.execute(query, (last,)).fetchall():
                # Some may have been dropped for want of room while the store took them.
                duplicate = min(records, (unchanged or {}).get(gateway, 0))
                db.execute(
                    "UPDATE books SET stored = stored + ?, accepted = accepted - ?, duplicate = duplicate + ?"
                    " WHERE gateway = ?",
                    (records - duplicate, duplicate, duplicate, gateway),
                )
            db.execute("DELETE FROM entries WHERE id <= ?", (last,))

    @property
    def newest(self) -> int:
        """Return the number of the newest entry that waits, 0 where none does."""
        return self._one("SELECT coalesce(max(id), 0) FROM entries")

    # What people ask.

    def books(self) -> dict[str, Book]:
        """Return the account of each gateway."""
        spooled = dict(self._db.execute("SELECT gateway, sum(readings + events) FROM entries GROUP BY gateway"))
        ignored: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for gateway, reason, records in self._db.execute("SELECT gateway, reason, records FROM ignored"):
            ignored[gateway][reason] = records
        query = "SELECT gateway, received, accepted, duplicate, quarantined, stored, dropped FROM books"
        return {
            row[0]: Book(
                gateway=row[0],
                received=row[1],
                accepted=row[2],
                duplicate=row[3],
                quarantined=row[4],
                stored=row[5],
                dropped=row[6],
                ignored=ignored[row[0]],
                spooled=spooled.get(row[0], 0),
            )
            for row in self._db.execute(query + " ORDER BY gateway")
        }

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
    def bytes(self) -> int:
        """Return the bytes in use, without the pages that are free for reuse."""
        return (self._one("PRAGMA page_count") - self._one("PRAGMA freelist_count")) * self._page_bytes

    # Inside.

    def _one(self, query: str) -> int:
        value: int = self._db.execute(query).fetchone()[0]
        return value

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as exc:
            self._roll_back()
            if exc.sqlite_errorcode == sqlite3.SQLITE_FULL:
                msg = f"{self._path}: the disk is full; make room, what waits at the broker is not lost"
                raise SpoolFullError(msg) from exc
            raise
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _window(self, gateway: str, boot: str) -> SeqWindow:
        key = (gateway, boot)
        if key not in self._windows:
            self._cache({key: self._load_window(gateway, boot)})
        return self._windows[key]

    def _load_window(self, gateway: str, boot: str) -> SeqWindow:
        key = (gateway, boot)
        top = self._db.execute("SELECT top FROM seq_windows WHERE gateway = ? AND boot = ?", key).fetchone()
        chunks = self._db.execute("SELECT chunk, bits FROM seq_chunks WHERE gateway = ? AND boot = ?", key)
        return SeqWindow() if top is None else SeqWindow(top[0], dict(chunks))

    def _cache(self, windows: Mapping[tuple[str, str], SeqWindow]) -> None:
        for key, window in windows.items():
            self._windows.pop(key, None)
            self._windows[key] = window
        while len(self._windows) > _CACHED_WINDOWS:
            del self._windows[next(iter(self._windows))]

    def _marked_windows(self, entries: Sequence[SpoolEntry]) -> dict[tuple[str, str], SeqWindow]:
        """Return the windows as they are after this commit; the cached ones stay until it is done."""
        seqs: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for entry in entries:
            if entry.boot is not None and entry.seq is not None:
                seqs[entry.gateway, entry.boot].add(entry.seq)
        return {key: self._window(*key).marked(numbers) for key, numbers in seqs.items()}

    def _write_windows(self, db: sqlite3.Connection, marked: Mapping[tuple[str, str], SeqWindow], now_ms: int) -> None:
        for key, window in marked.items():
            before = self._windows.get(key) or SeqWindow()
            if before.top < 0:
                _forget_old_boots(db, key[0])
            db.execute("INSERT OR REPLACE INTO seq_windows VALUES (?, ?, ?, ?)", (*key, window.top, now_ms))
            gone = [(*key, chunk) for chunk in before.chunks.keys() - window.chunks.keys()]
            db.executemany("DELETE FROM seq_chunks WHERE gateway = ? AND boot = ? AND chunk = ?", gone)
            changed = [(*key, *piece) for piece in window.chunks.items() if before.chunks.get(piece[0]) is not piece[1]]
            db.executemany("INSERT OR REPLACE INTO seq_chunks VALUES (?, ?, ?, ?)", changed)

    def _remember_deliveries(self, db: sqlite3.Connection, entries: Sequence[SpoolEntry]) -> None:
        rows = []
        for entry in entries:
            if entry.delivery is not None:
                # A number used up by a commit that failed does no harm.
                self._delivery_number += 1
                rows.append((entry.delivery.packet_id, entry.delivery.digest, self._delivery_number))
        db.executemany("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?)", rows)

    def _make_room(self, db: sqlite3.Connection, *, used_before: int) -> None:
        short_of_disk = shutil.disk_usage(self._path.parent).free < self._min_free_bytes
        allowed = min(self._max_bytes, used_before) if short_of_disk else self._max_bytes
        while self.bytes > allowed and _drop_oldest_readings(db):
            pass


def _open(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        _migrate(db, path)
    except sqlite3.Error as exc:
        raise SpoolUnreadableError(path, str(exc)) from exc
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up by the numbered files, all in one transaction, so that two who open at once do it once."""
    db.execute("BEGIN IMMEDIATE")
    db.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    found = db.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()[0]
    migrations = _migrations()
    if found > len(migrations):
        db.close()
        raise SchemaTooNewError(path, found=found, known=len(migrations))
    for version, script in enumerate(migrations[found:], start=found + 1):
        for statement in _statements(script):
            db.execute(statement)
        db.execute("INSERT INTO schema_version VALUES (?)", (version,))
    db.execute("INSERT OR IGNORE INTO meta VALUES ('spool_id', ?), ('quarantine_bytes', 0)", (str(uuid.uuid4()),))
    db.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _migrations() -> list[str]:
    folder = resources.files("storage") / "spool_migrations"
    scripts = sorted((each for each in folder.iterdir() if each.name.endswith(".sql")), key=lambda each: each.name)
    return [script.read_text(encoding="utf-8") for script in scripts]


def _gather(entries: Iterable[SpoolEntry]) -> dict[str, _Gathered]:
    gathered: defaultdict[str, _Gathered] = defaultdict(_Gathered)
    for entry in entries:
        gathered[entry.gateway].add(entry)
    return gathered


def _insert_entries(db: sqlite3.Connection, gathered: Mapping[str, _Gathered]) -> None:
    insert = (
        "INSERT INTO entries (gateway, received_ms, readings, events, reading_data, event_data)"
        " VALUES (?, ?, ?, ?, ?, ?)"
    )
    for gateway, each in gathered.items():
        for batch in each.batches:
            db.execute(insert, (gateway, each.received_ms, len(batch), 0, pack_readings(batch), None))
        if each.events:
            db.execute(insert, (gateway, each.received_ms, 0, len(each.events), None, pack_events(each.events)))


def _add_to_books(db: sqlite3.Connection, gathered: Mapping[str, _Gathered]) -> None:
    db.executemany(
        "INSERT INTO books (gateway, received, accepted, duplicate, quarantined) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (gateway) DO UPDATE SET received = received + excluded.received,"
        " accepted = accepted + excluded.accepted, duplicate = duplicate + excluded.duplicate,"
        " quarantined = quarantined + excluded.quarantined",
        [
            (gateway, each.received, each.accepted, each.duplicate, each.quarantined)
            for gateway, each in gathered.items()
        ],
    )


def _add_ignored(db: sqlite3.Connection, ignored: Iterable[Ignored]) -> None:
    records: Counter[tuple[str, str]] = Counter()
    for each in ignored:
        records[each.gateway, each.reason] += each.records
    db.executemany(
        "INSERT INTO ignored VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET records = records + excluded.records",
        [(*key, count) for key, count in records.items()],
    )


def _remember_events(db: sqlite3.Connection, entries: Iterable[SpoolEntry]) -> None:
    rows = [(entry.gateway, key, entry.received_ms) for entry in entries for key in entry.event_keys]
    if not rows:
        return
    db.executemany("INSERT OR IGNORE INTO event_keys VALUES (?, ?, ?)", rows)
    db.execute("DELETE FROM event_keys WHERE received_ms < ?", (rows[-1][2] - EVENT_KEYS_MS,))


def _forget_old_boots(db: sqlite3.Connection, gateway: str) -> None:
    """Keep the newest boots of a gateway that begins another one."""
    query = "SELECT boot FROM seq_windows WHERE gateway = ? ORDER BY touched_ms DESC LIMIT -1 OFFSET ?"
    old = [(gateway, boot) for (boot,) in db.execute(query, (gateway, BOOTS - 1)).fetchall()]
    db.executemany("DELETE FROM seq_windows WHERE gateway = ? AND boot = ?", old)
    db.executemany("DELETE FROM seq_chunks WHERE gateway = ? AND boot = ?", old)


def _drop_oldest_readings(db: sqlite3.Connection) -> bool:
    """Drop some of the oldest readings and count them; False when there are none left."""
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
    return bool(rows)
