"""The alert path of ingest: from the spool's outbox into the records and out to people.

One thread projects alerts into the records, one for each channel sends notices; a channel that hangs delays neither
the records nor another channel, and records that are away delay no notice.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from alerts.dispatch import Attempt, Channel, Delivery, Notice, dispatch, project
from alerts.ports import AlertTransaction
from ingest.repeats import Repeats
from sensors.clock import Clock
from sensors.readings import epoch_ms
from storage.spool_outbox import SpoolOutbox, UnreadableNotice

LOOK_S = 1.0
"""How often each thread looks by itself; a new signal wakes it at once."""

LONGEST_PAUSE_S = 10.0
STOP_S = 7.0
"""How long stopping waits for an attempt under way: a little longer than one may take."""

PROJECTED_AT_ONCE = 200
TIDY_EVERY = timedelta(hours=1)


class Records(Protocol):
    """The part of the records that alerts are projected into."""

    def transaction(self) -> AbstractContextManager[AlertTransaction]:
        """Return a transaction, committed when it is left without an exception."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


OpenRecords = Callable[[], Records]


class Alerting:
    """Owns the threads. Their number is that of the channels and one more; each has one piece of work at a time."""

    def __init__(self, spool: Path, *, channels: Sequence[Channel], records: OpenRecords, clock: Clock) -> None:
        """Prepare; the spool must have been opened once, so that its tables are there."""
        self._spool = spool
        self._channels = tuple(channels)
        projector = Projector(spool, records, clock)
        senders = (Sender(spool, channel, clock) for channel in self._channels)
        self._loops = (_Loop("projector", projector), *(_Loop(sender.name, sender) for sender in senders))

    def start(self) -> None:
        """Make the channels known, so that nothing that comes from now on is missed, and start the threads."""
        with closing(SpoolOutbox(self._spool)) as outbox:
            for channel in self._channels:
                outbox.register(channel.name)
        for loop in self._loops:
            loop.start()

    def wake(self) -> None:
        """Say that there is something new."""
        for loop in self._loops:
            loop.wake()

    def stop(self) -> None:
        """Begin nothing new, wait a little for what is under way; what is left goes out after the next start."""
        for loop in self._loops:
            loop.ask_to_stop()
        for loop in self._loops:
            loop.join(STOP_S)


class Work(Protocol):
    """What a thread does over and over."""

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Do what is due; say whether there may be more at once."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class _Loop(threading.Thread):
    """One thread: work, wait for a wake or a second, and again; a failure is logged and waited out."""

    def __init__(self, name: str, work: Work) -> None:
        super().__init__(name=f"alerting-{name}", daemon=True)
        self._work = work
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._log = structlog.get_logger(__name__).bind(part=name)

    def wake(self) -> None:
        self._awake.set()

    def ask_to_stop(self) -> None:
        self._stopping.set()
        self._awake.set()

    def run(self) -> None:
        failures = 0
        try:
            while not self._stopping.is_set():
                self._awake.clear()
                try:
                    more = self._work.pass_once(self._stopping.is_set)
                    failures = 0
                except Exception:  # noqa: BLE001 - a task's boundary: alerts go on whatever happened to this pass
                    failures += 1
                    more = False
                    self._log.exception("alerting_failed", failures=failures)
                if failures:
                    self._stopping.wait(min(LONGEST_PAUSE_S, LOOK_S * 2 ** min(failures - 1, 10)))
                elif not more:
                    self._awake.wait(LOOK_S)
        finally:
            self._work.close()


