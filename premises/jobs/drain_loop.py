"""The thread that brings what ingest took in from the spool into the store."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from storage.drain import Target, drain
from storage.errors import StoreAwayError, StoreDeniedError
from storage.spool import SqliteSpool

QUIET_S = 0.5
"""How long readings may wait together before they are stored in one transaction."""

LAST_DRAIN_S = 10.0
LONGEST_WAIT_S = 30.0
LONGEST_ASKED_S = 300.0
"""How long a store may ask for patience and be given it."""

LOGGED_EVERY = 20
"""Of failures in a row that are all alike, every so many is logged after the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainStatus:
    """How the drain fares; `failure` is what went wrong at the last try, None when it went well.

    `held` says that only a person can mend it; it goes on by itself once that is done.
    """

    records: int = 0
    failures_in_a_row: int = 0
    failure: str | None = None
    held: bool = False


class DrainLoop:
    """Drains the spool every half second until it is stopped; what fails is logged and tried again, for ever."""

    def __init__(self, spool: Path, target: Target, *, chance: Callable[[], float] = random.random) -> None:
        """Prepare; `start` begins. `chance` (0 to 1) spreads what several servers try again."""
        self._path = spool
        self._target = target
        self._chance = chance
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drain")
        self._status = DrainStatus()
        self._asked_s: float | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def status(self) -> DrainStatus:
        """Return how it fares."""
        return self._status

    def start(self) -> None:
        """Begin to drain."""
        self._thread.start()

    def stop(self) -> None:
        """Drain what waits, for at most ten seconds, and end; at once where the store is away."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        # Ingest makes the file too; whoever comes first does.
        with closing(SqliteSpool(self._path)) as spool:
            while not self._stopping.is_set():
                self._once(spool, self._stopping.is_set)
                self._stopping.wait(self.pause_s())
            until = time.monotonic() + LAST_DRAIN_S
            if self._status.failure is None:
                self._once(spool, lambda: time.monotonic() > until)

    def _once(self, spool: SqliteSpool, stopping: Callable[[], bool]) -> None:
        before = self._status
        try:
            records = drain(spool, self._target, stopping=stopping) if spool.newest else 0
        except (StoreAwayError, StoreDeniedError) as exc:
            self._asked_s = exc.retry_after_s if isinstance(exc, StoreAwayError) else None
            self.failed(str(exc), held=isinstance(exc, StoreDeniedError))
        except Exception as exc:  # noqa: BLE001 - a task's boundary: what is not stored stays in the spool
            self._asked_s = None
            self._log.exception("drain_failed", failures_in_a_row=before.failures_in_a_row + 1)
            self.failed(str(exc), held=False, told=True)
        else:
            if before.failure is not None:
                self._log.info("drain_resumed", after_failures=before.failures_in_a_row)
            self._status = DrainStatus(records=before.records + records)

    def failed(self, words: str, *, held: bool, told: bool = False) -> None:
        """Note a failure, and log it where its words are new (`told` says that they are logged already)."""
        before = self._status
        again = before.failures_in_a_row + 1
        if not told and (words != before.failure or again % LOGGED_EVERY == 0):
            event = "drain_held" if held else "store_away"
            self._log.warning(event, detail=words, failures_in_a_row=again)
        self._status = replace(before, failures_in_a_row=again, failure=words, held=held)

    def pause_s(self) -> float:
        """Return how long to wait: longer with each failure, spread by a half, never less than the store asked for."""
        failures = self._status.failures_in_a_row
        if not failures:
            return QUIET_S
        own_s = min(LONGEST_WAIT_S, QUIET_S * 2.0 ** min(failures, 16)) * (0.5 + self._chance() / 2)
        return max(own_s, min(self._asked_s or 0.0, LONGEST_ASKED_S))
