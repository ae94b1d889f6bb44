"""Two nodes that share their records: one sends, the other waits with its plan, and a doubt sends.

The one that waits still sends what has been due for a while and what nobody is known to have sent: the other may hold
the lease and hear nothing, or have a channel that fails.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from alerts.turns import RENEW_EVERY, STANDS_STILL, Lease, Seen, looked, may_take, taken
from sensors.clock import Clock
from storage.spool_deliveries import SpoolDeliveries

PURPOSE = "alerts"

WAITED_LONG = timedelta(seconds=10)
"""What has been due for so long and was sent by nobody, the waiting node sends. The project's own choice."""

REMEMBERED = 10_000
"""What was sent and not yet told to the other node; beyond it the oldest is forgotten, and may be sent twice."""

KEYS_AT_ONCE = 500
KEPT = timedelta(days=30)


class LeaseTransaction(Protocol):
    """What nodes tell each other through the records."""

    def lease(self, site: str, purpose: str) -> Lease | None:
        """Return whose turn it is."""
        ...

    def take_lease(self, site: str, purpose: str, found: Lease | None, taken: Lease) -> bool:
        """Put `taken` in the place of what was found; say whether it was still there."""
        ...

    def note_sent(self, sent: Sequence[tuple[str, str]], *, node: str, at: datetime) -> None:
        """Remember keys and channels of what a node has sent."""
        ...

    def sent_among(self, wanted: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Return those that some node has sent."""
        ...

    def forget_sent(self, before: datetime) -> None:
        """Forget what was sent before a time."""
        ...


class LeaseRecords(Protocol):
    """Records that nodes share."""

    def transaction(self) -> AbstractContextManager[LeaseTransaction]:
        """Return a transaction."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


class Leases:
    """Keeps the `Turn` of the senders, and is the work of a thread of its own that renews and compares notes."""

    def __init__(
        self,
        spool: Path,
        *,
        records: Callable[[], LeaseRecords],
        site: str,
        node: str,
        clock: Clock,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Speak for `node`; the spool is where its plan is."""
        self._spool = spool
        self._open = records
        self._site = site
        self._node = node
        self._clock = clock
        self._steady = steady
        self._seen = Seen()
        self._next_s = float("-inf")
        self._is_other_sending = False
        self._heard_s = float("-inf")
        self._sent: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()
        self._records: LeaseRecords | None = None
        self._deliveries: SpoolDeliveries | None = None
        self._log = structlog.get_logger(__name__)

    # The senders' side.

    def patience(self) -> timedelta:
        """Return how long what is due is left to the other node: not at all where it is our turn, or in doubt."""
        is_fresh = self._steady() - self._heard_s < STANDS_STILL.total_seconds()
        return WAITED_LONG if self._is_other_sending and is_fresh else timedelta(0)

    def sent(self, key: str, channel: str) -> None:
        """Note what was sent, for the other node."""
        with self._lock:
            self._sent.append((key, channel))

    # The thread's side.

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Tell what was sent; when it is time renew or look, and learn what the other has sent."""
        is_time = self._steady() >= self._next_s
        if stopping() or not (is_time or self._sent):
            return False
        if is_time:
            self._next_s = self._steady() + RENEW_EVERY.total_seconds()
        try:
            self._compare_notes(is_time=is_time)
        except BaseException:
            self._doubt()
            raise
        return False

    def close(self) -> None:
        """Let go of the records and the spool; the lease runs out by itself."""
        for each in (self._records, self._deliveries):
            if each is not None:
                each.close()
        self._records = None

    def _compare_notes(self, *, is_time: bool) -> None:
        if self._records is None:
            self._records = self._open()
        if self._deliveries is None:
            self._deliveries = SpoolDeliveries(self._spool)
        with self._lock:
            sent = list(self._sent)
        due = self._deliveries.keys_due(now=self._clock.now(), limit=KEYS_AT_ONCE)
        with self._records.transaction() as tx:
            if sent:
                tx.note_sent(sent, node=self._node, at=self._clock.now())
            elsewhere = tx.sent_among(due) if due else ()
            is_ours = self._take_or_look(tx) if is_time else not self._is_other_sending
        with self._lock:
            for _ in sent:
                if self._sent:
                    self._sent.popleft()
        if elsewhere:
            self._deliveries.sent_elsewhere(elsewhere)
        # Only now, so that nothing of what the other sent goes out again.
        self._is_other_sending = not is_ours

    def _take_or_look(self, tx: LeaseTransaction) -> bool:
        """Return whether it is our turn."""
        found, now_s = tx.lease(self._site, PURPOSE), self._steady()
        self._seen = looked(self._seen, found, now_s)
        is_ours = False
        if may_take(self._seen, self._node, now_s):
            mine = taken(self._seen, self._node, self._clock.now())
            is_ours = tx.take_lease(self._site, PURPOSE, found, mine)
            if is_ours and (found is None or found.holder != self._node):
                tx.forget_sent(self._clock.now() - KEPT)
                self._log.warning("lease_taken", node=self._node, before=None if found is None else found.holder)
        self._heard_s = now_s
        return is_ours

    def _doubt(self) -> None:
        """Send, for nobody can say whether the other does."""
        self._is_other_sending = False
        records, self._records = self._records, None
        if records is not None:
            records.close()
