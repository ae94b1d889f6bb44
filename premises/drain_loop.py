"""The thread that brings what ingest took in from the spool into the store."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from storage.drain import Target, drain
from storage.spool import SqliteSpool

QUIET_S = 0.5
"""How long readings may wait together before they are stored in one transaction."""

LAST_DRAIN_S = 10.0
LONGEST_WAIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainStatus:
    """How the drain fares; `failure` is what went wrong at the last try, None when it went well."""

    records: int = 0
    failures_in_a_row: int = 0
    failure: str | None = None


class DrainLoop:
    """Drains the spool every half second until it is stopped; what fails is logged and tried again."""

    def __init__(self, spool: Path, target: Target) -> None:
        """Prepare; `start` begins."""
        self._path = spool
        self._target = target
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drain")
        self._status = DrainStatus()
        self._log = structlog.get_logger(__name__)

    @property
    def status(self) -> DrainStatus:
        """Return how it fares."""
        return self._status

    def start(self) -> None:
        """Begin to drain."""
        self._thread.start()

    def stop(self) -> None:
        """Drain what waits, for at most ten seconds, and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        # Ingest makes the file too; whoever comes first does.
        with closing(SqliteSpool(self._path)) as spool:
            while not self._stopping.is_set():
                self._once(spool, self._stopping.is_set)
                self._stopping.wait(self._pause_s())
            until = time.monotonic() + LAST_DRAIN_S
            self._once(spool, lambda: time.monotonic() > until)

    def _once(self, spool: SqliteSpool, stopping: Callable[[], bool]) -> None:
        try:
            records = drain(spool, self._target, stopping=stopping) if spool.newest else 0
        except Exception as exc:  # noqa: BLE001 - a task's boundary: what is not stored stays in the spool
            self._log.exception("drain_failed", failures_in_a_row=self._status.failures_in_a_row + 1)
            self._status = replace(self._status, failures_in_a_row=self._status.failures_in_a_row + 1, failure=str(exc))
            return
        self._status = DrainStatus(records=self._status.records + records)

    def _pause_s(self) -> float:
        return min(LONGEST_WAIT_S, QUIET_S * 2.0**self._status.failures_in_a_row)
