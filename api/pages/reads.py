"""The pages that show something."""

from typing import Literal

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from api.pages import finding_views, item_views, room_views
from api.pages.item_sheet_views import sheet_page
from api.pages.today_rounds import rounds_today
from api.pages.today_view import today
from api.pages.visits import ReadingVisit
from api.problems import existing

router = APIRouter()


@router.get("/")
def today_page(visit: ReadingVisit) -> Response:
    """Show what needs the reader now."""
    with visit.desk() as desk:
        return visit.render(desk, "today.html", page="today", view=today(desk), rounds=rounds_today(desk))


@router.get("/rooms")
def rooms_page(visit: ReadingVisit) -> Response:
    """Show all rooms as they are now."""
    with visit.desk() as desk:
        return visit.render(desk, "rooms.html", page="rooms", view=room_views.floors(desk))


@router.get("/rooms/{room}")
def room_page(visit: ReadingVisit, room: str) -> Response:
    """Show one room: now, its week, what was found."""
    with visit.desk() as desk:
        found = existing(room_views.find_room(desk, room), "room")
        return visit.render(desk, "room.html", page="rooms", view=room_views.room_page(desk, found))


@router.get("/rooms/{room}/week")
def room_week(visit: ReadingVisit, room: str) -> Response:
    """Return what the chart of a room draws; of a personal room there is no chart."""
    with visit.desk() as desk:
        found = existing(room_views.find_charted_room(desk, room), "chart")
        return JSONResponse(room_views.chart(desk, found))


@router.get("/findings")
def findings_page(visit: ReadingVisit, show: Literal["open", "ended", "judged"] = "open") -> Response:
    """Show findings with their evidence."""
    with visit.desk() as desk:
        view = finding_views.findings(desk, show)
        return visit.render(desk, "findings.html", page="findings", show=show, view=view)


@router.get("/plan")
def plan_page(visit: ReadingVisit, show: Literal["board", "table", "ended"] = "board") -> Response:
    """Show the plan as a board, as a table, or what has left it."""
    with visit.desk() as desk:
        view = item_views.plan(desk, ended=show == "ended")
        return visit.render(desk, "plan.html", page="plan", show=show, view=view)


@router.get("/plan/{item}")
def item_page(visit: ReadingVisit, item: str) -> Response:
    """Show one item with its history and what can be done next."""
    with visit.desk() as desk:
        found = existing(desk.tx.item(item), "item")
        view, sheet = item_views.item_page(desk, found), sheet_page(desk, found)
        return visit.render(desk, "item.html", page="plan", view=view, sheet=sheet)
