"""The page on how good the alarms were."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.alert_quality import days_asked, precision_of, quality_of
from api.pages.quality_view import quality_page
from api.pages.visits import ReadingVisit

router = APIRouter()

Day = Annotated[date | None, Query()]


@router.get("/alerts/quality")
def show_quality(visit: ReadingVisit, first: Day = None, last: Day = None) -> Response:
    """Show floods, what chatters, what stays, and how fast people answer, over local days."""
    days = days_asked(visit.services, first, last)
    with visit.desk() as desk:
        found = quality_of(visit.services, desk.tx, *days)
        rules = precision_of(visit.services, desk.tx, *days)
        return visit.render(desk, "quality.html", page="alerts", view=quality_page(desk, found, rules, days))
