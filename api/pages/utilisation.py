"""The page on how rooms are used by hour and weekday."""

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from api.pages.utilisation_view import utilisation_page
from api.pages.visits import ReadingVisit
from sensors.utilisation import Scope

router = APIRouter()


@router.get("/utilisation")
def show_utilisation(
    visit: ReadingVisit, by: Literal["building", "floor", "department", "room"] = "building"
) -> Response:
    """Show the use of rooms over the last weeks: figures of shared rooms, classes of all."""
    with visit.desk() as desk:
        view = utilisation_page(desk, Scope(by))
        return visit.render(desk, "utilisation.html", page="rooms", by=by, view=view)
