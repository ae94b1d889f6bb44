"""Alerts: seen, and acknowledged."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from alerts.commands import acknowledge
from api.dependencies import Reader, ServicesOf, permit
from api.people import names
from api.problems import not_found
from api.routes.bodies import AcknowledgeBody
from api.routes.views import AlertDetail, AlertStepView, AlertView
from sensors.actors import Actor, Permission

router = APIRouter(tags=["alerts"])

Watcher = Annotated[Actor, Depends(permit(Permission.ACKNOWLEDGE_ALERT))]


@router.get("/alerts")
def get_alerts(
    services: ServicesOf, _: Reader, *, open_only: bool = False, limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> Sequence[AlertView]:
    """Return alerts, the newest first."""
    with services.records.reading() as tx:
        return [AlertView.of(alert) for alert in tx.alerts(open_only=open_only, limit=limit)]


@router.get("/alerts/{alert_id}")
def get_alert(services: ServicesOf, _: Reader, alert_id: str) -> AlertDetail:
    """Return an alert with who did what and when."""
    with services.records.reading() as tx:
        alert = tx.alert(alert_id)
        if alert is None:
            raise not_found(kind="alert")
        known = names(tx)
        steps = [AlertStepView.of(step, known) for step in tx.alert_steps(alert_id)]
    return AlertDetail(alert=AlertView.of(alert), steps=steps)


@router.post("/alerts/{alert_id}/acknowledge")
def post_acknowledge(services: ServicesOf, actor: Watcher, alert_id: str, given: AcknowledgeBody) -> AlertView:
    """Say that somebody has seen the alert and takes care: the caller, or whom the control room speaks for."""
    with services.records.transaction() as tx:
        alert = acknowledge(
            tx, alert_id, actor=actor, clock=services.clock, note=given.note, on_behalf_of=given.on_behalf_of
        )
    return AlertView.of(alert)
