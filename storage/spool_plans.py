"""What the router writes into the spool: who is told of a notice, what is held back, when the next level is due."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.decisions import Decision
from alerts.dispatch import Notice, NoticeKind
from alerts.routing import Planned
from sensors.readings import epoch_ms, from_epoch_ms
from storage.spool_notices import NOTICE, SpoolFile, UnreadableNotice, read_notice
from storage.spool_past import SpoolPast
from storage.spool_turns import Durability

_AGAIN_IF_LOST = Durability.THROUGH_OUR_END

_IS_OVER = (
    "EXISTS (SELECT 1 FROM outbox c WHERE c.alert_id = o.alert_id AND c.kind = 'cleared' AND c.plan = 'planned')"
    " AND NOT EXISTS (SELECT 1 FROM open_signals s WHERE s.mark = o.mark)"
)

LEFT_AT_ONCE = 1_000
"""How much of what the router left lying the channels look at; what is behind it has its turn afterwards."""

LEVEL_TAKEN_AGAIN = timedelta(minutes=10)
"""How long after a level that the router left lying the channels look for its next. The project's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice that people are told of as planned; nobody where nothing is planned.

    `start` is what its levels are counted from, `climb` when the next is due; None where none follows.
    """

    notice: Notice | UnreadableNotice
    at: datetime
    planned: Sequence[Planned] = ()
    decision: Decision = field(default_factory=Decision)
    start: datetime | None = None
    climb: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A notice that is held back as the decision says."""

    notice: Notice
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """A notice whose next level is due: its number, what levels are counted from, and since when it is due.

    `is_over` says that its end was decided, and that it did not come back under another number meanwhile.
    """

    notice: Notice
    level: int
    start: datetime
    due: datetime
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Climbed:
    """Who is told at a level that fell due, and when the next is; `is_repeat` where it is told once more."""

    climb: Climb
    at: datetime
    planned: Sequence[Planned]
    next_due: datetime | None
    is_repeat: bool = False


