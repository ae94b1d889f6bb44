"""The outbox in the spool: what alerts goes in with its event, and comes out once the records and the people have it.

`write_signals` is part of the spool's own commit. `SpoolOutbox` is the other side, over a connection of its own; by it
any process of the home also tells what no event says, with `tell`.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.dispatch import Notice, NoticeKind
from alerts.model import alert_id, is_real_fire
from sensors.alarms import Alarm
from sensors.readings import epoch_ms
from sensors.signals import Signal, SignalKind
from sensors.verdicts import Severity
from storage.spool_codec import pack_signal
from storage.spool_notices import NOTICE, SpoolFile, UnreadableNotice, read_notice
from storage.spool_plans import stop_levels
from storage.spool_turns import Durability

REPEAT_AFTER_MS = 10 * 60_000
"""A sensor that goes on saying `active` is passed on once in this time, so that an alert which a person closed
comes back while its cause lasts. The project's own choice."""

ANOTHER_FIRE_AFTER_MS = 60 * 60_000
"""A fire that a sensor says after so long without a word is another one: the end of the first was lost, or is never
sent. One that goes on burning is said more often than that. The project's own choice."""

KEPT = timedelta(days=30)
"""How long a notice is kept after everybody has it."""

SAID_BY_SENSORS = frozenset({Alarm.FIRE, Alarm.SMOKE, Alarm.LEAK, Alarm.FORCED})
"""A sensor's end may leave the zone out and then means all of them; what we conclude ourselves ends by its mark."""


def write_signals(db: sqlite3.Connection, signals: Iterable[Signal]) -> None:
    """Put what the signals of one commit tell into the outbox, in order, within the caller's transaction."""
    for signal in signals:
        if signal.kind is SignalKind.ACTIVE:
            _write_active(db, signal)
        else:
            _write_answers(db, signal)


def _write_active(db: sqlite3.Connection, signal: Signal) -> None:
    now_ms = epoch_ms(signal.received)
    urgent = _is_urgent(signal)
    found = db.execute("SELECT alert_id, told_ms FROM open_signals WHERE mark = ?", (signal.mark,)).fetchone()
    if found is not None and 0 <= now_ms - found[1] < REPEAT_AFTER_MS:
        return
    if found is not None and _burns_anew(signal, found[0], now_ms - found[1]):
        _end_unheard(db, signal.mark, found[0], now_ms)
        found = None
    if found is None:
        signal, identifier = _with_own_onset(db, signal)
        packed = pack_signal(signal)
        _remember_open(db, signal, identifier, packed)
        _put(db, NoticeKind.RAISED, identifier, now_ms, packed, mark=signal.mark, urgent=urgent)
    else:
        packed = pack_signal(signal)
        db.execute("UPDATE open_signals SET told_ms = ? WHERE mark = ?", (now_ms, signal.mark))
        _put(db, NoticeKind.REPEATED, found[0], now_ms, packed, mark=signal.mark, urgent=urgent)


def _burns_anew(signal: Signal, open_id: str, silent_ms: int) -> bool:
    """Say whether a fire is taken for another than the one that is open, whose end was never heard."""
    is_fire = signal.event in SAID_BY_SENSORS and is_real_fire(signal)
    return is_fire and silent_ms >= ANOTHER_FIRE_AFTER_MS and alert_id(signal.mark, signal.time) != open_id


def _end_unheard(db: sqlite3.Connection, mark: str, identifier: str, now_ms: int) -> None:
    """End an alert in the records and its further levels; people hear of the new one, not of this end."""
    row = db.execute("SELECT signal, urgent FROM open_signals WHERE mark = ?", (mark,)).fetchone()
    _put(db, NoticeKind.CLEARED, identifier, now_ms, row[0], mark=mark, urgent=bool(row[1]))
    db.execute("UPDATE outbox SET plan = 'planned' WHERE kind = 'cleared' AND alert_id = ?", (identifier,))
    stop_levels(db, identifier, "told anew")


def _with_own_onset(db: sqlite3.Connection, signal: Signal) -> tuple[Signal, str]:
    """Return a signal and its alert's id, which no earlier one has.

    A sensor whose clock stands still says the same onset twice; then when it was received is its onset.
    """
    identifier = alert_id(signal.mark, signal.time)
    query = "SELECT 1 FROM outbox WHERE kind = 'raised' AND alert_id = ?"
    if signal.event not in SAID_BY_SENSORS or db.execute(query, (identifier,)).fetchone() is None:
        return signal, identifier
    return replace(signal, time=signal.received), alert_id(signal.mark, signal.received)


def _remember_open(db: sqlite3.Connection, signal: Signal, identifier: str, packed: bytes) -> None:
    db.execute(
        "INSERT OR REPLACE INTO open_signals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            signal.mark,
            identifier,
            signal.device,
            signal.event.value,
            signal.zone,
            int(signal.test),
            epoch_ms(signal.received),
            packed,
            _is_urgent(signal),
        ),
    )


def _is_urgent(signal: Signal) -> bool:
    """Say whether it goes before all others: red, or a real fire in another colour; tests wait their turn."""
    return not signal.test and (signal.severity is Severity.RED or is_real_fire(signal))


