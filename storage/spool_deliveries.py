"""Deliveries in the spool: which notice goes over which channel, at which level and when, and what became of it."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.decisions import Hold
from alerts.dispatch import Attempt, Delivery, Notice
from alerts.routing import AT_ONCE
from alerts.standing import Standing
from sensors.readings import epoch_ms, from_epoch_ms
from storage.spool_notices import NOTICE, UnreadableNotice, read_notice
from storage.spool_plans import Climb, Climbed, Held, SpoolPlans, Told, stop_levels
from storage.spool_standing import changed_standing, read_beforehand, read_standing, write_standing
from storage.spool_turns import Durability

__all__ = [
    "Climb",
    "Climbed",
    "DeliveryFigures",
    "DeliveryState",
    "Held",
    "Sent",
    "SpoolDeliveries",
    "Told",
]

_AGAIN = "d.attempts, d.level"
_AGAIN_IF_LOST = Durability.THROUGH_OUR_END


class DeliveryState(StrEnum):
    """What became of one telling. STOPPED: nobody needs it any more."""

    WAITING = "waiting"
    RETRY = "retry"
    DONE = "done"
    DEAD = "dead"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One telling and how it stands, for those who ask. `number` is what it is tried again by.

    `due` is when it is to be tried, or when it was tried last where that is over.
    """

    number: int
    notice: Notice
    channel: str
    level: int
    state: DeliveryState
    due: datetime
    attempts: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFigures:
    """How many tellings are due and not done, how many are given up, how many notices are held back.

    `oldest_urgent` is when the oldest red that nobody was told of yet came.
    """

    waiting: int
    dead: int
    held: int
    oldest_urgent: datetime | None


