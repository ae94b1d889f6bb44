"""The page of the energy reports: asked for, worked out with progress, prepared, reviewed, issued, handed out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from api.energy_report_ports import Making
from api.messages import Language
from api.pages.acts import Note, answered, returned
from api.pages.desk import Desk
from api.pages.rendering import with_query
from api.pages.visits import ActingVisit, ReadingVisit
from api.papers import Paper
from api.routes.energy_reports import desk_of, energy_report_file, found_report
from rectification.energy_reporting import adopt, issue, overdue, review, send_back
from rectification.energy_reports import (
    PENDING,
    TRANSITIONS,
    EnergyReport,
    EnergyReportTransaction,
    PeriodFault,
    PeriodKind,
    ReportAction,
    ReportPeriod,
    ReportState,
    last_ended,
)
from sensors.actors import Actor, Permission
from sensors.clock import Clock

router = APIRouter()
PAGE = "/energy-reports"
Step = Literal["adopt", "review", "issue", "return"]


class ReportCommand(Protocol):
    """A step of one version with a note."""

    def __call__(
        self, tx: EnergyReportTransaction, identifier: str, /, *, actor: Actor, clock: Clock, note: str
    ) -> EnergyReport:
        """Return the version after the step."""
        ...


COMMANDS: Mapping[Step, ReportCommand] = {"adopt": adopt, "review": review, "issue": issue, "return": send_back}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """One of the three hands in words; empty where it has not been."""

    role: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One version; `steps` are those that the reader may take now."""

    id: str
    period: str
    version: int
    state: ReportState
    reason: str
    hands: Sequence[Hand]
    is_whole: bool
    steps: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsPage:
    """The whole page; `missing` is the year whose report is due or overdue, empty where it is issued."""

    rows: Sequence[ReportRow]
    making: Sequence[Making]
    proposed: str
    missing: str
    is_overdue: bool
    can_ask: bool


@router.get(PAGE)
def show_energy_reports(visit: ReadingVisit) -> Response:
    """Show all versions, and how far those are that are being worked out."""
    making = desk_of(visit.services).making()
    with visit.desk() as desk:
        return visit.render(desk, "energy_reports.html", page="rooms", view=_page(desk, making))


@router.post(PAGE)
def ask_for_report(visit: ActingVisit, period: Annotated[str, Form(max_length=10)], reason: Note = "") -> Response:
    """Have a version drafted."""
    try:
        wanted = ReportPeriod.parse(period)
    except PeriodFault:
        return RedirectResponse(with_query(PAGE, refused="energy_report_period"), HTTPStatus.SEE_OTHER)
    desk = desk_of(visit.services)
    return answered(PAGE, "energy_report_asked", lambda: desk.ask(wanted, reason=reason, actor=visit.actor))


@router.post("/energy-reports/{report}/{step}")
def step_report(visit: ActingVisit, report: str, step: Step, note: Note = "") -> Response:
    """Take a version one step on."""

    def work(tx: object) -> object:
        with visit.services.records.reading() as reading:
            found_report(reading, report)
        return COMMANDS[step](tx, report, actor=visit.actor, clock=visit.services.clock, note=note)  # type: ignore[arg-type]  # the records' own

    return returned(visit, PAGE, "energy_report_step", work)


@router.get("/energy-reports/{report}/paper")
def report_file(visit: ReadingVisit, report: str, form: Paper = "docx", lang: Language | None = None) -> Response:
    """Return a version as a file."""
    return energy_report_file(visit.services, report, form, lang or visit.language)


def _page(desk: Desk, making: Sequence[Making]) -> ReportsPage:
    today = desk.wording.today()
    reports = desk.tx.energy_reports(desk.wording.registry.site.id)
    missing = _missing_year(reports, today)
    return ReportsPage(
        rows=[_row(desk, each) for each in reports],
        making=making,
        proposed=str(last_ended(PeriodKind.MONTH, today)),
        missing=missing,
        is_overdue=overdue(issued=not missing, today=today),
        can_ask=desk.actor.may(Permission.MANAGE_ITEM),
    )


def _missing_year(reports: Sequence[EnergyReport], today: date) -> str:
    """Return last year where its report is not issued."""
    year = str(last_ended(PeriodKind.YEAR, today))
    issued = any(each.period == year and each.state is ReportState.ISSUED for each in reports)
    return "" if issued else year


def _row(desk: Desk, report: EnergyReport) -> ReportRow:
    def hand(role: str, who: str | None, at: datetime | None) -> Hand:
        told = "" if who is None or at is None else f"{desk.wording.person(who) or who} · {desk.messages.moment(at)}"
        return Hand(role=role, who=told)

    return ReportRow(
        id=report.id,
        period=report.period,
        version=report.version,
        state=report.state,
        reason=report.reason,
        hands=(
            hand("prepared", report.prepared_by, report.drafted),
            hand("reviewed", report.reviewed_by, report.reviewed),
            hand("issued", report.issued_by, report.issued),
        ),
        is_whole=report.is_whole,
        steps=[step.value for step in _steps(desk.actor, report)],
    )


def _steps(actor: Actor, report: EnergyReport) -> Sequence[ReportAction]:
    """Return what the reader may do now: nobody does two of the three."""
    if report.state not in PENDING:
        return ()
    legal = [action for state, action in TRANSITIONS if state is report.state]
    hands = {report.prepared_by, report.reviewed_by}
    allowed = {
        ReportAction.ADOPT: report.prepared_by is None and actor.may(Permission.MANAGE_ITEM),
        ReportAction.REVIEW: report.prepared_by not in {None, actor.id} and actor.may(Permission.SIGN_OFF_ITEM),
        ReportAction.ISSUE: actor.id not in hands and actor.may(Permission.SIGN_OFF_ITEM),
        ReportAction.RETURN: actor.may(Permission.SIGN_OFF_ITEM),
    }
    return [action for action in legal if allowed.get(action, False)]
