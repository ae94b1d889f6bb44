"""What the alert commands need from the records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from alerts.model import Alert, AlertState, AlertStep
from alerts.standing import Drill, OutOfService, Shelf, Silence, Standing


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


class StandingTransaction(AlertTransaction, Protocol):
    """One transaction over what people say of alerts beforehand; every write is told to pages and to the audit log."""

    def standing(self, now: datetime) -> Standing:
        """Return what stands, will stand, or stood until a day ago; without acknowledgements."""
        ...

    def silence(self, silence_id: str) -> Silence | None:
        """Return a silence."""
        ...

    def drill(self, drill_id: str) -> Drill | None:
        """Return a drill."""
        ...

    def out_of_service(self, out_id: str) -> OutOfService | None:
        """Return what was taken out of service."""
        ...

    def save_standing(
        self, thing: Silence | Drill | Shelf | OutOfService, *, actor_id: str, action: str, at: datetime
    ) -> None:
        """Insert or update one of them; `action` is what the audit log says was done."""
        ...

    def alerts_in(self, state: AlertState) -> Sequence[Alert]:
        """Return all alerts in a state, the newest first."""
        ...
