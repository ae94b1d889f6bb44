"""The page on data, and its form that has messages judged again."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from api.data_ports import Adopting, Asked, PlaceKind
from api.pages.data_views import data
from api.pages.rendering import with_query
from api.pages.visits import ActingVisit, ReadingVisit
from api.routes.data import adopt, replay
from sensors.actors import NotPermittedError
from sensors.errors import InputFault

router = APIRouter()

PAGE = "/data"


@router.get(PAGE)
def data_page(visit: ReadingVisit) -> Response:
    """Show what came in, what could not be used, and who nobody knows."""
    with visit.desk() as desk:
        return visit.render(desk, "data.html", page="data", view=data(desk))


@router.post("/data/replay")
def replay_by_form(
    visit: ActingVisit,
    reason: Annotated[str, Form(min_length=1, max_length=300)],
    gateway: Annotated[str, Form(min_length=1, max_length=300)],
) -> Response:
    """Have the messages of one reason and gateway judged again, and say whether some were right."""
    try:
        done = replay(visit.services, Asked(reason=reason, gateway=gateway), actor=visit.actor)
    except NotPermittedError:
        return RedirectResponse(with_query(PAGE, refused="not_permitted"), HTTPStatus.SEE_OTHER)
    told = "replayed" if done.accepted or done.duplicate else "replayed_none"
    return RedirectResponse(with_query(PAGE, done=told), HTTPStatus.SEE_OTHER)


@router.post("/data/adopt")
def adopt_by_form(
    visit: ActingVisit,
    device: Annotated[str, Form(min_length=1, max_length=300)],
    gateway: Annotated[str, Form(min_length=1, max_length=300)],
    kind: Annotated[PlaceKind, Form()],
    place: Annotated[str, Form(min_length=1, max_length=300)],
) -> Response:
    """Put a device that was heard into the registry, and say whether that could be done."""
    adopting = Adopting(device=device, gateway=gateway, kind=kind, place=place.strip())
    try:
        adopt(visit.services, adopting, actor=visit.actor)
    except NotPermittedError:
        return RedirectResponse(with_query(PAGE, refused="not_permitted"), HTTPStatus.SEE_OTHER)
    except InputFault:
        return RedirectResponse(with_query(PAGE, refused="adoption"), HTTPStatus.SEE_OTHER)
    return RedirectResponse(with_query(PAGE, done="adopted"), HTTPStatus.SEE_OTHER)
