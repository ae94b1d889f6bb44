"""The page on what was saved."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.pages.savings_view import FilledIn, savings_page
from api.pages.visits import ReadingVisit, Visit
from api.ports import SavingsTold
from api.savings import savings_asked

router = APIRouter()

Text = Annotated[str, Query(max_length=120)]


@router.get("/savings")
def show_savings(
    visit: ReadingVisit,
    *,
    subject: Text = "",
    baseline_first: Text = "",
    baseline_last: Text = "",
    first: Text = "",
    last: Text = "",
    adjust_events: bool = False,
) -> Response:
    """Show what was saved in a period against another, with the picture, the interval and what the data lack."""
    form = FilledIn(
        subject=subject,
        baseline_first=baseline_first,
        baseline_last=baseline_last,
        first=first,
        last=last,
        adjust_events=adjust_events,
    )
    told = _told(visit, form) if form.is_asked else None
    with visit.desk() as desk:
        return visit.render(desk, "savings.html", page="rooms", view=savings_page(desk, form, told))


def _told(visit: Visit, form: FilledIn) -> SavingsTold | None:
    asked = savings_asked(
        visit.services,
        subject=form.subject,
        baseline=f"{form.baseline_first}/{form.baseline_last}",
        reporting=f"{form.first}/{form.last}",
        language=visit.language,
        adjust_events=form.adjust_events,
        draws=True,
    )
    return visit.services.savings(asked)
