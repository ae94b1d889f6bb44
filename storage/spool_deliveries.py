"""Deliveries in the spool: which notice goes over which channel, at which level and when, and what became of it."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.decisions import Decision
from alerts.dispatch import Answer, Delivery, Notice, NoticeKind
from alerts.routing import AT_ONCE, Planned
from alerts.standing import Standing
from sensors.readings import epoch_ms, from_epoch_ms
from storage.spool_notices import NOTICE, SpoolFile, UnreadableNotice, read_notice
from storage.spool_past import SpoolPast
from storage.spool_standing import changed_standing, read_standing, write_standing
from storage.spool_turns import Durability

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
class Told:
    """A notice that people are told of as planned; nobody where nothing is planned."""

    notice: Notice | UnreadableNotice
    at: datetime
    planned: Sequence[Planned] = ()
    decision: Decision = field(default_factory=Decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A notice that is held back as the decision says."""

    notice: Notice
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One telling and how it stands, for those who ask. `number` is what it is tried again by."""

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


class SpoolDeliveries(SpoolFile):
    """Keeps `alerts.dispatch.Outbox`, what the router plans, and what people ask about deliveries.

    What is written here survives our own end. A power cut may undo it: then it is planned, or sent, once more.
    """

    # The router's side.

    def to_plan(self, *, now: datetime, limit: int) -> Sequence[Notice | UnreadableNotice]:
        """Return the notices that nobody has planned, and held ones whose time came: urgent first, then in order."""
        rows = self._db.execute(
            f"SELECT {NOTICE} FROM outbox o WHERE o.plan = 'new' OR (o.plan = 'held' AND o.look_ms <= ?)"  # noqa: S608 - names are ours
            " ORDER BY o.urgent DESC, o.id LIMIT ?",
            (epoch_ms(now), limit),
        )
        return [read_notice(row) for row in rows.fetchall()]

    def settle(self, outcomes: Iterable[Told | Held]) -> None:
        """Write down what becomes of notices, all in one transaction.

        An end and an acknowledgement stop the further levels of their alert.
        """
        with self._transaction(_AGAIN_IF_LOST) as db:
            for outcome in outcomes:
                if isinstance(outcome, Held):
                    _hold(db, outcome)
                else:
                    _tell(db, outcome)

    def told(self, alert_id: str) -> frozenset[str]:
        """Return the channels that were told of an alert, or are still tried to be."""
        rows = self._db.execute(
            "SELECT DISTINCT channel FROM tellings WHERE alert_id = ? AND state IN ('done', 'waiting', 'retry')"
            " AND (level = 0 OR state = 'done')",
            (alert_id,),
        )
        return frozenset(row[0] for row in rows.fetchall())

    def shift(self, by: timedelta, *, clock_before: datetime) -> None:
        """Move what waits along with a clock that was set: back all of it, ahead only what was not due yet.

        What was tried and failed is left to come sooner than planned.
        """
        moved, before = by // timedelta(milliseconds=1), epoch_ms(clock_before)
        ahead = "AND state = 'waiting' AND due_ms > ?" if moved > 0 else "AND ? >= 0"
        with self._transaction(_AGAIN_IF_LOST) as db:
            query = f"UPDATE tellings SET due_ms = max(0, due_ms + ?) WHERE state IN ('waiting', 'retry') {ahead}"  # noqa: S608 - names are ours
            db.execute(query, (moved, before))
            if moved < 0:
                db.execute("UPDATE outbox SET look_ms = max(0, look_ms + ?) WHERE plan = 'held'", (moved,))

    def reroute(self, channels: Iterable[str]) -> int:
        """Plan anew what waits for a channel that is no more; return how many notices that are."""
        known = json.dumps(list(channels))
        gone = " state IN ('waiting', 'retry') AND channel NOT IN (SELECT value FROM json_each(?))"
        anew = f"UPDATE outbox SET plan = 'new' WHERE kind = 'raised' AND id IN (SELECT outbox_id FROM tellings WHERE{gone})"  # noqa: S608, E501 - names are ours
        with self._transaction(_AGAIN_IF_LOST) as db:
            count = db.execute(anew, (known,)).rowcount
            given_up = "UPDATE tellings SET state = 'dead', detail = 'the channel is gone from the settings' WHERE"
            db.execute(given_up + gone, (known,))
            return count

    # A channel's side.

    def due(self, channel: str, *, now: datetime, limit: int) -> Sequence[Notice]:
        """Return the notices that this channel should try now: urgent first, those of one alert in order."""
        rows = self._db.execute(
            f"SELECT {NOTICE}, {_AGAIN} FROM tellings d JOIN outbox o ON o.id = d.outbox_id"  # noqa: S608 - names are ours
            " WHERE d.channel = ? AND d.state IN ('waiting', 'retry') AND d.due_ms <= ?"
            " AND NOT EXISTS (SELECT 1 FROM tellings e WHERE e.alert_id = d.alert_id AND e.channel = d.channel"
            "  AND e.state IN ('waiting', 'retry') AND (e.outbox_id, e.level) < (d.outbox_id, d.level))"
            " ORDER BY d.urgent DESC, d.outbox_id LIMIT ?",
            (channel, epoch_ms(now), limit),
        ).fetchall()
        return [notice for row in rows if isinstance(notice := _due_notice(row), Notice)]

    def answered(self, channel: str, notice: Notice, answer: Answer, *, again: datetime | None, at: datetime) -> None:
        """Remember an attempt; what shall not be tried again is done or dead.

        Levels that fell due meanwhile are told by it too, for one word is enough.
        """
        arrived = again is None and answer.delivery is Delivery.DONE
        state = DeliveryState.RETRY if again is not None else DeliveryState.DONE if arrived else DeliveryState.DEAD
        again_ms = 0 if again is None else epoch_ms(again)
        where = (notice.number, channel, notice.level)
        with self._transaction(_AGAIN_IF_LOST) as db:
            db.execute(
                "UPDATE tellings SET attempts = attempts + 1, state = ?, due_ms = ?, detail = ?"
                " WHERE outbox_id = ? AND channel = ? AND level = ? AND state <> 'stopped'",
                (state.value, again_ms, answer.detail, *where),
            )
            if arrived:
                _overtake(db, notice, channel, at)

    def unplanned(self) -> frozenset[int]:
        """Return the urgent notices that nobody has planned yet."""
        query = "SELECT id FROM outbox WHERE plan = 'new' AND urgent = 1 AND kind = 'raised'"
        return frozenset(row[0] for row in self._db.execute(query).fetchall())

    def take(self, channel: str, numbers: Iterable[int]) -> None:
        """Let a channel tell notices that nobody planned, at once; the plan does not tell them there again."""
        with self._transaction(_AGAIN_IF_LOST) as db:
            db.executemany(
                "INSERT OR IGNORE INTO tellings (outbox_id, alert_id, channel, level, urgent, due_ms, reason)"
                " SELECT id, alert_id, ?, 0, urgent, 0, 'nobody planned it' FROM outbox WHERE id = ?",
                [(channel, number) for number in numbers],
            )

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
        """Keep what the records say of silences, drills and the like, for when they are away."""
        changed = changed_standing(self._db, standing)
        if changed:
            with self._transaction(_AGAIN_IF_LOST) as db:
                write_standing(db, changed)

    def standing(self) -> Standing:
        """Return what was last said of silences, drills and the like, and which alerts a person has seen."""
        return read_standing(self._db)

    def past(self, now: datetime) -> SpoolPast:
        """Return what was before, with what the transaction under way has written."""
        return SpoolPast(self._db, now)

    @property
    def steps_heard(self) -> int:
        """Return the number of the last step of an alert that was heard of from the records."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'steps_heard'").fetchone()
        return 0 if row is None else int(row[0])

    def hear(self, seen: Mapping[str, datetime], *, up_to: int) -> None:
        """Remember which alerts a person has seen or ended, and stop their further levels."""
        with self._transaction(_AGAIN_IF_LOST) as db:
            rows = [(alert_id, epoch_ms(at)) for alert_id, at in seen.items()]
            ours = "WHERE EXISTS (SELECT 1 FROM outbox WHERE alert_id = ?1)"
            db.executemany(f"INSERT OR IGNORE INTO acknowledged SELECT ?1, ?2 {ours}", rows)
            for alert_id in seen:
                _stop(db, alert_id, "acknowledged")
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


