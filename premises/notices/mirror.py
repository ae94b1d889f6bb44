"""What people did about alerts, brought from the records beside the spool, so that it holds while they are away."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from alerts.commands import DETECTION
from alerts.model import AlertAction, AlertStep
from alerts.standing import Standing
from sensors.clock import Clock
from storage.spool_deliveries import SpoolDeliveries

STEPS_AT_ONCE = 1_000

ANSWERS = frozenset({AlertAction.ACKNOWLEDGE, AlertAction.CLEAR, AlertAction.SHELVE, AlertAction.TAKE_OUT})
"""Steps after which nobody else is called."""


class HeardTransaction(Protocol):
    """What the mirror asks of the records."""

    def alert_steps_after(self, number: int, *, limit: int) -> Sequence[tuple[int, AlertStep]]:
        """Return the steps of all alerts behind a number, each with its own, in order."""
        ...

    def newest_alert_step(self) -> int:
        """Return the number of the newest step, 0 where there is none."""
        ...

    def standing(self, now: datetime) -> Standing:
        """Return what people said of alerts beforehand and what is not over."""
        ...


class HeardRecords(Protocol):
    """Records that can be asked without keeping a writer waiting."""

    def reading(self) -> AbstractContextManager[HeardTransaction]:
        """Return a transaction that only reads."""
        ...


class Mirror:
    """Keeps the spool's copy of what people did; for the projector's thread."""

    def __init__(self, spool: Path, clock: Clock) -> None:
        """Keep it in the spool of this path."""
        self._spool = spool
        self._clock = clock
        self._deliveries: SpoolDeliveries | None = None

    def hear(self, records: HeardRecords) -> None:
        """Bring over what is new. Raises what the records raise; the copy is then as it was."""
        if self._deliveries is None:
            self._deliveries = SpoolDeliveries(self._spool)
        with records.reading() as tx:
            self._hear_steps(tx, self._deliveries)
            standing = tx.standing(self._clock.now())
        self._deliveries.keep_standing(standing)

    def _hear_steps(self, tx: HeardTransaction, deliveries: SpoolDeliveries) -> None:
        # Records brought back from a backup number their steps anew from an earlier one.
        heard = min(deliveries.steps_heard, tx.newest_alert_step())
        while steps := tx.alert_steps_after(heard, limit=STEPS_AT_ONCE):
            heard = steps[-1][0]
            seen = {step.alert_id: step.at for _, step in steps if _is_seen(step)}
            stopped = {step.alert_id for _, step in steps if step.action in ANSWERS} - seen.keys()
            deliveries.hear(seen, stopped=stopped, up_to=heard)

    def close(self) -> None:
        """Let go of the spool."""
        if self._deliveries is not None:
            self._deliveries.close()


def _is_seen(step: AlertStep) -> bool:
    """Say whether a person has seen the alert for good: what is put aside asks anew, and a sensor is nobody."""
    by_person = step.actor_id != DETECTION.id
    return step.action is AlertAction.ACKNOWLEDGE or (step.action is AlertAction.CLEAR and by_person)
