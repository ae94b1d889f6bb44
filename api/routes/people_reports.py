"""The inbox of people's reports: read and moderated by those who manage the plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.dependencies import ServicesOf, permit
from api.people import names
from api.people_reports import open_item_numbered, put_aside
from api.ports import RecordsTransaction
from api.problems import not_found
from api.routes.bodies import Body, NoteBody, Number, Text
from api.routes.evidence import picture
from api.routes.views import ItemView
from rectification import reporting
from rectification.evidence import MediaType
from rectification.reports import Report, ReportState
from sensors.actors import Actor, Permission
from sensors.verdicts import Severity

router = APIRouter(tags=["reports"])

Moderator = Annotated[Actor, Depends(permit(Permission.MANAGE_ITEM))]


class AcceptBody(Body):
    """How grave it is, and what the item is called; the report's first words where nothing is written."""

    severity: Severity = Severity.YELLOW
    title: Annotated[Text, Field(max_length=120)] = ""


class MergeBody(Body):
    """The number of an open item."""

    number: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report, and how to reach who wrote it, empty where they did not say."""

    report: Report
    contact: str


@router.get("/reports")
def get_reports(
    services: ServicesOf,
    _: Moderator,
    state: Annotated[list[ReportState] | None, Query(max_length=5)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Sequence[Report]:
    """Return reports in some states, those that wait where none is named, the newest first."""
    with services.records.reading() as tx:
        return tx.reports(states=state or (ReportState.NEW,), limit=limit)


@router.get("/reports/{report_id}")
def get_report(services: ServicesOf, _: Moderator, report_id: str) -> ReportView:
    """Return a report with its contact."""
    with services.records.reading() as tx:
        found, contact = reporting.existing_report(tx, report_id), tx.contact(report_id)
        return ReportView(report=found, contact="" if contact is None else contact.contact)


@router.get("/reports/{report_id}/photo")
def get_photo(services: ServicesOf, _: Moderator, report_id: str) -> Response:
    """Return the photo of a report that waits."""
    with services.records.reading() as tx:
        found = reporting.existing_report(tx, report_id)
    if found.photo is None:
        raise not_found(kind="photo")
    content = services.evidence.read(found.photo)
    return picture(content, found.photo_type or MediaType.JPEG, name=f"report-{found.number}")


@router.post("/reports/{report_id}/accept")
def post_accept(services: ServicesOf, actor: Moderator, report_id: str, given: AcceptBody) -> ItemView:
    """Make an item of a report."""
    with services.records.transaction() as tx:
        item = reporting.accept(
            tx,
            report_id,
            severity=given.severity,
            title=given.title,
            deadline=services.deadline,
            actor=actor,
            clock=services.clock,
        )
        return ItemView.of(item, names(tx))


@router.post("/reports/{report_id}/merge")
def post_merge(services: ServicesOf, actor: Moderator, report_id: str, given: MergeBody) -> ItemView:
    """Add a report to an item that is open already."""
    with services.records.transaction() as tx:
        item = open_item_numbered(tx, str(given.number))
        return ItemView.of(reporting.merge(tx, report_id, item.id, actor=actor, clock=services.clock), names(tx))


@router.post("/reports/{report_id}/reject")
def post_reject(services: ServicesOf, actor: Moderator, report_id: str, given: NoteBody) -> Report:
    """Put a report aside with the reason; photo and contact are deleted."""

    def act(tx: RecordsTransaction) -> Report:
        return reporting.reject(tx, report_id, actor=actor, clock=services.clock, reason=given.note)

    return put_aside(services, report_id, act)


@router.post("/reports/{report_id}/spam")
def post_spam(services: ServicesOf, actor: Moderator, report_id: str) -> Report:
    """Put aside what is no report; photo and contact are deleted."""

    def act(tx: RecordsTransaction) -> Report:
        return reporting.mark_spam(tx, report_id, actor=actor, clock=services.clock)

    return put_aside(services, report_id, act)
