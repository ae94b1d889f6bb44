"""Calls that were given up, made once more."""

from collections.abc import Collection

from api.ports import RecordsTransaction, Services
from sensors.actors import Actor, Permission


def retry_calls(
    services: Services, tx: RecordsTransaction, *, actor: Actor, numbers: Collection[int] | None = None
) -> int:
    """Return how many calls are made once more: those of these numbers, all where none are given; audited.

    Raises NotPermittedError, NotNowError.
    """
    actor.must(Permission.ACKNOWLEDGE_ALERT)
    count = services.alerts.retry(numbers)
    tx.audit(
        actor_id=actor.id,
        action="alert.retry",
        subject="alerts",
        at=services.clock.now(),
        detail={"calls": str(count)},
    )
    return count