class Sender:
    """Sends what is due on one channel."""

    def __init__(self, spool: Path, channel: Channel, clock: Clock) -> None:
        """Send over `channel` what the outbox in `spool` holds."""
        self.name = channel.name
        self._spool = spool
        self._channel = channel
        self._clock = clock
        self._outbox: SpoolOutbox | None = None
        self._log = structlog.get_logger(__name__)

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Try everything that is due once."""
        if self._outbox is None:
            self._outbox = SpoolOutbox(self._spool)
        attempts = dispatch(self._outbox, self._channel, clock=self._clock, stopping=stopping)
        for attempt in attempts:
            self._tell(attempt)
        return bool(attempts)

    def close(self) -> None:
        """Let go of the outbox."""
        if self._outbox is not None:
            self._outbox.close()

    def _tell(self, attempt: Attempt) -> None:
        notice, answer = attempt.notice, attempt.answer
        told = {"channel": self.name, "notice": notice.key, "attempt": notice.attempts + 1, "answer": answer.detail}
        if answer.delivery is Delivery.DONE:
            self._log.info("notice_sent", **told)
        elif attempt.again is not None:
            self._log.warning("notice_delayed", again=attempt.again.isoformat(), **told)
        else:
            self._log.error("notice_lost", hint="look at the receiver and at [alerts] in premises.toml", **told)


class Projector:
    """Writes into the records what the outbox tells, each notice in a transaction of its own, in order."""

    def __init__(self, spool: Path, records: OpenRecords, clock: Clock) -> None:
        """Bring the outbox in `spool` into the records, which are opened when they are first needed."""
        self._spool = spool
        self._open_records = records
        self._clock = clock
        self._outbox: SpoolOutbox | None = None
        self._records: Records | None = None
        self._tidied: datetime | None = None
        self._repeats = Repeats()
        self._log = structlog.get_logger(__name__)

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Write what waits. Records that are away end the pass; a notice that they refuse holds back only its alert."""
        if self._outbox is None:
            self._outbox = SpoolOutbox(self._spool)
        self._tidy(self._outbox)
        waiting = self._outbox.to_project(limit=PROJECTED_AT_ONCE)
        held: set[str] = set()
        for notice in waiting:
            if stopping():
                break
            if isinstance(notice, UnreadableNotice):
                self._give_up(self._outbox, notice)
            elif notice.alert_id not in held and not self._written(self._outbox, notice):
                held.add(notice.alert_id)
                if not self._records_answer():
                    break
        return len(waiting) == PROJECTED_AT_ONCE and not held

    def close(self) -> None:
        """Let go of the outbox and the records."""
        if self._outbox is not None:
            self._outbox.close()
        if self._records is not None:
            self._records.close()

    def _written(self, outbox: SpoolOutbox, notice: Notice) -> bool:
        """Say whether the records have the notice; a crash behind their commit only makes us write it again."""
        try:
            if self._records is None:
                self._records = self._open_records()
            with self._records.transaction() as tx:
                alert = project(tx, notice)
        except Exception as exc:  # noqa: BLE001 - a task's boundary: whatever ails the records, notices go on and this one comes again
            self._tell_failure(notice, exc)
            return False
        if alert is not None and alert.id != notice.alert_id:
            outbox.raised_anew(notice, alert.id)
        outbox.projected(notice.number)
        self._log.info("alert_recorded", notice=notice.key, alert=None if alert is None else alert.id)
        return True

    def _records_answer(self) -> bool:
        """Say whether the records are there at all, so that one notice that they refuse is not taken for all."""
        try:
            if self._records is None:
                return False
            with self._records.transaction():
                return True
        except Exception:  # noqa: BLE001 - a task's boundary: away is away, whatever the reason
            return False

    def _tell_failure(self, notice: Notice, exc: Exception) -> None:
        held = self._repeats.due(type(exc).__name__, epoch_ms(self._clock.now()))
        if held is not None:
            self._log.warning(
                "alert_not_recorded", notice=notice.key, reason=f"{type(exc).__name__}: {exc}"[:300], held=held
            )

    def _give_up(self, outbox: SpoolOutbox, notice: UnreadableNotice) -> None:
        self._log.error("notice_unreadable", number=notice.number, detail=notice.detail)
        outbox.projected(notice.number)

    def _tidy(self, outbox: SpoolOutbox) -> None:
        now = self._clock.now()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            outbox.forget_old(now)
            self._tidied = now
