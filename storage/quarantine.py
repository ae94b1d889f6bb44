"""The part of the spool that keeps what could not be used: put in, taken out again, looked through.

The functions that write belong to a transaction of the spool. `QuarantineShelf` only reads, over a connection of its
own, so that looking through a large quarantine holds up nobody.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sensors.intake import Quarantined

_COLUMNS = "id, received_ms, gateway, topic, reason, detail, records, paths, size, payload"


SET_ASIDE = "spool/entries/"
"""How the topic of an entry begins that the spool could not read back: it is no message any more."""


class QuarantineChangedError(Exception):
    """What should be taken out is not there any more: somebody else took it, or it gave way to newer messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message in quarantine under the number it is asked for by."""

    id: int
    message: Quarantined

    @property
    def can_be_judged(self) -> bool:
        """Say whether this is a message as it came."""
        return not self.is_cut and not self.message.topic.startswith(SET_ASIDE)

    @property
    def is_cut(self) -> bool:
        """Say whether only the beginning of the payload was kept: it was too large."""
        return len(self.message.payload) < self.message.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which messages are meant; None is any."""

    numbers: Collection[int] | None = None
    reason: str | None = None
    gateway: str | None = None
    since_ms: int | None = None

    def condition(self) -> tuple[str, tuple[str | int, ...]]:
        """Return the condition in SQL, and its values."""
        parts: list[tuple[str, str | int | None]] = [
            ("reason = ?", self.reason),
            ("gateway = ?", self.gateway),
            ("received_ms >= ?", self.since_ms),
        ]
        asked = [(text, value) for text, value in parts if value is not None]
        texts, values = [text for text, _ in asked], tuple(value for _, value in asked)
        if self.numbers is not None:
            # Whole numbers, so that they may stand in the text: there may be more than SQLite takes as values.
            texts.append(f"id IN ({', '.join(str(int(number)) for number in self.numbers)})")
        return " AND ".join(texts) or "TRUE", values


EVERYTHING = Which()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """How much of one gateway is in quarantine for one reason; `recent` of the messages came since a time asked for."""

    reason: str
    gateway: str
    messages: int
    records: int
    first_ms: int
    last_ms: int
    recent: int = 0


class QuarantineShelf:
    """Reads the quarantine of a spool that is there. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file for reading; sqlite3.Error where it cannot be."""
        self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30, check_same_thread=False)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def heaps(self, *, recent_since_ms: int = 0) -> list[Heap]:
        """Return what there is by reason and gateway, the most records first."""
        query = (
            "SELECT reason, gateway, count(*), sum(records), min(received_ms), max(received_ms), sum(received_ms >= ?)"
            " FROM quarantine GROUP BY reason, gateway ORDER BY 4 DESC, 1, 2"
        )
        return [
            Heap(
                reason=row[0],
                gateway=row[1],
                messages=row[2],
                records=row[3],
                first_ms=row[4],
                last_ms=row[5],
                recent=row[6],
            )
            for row in self._db.execute(query, (recent_since_ms,))
        ]

    def newest(self, which: Which = EVERYTHING, *, limit: int) -> list[Kept]:
        """Return the newest of those meant, the newest first."""
        return find(self._db, which, order="id DESC", limit=limit)

    def pages(self, which: Which = EVERYTHING, *, size: int, latest: int | None = None) -> Iterator[list[Kept]]:
        """Yield those meant in the order they came, so many at a time: all, or the `latest` of them.

        What comes meanwhile is left out.
        """
        until = int(self._db.execute("SELECT coalesce(max(id), 0) FROM quarantine").fetchone()[0])
        after = 0 if latest is None else self._before_the_latest(which, latest)
        while page := find(self._db, which, order="id", limit=size, after=after, until=until):
            yield page
            after = page[-1].id

    def _before_the_latest(self, which: Which, latest: int) -> int:
        condition, values = which.condition()
        query = f"SELECT id FROM quarantine WHERE {condition} ORDER BY id DESC LIMIT 1 OFFSET ?"  # noqa: S608 - texts are ours
        row = self._db.execute(query, (*values, latest)).fetchone()
        return 0 if row is None else int(row[0])


def find(
    db: sqlite3.Connection, which: Which, *, order: str, limit: int, after: int = 0, until: int = 2**62
) -> list[Kept]:
    """Return the messages meant whose numbers are in (after, until]."""
    condition, values = which.condition()
    query = f"SELECT {_COLUMNS} FROM quarantine WHERE id > ? AND id <= ? AND {condition} ORDER BY {order} LIMIT ?"  # noqa: S608 - texts are ours
    return [_kept(row) for row in db.execute(query, (after, until, *values, limit))]


def put_in(db: sqlite3.Connection, messages: Sequence[Quarantined]) -> None:
    """Keep messages, within the caller's transaction."""
    if not messages:
        return
    db.executemany(
        "INSERT INTO quarantine (received_ms, gateway, topic, reason, detail, records, paths, size, payload)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                each.received_ms,
                each.gateway,
                each.topic,
                each.reason,
                each.detail,
                each.records,
                " ".join(each.paths),
                each.size or len(each.payload),
                each.payload,
            )
            for each in messages
        ],
    )
    _count_bytes(db, sum(len(each.payload) for each in messages))


def take_out(db: sqlite3.Connection, kept: Sequence[Kept]) -> None:
    """Take messages out of quarantine and out of the books, within the caller's transaction, which counts them anew.

    Raises QuarantineChangedError where one of them is gone.
    """
    if not kept:
        return
    deleted = db.executemany("DELETE FROM quarantine WHERE id = ?", [(each.id,) for each in kept]).rowcount
    if deleted != len(kept):
        msg = f"{len(kept) - deleted} of {len(kept)} messages are no longer in quarantine"
        raise QuarantineChangedError(msg)
    db.executemany(
        "UPDATE books SET received = received - ?, quarantined = quarantined - ? WHERE gateway = ?",
        [(each.message.records, each.message.records, each.message.gateway) for each in kept],
    )
    _count_bytes(db, -sum(len(each.message.payload) for each in kept))


def keep_bounded(db: sqlite3.Connection, most_bytes: int) -> None:
    """Let the oldest go until the payloads fit, within the caller's transaction. They stay counted."""
    kept = int(db.execute("SELECT value FROM meta WHERE key = 'quarantine_bytes'").fetchone()[0])
    while kept > most_bytes:
        number, size = db.execute("SELECT id, length(payload) FROM quarantine ORDER BY id LIMIT 1").fetchone()
        db.execute("DELETE FROM quarantine WHERE id = ?", (number,))
        kept -= size
        _count_bytes(db, -size)


def _count_bytes(db: sqlite3.Connection, more: int) -> None:
    db.execute("UPDATE meta SET value = value + ? WHERE key = 'quarantine_bytes'", (more,))


def _kept(row: Sequence[object]) -> Kept:
    number, received_ms, gateway, topic, reason, detail, records, paths, size, payload = row
    message = Quarantined(
        received_ms=int(str(received_ms)),
        gateway=str(gateway),
        topic=str(topic),
        reason=str(reason),
        detail=str(detail),
        records=int(str(records)),
        paths=tuple(str(paths).split()),
        size=int(str(size)),
        payload=payload if isinstance(payload, bytes) else b"",
    )
    return Kept(id=int(str(number)), message=message)
