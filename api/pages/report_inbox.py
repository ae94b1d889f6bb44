"""The inbox of people's reports: nothing of a report shows anywhere else before somebody accepts it here."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.pages import report_views
from api.pages.acts import Note, answered, returned
from api.pages.report_views import Shown
from api.pages.visits import ActingVisit, ReadingVisit, Visit
from api.people_reports import open_item_numbered, put_aside
from api.ports import RecordsTransaction
from api.problems import not_found
from api.routes.evidence import picture
from rectification import reporting
from rectification.evidence import MediaType
from rectification.reports import Report
from sensors.actors import Permission
from sensors.verdicts import Severity

router = APIRouter()


@router.get("/reports")
def inbox_page(visit: ReadingVisit, show: Shown = "new") -> Response:
    """Show the reports that wait, or what became of others."""
    with visit.desk() as desk:
        view = report_views.inbox(desk, show)
        return visit.render(desk, "reports.html", page="plan", show="reports", tab=show, view=view)


@router.get("/reports/{report}/photo")
def report_photo(visit: ReadingVisit, report: str) -> Response:
    """Show the photo of a report to its moderator."""
    found = _with_photo(visit, report)
    content = visit.services.evidence.read(found.photo or "")
    return picture(content, found.photo_type or MediaType.JPEG, name=f"report-{found.number}")


@router.get("/reports/{report}/thumbnail")
def report_thumbnail(visit: ReadingVisit, report: str) -> Response:
    """Show the photo of a report small."""
    found = _with_photo(visit, report)
    return picture(visit.services.evidence.thumbnail(found.photo or ""), MediaType.JPEG, name="thumbnail")


@router.post("/reports/{report}/accept")
def accept_report(
    visit: ActingVisit,
    report: str,
    severity: Annotated[Severity, Form()] = Severity.YELLOW,
    title: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    """Make an item of a report."""
    services = visit.services

    def work(tx: RecordsTransaction) -> object:
        return reporting.accept(
            tx,
            report,
            severity=severity,
            title=title,
            deadline=services.deadline,
            actor=visit.actor,
            clock=services.clock,
        )

    return returned(visit, "/reports", "report_accepted", work)


@router.post("/reports/{report}/merge")
def merge_report(visit: ActingVisit, report: str, number: Annotated[str, Form(max_length=12)] = "") -> Response:
    """Add a report to an item that is open already."""

    def work(tx: RecordsTransaction) -> object:
        item = open_item_numbered(tx, number)
        return reporting.merge(tx, report, item.id, actor=visit.actor, clock=visit.services.clock)

    return returned(visit, "/reports", "report_merged", work)


@router.post("/reports/{report}/reject")
def reject_report(visit: ActingVisit, report: str, note: Note = "") -> Response:
    """Put a report aside with the reason."""

    def act(tx: RecordsTransaction) -> Report:
        return reporting.reject(tx, report, actor=visit.actor, clock=visit.services.clock, reason=note)

    return answered("/reports", "report_rejected", lambda: put_aside(visit.services, report, act))


@router.post("/reports/{report}/spam")
def mark_report(visit: ActingVisit, report: str) -> Response:
    """Put aside what is no report."""

    def act(tx: RecordsTransaction) -> Report:
        return reporting.mark_spam(tx, report, actor=visit.actor, clock=visit.services.clock)

    return answered("/reports", "report_spam", lambda: put_aside(visit.services, report, act))


def _with_photo(visit: Visit, report: str) -> Report:
    with visit.services.records.reading() as tx:
        found = tx.report(report)
    if found is None or found.photo is None or not visit.actor.may(Permission.MANAGE_ITEM):
        raise not_found(kind="photo")
    return found
