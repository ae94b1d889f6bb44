"""Whether the server lives, whether all is ready to work, and its figures; for watchers, without sign-in."""

import hmac

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.dependencies import ServicesOf, is_from_this_machine
from api.ports import WebSettings
from api.problems import Problem, ProblemError, not_found
from sensors.errors import InputFault

router = APIRouter(include_in_schema=False)

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format, which everything that watches understands."""


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers; nothing is asked of any other part."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(services: ServicesOf) -> JSONResponse:
    """Say which parts work, and of the others why not; 503 where one does not."""
    reasons = {"records": _records_reason(services), **services.ready()}
    parts = {name: not reason for name, reason in reasons.items()}
    told = {"ready": all(parts.values()), "parts": parts, "reasons": {n: why for n, why in reasons.items() if why}}
    return JSONResponse(told, 200 if all(parts.values()) else 503)


@router.get("/metrics")
def metrics(request: Request, services: ServicesOf) -> Response:
    """Return the figures, to this machine or to who has the token."""
    if services.figures is None:
        raise not_found(kind="metrics")
    if not (is_from_this_machine(request) or _has_token(request, services.web)):
        advice = "figures are for this machine, or for who sends the token of [metrics] token_file"
        headers = {"WWW-Authenticate": "Bearer"}
        raise ProblemError(Problem(status=403, code="metrics_closed", detail=advice, headers=headers))
    return Response(services.figures(), media_type=TEXT_FORMAT)


def _has_token(request: Request, web: WebSettings) -> bool:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return web.metrics_token is not None and hmac.compare_digest(given.encode(), web.metrics_token.encode())


def _records_reason(services: ServicesOf) -> str:
    try:
        with services.records.reading() as tx:
            tx.last_change()
    except InputFault:
        return "the records do not answer"
    return ""
