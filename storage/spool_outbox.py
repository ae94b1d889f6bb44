"""The outbox in the spool: what alerts goes in with its event, and comes out once the records and the people have it.

`write_signals` is part of the spool's own commit. `SpoolOutbox` is the other side, over a connection of its own; by it
any process of the home also tells what no event says, with `tell`.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alerts.dispatch import Answer, Delivery, Notice, NoticeKind
from alerts.model import alert_id
from sensors.alarms import Alarm
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.signals import Signal, SignalKind
from storage.spool_codec import SpoolDataError, pack_signal, unpack_signal

REPEAT_AFTER_MS = 10 * 60_000
"""A sensor that goes on saying `active` is passed on once in this time, so that an alert which a person closed
comes back while its cause lasts. The project's own choice."""

KEPT = timedelta(days=30)
"""How long a notice is kept after everybody has it."""

SAID_BY_SENSORS = frozenset({Alarm.FIRE, Alarm.SMOKE, Alarm.LEAK, Alarm.FORCED})
"""A sensor's end may leave the zone out and then means all of them; what we conclude ourselves ends by its mark."""

_NOTICE = "o.id, o.kind, o.alert_id, o.at_ms, o.signal"


def write_signals(db: sqlite3.Connection, signals: Iterable[Signal]) -> None:
    """Put what the signals of one commit tell into the outbox, in order, within the caller's transaction."""
    for signal in signals:
        if signal.kind is SignalKind.ACTIVE:
            _write_active(db, signal)
        else:
            _write_answers(db, signal)


def _write_active(db: sqlite3.Connection, signal: Signal) -> None:
    now_ms = epoch_ms(signal.received)
    found = db.execute("SELECT alert_id, told_ms FROM open_signals WHERE mark = ?", (signal.mark,)).fetchone()
    if found is not None and 0 <= now_ms - found[1] < REPEAT_AFTER_MS:
        return
    packed = pack_signal(signal)
    if found is None:
        identifier = alert_id(signal.mark, signal.time)
        _remember_open(db, signal, identifier, packed)
        _put(db, NoticeKind.RAISED, identifier, now_ms, packed)
    else:
        db.execute("UPDATE open_signals SET told_ms = ? WHERE mark = ?", (now_ms, signal.mark))
        _put(db, NoticeKind.REPEATED, found[0], now_ms, packed)


def _remember_open(db: sqlite3.Connection, signal: Signal, identifier: str, packed: bytes) -> None:
    db.execute(
        "INSERT OR REPLACE INTO open_signals VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            signal.mark,
            identifier,
            signal.device,
            signal.event.value,
            signal.zone,
            int(signal.test),
            epoch_ms(signal.received),
            packed,
        ),
    )


def _write_answers(db: sqlite3.Connection, signal: Signal) -> None:
    """Put in a notice for every open signal that this one clears or acknowledges."""
    kind = NoticeKind.ACKNOWLEDGED if signal.kind is SignalKind.SILENCED else NoticeKind.CLEARED
    for mark, identifier, packed in _answered(db, signal):
        if kind is NoticeKind.CLEARED:
            db.execute("DELETE FROM open_signals WHERE mark = ?", (mark,))
        _put(db, kind, identifier, epoch_ms(signal.received), packed)


def _answered(db: sqlite3.Connection, signal: Signal) -> list[tuple[str, str, bytes]]:
    """Return mark, alert and signal of what is answered.

    Silencing and resetting speak for all of a panel's fires. An end without a zone ends all zones; a real end also
    ends a test, a test's end never a real alarm.
    """
    columns = "SELECT mark, alert_id, signal FROM open_signals"
    if signal.event not in SAID_BY_SENSORS:
        return db.execute(f"{columns} WHERE mark = ?", (signal.mark,)).fetchall()
    whole_device = signal.kind in {SignalKind.SILENCED, SignalKind.RESET}
    return db.execute(
        f"{columns} WHERE device = ? AND event = ? AND test >= ? AND (zone = ? OR ? = '' OR ?)",
        (signal.device, signal.event.value, int(signal.test), signal.zone, signal.zone, whole_device),
    ).fetchall()


def _put(db: sqlite3.Connection, kind: NoticeKind, identifier: str, at_ms: int, packed: bytes) -> None:
    db.execute(
        "INSERT OR IGNORE INTO outbox (kind, alert_id, at_ms, signal) VALUES (?, ?, ?, ?)",
        (kind.value, identifier, at_ms, packed),
    )


@dataclass(frozen=True, slots=True)
class UnreadableNotice:
    """A row of the outbox whose signal cannot be read back."""

    number: int
    detail: str


