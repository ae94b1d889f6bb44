"""The page on data, and its form that has messages judged again."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from api.data_ports import Asked
from api.pages.data_views import data
from api.pages.rendering import with_query
from api.pages.visits import ActingVisit, ReadingVisit
from api.routes.data import replay
from sensors.actors import NotPermittedError

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
