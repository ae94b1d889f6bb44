"""Alerts that another one explains are shown so: the router's decision, followed by the state in the records."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import structlog

from alerts.model import AlertState
from alerts.ports import AlertTransaction
from alerts.standing_commands import keeps_standing, release, suppress
from sensors.clock import Clock
from storage.spool_decided import SpoolDecided


class AlertRecords(Protocol):
    """Records that alerts are in."""

    def transaction(self) -> AbstractContextManager[AlertTransaction]:
        """Return a transaction, committed when it is left without an exception."""
        ...


class Explained:
    """For the projector's thread. The records are asked only when something is decided otherwise than before."""

    def __init__(self, spool: Path, clock: Clock) -> None:
        """Follow what is decided in the spool of this path."""
        self._spool = spool
        self._clock = clock
        self._shown: Mapping[str, str] | None = None
        self._decided: SpoolDecided | None = None
        self._log = structlog.get_logger(__name__)

    def follow(self, records: AlertRecords) -> None:
        """Suppress and release what is to be. Raises what the records raise; then all of it comes again."""
        if self._decided is None:
            self._decided = SpoolDecided(self._spool)
        wanted = self._decided.suppressed()
        if wanted == self._shown:
            return
        with records.transaction() as tx:
            waiting = self._suppress(tx, wanted)
            self._release(tx, self._decided, wanted)
        # What the records do not have yet is suppressed once they do.
        self._shown = None if waiting else wanted

    def close(self) -> None:
        """Let go of the spool."""
        if self._decided is not None:
            self._decided.close()

    def _suppress(self, tx: AlertTransaction, wanted: Mapping[str, str]) -> bool:
        """Say whether the records lack one of them."""
        waiting = False
        for alert_id, by in wanted.items():
            if not keeps_standing(tx):
                continue
            if tx.alert(alert_id) is None:
                waiting = True
            elif suppress(tx, alert_id, by=by, clock=self._clock) is not None:
                self._log.info("alert_suppressed", alert=alert_id, by=by)
        return waiting

    def _release(self, tx: AlertTransaction, decided: SpoolDecided, wanted: Mapping[str, str]) -> None:
        """Release what this node knows and no longer suppresses; what only another knows is the other's."""
        if not keeps_standing(tx):
            return
        shown = {each.id for each in tx.alerts_in(AlertState.SUPPRESSED)} - wanted.keys()
        for alert_id in decided.decided(shown):
            if release(tx, alert_id, clock=self._clock) is not None:
                self._log.info("alert_released", alert=alert_id)
