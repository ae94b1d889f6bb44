"""What people wrote down, for the rules in the ingest process: read now and then, never waited for.

While the records are away the last that was known of them serves, and counts as not known: a rule then speaks with a
doubt. The records are opened in this thread, and not before ingest has long begun: that takes longer than its start.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

import structlog

from alerts.logs.ports import LogReader
from alerts.watch.facts import NO_FACTS, Facts, read_facts
from sensors.clock import Clock
from sensors.topology import SiteId

READ_EVERY_S = 30.0
STOP_S = 5.0


class Records(Protocol):
    """The part of the records that is read."""

    def transaction(self) -> AbstractContextManager[LogReader]:
        """Return a transaction."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


class Written(threading.Thread):
    """Owns the connection to the records; `facts` is what was read last."""

    def __init__(self, records: Callable[[], Records], *, site: Callable[[], SiteId], clock: Clock) -> None:
        """Prepare; nothing is known yet."""
        super().__init__(name="written", daemon=True)
        self._open, self._site, self._clock = records, site, clock
        self._stopping = threading.Event()
        self._log = structlog.get_logger(__name__)
        self.facts: Facts = NO_FACTS

    def stop(self) -> None:
        """Read nothing new and wait for what is under way."""
        self._stopping.set()
        self.join(STOP_S)

    def run(self) -> None:
        """Read until told to stop."""
        records: Records | None = None
        while not self._stopping.wait(READ_EVERY_S):
            try:
                records = records or self._open()
                self.read(records)
            except Exception as exc:  # noqa: BLE001 - a task's boundary: whatever ails the records, the rules go on
                if self.facts.known:
                    self._log.warning("facts_unknown", reason=f"{type(exc).__name__}: {exc}"[:300])
                self.facts = replace(self.facts, known=False)
        if records is not None:
            records.close()

    def read(self, records: Records) -> None:
        """Take what the records say for the facts; the same again stays the same."""
        site, now = self._site(), self._clock.now()
        with records.transaction() as tx:
            read = read_facts(tx, site, since=now, until=now)
        if read != self.facts:
            self.facts = read
