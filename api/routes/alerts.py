"""Alerts: seen, acknowledged, who was called for them, and what never arrived."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from alerts.commands import acknowledge, end
from alerts.escalation import clocks_of
from api.alert_ports import Call, Telling
from api.dependencies import Reader, ServicesOf, permit
from api.people import names
from api.problems import not_found
from api.routes.bodies import AcknowledgeBody, EndBody, RetryBody
from api.routes.views import AlertDetail, AlertStepView, AlertView, Retried
from api.undelivered import retry_calls
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


@router.get("/alerts/undelivered")
def get_undelivered(
    services: ServicesOf, _: Reader, *, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> Sequence[Call]:
    """Return the calls that were given up, the newest first."""
    return services.alerts.undelivered(limit=limit)


@router.post("/alerts/undelivered/retry")
def post_retry(services: ServicesOf, actor: Watcher, given: RetryBody) -> Retried:
    """Make calls that were given up once more: those of these numbers, all where none are given."""
    with services.records.transaction() as tx:
        return Retried(calls=retry_calls(services, tx, actor=actor, numbers=given.numbers or None))


@router.get("/alerts/{alert_id}")
def get_alert(services: ServicesOf, _: Reader, alert_id: str) -> AlertDetail:
    """Return an alert with who did what and when."""
    with services.records.reading() as tx:
        alert = tx.alert(alert_id)
        if alert is None:
            raise not_found(kind="alert")
        known = names(tx)
        steps = tx.alert_steps(alert_id)
        verified = min((check.at for check in tx.alarm_checks_of(alert_id)), default=None)
    desk = services.alerts
    clocks = clocks_of(desk.policy(), alert, steps, verified=verified, is_workday=desk.is_workday)
    return AlertDetail(
        alert=AlertView.of(alert),
        steps=[AlertStepView.of(step, known) for step in steps],
        clocks=clocks,
        calls=desk.calls(alert_id),
        telling=desk.tellings([alert_id]).get(alert_id, Telling()),
    )


@router.post("/alerts/{alert_id}/acknowledge")
def post_acknowledge(services: ServicesOf, actor: Watcher, alert_id: str, given: AcknowledgeBody) -> AlertView:
    """Say that somebody has seen the alert and takes care: the caller, or whom the control room speaks for."""
    with services.records.transaction() as tx:
        alert = acknowledge(
            tx, alert_id, actor=actor, clock=services.clock, note=given.note, on_behalf_of=given.on_behalf_of
        )
    return AlertView.of(alert)


@router.post("/alerts/{alert_id}/clear")
def post_clear(services: ServicesOf, actor: Watcher, alert_id: str, given: EndBody) -> AlertView:
    """End an alert whose sensor does not; a real fire only once it was acknowledged or looked at on site."""
    with services.records.transaction() as tx:
        is_verified = bool(tx.alarm_checks_of(alert_id))
        alert = end(tx, alert_id, actor=actor, clock=services.clock, note=given.note, is_verified=is_verified)
    return AlertView.of(alert)
