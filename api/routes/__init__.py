"""The JSON API, version 1. Which permission a route asks for stands in its parameters."""

from fastapi import APIRouter

from api.routes import accounts, alerts, findings, health, identity, items, live, rooms

router = APIRouter()
router.include_router(health.router)
for part in (identity, accounts, alerts, findings, items, rooms, live):
    router.include_router(part.router, prefix="/api/v1")
