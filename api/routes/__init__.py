"""The JSON API, version 1. Which permission a route asks for stands in its parameters."""

from fastapi import APIRouter

from api.routes import (
    accounts,
    alert_quality,
    alert_replies,
    alerts,
    bills,
    data,
    energy,
    evidence,
    findings,
    health,
    identity,
    inspections,
    item_savings,
    items,
    live,
    logs,
    people_reports,
    plan_papers,
    plans,
    repairs,
    rooms,
    savings,
    sheets,
    standing,
    utilisation,
    wecom_replies,
)

router = APIRouter()
router.include_router(health.router)
for part in (
    identity,
    accounts,
    alert_quality,
    alerts,
    alert_replies,
    wecom_replies,
    findings,
    items,
    item_savings,
    sheets,
    evidence,
    repairs,
    plan_papers,
    plans,
    inspections,
    people_reports,
    rooms,
    live,
    data,
    bills,
    logs,
    standing,
    utilisation,
    energy,
    savings,
):
    router.include_router(part.router, prefix="/api/v1")
