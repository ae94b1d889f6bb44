"""The projector: brings notices into the records, and hears from the records what people did about alerts."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from alerts.dispatch import Notice, project
from alerts.model import Alert
from alerts.ports import AlertTransaction
from alerts.standing_commands import bring_in_line, keeps_standing, out_of_line
from ingest.repeats import Repeats
from premises.notices.explained import Explained
from premises.notices.mirror import HeardRecords, Mirror
from sensors.clock import Clock
from sensors.readings import epoch_ms
from storage.spool_notices import UnreadableNotice
from storage.spool_outbox import SpoolOutbox

PROJECTED_AT_ONCE = 50
"""Notices of one transaction of the records: it keeps their other writers waiting for some fifty milliseconds at most.
"""

IN_LINE_EVERY = timedelta(seconds=30)
"""How late an alert may come off its shelf in the console. The project's own choice; people are told on time."""

REFUSED_AGAIN_S, REFUSED_AGAIN_MOST_S = 1.0, 60.0
"""How long what the records refuse steps back, so that others go on: at first, and after many times."""

TIDY_EVERY = timedelta(hours=1)
HEAR_EVERY_S = 0.9
"""How often the records are asked what people did: at every look, but not at every fire of many."""


class Records(HeardRecords, Protocol):
    """The part of the records that alerts are projected into, and that is asked what people did."""

    def transaction(self) -> AbstractContextManager[AlertTransaction]:
        """Return a transaction, committed when it is left without an exception."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


OpenRecords = Callable[[], Records]


class _Refused:
    """Alerts that the records refuse, each with when it is tried again and the wait before that. Kept in memory."""

    def __init__(self) -> None:
        self._alerts: dict[str, tuple[float, float]] = {}

    def stepped_back(self) -> Sequence[str]:
        now = time.monotonic()
        return [alert_id for alert_id, (again, _) in self._alerts.items() if now < again]

    def add(self, alert_id: str) -> None:
        _, before = self._alerts.get(alert_id, (0.0, 0.0))
        wait = min(max(2 * before, REFUSED_AGAIN_S), REFUSED_AGAIN_MOST_S)
        self._alerts[alert_id] = (time.monotonic() + wait, wait)

    def forget(self, alert_ids: Iterable[str]) -> None:
        for alert_id in alert_ids:
            self._alerts.pop(alert_id, None)


class Projector:
    """Writes into the records what the outbox tells, in order."""

    def __init__(self, spool: Path, records: OpenRecords, clock: Clock) -> None:
        """Bring the outbox in `spool` into the records, which are opened when they are first needed."""
        self._spool = spool
        self._open_records = records
        self._clock = clock
        self._outbox: SpoolOutbox | None = None
        self._records: Records | None = None
        self._tidied: datetime | None = None
        self._in_line: datetime | None = None
        self._repeats = Repeats()
        self._refused = _Refused()
        self._mirror = Mirror(spool, clock)
        self._explained = Explained(spool, clock)
        self._heard_s = float("-inf")
        self._log = structlog.get_logger(__name__)

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Write what waits, then hear what people did. Records that are away end the pass.

        A notice that they refuse holds back only its alert, which steps back for a while.
        """
        if self._outbox is None:
            self._outbox = SpoolOutbox(self._spool)
        self._tidy(self._outbox)
        waiting = self._outbox.to_project(limit=PROJECTED_AT_ONCE, but=self._refused.stepped_back())
        is_there = self._written_together(self._outbox, waiting) or self._written_singly(
            self._outbox, waiting, stopping
        )
        self._hear()
        return len(waiting) == PROJECTED_AT_ONCE and is_there

    def close(self) -> None:
        """Let go of the outbox and the records."""
        if self._outbox is not None:
            self._outbox.close()
        self._mirror.close()
        self._explained.close()
        if self._records is not None:
            self._records.close()

    def _written_together(self, outbox: SpoolOutbox, waiting: Sequence[Notice | UnreadableNotice]) -> bool:
        """Say whether the records have all of them, written as one; where one fails each has to be tried by itself."""
        notices = [notice for notice in waiting if isinstance(notice, Notice)]
        if len(notices) < len(waiting) or not notices:
            return False
        try:
            with self._opened().transaction() as tx:
                alerts = [project(tx, notice) for notice in notices]
        except Exception:  # noqa: BLE001 - a task's boundary: what ails one of them is said where each is tried
            return False
        self._pass_on(outbox, notices, alerts)
        return True

    def _written_singly(
        self, outbox: SpoolOutbox, waiting: Sequence[Notice | UnreadableNotice], stopping: Callable[[], bool]
    ) -> bool:
        """Say whether the records are there; where they are away it ends. What they refuse steps back."""
        held: set[str] = set()
        for notice in waiting:
            if stopping():
                break
            if isinstance(notice, UnreadableNotice):
                self._give_up(outbox, notice)
            elif notice.alert_id not in held and not self._written(outbox, notice):
                if not self._records_answer():
                    return False
                held.add(notice.alert_id)
                self._refused.add(notice.alert_id)
        return True

    def _written(self, outbox: SpoolOutbox, notice: Notice) -> bool:
        """Say whether the records have the notice; a crash behind their commit only makes us write it again."""
        try:
            with self._opened().transaction() as tx:
                alert = project(tx, notice)
        except Exception as exc:  # noqa: BLE001 - a task's boundary: whatever ails the records, notices go on and this one comes again
            self._say("alert_not_recorded", exc, notice=notice.key)
            return False
        self._pass_on(outbox, [notice], [alert])
        return True

    def _pass_on(self, outbox: SpoolOutbox, notices: Sequence[Notice], alerts: Sequence[Alert | None]) -> None:
        for notice, alert in zip(notices, alerts, strict=True):
            if alert is not None and alert.id != notice.alert_id:
                outbox.raised_anew(notice, alert.id)
            self._log.info("alert_recorded", notice=notice.key, alert=None if alert is None else alert.id)
        self._refused.forget(notice.alert_id for notice in notices)
        outbox.projected(*(notice.number for notice in notices))

    def _opened(self) -> Records:
        if self._records is None:
            self._records = self._open_records()
        return self._records

    def _hear(self) -> None:
        """Hear from the records who has seen what, and what is silenced; without them what was heard still stands."""
        if time.monotonic() - self._heard_s < HEAR_EVERY_S:
            return
        self._heard_s = time.monotonic()
        try:
            self._keep_in_line(self._opened())
            self._mirror.hear(self._opened())
            self._explained.follow(self._opened())
        except Exception as exc:  # noqa: BLE001 - a task's boundary: who cannot be heard stops nothing, so people go on being told
            self._say("alerts_not_heard", exc)

    def _keep_in_line(self, records: Records) -> None:
        """Bring alerts back whose shelf is over, and follow what went out of service, once in a while."""
        now = self._clock.now()
        if self._in_line is not None and timedelta(0) <= now - self._in_line < IN_LINE_EVERY:
            return
        with records.reading() as tx:
            is_crooked = keeps_standing(tx) and bool(out_of_line(tx, now))
        if is_crooked:
            with records.transaction() as writing:
                moved = bring_in_line(writing, clock=self._clock) if keeps_standing(writing) else 0
            self._log.info("alerts_brought_in_line", alerts=moved)
        self._in_line = now

    def _records_answer(self) -> bool:
        """Say whether the records are there at all, so that one notice that they refuse is not taken for all."""
        try:
            if self._records is None:
                return False
            with self._records.transaction():
                return True
        except Exception:  # noqa: BLE001 - a task's boundary: away is away, whatever the reason
            return False

    def _say(self, what: str, exc: Exception, **more: str) -> None:
        reason = f"{type(exc).__name__}: {exc}"[:300]
        held = self._repeats.due(f"{what}:{type(exc).__name__}", epoch_ms(self._clock.now()))
        if held is not None:
            self._log.warning(what, reason=reason, held=held, **more)

    def _give_up(self, outbox: SpoolOutbox, notice: UnreadableNotice) -> None:
        self._log.error("notice_unreadable", number=notice.number, detail=notice.detail)
        outbox.projected(notice.number)

    def _tidy(self, outbox: SpoolOutbox) -> None:
        now = self._clock.now()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            outbox.forget_old(now)
            self._tidied = now
