"""The pages and forms of alerts: seen, acknowledged, looked at on site, and what could not be delivered."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from starlette.responses import Response

from alerts.commands import acknowledge, end
from api.pages import alert_views, response_views
from api.pages.acts import Next, Note, returned
from api.pages.rendering import local_path
from api.pages.visits import ActingVisit, ReadingVisit
from api.ports import RecordsTransaction
from api.problems import existing
from api.undelivered import retry_calls
from sensors.actors import Permission

router = APIRouter()

Who = Annotated[str, Form(max_length=200)]


@router.get("/alerts")
def alerts_page(visit: ReadingVisit, show: Literal["open", "closed"] = "open") -> Response:
    """Show alerts, open or over."""
    with visit.desk() as desk:
        view = alert_views.open_alerts(desk) if show == "open" else alert_views.closed_alerts(desk)
        return visit.render(desk, "alerts.html", page="alerts", show=show, view=view)


@router.get("/alerts/wall")
def wall_page(visit: ReadingVisit, *, sound: bool = False) -> Response:
    """Show what stands, for a screen on the wall; with `sound` its browser was started so that pages may sound."""
    with visit.desk() as desk:
        return visit.render(desk, "wall.html", page="wall", sound=sound, view=alert_views.wall(desk))


@router.get("/alerts/undelivered")
def undelivered_page(visit: ReadingVisit) -> Response:
    """Show the calls that were given up."""
    with visit.desk() as desk:
        may_retry = desk.actor.may(Permission.ACKNOWLEDGE_ALERT)
        view = response_views.undelivered(desk)
        return visit.render(desk, "undelivered.html", page="alerts", view=view, may_retry=may_retry)


@router.get("/alerts/{alert}")
def alert_page(visit: ReadingVisit, alert: str) -> Response:
    """Show one alert with its steps."""
    with visit.desk() as desk:
        one = existing(desk.tx.alert(alert), "alert")
        return visit.render(desk, "alert.html", page="alerts", view=alert_views.alert_in_full(desk, one))


@router.post("/alerts/undelivered/retry")
def retry_undelivered(visit: ActingVisit) -> Response:
    """Make the calls that were given up once more."""

    def work(tx: RecordsTransaction) -> object:
        return retry_calls(visit.services, tx, actor=visit.actor)

    return returned(visit, "/alerts/undelivered", "retried", work)


@router.post("/alerts/{alert}/acknowledge")
def acknowledge_alert(
    visit: ActingVisit,
    alert: str,
    note: Note = "",
    on_behalf_of: Who = "",
    next: Next = "/alerts",  # noqa: A002 - the form's field
) -> Response:
    """Acknowledge an alert, by oneself or for somebody who called."""

    def work(tx: RecordsTransaction) -> object:
        return acknowledge(
            tx, alert, actor=visit.actor, clock=visit.services.clock, note=note, on_behalf_of=on_behalf_of
        )

    return returned(visit, local_path(next), "acknowledged", work)


@router.post("/alerts/{alert}/clear")
def end_alert(visit: ActingVisit, alert: str, note: Note = "") -> Response:
    """End an alert whose sensor does not."""

    def work(tx: RecordsTransaction) -> object:
        is_verified = bool(tx.alarm_checks_of(alert))
        return end(tx, alert, actor=visit.actor, clock=visit.services.clock, note=note, is_verified=is_verified)

    return returned(visit, f"/alerts/{alert}", "alert_ended", work)