class SpoolDeliveries(SpoolPlans):
    """Keeps `alerts.dispatch.Outbox`, what the router plans, and what people ask about deliveries."""

    # A channel's side.

    def due(self, channel: str, *, now: datetime, limit: int) -> Sequence[Notice]:
        """Return the notices that this channel should try now, those of one alert in order.

        Urgent ones go first, and among those the first word before any further level.
        """
        rows = self._db.execute(
            f"SELECT {NOTICE}, {_AGAIN} FROM tellings d JOIN outbox o ON o.id = d.outbox_id"  # noqa: S608 - names are ours
            " WHERE d.channel = ? AND d.state IN ('waiting', 'retry') AND d.due_ms <= ?"
            " AND NOT EXISTS (SELECT 1 FROM tellings e WHERE e.alert_id = d.alert_id AND e.channel = d.channel"
            "  AND e.state IN ('waiting', 'retry') AND (e.outbox_id, e.level) < (d.outbox_id, d.level))"
            " ORDER BY d.urgent DESC, d.level, d.outbox_id LIMIT ?",
            (channel, epoch_ms(now), limit),
        ).fetchall()
        return [notice for row in rows if isinstance(notice := _due_notice(row), Notice)]

    def answered(self, channel: str, attempts: Iterable[Attempt]) -> None:
        """Remember attempts, all in one transaction; what shall not be tried again is done or dead.

        Levels that fell due meanwhile are told by it too, for one word is enough.
        """
        with self._transaction(_AGAIN_IF_LOST) as db:
            for attempt in attempts:
                _remember(db, channel, attempt)

    def sent_elsewhere(self, sent: Iterable[tuple[str, str]]) -> None:
        """Remember keys and channels of what another node has sent."""
        with self._transaction(_AGAIN_IF_LOST) as db:
            for key, channel in sent:
                kind, alert_id, level = _parts(key)
                db.execute(
                    "UPDATE tellings SET state = 'done', detail = 'sent by the other node' WHERE alert_id = ?"
                    " AND channel = ? AND level = ? AND state IN ('waiting', 'retry')"
                    " AND outbox_id IN (SELECT id FROM outbox WHERE alert_id = tellings.alert_id AND kind = ?)",
                    (alert_id, channel, level, kind),
                )

    def keys_due(self, *, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
        """Return keys and channels of what is due, urgent first."""
        rows = self._db.execute(
            "SELECT o.kind, d.alert_id, d.level, d.channel FROM tellings d JOIN outbox o ON o.id = d.outbox_id"
            " WHERE d.state IN ('waiting', 'retry') AND d.due_ms <= ? ORDER BY d.urgent DESC, d.id LIMIT ?",
            (epoch_ms(now), limit),
        )
        return [(_key(kind, alert_id, level), channel) for kind, alert_id, level, channel in rows.fetchall()]

    # What people ask.

    def dead(self, *, limit: int = 100) -> Sequence[Sent]:
        """Return the tellings that were given up, the newest first."""
        return self._sent("d.state = 'dead'", (), limit)

    def of_alert(self, alert_id: str, *, limit: int = 200) -> Sequence[Sent]:
        """Return every telling of an alert, planned ones included, in order of their numbers."""
        return sorted(self._sent("d.alert_id = ?", (alert_id,), limit), key=lambda each: each.number)

    def retry(self, numbers: Iterable[int] | None = None) -> int:
        """Try given-up tellings again, all where no numbers are given; return how many."""
        again = "UPDATE tellings SET state = 'retry', due_ms = 0 WHERE state = 'dead'"
        with self._transaction(_AGAIN_IF_LOST) as db:
            if numbers is None:
                return db.execute(again).rowcount
            return sum(db.execute(f"{again} AND id = ?", (number,)).rowcount for number in numbers)

    def figures(self, *, now: datetime) -> DeliveryFigures:
        """Return how deliveries stand."""
        now_ms = epoch_ms(now)
        waiting, dead, held, oldest_ms = self._db.execute(
            "SELECT (SELECT count(*) FROM tellings WHERE state IN ('waiting', 'retry') AND due_ms <= ?),"
            " (SELECT count(*) FROM tellings WHERE state = 'dead'),"
            " (SELECT count(*) FROM outbox WHERE plan = 'held' AND look_ms > 0),"
            " (SELECT min(o.at_ms) FROM outbox o WHERE o.urgent = 1 AND o.kind = 'raised' AND (o.plan = 'new'"
            "  OR EXISTS (SELECT 1 FROM tellings d WHERE d.outbox_id = o.id AND d.level = 0"
            "   AND d.state IN ('waiting', 'retry'))))",
            (now_ms,),
        ).fetchone()
        oldest = None if oldest_ms is None else from_epoch_ms(oldest_ms)
        return DeliveryFigures(waiting=waiting, dead=dead, held=held, oldest_urgent=oldest)

    # What was said beforehand.

    def keep_standing(self, standing: Standing) -> None:
        """Keep what the records say of silences, drills and the like, for when they are away.

        Where it changed, what is held back by it is decided anew.
        """
        changed = changed_standing(self._db, standing)
        if changed:
            with self._transaction(_AGAIN_IF_LOST) as db:
                write_standing(db, changed)
                db.execute(
                    "UPDATE outbox SET look_ms = 1 WHERE plan = 'held' AND held IN (?, ?, ?)",
                    (Hold.SILENCED.value, Hold.SHELVED.value, Hold.OUT_OF_SERVICE.value),
                )

    def standing(self) -> Standing:
        """Return what was last said of silences, drills and the like, and which alerts a person has seen."""
        return read_standing(self._db)

    def said_beforehand(self) -> Standing:
        """Return the same without the alerts that a person has seen."""
        return read_beforehand(self._db)

    def seen(self, alert_id: str) -> datetime | None:
        """Return when a person was first heard to have seen an alert, None where nobody has."""
        row = self._db.execute("SELECT at_ms FROM acknowledged WHERE alert_id = ?", (alert_id,)).fetchone()
        return None if row is None else from_epoch_ms(row[0])

    @property
    def steps_heard(self) -> int:
        """Return the number of the last step of an alert that was heard of from the records."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'steps_heard'").fetchone()
        return 0 if row is None else int(row[0])

    def hear(self, seen: Mapping[str, datetime], *, up_to: int, stopped: Iterable[str] = ()) -> None:
        """Remember which alerts a person has seen or ended, and stop their further levels, and those of `stopped`."""
        with self._transaction(_AGAIN_IF_LOST) as db:
            rows = [(alert_id, epoch_ms(at)) for alert_id, at in seen.items()]
            ours = "WHERE EXISTS (SELECT 1 FROM outbox WHERE alert_id = ?1)"
            db.executemany(f"INSERT OR IGNORE INTO acknowledged SELECT ?1, ?2 {ours}", rows)
            for alert_id in (*seen, *stopped):
                stop_levels(db, alert_id, "acknowledged")
            db.execute("INSERT OR REPLACE INTO meta VALUES ('steps_heard', ?)", (up_to,))

    def _sent(self, where: str, values: Sequence[object], limit: int) -> Sequence[Sent]:
        rows = self._db.execute(
            f"SELECT d.id, d.channel, d.state, d.due_ms, d.reason, d.detail, {NOTICE}, {_AGAIN} FROM tellings d"  # noqa: S608 - names are ours
            f" JOIN outbox o ON o.id = d.outbox_id WHERE {where} ORDER BY d.id DESC LIMIT ?",
            (*values, limit),
        ).fetchall()
        return [
            Sent(
                number=number,
                notice=notice,
                channel=channel,
                level=notice.level,
                state=DeliveryState(state),
                due=from_epoch_ms(due_ms),
                attempts=notice.attempts,
                reason=reason,
                detail=detail,
            )
            for number, channel, state, due_ms, reason, detail, *row in rows
            if isinstance(notice := _due_notice(row), Notice)
        ]


def _remember(db: sqlite3.Connection, channel: str, attempt: Attempt) -> None:
    notice, answer, again = attempt.notice, attempt.answer, attempt.again
    arrived = again is None and answer.delivery is Delivery.DONE
    state = DeliveryState.RETRY if again is not None else DeliveryState.DONE if arrived else DeliveryState.DEAD
    when_ms = epoch_ms(attempt.at if again is None else again)
    db.execute(
        "UPDATE tellings SET attempts = attempts + 1, state = ?, due_ms = ?, detail = ?"
        " WHERE outbox_id = ? AND channel = ? AND level = ? AND state <> 'stopped'",
        (state.value, when_ms, answer.detail, notice.number, channel, notice.level),
    )
    if arrived:
        _overtake(db, notice, channel, attempt.at)


def _overtake(db: sqlite3.Connection, notice: Notice, channel: str, at: datetime) -> None:
    """Stop the levels that fell due while an earlier one was tried again and again."""
    db.execute(
        "UPDATE tellings SET state = 'stopped', detail = 'told by an earlier level' WHERE outbox_id = ?"
        " AND channel = ? AND level > ? AND state IN ('waiting', 'retry') AND due_ms <= ?",
        (notice.number, channel, notice.level, epoch_ms(at)),
    )


def _due_notice(row: Sequence[object]) -> Notice | UnreadableNotice:
    *notice, attempts, level = row
    return read_notice(notice, attempts=int(str(attempts)), level=int(str(level)))


def _key(kind: str, alert_id: str, level: int) -> str:
    return f"{kind}:{alert_id}:{level}" if level else f"{kind}:{alert_id}"


def _parts(key: str) -> tuple[str, str, int]:
    kind, alert_id, *level = key.split(":")
    return kind, alert_id, int(level[0]) if level else AT_ONCE
