"""What was before, as the outbox remembers it: edges, what is open, what people were told."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from alerts.dispatch import NoticeKind
from alerts.past import Edge, GroupPast, OpenAlert, Told
from sensors.alarms import Alarm
from sensors.readings import epoch_ms, from_epoch_ms
from storage.spool_codec import SpoolDataError, unpack_signal


class SpoolPast:
    """Keeps `alerts.past.Past` over a connection to the spool, and sees what its transaction has written."""

    def __init__(self, db: sqlite3.Connection, now: datetime) -> None:
        """Ask through this connection, at this time."""
        self._db = db
        self._now_ms = epoch_ms(now)

    def edges(self, mark: str, *, since: datetime) -> Sequence[Edge]:
        """Return the beginnings and ends of one fingerprint at or after `since`, in order."""
        rows = self._db.execute(
            "SELECT kind, alert_id, at_ms FROM outbox WHERE mark = ? AND at_ms >= ? AND kind IN ('raised', 'cleared')"
            " ORDER BY at_ms, id",
            (mark, epoch_ms(since)),
        )
        return [Edge(kind=NoticeKind(row[0]), alert_id=row[1], at=from_epoch_ms(row[2])) for row in rows.fetchall()]

    def ended(self, alert_id: str) -> datetime | None:
        """Return when this alert was over, None while it is open."""
        query = "SELECT at_ms FROM outbox WHERE alert_id = ? AND kind = 'cleared'"
        row = self._db.execute(query, (alert_id,)).fetchone()
        return None if row is None else from_epoch_ms(row[0])

    def open_alerts(self, alarms: frozenset[Alarm]) -> Iterable[OpenAlert]:
        """Return the open alerts about any of these, tests left out."""
        found = []
        for alarm in sorted(alarms):
            query = "SELECT alert_id, signal FROM open_signals WHERE event = ? AND test = 0"
            for alert_id, packed in self._db.execute(query, (alarm.value,)).fetchall():
                try:
                    found.append(OpenAlert(alert_id=alert_id, signal=unpack_signal(packed)))
                except SpoolDataError:  # what cannot be read explains nothing, so people are told
                    continue
        return found

    def last_told(self, mark: str) -> Told | None:
        """Return what it was last decided to tell people of this fingerprint, whether or not it has arrived."""
        row = self._db.execute(
            "SELECT kind, alert_id, told_ms FROM outbox WHERE mark = ? AND told_ms > 0"
            " AND kind IN ('raised', 'cleared') ORDER BY id DESC LIMIT 1",
            (mark,),
        ).fetchone()
        if row is None:
            return None
        return Told(kind=NoticeKind(row[0]), alert_id=row[1], at=from_epoch_ms(row[2]))

    def group(self, key: str) -> GroupPast:
        """Return what is known of a group."""
        waiting, last = self._db.execute(
            "SELECT min(CASE WHEN join_ms > ? THEN told_ms END), max(CASE WHEN join_ms <= ? THEN join_ms END)"
            " FROM outbox WHERE joined = ? AND joined <> ''",
            (self._now_ms, self._now_ms, key),
        ).fetchone()
        return GroupPast(
            waiting_since=None if waiting is None else from_epoch_ms(waiting),
            last_told=None if last is None else from_epoch_ms(last),
        )
