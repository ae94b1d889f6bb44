"""The page on what the electricity went to."""

from fastapi import APIRouter
from starlette.responses import Response

from analytics.submetering import By
from api.energy import BuildingAsked, Day, energy_asked, energy_of
from api.pages.energy_view import energy_page
from api.pages.visits import ReadingVisit

router = APIRouter()


@router.get("/energy")
def show_energy(
    visit: ReadingVisit, *, by: By = By.ITEM, first: Day = None, last: Day = None, building: BuildingAsked = ""
) -> Response:
    """Show the use of local days by unit, zone or item, with cost and carbon where they are known."""
    asked = energy_asked(visit.services, by, first, last, building)
    found = energy_of(visit.services, asked)
    with visit.desk() as desk:
        return visit.render(desk, "energy.html", page="rooms", view=energy_page(desk, found))