def _hold(db: sqlite3.Connection, held: Held) -> None:
    again, why = held.decision.look_again, held.decision.held
    look_ms, plan = (0, "planned") if again is None else (epoch_ms(again), "held")
    query = "UPDATE outbox SET plan = ?, look_ms = ?, held = ?, held_by = ? WHERE id = ?"
    db.execute(query, (plan, look_ms, "" if why is None else why.value, held.decision.by, held.notice.number))


def _tell(db: sqlite3.Connection, told: Told) -> None:
    notice, decision, told_ms = told.notice, told.decision, epoch_ms(told.at)
    join_ms = told_ms if decision.group_until is None else epoch_ms(decision.group_until)
    db.execute(
        "UPDATE outbox SET plan = 'planned', held = '', held_by = '', told_ms = ?, drill = ?, flapping = ?, joined = ?,"
        " join_ms = ? WHERE id = ?",
        (
            told_ms if told.planned else 0,
            decision.drill,
            decision.flapping,
            decision.group,
            join_ms,
            notice.number,
        ),
    )
    if isinstance(notice, UnreadableNotice):
        return
    if notice.kind in {NoticeKind.CLEARED, NoticeKind.ACKNOWLEDGED}:
        _stop(db, notice.alert_id, notice.kind.value)
    db.executemany(
        "INSERT OR IGNORE INTO tellings (outbox_id, alert_id, channel, level, urgent, due_ms, reason)"
        " SELECT id, alert_id, ?, ?, urgent, ?, ? FROM outbox WHERE id = ?",
        [(each.channel, each.level, epoch_ms(each.due), each.reason, notice.number) for each in told.planned],
    )


def _stop(db: sqlite3.Connection, alert_id: str, why: str) -> int:
    return db.execute(
        "UPDATE tellings SET state = 'stopped', detail = ? WHERE alert_id = ? AND level > 0"
        " AND state IN ('waiting', 'retry')",
        (why, alert_id),
    ).rowcount


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
