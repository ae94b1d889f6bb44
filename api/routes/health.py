"""Whether the server lives, and whether it is ready to work; for watchers, without sign-in."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from api.dependencies import ServicesOf
from sensors.errors import InputFault

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers; nothing is asked of any other part."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(services: ServicesOf) -> JSONResponse:
    """Say which parts are there; 503 where one is not."""
    parts = {"records": _records_answer(services), **services.ready()}
    return JSONResponse({"ready": all(parts.values()), "parts": parts}, 200 if all(parts.values()) else 503)


def _records_answer(services: ServicesOf) -> bool:
    try:
        with services.records.reading() as tx:
            tx.last_change()
    except InputFault:
        return False
    return True
