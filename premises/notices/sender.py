"""One channel's thread: what is due goes out, and what is red and planned by nobody goes out all the same."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from alerts.dispatch import Attempt, Channel, Delivery, dispatch
from sensors.clock import Clock
from storage.spool_deliveries import SpoolDeliveries

UNPLANNED_S = 2.0
"""How long the router has for what is red, before every channel tells it by itself."""


class Turn(Protocol):
    """Whose turn it is to send, where two nodes see the same."""

    def patience(self) -> timedelta:
        """Return how long what is due is left to the other node: not at all where it is our turn, or in doubt."""
        ...

    def sent(self, key: str, channel: str) -> None:
        """Hear of what was sent, to let the other node know."""
        ...


class AlwaysOurs:
    """There is one node only."""

    def patience(self) -> timedelta:
        """Leave nothing to others."""
        return timedelta(0)

    def sent(self, key: str, channel: str) -> None:
        """Tell nobody."""


@dataclass(frozen=True, slots=True)
class _Behind:
    """A clock that lags, so that what is due only now is left to the other node for a while."""

    clock: Clock
    by: timedelta

    def now(self) -> datetime:
        return self.clock.now() - self.by


class Sender:
    """Sends what is due on one channel."""

    def __init__(
        self,
        spool: Path,
        channel: Channel,
        clock: Clock,
        *,
        turn: Turn | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Send over `channel` what is planned in `spool`."""
        self.name = channel.name
        self._spool = spool
        self._channel = channel
        self._clock = clock
        self._turn = turn or AlwaysOurs()
        self._steady = steady
        self._unplanned: dict[int, float] = {}
        self._unclimbed: dict[int, float] = {}
        self._deliveries: SpoolDeliveries | None = None
        self._log = structlog.get_logger(__name__)

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Try everything that is due once."""
        if self._deliveries is None:
            self._deliveries = SpoolDeliveries(self._spool)
        self._take_unplanned(self._deliveries)
        clock = _Behind(self._clock, self._turn.patience())
        attempts = dispatch(self._deliveries, self._channel, clock=self._clock, due_by=clock, stopping=stopping)
        self._tell(attempts)
        return bool(attempts)

    def close(self) -> None:
        """Let go of the spool."""
        if self._deliveries is not None:
            self._deliveries.close()

    def _take_unplanned(self, deliveries: SpoolDeliveries) -> None:
        """Take what is red and has waited too long for the router, by a clock that nobody sets."""
        self._unplanned = self._waiting_since(self._unplanned, deliveries.unplanned())
        late = self._late(self._unplanned)
        if late:
            deliveries.take(self.name, late)
            self._say_unplanned(late, "notices")
        now = self._clock.now()
        self._unclimbed = self._waiting_since(self._unclimbed, deliveries.unclimbed(now=now))
        late = self._late(self._unclimbed)
        if late:
            deliveries.take_levels(late, now=now)
            self._say_unplanned(late, "levels")

    def _waiting_since(self, before: dict[int, float], waiting: frozenset[int]) -> dict[int, float]:
        now = self._steady()
        return {number: before.get(number, now) for number in waiting}

    def _late(self, since: dict[int, float]) -> list[int]:
        now = self._steady()
        return [number for number, at in since.items() if now - at >= UNPLANNED_S]

    def _say_unplanned(self, late: list[int], what: str) -> None:
        self._log.error("notices_unplanned", channel=self.name, what=what, count=len(late), instead="sent on its own")

    def _tell(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            notice, answer = attempt.notice, attempt.answer
            told = {"channel": self.name, "notice": notice.key, "attempt": notice.attempts + 1, "answer": answer.detail}
            if answer.delivery is Delivery.DONE:
                self._turn.sent(notice.key, self.name)
                self._log.info("notice_sent", **told)
            elif attempt.again is not None:
                self._log.warning("notice_delayed", again=attempt.again.isoformat(), **told)
            else:
                self._log.error("notice_lost", hint="see premises alerts undelivered", **told)
