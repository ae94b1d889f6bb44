"""What the alert commands need from the records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from alerts.model import Alert, AlertStep


class AlertTransaction(Protocol):
    """One transaction over alerts; what it does is durable together or not at all.

    Every write also adds a row to `changes`, from which pages are kept live, and to the audit log.
    """

    def alert(self, alert_id: str) -> Alert | None:
        """Return an alert."""
        ...

    def open_alert(self, fingerprint: str) -> Alert | None:
        """Return the alert of this fingerprint whose cause lasts, the newest where there are several."""
        ...

    def alerts(self, *, open_only: bool = False, limit: int = 200) -> Sequence[Alert]:
        """Return alerts, the newest first."""
        ...

    def alert_steps(self, alert_id: str) -> Sequence[AlertStep]:
        """Return the transitions of an alert, in order."""
        ...

    def save_alert(self, alert: Alert, step: AlertStep) -> None:
        """Insert or update an alert together with the step that led there."""
        ...

    def enqueue(self, *, kind: str, subject_id: str, payload: str, at: datetime) -> None:
        """Put a message into the outbox, unless one of this kind and subject is there already."""
        ...
