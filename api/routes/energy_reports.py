"""Energy reports (能源资源消费报告): asked for, looked at, reviewed, issued, sent back, handed out as files."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.dependencies import CurrentActor, Exporter, Reader, ServicesOf
from api.energy_report_ports import EnergyReportDesk, Making
from api.messages import Language
from api.papers import Paper
from api.people import names
from api.ports import RecordsTransaction, Services
from api.problems import Problem, ProblemError, not_found
from api.routes.bodies import NoteBody
from api.routes.plan_papers import MEDIA_TYPES
from rectification.energy_reporting import adopt, existing_report, issue, review, send_back
from rectification.energy_reports import EnergyReport, PeriodFault, ReportPeriod, ReportState, UnknownEnergyReportError
from sensors.actors import Permission

router = APIRouter(tags=["energy reports"])

Change = Callable[[RecordsTransaction], EnergyReport]


class AskBody(BaseModel):
    """A period as it is written, and why an earlier version is corrected."""

    period: Annotated[str, Field(max_length=10)]
    reason: Annotated[str, Field(max_length=500)] = ""


class HandView(BaseModel):
    """Who did it, and when; null where it has not been done."""

    actor_id: str | None
    actor_name: str | None
    at: datetime | None


class EnergyReportView(BaseModel):
    """One version of a period's report; `is_whole` is false where its figures do not fit their digest."""

    id: str
    period: str
    version: int
    state: ReportState
    reason: str
    digest: str
    is_whole: bool
    prepared: HandView
    reviewed: HandView
    issued: HandView


class MakingView(BaseModel):
    """A report that is being worked out."""

    period: str
    part: str
    done: float
    failure: str

    @classmethod
    def of(cls, making: Making) -> "MakingView":
        """Return the view."""
        return cls(period=making.period, part=making.part, done=making.done, failure=making.failure)


class EnergyReportsView(BaseModel):
    """All versions, those drafted last first, and what is being worked out."""

    reports: Sequence[EnergyReportView]
    making: Sequence[MakingView]


@router.get("/energy-reports")
def get_energy_reports(services: ServicesOf, _: Reader) -> EnergyReportsView:
    """Return all versions and what is being worked out."""
    desk = desk_of(services)
    with services.records.reading() as tx:
        reports = [_view(tx, each) for each in tx.energy_reports(services.registry().site.id)]
    return EnergyReportsView(reports=reports, making=[MakingView.of(each) for each in desk.making()])


@router.post("/energy-reports", status_code=202)
def post_energy_report(services: ServicesOf, actor: CurrentActor, given: AskBody) -> EnergyReportsView:
    """Have a version drafted; look at `making` for how far it is."""
    actor.must(Permission.MANAGE_ITEM)
    desk = desk_of(services)
    try:
        period = ReportPeriod.parse(given.period)
    except PeriodFault as exc:
        raise ProblemError(Problem(status=422, code="invalid", detail=str(exc))) from exc
    desk.ask(period, reason=given.reason, actor=actor)
    return get_energy_reports(services, actor)


@router.get("/energy-reports/{report_id}")
def get_energy_report(services: ServicesOf, _: Reader, report_id: str) -> EnergyReportView:
    """Return a version without its figures."""
    with services.records.reading() as tx:
        return _view(tx, found_report(tx, report_id))


@router.get("/energy-reports/{report_id}/figures")
def get_figures(services: ServicesOf, _: Reader, report_id: str) -> Any:  # noqa: ANN401 - JSON as it was frozen
    """Return the frozen figures, each with period, source, days and quality."""
    with services.records.reading() as tx:
        return orjson.loads(found_report(tx, report_id).figures)


@router.get("/energy-reports/{report_id}/paper")
def get_energy_report_paper(
    services: ServicesOf,
    _: Exporter,
    report_id: str,
    form: Annotated[Paper, Query(alias="format")] = "docx",
    lang: Language = "zh",
) -> Response:
    """Return a version as a file."""
    return energy_report_file(services, report_id, form, lang)


@router.post("/energy-reports/{report_id}/adopt")
def post_adoption(services: ServicesOf, actor: CurrentActor, report_id: str, given: NoteBody) -> EnergyReportView:
    """Take charge of what the clock drafted (编制)."""
    clock = services.clock
    return _changed(services, lambda tx: adopt(tx, report_id, actor=actor, clock=clock, note=given.note))


@router.post("/energy-reports/{report_id}/review")
def post_review(services: ServicesOf, actor: CurrentActor, report_id: str, given: NoteBody) -> EnergyReportView:
    """Review a version that somebody else prepared (审核)."""
    clock = services.clock
    return _changed(services, lambda tx: review(tx, report_id, actor=actor, clock=clock, note=given.note))


@router.post("/energy-reports/{report_id}/issue")
def post_energy_issue(services: ServicesOf, actor: CurrentActor, report_id: str, given: NoteBody) -> EnergyReportView:
    """Issue a version that two others prepared and reviewed (签发)."""
    clock = services.clock
    return _changed(services, lambda tx: issue(tx, report_id, actor=actor, clock=clock, note=given.note))


@router.post("/energy-reports/{report_id}/return")
def post_return(services: ServicesOf, actor: CurrentActor, report_id: str, given: NoteBody) -> EnergyReportView:
    """Send a version back, with the reason."""
    clock = services.clock
    return _changed(services, lambda tx: send_back(tx, report_id, actor=actor, clock=clock, note=given.note))


def desk_of(services: Services) -> EnergyReportDesk:
    """Return what works reports out. Raises ProblemError where nothing does."""
    if services.energy_reports is None:
        raise not_found(kind="energy report")
    return services.energy_reports


def found_report(tx: RecordsTransaction, identifier: str) -> EnergyReport:
    """Return a version. Raises ProblemError."""
    try:
        return existing_report(tx, identifier)
    except UnknownEnergyReportError as exc:
        raise not_found(kind="energy report") from exc


def energy_report_file(services: Services, identifier: str, form: Paper, language: Language) -> Response:
    """Return a version as a file to be kept. Raises ProblemError."""
    desk = desk_of(services)
    with services.records.reading() as tx:
        report = found_report(tx, identifier)
        content = desk.paper(tx, report, form, language)
    name = f"energy-{report.period}-v{report.version}-{language}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


def _changed(services: Services, change: Change) -> EnergyReportView:
    try:
        with services.records.transaction() as tx:
            return _view(tx, change(tx))
    except UnknownEnergyReportError as exc:
        raise not_found(kind="energy report") from exc


def _view(tx: RecordsTransaction, report: EnergyReport) -> EnergyReportView:
    known = names(tx)

    def hand(actor: str | None, at: datetime | None) -> HandView:
        name = None if actor is None else known.get(actor, actor)
        return HandView(actor_id=actor, actor_name=name, at=None if actor is None else at)

    return EnergyReportView(
        id=report.id,
        period=report.period,
        version=report.version,
        state=report.state,
        reason=report.reason,
        digest=report.digest,
        is_whole=report.is_whole,
        prepared=hand(report.prepared_by, report.drafted),
        reviewed=hand(report.reviewed_by, report.reviewed),
        issued=hand(report.issued_by, report.issued),
    )
