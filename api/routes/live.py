"""Live events for pages and programs, and the description of the API."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Header, Request
from starlette.responses import JSONResponse, StreamingResponse

from api.dependencies import Reader, ServicesOf, SignedInVisitor
from api.live import Listening, LiveFeed
from api.ports import Services
from api.problems import Problem, ProblemError
from api.routes.bodies import Number
from api.security.api_tokens import find_token
from api.security.sessions import SignedIn, find_session
from sensors.actors import Actor, Permission
from sensors.journal import Change, ChangeKind

router = APIRouter()


@router.get("/live", tags=["live"], response_class=StreamingResponse)
async def get_live(
    request: Request,
    services: ServicesOf,
    actor: Reader,
    found: SignedInVisitor,
    last_event_id: Annotated[Number | None, Header()] = None,
    after: Number | None = None,
) -> StreamingResponse:
    """Return server-sent events: `alert`, `item`, `finding`, `reading` with what changed, `resync` to load all anew.

    `Last-Event-ID` (or `after`) is the number of the last change that is known; what came since is told first.
    """
    feed: LiveFeed = request.app.state.live
    if feed.is_full:
        raise ProblemError(
            Problem(status=503, code="busy", detail="too many pages listen", headers={"Retry-After": "30"})
        )
    listening = Listening(
        after=last_event_id if last_event_id is not None else after,
        kinds=_kinds(actor),
        sees=_seer(services, actor),
        may_go_on=lambda: anyio.to_thread.run_sync(_may_go_on, services, found),
    )
    return StreamingResponse(
        feed.events(listening), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


@router.get("/openapi.json", include_in_schema=False)
def get_openapi(request: Request, _: Reader) -> JSONResponse:
    """Return the description of this API, OpenAPI 3.1."""
    described: dict[str, Any] = request.app.openapi()
    return JSONResponse(described)


def _kinds(actor: Actor) -> frozenset[ChangeKind]:
    hidden = set() if actor.may(Permission.MANAGE_USERS) else {ChangeKind.ACCOUNT}
    return frozenset(ChangeKind) - hidden


def _seer(services: Services, actor: Actor) -> Callable[[Change], Awaitable[bool]] | None:
    """Return what tells which changes are within the listener's reach; None where they have no limits."""
    if not actor.limits:
        return None

    def sees(change: Change) -> bool:
        with services.records.reading() as tx:
            return bool(tx.changes(after=change.id - 1, limit=1))

    return lambda change: anyio.to_thread.run_sync(sees, change)


def _may_go_on(services: Services, found: SignedIn) -> bool:
    if found.api_token is not None:
        now = find_token(services, found.token)
    else:
        now = find_session(services, found.token, keeps_alive=False)
    return now is not None and now.account.actor() == found.account.actor()
