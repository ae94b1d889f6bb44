"""Alerts and their steps."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from alerts.model import ACTIVE_STATES, OPEN_STATES, Alert, AlertStep
from alerts.replies import AlertReply
from sensors.journal import ChangeKind
from sensors.topology import SiteId
from storage.records.journal import AuditRows
from storage.records.part import by_key, fields_of
from storage.records.tables import ALERT_REPLIES, ALERT_STEPS, ALERTS

_STEP = fields_of(ALERT_STEPS, "number")
_REPLY = fields_of(ALERT_REPLIES, "number")


class AlertRows(AuditRows):
    """Keeps the rows of `alerts.replies.ReplyTransaction`; the outbox has its own part."""

    __slots__ = ()

    def alert(self, alert_id: str) -> Alert | None:
        """Return an alert."""
        row = self._row(by_key(ALERTS, alert_id))
        return None if row is None else Alert(**row)

    def open_alert(self, fingerprint: str) -> Alert | None:
        """Return the alert of this fingerprint whose cause lasts, the newest where there are several."""
        query = ALERTS.select().where(ALERTS.c.fingerprint == fingerprint, ALERTS.c.state.in_(sorted(ACTIVE_STATES)))
        row = self._row(query.order_by(ALERTS.c.onset.desc(), ALERTS.c.id).limit(1))
        return None if row is None else Alert(**row)

    def alerts(self, *, open_only: bool = False, limit: int = 200) -> Sequence[Alert]:
        """Return alerts, the newest first."""
        query = ALERTS.select().order_by(ALERTS.c.onset.desc(), ALERTS.c.id).limit(limit)
        if open_only:
            query = query.where(ALERTS.c.state.in_(sorted(OPEN_STATES)))
        return [Alert(**row) for row in self._rows(query)]

    def alert_steps(self, alert_id: str) -> Sequence[AlertStep]:
        """Return the transitions of an alert, in order."""
        query = select(*_STEP).where(ALERT_STEPS.c.alert_id == alert_id).order_by(ALERT_STEPS.c.number)
        return [AlertStep(**row) for row in self._rows(query)]

    def steps_of_alerts_begun(self, site: SiteId, *, since: datetime, until: datetime) -> Sequence[AlertStep]:
        """Return the steps of the alerts that began in [since, until), in order."""
        begun = select(ALERTS.c.id).where(ALERTS.c.site == site, ALERTS.c.onset >= since, ALERTS.c.onset < until)
        query = select(*_STEP).where(ALERT_STEPS.c.alert_id.in_(begun)).order_by(ALERT_STEPS.c.number)
        return [AlertStep(**row) for row in self._rows(query)]

    def save_alert(self, alert: Alert, step: AlertStep) -> None:
        """Insert or update an alert together with the step that led there."""
        self._save(ALERTS, alert)
        self._add(ALERT_STEPS, step)
        self.note_change(ChangeKind.ALERT, alert.id)
        detail = {"rule": alert.rule, "subject": str(alert.subject), "state": step.state, "note": step.note}
        if step.on_behalf_of:
            detail["on_behalf_of"] = step.on_behalf_of
        self.audit(
            actor_id=step.actor_id,
            action=f"alert.{step.action}",
            subject=f"alert:{alert.id}",
            at=step.at,
            detail=detail,
        )

    def alert_replies(self, recipient: str, *, since: datetime) -> Sequence[AlertReply]:
        """Return the answers of a recipient at or after `since`, in order."""
        query = select(*_REPLY).where(ALERT_REPLIES.c.recipient == recipient, ALERT_REPLIES.c.at >= since)
        return [AlertReply(**row) for row in self._rows(query.order_by(ALERT_REPLIES.c.number))]

    def add_alert_reply(self, reply: AlertReply) -> None:
        """Remember an answer."""
        self._add(ALERT_REPLIES, reply)