def _write_answers(db: sqlite3.Connection, signal: Signal) -> None:
    """Put in a notice for every open signal that this one clears or acknowledges."""
    kind = NoticeKind.ACKNOWLEDGED if signal.kind is SignalKind.SILENCED else NoticeKind.CLEARED
    for mark, identifier, packed, urgent in _answered(db, signal):
        if kind is NoticeKind.CLEARED:
            db.execute("DELETE FROM open_signals WHERE mark = ?", (mark,))
            _look_anew(db, identifier)
        _put(db, kind, identifier, epoch_ms(signal.received), packed, mark=mark, urgent=bool(urgent))


def _look_anew(db: sqlite3.Connection, identifier: str) -> None:
    """Have the beginning of what is over decided now, where it was held back: most often nobody needs it any more."""
    query = "UPDATE outbox SET look_ms = 1 WHERE kind = 'raised' AND alert_id = ? AND plan = 'held'"
    db.execute(query, (identifier,))


def _answered(db: sqlite3.Connection, signal: Signal) -> list[tuple[str, str, bytes, int]]:
    """Return mark, alert and signal of what is answered.

    Silencing and resetting speak for all of a panel's fires. An end without a zone ends all zones; a real end also
    ends a test, a test's end never a real alarm.
    """
    columns = "SELECT mark, alert_id, signal, urgent FROM open_signals"
    if signal.event not in SAID_BY_SENSORS:
        return db.execute(f"{columns} WHERE mark = ?", (signal.mark,)).fetchall()
    whole_device = signal.kind in {SignalKind.SILENCED, SignalKind.RESET}
    return db.execute(
        f"{columns} WHERE device = ? AND event = ? AND test >= ? AND (zone = ? OR ? = '' OR ?)",
        (signal.device, signal.event.value, int(signal.test), signal.zone, signal.zone, whole_device),
    ).fetchall()


def _put(
    db: sqlite3.Connection, kind: NoticeKind, identifier: str, at_ms: int, packed: bytes, *, mark: str, urgent: bool
) -> None:
    plan = "planned" if kind is NoticeKind.REPEATED else "new"
    db.execute(
        "INSERT OR IGNORE INTO outbox (kind, alert_id, at_ms, signal, mark, urgent, plan) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind.value, identifier, at_ms, packed, mark, urgent, plan),
    )


class SpoolOutbox(SpoolFile):
    """What goes into the outbox beside events, and what the projection into the records needs of it."""

    def tell(self, signals: Iterable[Signal]) -> None:
        """Put signals that no event brought into the outbox, durable when this returns; ingest sends them on.

        Any process of the home may; where ingest does not run they wait for it. Twice the same mark is one alert.
        """
        with self._transaction() as db:
            write_signals(db, signals)

    def to_project(self, *, limit: int, but: Iterable[str] = ()) -> Sequence[Notice | UnreadableNotice]:
        """Return the notices that the records do not have yet: urgent ones first, those of one alert in order.

        `but` names alerts that are left out.
        """
        query = (
            f"SELECT {NOTICE} FROM outbox o WHERE o.projected = 0"  # noqa: S608 - names are ours
            " AND o.alert_id NOT IN (SELECT value FROM json_each(?)) ORDER BY o.urgent DESC, o.id LIMIT ?"
        )
        return [read_notice(row) for row in self._db.execute(query, (json.dumps(list(but)), limit)).fetchall()]

    def projected(self, *numbers: int) -> None:
        """Remember that the records have these notices; what a power cut undoes of that is projected once more."""
        with self._transaction(Durability.THROUGH_OUR_END) as db:
            db.executemany("UPDATE outbox SET projected = 1 WHERE id = ?", [(number,) for number in numbers])

    def raised_anew(self, notice: Notice, identifier: str) -> None:
        """Tell people of an alert that came back: its sensor still says `active` after a person had closed it."""
        packed = pack_signal(notice.signal)
        with self._transaction() as db:
            query = "UPDATE open_signals SET alert_id = ?, signal = ? WHERE mark = ? AND alert_id = ?"
            db.execute(query, (identifier, packed, notice.signal.mark, notice.alert_id))
            signal, at_ms = notice.signal, epoch_ms(notice.at)
            urgent = _is_urgent(signal)
            _put(db, NoticeKind.RAISED, identifier, at_ms, packed, mark=signal.mark, urgent=urgent)

    def forget_old(self, now: datetime) -> None:
        """Delete notices that are old and that the records have, with what is known of their sending."""
        old = (epoch_ms(now - KEPT),)
        with self._transaction() as db:
            # A clock that is set ahead makes old what nobody has been told of yet.
            db.execute(
                "DELETE FROM outbox WHERE projected = 1 AND plan = 'planned' AND at_ms < ? AND NOT EXISTS"
                " (SELECT 1 FROM tellings d WHERE d.outbox_id = outbox.id AND d.state IN ('waiting', 'retry'))",
                old,
            )
            db.execute("DELETE FROM tellings WHERE outbox_id NOT IN (SELECT id FROM outbox)")
            db.execute("DELETE FROM acknowledged WHERE alert_id NOT IN (SELECT alert_id FROM outbox)")

    def waiting(self) -> tuple[int, int]:
        """Return how many notices the records do not have yet, and how many tellings wait for another attempt."""
        row = self._db.execute(
            "SELECT (SELECT count(*) FROM outbox WHERE projected = 0),"
            " (SELECT count(*) FROM tellings WHERE state = 'retry')"
        ).fetchone()
        return int(row[0]), int(row[1])