class SpoolPlans(SpoolFile):
    """The router's side of the deliveries.

    What is written here survives our own end. A power cut may undo it: then it is planned, or sent, once more.
    """

    def to_plan(self, *, now: datetime, limit: int) -> Sequence[Notice | UnreadableNotice]:
        """Return the notices that nobody has planned, and held ones whose time came: urgent first, then in order."""
        rows = self._db.execute(
            f"SELECT {NOTICE} FROM outbox o WHERE o.id IN (SELECT id FROM"  # noqa: S608 - names are ours
            " (SELECT id FROM outbox WHERE plan = 'new' ORDER BY urgent DESC, id LIMIT ?1) UNION ALL SELECT id FROM"
            " (SELECT id FROM outbox WHERE plan = 'held' AND look_ms <= ?2 ORDER BY urgent DESC, id LIMIT ?1))"
            " ORDER BY o.urgent DESC, o.id LIMIT ?1",
            (limit, epoch_ms(now)),
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

    def to_climb(self, *, now: datetime, limit: int) -> Sequence[Climb]:
        """Return the alerts whose next level is due: urgent first, then by when."""
        where = "o.climb_ms > 0 AND o.climb_ms <= ? ORDER BY o.urgent DESC, o.climb_ms LIMIT ?"
        return self._climbs(where, (epoch_ms(now), limit))

    def climbing(self, alert_id: str) -> Climb | None:
        """Return the next level of an alert, None where there is none."""
        where = "o.alert_id = ? AND o.kind = 'raised' AND o.climb_ms > 0"
        return next(iter(self._climbs(where, (alert_id,))), None)

    def climb(self, climbed: Iterable[Climbed]) -> None:
        """Write down who is told at levels that fell due, in one transaction; not where that was stopped meanwhile."""
        with self._transaction(_AGAIN_IF_LOST) as db:
            for each in climbed:
                _climb(db, each)

    def look_at_levels(self, now: datetime) -> None:
        """Have the next level of every alert looked at soon, for the plan may be another."""
        with self._transaction(_AGAIN_IF_LOST) as db:
            db.execute("UPDATE outbox SET climb_ms = ?1 WHERE climb_ms > ?1", (epoch_ms(now) + 1,))

    def shift(self, by: timedelta, *, clock_before: datetime) -> None:
        """Move what waits along with a clock that was set: back all of it, ahead only what was not due yet.

        What was tried and failed is left to come sooner than planned.
        """
        moved, before = by // timedelta(milliseconds=1), epoch_ms(clock_before)
        ahead = "AND state = 'waiting' AND due_ms > ?" if moved > 0 else "AND ? >= 0"
        with self._transaction(_AGAIN_IF_LOST) as db:
            query = f"UPDATE tellings SET due_ms = max(0, due_ms + ?) WHERE state IN ('waiting', 'retry') {ahead}"  # noqa: S608 - names are ours
            db.execute(query, (moved, before))
            db.execute(
                "UPDATE outbox SET climb_ms = max(1, climb_ms + ?1), from_ms = max(1, from_ms + ?1)"
                " WHERE climb_ms > 0 AND (?1 < 0 OR climb_ms > ?2)",
                (moved, before),
            )
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

    def past(self, now: datetime) -> SpoolPast:
        """Return what was before."""
        return SpoolPast(self._db, now)

    # What the router left lying.

    def unplanned(self) -> frozenset[int]:
        """Return the urgent notices that nobody has planned yet."""
        query = "SELECT id FROM outbox WHERE plan = 'new' AND urgent = 1 AND kind = 'raised' ORDER BY id LIMIT ?"
        return frozenset(row[0] for row in self._db.execute(query, (LEFT_AT_ONCE,)).fetchall())

    def take(self, channel: str, numbers: Iterable[int]) -> None:
        """Let a channel tell notices that nobody planned, at once; the plan does not tell them there again."""
        with self._transaction(_AGAIN_IF_LOST) as db:
            db.executemany(
                "INSERT OR IGNORE INTO tellings (outbox_id, alert_id, channel, level, urgent, due_ms, reason)"
                " SELECT id, alert_id, ?, 0, urgent, 0, 'nobody planned it' FROM outbox WHERE id = ?",
                [(channel, number) for number in numbers],
            )

    def unclimbed(self, *, now: datetime) -> frozenset[int]:
        """Return the urgent notices whose next level is due and was written by nobody yet."""
        query = "SELECT id FROM outbox WHERE urgent = 1 AND climb_ms > 0 AND climb_ms <= ? ORDER BY climb_ms LIMIT ?"
        return frozenset(row[0] for row in self._db.execute(query, (epoch_ms(now), LEFT_AT_ONCE)).fetchall())

    def take_levels(self, numbers: Iterable[int], *, now: datetime) -> None:
        """Tell notices whose next level nobody wrote to all who were told at first, and look again in a while."""
        now_ms, again_ms = epoch_ms(now), epoch_ms(now + LEVEL_TAKEN_AGAIN)
        with self._transaction(_AGAIN_IF_LOST) as db:
            for number in numbers:
                query = "UPDATE outbox SET climb_ms = ? WHERE id = ? AND climb_ms > 0 AND climb_ms <= ?"
                if db.execute(query, (again_ms, number, now_ms)).rowcount:
                    db.execute(
                        "INSERT OR IGNORE INTO tellings (outbox_id, alert_id, channel, level, urgent, due_ms, reason)"
                        " SELECT outbox_id, alert_id, channel,"
                        " (SELECT max(level) + 1 FROM tellings WHERE outbox_id = ?1), urgent, 0, 'nobody planned it'"
                        " FROM tellings WHERE outbox_id = ?1 AND level = 0",
                        (number,),
                    )

    def _climbs(self, where: str, values: Sequence[object]) -> Sequence[Climb]:
        level = "(SELECT coalesce(max(level), 0) + 1 FROM tellings d WHERE d.outbox_id = o.id)"
        query = f"SELECT o.from_ms, o.climb_ms, {level}, {_IS_OVER}, {NOTICE} FROM outbox o WHERE {where}"  # noqa: S608 - names are ours
        return [
            Climb(
                notice=notice,
                level=level,
                start=from_epoch_ms(from_ms),
                due=from_epoch_ms(climb_ms),
                is_over=bool(is_over),
            )
            for from_ms, climb_ms, level, is_over, *row in self._db.execute(query, values).fetchall()
            if isinstance(notice := read_notice(row), Notice)
        ]


def stop_levels(db: sqlite3.Connection, alert_id: str, why: str) -> None:
    """Stop the further levels of an alert, within the caller's transaction; the first word still arrives."""
    db.execute("UPDATE outbox SET climb_ms = 0 WHERE alert_id = ? AND climb_ms > 0", (alert_id,))
    db.execute(
        "UPDATE tellings SET state = 'stopped', detail = ? WHERE alert_id = ? AND level > 0"
        " AND state IN ('waiting', 'retry')",
        (why, alert_id),
    )


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
        " join_ms = ?, from_ms = ?, climb_ms = ? WHERE id = ?",
        (
            told_ms if told.planned else 0,
            decision.drill,
            decision.flapping,
            decision.group,
            join_ms,
            told_ms if told.start is None else epoch_ms(told.start),
            0 if told.climb is None else epoch_ms(told.climb),
            notice.number,
        ),
    )
    if isinstance(notice, UnreadableNotice):
        return
    if notice.kind in {NoticeKind.CLEARED, NoticeKind.ACKNOWLEDGED}:
        stop_levels(db, notice.alert_id, notice.kind.value)
    _write(db, notice, told.planned)


def _climb(db: sqlite3.Connection, climbed: Climbed) -> None:
    notice = climbed.climb.notice
    next_ms = 0 if climbed.next_due is None else epoch_ms(climbed.next_due)
    if db.execute("UPDATE outbox SET climb_ms = ? WHERE id = ? AND climb_ms > 0", (next_ms, notice.number)).rowcount:
        _write(db, notice, climbed.planned)
        if climbed.is_repeat:
            db.execute("UPDATE outbox SET told_ms = ? WHERE id = ?", (epoch_ms(climbed.at), notice.number))


def _write(db: sqlite3.Connection, notice: Notice, planned: Iterable[Planned]) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO tellings (outbox_id, alert_id, channel, level, urgent, due_ms, reason)"
        " SELECT id, alert_id, ?, ?, urgent, ?, ? FROM outbox WHERE id = ?",
        [(each.channel, each.level, epoch_ms(each.due), each.reason, notice.number) for each in planned],
    )