class SpoolOutbox:
    """Keeps `alerts.dispatch.Outbox` and what the projection into the records needs. For one thread at a time.

    Opens a spool that is there; making and migrating it is SqliteSpool's.
    """

    def __init__(self, path: Path) -> None:
        """Open the file with a connection of its own."""
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def tell(self, signals: Iterable[Signal]) -> None:
        """Put signals that no event brought into the outbox, durable when this returns; ingest sends them on.

        Any process of the home may; where ingest does not run they wait for it. Twice the same mark is one alert.
        """
        with self._transaction() as db:
            write_signals(db, signals)

    def register(self, channel: str) -> None:
        """Note a channel, which from now on is told everything; one known before goes on where it was."""
        query = "INSERT OR IGNORE INTO channels SELECT ?, coalesce(max(id), 0) FROM outbox"
        self._db.execute(query, (channel,))

    # On the way to people.

    def due(self, channel: str, *, now: datetime, limit: int) -> Sequence[Notice]:
        """Return the notices that this channel should try now, in order; later ones of an alert wait for earlier."""
        rows = self._db.execute(
            f"SELECT {_NOTICE}, coalesce(s.attempts, 0) FROM outbox o JOIN channels c ON c.name = ?"  # noqa: S608 - names are ours
            " LEFT JOIN sends s ON s.outbox_id = o.id AND s.channel = c.name"
            " WHERE o.id > c.after_id AND o.kind IN ('raised', 'cleared')"
            " AND (s.state IS NULL OR (s.state = 'retry' AND s.due_ms <= ?))"
            " AND NOT EXISTS (SELECT 1 FROM outbox e LEFT JOIN sends t ON t.outbox_id = e.id AND t.channel = c.name"
            "  WHERE e.alert_id = o.alert_id AND e.id < o.id AND e.id > c.after_id AND e.kind IN ('raised', 'cleared')"
            "  AND (t.state IS NULL OR t.state = 'retry'))"
            " ORDER BY o.id LIMIT ?",
            (channel, epoch_ms(now), limit),
        ).fetchall()
        return [notice for row in rows if isinstance(notice := self._notice(row), Notice)]

    def answered(self, channel: str, notice: Notice, answer: Answer, *, again: datetime | None) -> None:
        """Remember an attempt; what shall not be tried again is done or dead."""
        state = Delivery.RETRY if again is not None else Delivery.DONE if _arrived(answer) else Delivery.DEAD
        self._db.execute(
            "INSERT OR REPLACE INTO sends VALUES (?, ?, ?, ?, ?, ?)",
            (
                notice.number,
                channel,
                notice.attempts + 1,
                state.value,
                epoch_ms(again) if again is not None else 0,
                answer.detail,
            ),
        )

    # On the way to the records.

    def to_project(self, *, limit: int) -> Sequence[Notice | UnreadableNotice]:
        """Return the notices that the records do not have yet, in order."""
        query = f"SELECT {_NOTICE} FROM outbox o WHERE o.projected = 0 ORDER BY o.id LIMIT ?"  # noqa: S608 - names are ours
        return [self._notice(row) for row in self._db.execute(query, (limit,)).fetchall()]

    def projected(self, number: int) -> None:
        """Remember that the records have this notice."""
        self._db.execute("UPDATE outbox SET projected = 1 WHERE id = ?", (number,))

    def raised_anew(self, notice: Notice, identifier: str) -> None:
        """Tell people of an alert that came back: its sensor still says `active` after a person had closed it."""
        packed = pack_signal(notice.signal)
        with self._transaction() as db:
            query = "UPDATE open_signals SET alert_id = ?, signal = ? WHERE mark = ? AND alert_id = ?"
            db.execute(query, (identifier, packed, notice.signal.mark, notice.alert_id))
            _put(db, NoticeKind.RAISED, identifier, epoch_ms(notice.at), packed)

    def forget_old(self, now: datetime) -> None:
        """Delete notices that are old and that the records have, with what is known of their sending."""
        old = (epoch_ms(now - KEPT),)
        self._db.execute("DELETE FROM outbox WHERE projected = 1 AND at_ms < ?", old)
        self._db.execute("DELETE FROM sends WHERE outbox_id NOT IN (SELECT id FROM outbox)")

    def waiting(self) -> tuple[int, int]:
        """Return how many notices the records do not have yet, and how many sends wait for another attempt."""
        row = self._db.execute(
            "SELECT (SELECT count(*) FROM outbox WHERE projected = 0),"
            " (SELECT count(*) FROM sends WHERE state = 'retry')"
        ).fetchone()
        return int(row[0]), int(row[1])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def _notice(self, row: Sequence[object]) -> Notice | UnreadableNotice:
        number, kind, identifier, at_ms, packed, *attempts = row
        assert isinstance(number, int)  # noqa: S101 - the table's own types, for the type checker
        assert isinstance(at_ms, int)  # noqa: S101
        assert isinstance(packed, bytes)  # noqa: S101
        try:
            signal = unpack_signal(packed)
        except SpoolDataError as exc:
            return UnreadableNotice(number, str(exc))
        return Notice(
            number=number,
            kind=NoticeKind(str(kind)),
            alert_id=str(identifier),
            signal=signal,
            at=from_epoch_ms(at_ms),
            attempts=int(str(attempts[0])) if attempts else 0,
        )


def _arrived(answer: Answer) -> bool:
    return answer.delivery is Delivery.DONE
