"""The forms that do something: each a domain command in one transaction, then back to a page that says so."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from alerts.commands import FireUnseenError, NoteNeededError
from alerts.model import IllegalAlertStepError
from analytics.ledger import Judgement, judge
from api.pages.rendering import local_path, with_query
from api.pages.visits import ActingVisit, Visit
from api.people import give_item, propose_item
from api.ports import RecordsTransaction
from api.problems import ProblemError
from rectification import commands
from rectification.energy_reports import (
    IllegalReportStepError as IllegalEnergyStepError,
)
from rectification.energy_reports import (
    MakingBusyError,
    NobodyPreparedError,
    PeriodNotOverError,
    ReasonMissingError,
    SameHandError,
    VersionPendingError,
)
from rectification.evidence import EvidenceRefusedError
from rectification.inspecting import InspectionRefusedError
from rectification.inspections import IllegalInspectionStepError
from rectification.mending import RepairRefusedError
from rectification.model import IllegalItemStepError, Item
from rectification.particulars_checks import ParticularsRefusedError
from rectification.planning import PlanRefusedError, StalePlanError
from rectification.plans import IllegalPlanStepError
from rectification.ports import ItemTransaction
from rectification.reallocations import MoveGoneError
from rectification.recurring import CameBackError
from rectification.repairs import IllegalRepairStepError
from rectification.reporting import ReportRefusedError
from rectification.reports import IllegalReportStepError
from rectification.sheets import StaleEditError, UnknownEvidenceError
from sensors.actors import Actor, NotPermittedError
from sensors.clock import Clock
from sensors.errors import InputFault

router = APIRouter()

REFUSALS: Mapping[type[Exception], str] = {
    NotPermittedError: "not_permitted",
    IllegalAlertStepError: "too_late",
    NoteNeededError: "note_missing",
    FireUnseenError: "fire_unseen",
    IllegalItemStepError: "too_late",
    commands.SameHandsError: "same_hands",
    commands.NotResponsibleError: "not_responsible",
    commands.NoteMissingError: "note_missing",
    commands.DeadlineBeforeFoundError: "deadline_before_found",
    CameBackError: "came_back",
    commands.ProofByReadingsError: "proof_by_readings",
    commands.ProofByInspectionError: "proof_by_inspection",
    ProblemError: "not_a_worker",
    StaleEditError: "stale",
    StalePlanError: "stale",
    ParticularsRefusedError: "sheet_invalid",
    EvidenceRefusedError: "evidence",
    UnknownEvidenceError: "too_late",
    RepairRefusedError: "repair",
    IllegalRepairStepError: "too_late",
    PlanRefusedError: "plan",
    IllegalPlanStepError: "too_late",
    ReportRefusedError: "report",
    IllegalEnergyStepError: "energy_report",
    NobodyPreparedError: "energy_report",
    PeriodNotOverError: "energy_report",
    ReasonMissingError: "energy_report",
    SameHandError: "energy_report",
    VersionPendingError: "energy_report",
    MakingBusyError: "energy_report",
    IllegalReportStepError: "too_late",
    InspectionRefusedError: "inspection",
    IllegalInspectionStepError: "too_late",
    MoveGoneError: "too_late",
    InputFault: "no_proposal",
}
"""What is refused to a person who could mend it, and the message that says how."""

Note = Annotated[str, Form(max_length=500)]
Next = Annotated[str, Form()]


class ItemCommand(Protocol):
    """A step of one item with a note."""

    def __call__(self, tx: ItemTransaction, identifier: str, /, *, actor: Actor, clock: Clock, note: str) -> Item:
        """Return the item after the step."""
        ...


ITEM_COMMANDS: Mapping[str, ItemCommand] = {
    "start": commands.start,
    "report-done": commands.report_done,
    "verify": commands.verify_by_hand,
    "sign-off": commands.sign_off,
    "reject": commands.reject,
    "cancel": commands.cancel,
}
"""The steps that a form of an item's page can take."""

ItemStepName = Literal["start", "report-done", "verify", "sign-off", "reject", "cancel"]


def returned(visit: Visit, path: str, done: str, work: Callable[[RecordsTransaction], object]) -> Response:
    """Return to a page that says what was done, or why it was not; nothing is half done."""

    def in_one_transaction() -> None:
        with visit.services.records.transaction() as tx:
            work(tx)

    return answered(path, done, in_one_transaction)


def answered(path: str, done: str, work: Callable[[], object]) -> Response:
    """Return to a page that says what was done, or why it was not; the work keeps its transactions itself."""
    try:
        work()
    except tuple(REFUSALS) as exc:
        return RedirectResponse(with_query(path, refused=REFUSALS[type(exc)]), HTTPStatus.SEE_OTHER)
    return RedirectResponse(with_query(path, done=done), HTTPStatus.SEE_OTHER)


@router.post("/findings/{finding}/propose")
def propose_for_finding(visit: ActingVisit, finding: str) -> Response:
    """Propose an item for a finding, and go to it."""
    item: Item | None = None

    def work(tx: RecordsTransaction) -> object:
        nonlocal item
        item = propose_item(visit.services, tx, finding, actor=visit.actor)
        return item

    answer = returned(visit, "/findings", "proposed", work)
    if item is None:
        return answer
    return RedirectResponse(with_query(f"/plan/{item.id}", done="proposed"), HTTPStatus.SEE_OTHER)


@router.post("/findings/{finding}/judge")
def judge_finding(
    visit: ActingVisit,
    finding: str,
    judgement: Annotated[Literal["", "false", "accepted"], Form()] = "",
    next: Next = "/findings",  # noqa: A002 - the form's field
) -> Response:
    """Judge a finding as wrong or as put up with, or take that back."""

    def work(tx: RecordsTransaction) -> object:
        told = Judgement(judgement) if judgement else None
        return judge(tx, finding, told, actor=visit.actor, clock=visit.services.clock)

    return returned(visit, local_path(next), "judged", work)


@router.post("/plan/{item}/assign")
def assign_item(
    visit: ActingVisit,
    item: str,
    responsible: Annotated[str, Form(max_length=100)],
    deadline: Annotated[str, Form(max_length=10)] = "",
    note: Note = "",
) -> Response:
    """Give an item to somebody, with a deadline; one that is moved back needs a reason."""
    path = f"/plan/{item}"
    due = _date(deadline)
    if deadline and due is None:
        return RedirectResponse(with_query(path, refused="no_date"), HTTPStatus.SEE_OTHER)

    def work(tx: RecordsTransaction) -> object:
        return give_item(visit.services, tx, item, responsible=responsible, actor=visit.actor, deadline=due, note=note)

    return returned(visit, path, "assigned", work)


@router.post("/plan/{item}/{step}")
def step_item(visit: ActingVisit, item: str, step: ItemStepName, note: Note = "") -> Response:
    """Take an item one step on."""

    def work(tx: RecordsTransaction) -> object:
        command = ITEM_COMMANDS[step]
        if step == "sign-off":
            command = partial(commands.sign_off, look_back=visit.services.look_back)
        return command(tx, item, actor=visit.actor, clock=visit.services.clock, note=note)

    return returned(visit, f"/plan/{item}", step.replace("-", "_"), work)


def _date(written: str) -> date | None:
    try:
        return datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 - a local date has no zone
    except ValueError:
        return None
