"""The pages of plans and their forms: groups accepted whole or in part, or dropped; written, issued, closed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from api.pages.acts import Note, returned
from api.pages.plan_views import plan_page, plans_page
from api.pages.rendering import with_query
from api.pages.sheets import amount
from api.pages.visits import ActingVisit, ReadingVisit
from api.ports import RecordsTransaction
from api.problems import existing
from rectification.planning import (
    PlanText,
    add_items,
    close_plan,
    create_plan,
    edit_plan,
    issue_plan,
    remove_items,
    set_apart,
    usual_phases,
    withdraw_plan,
)
from rectification.plans import Phase, Plan, PlanPhase
from rectification.ports import PlanTransaction
from sensors.actors import Actor
from sensors.clock import Clock

router = APIRouter()

PAGE = "/plans"

Line = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=2000)]
Day = Annotated[str, Form(max_length=10)]
Items = Annotated[list[str], Form(max_length=500)]


class PlanCommand(Protocol):
    """A step of one plan with a note."""

    def __call__(self, tx: PlanTransaction, identifier: str, /, *, actor: Actor, clock: Clock, note: str) -> Plan:
        """Return the plan after the step."""
        ...


PLAN_COMMANDS: Mapping[str, PlanCommand] = {"issue": issue_plan, "close": close_plan, "withdraw": withdraw_plan}
"""The steps that a form of a plan's page can take."""


@router.get(PAGE)
def plans(visit: ReadingVisit) -> Response:
    """Show all plans, and the groups in which items are proposed for new ones."""
    with visit.desk() as desk:
        return visit.render(desk, "plans.html", page="plan", view=plans_page(desk))


@router.get("/plans/{plan}")
def one_plan(visit: ReadingVisit, plan: str) -> Response:
    """Show one plan with its items."""
    with visit.desk() as desk:
        found = existing(desk.tx.plan(plan), "plan")
        return visit.render(desk, "plan_one.html", page="plan", view=plan_page(desk, found))


@router.post(PAGE)
def accept_group(
    visit: ActingVisit,
    title: Line = "",
    items: Items = [],  # noqa: B006 - the framework makes a new one
    cause: Line = "",
    step: Annotated[Literal["create", "apart"], Form()] = "create",
) -> Response:
    """Make a plan of the items that were ticked, or propose them for none any more."""
    made: list[Plan] = []

    def work(tx: RecordsTransaction) -> object:
        actor, clock = visit.actor, visit.services.clock
        if step == "apart":
            return set_apart(tx, items, actor=actor, clock=clock)
        site = visit.services.registry().site.id
        text = PlanText(title=title)
        made.append(create_plan(tx, text, site=site, items=items, cause=cause, actor=actor, clock=clock))
        return made[0]

    answer = returned(visit, PAGE, "apart" if step == "apart" else "plan_made", work)
    if not made:
        return answer
    return RedirectResponse(with_query(f"{PAGE}/{made[0].id}", done="plan_made"), HTTPStatus.SEE_OTHER)


class PlanForm(BaseModel):
    """A plan as its form has it; dates as they were typed, phases in their order."""

    revision: int
    title: Line = ""
    basis: Text = ""
    goals: Text = ""
    first: Day = ""
    last: Day = ""
    leader: Line = ""
    organisation: Text = ""
    funds: Text = ""
    funds_yuan: Day = ""
    supervision: Text = ""
    phase_first: list[str] = []
    phase_last: list[str] = []
    phase_text: list[str] = []
    note: Note = ""

    def text(self) -> PlanText:
        """Return what is written, with the usual phases where none are. Raises ValueError of a date that is none."""
        first, last = _day(self.first), _day(self.last)
        written = PlanText(
            title=self.title,
            basis=self.basis.strip(),
            goals=self.goals.strip(),
            first=first,
            last=last,
            leader=self.leader.strip(),
            organisation=self.organisation.strip(),
            funds=self.funds.strip(),
            funds_yuan=amount(self.funds_yuan),
            supervision=self.supervision.strip(),
            phases=self._phases(),
        )
        if written.phases or first is None or last is None or last < first:
            return written
        return replace(written, phases=usual_phases(first, last))

    def _phases(self) -> tuple[PlanPhase, ...]:
        rows = zip(Phase, self.phase_first, self.phase_last, self.phase_text, strict=False)
        phases = (
            PlanPhase(phase=phase, first=_day(first), last=_day(last), text=text.strip()[:500])
            for phase, first, last, text in rows
        )
        return tuple(each for each in phases if each.first or each.last or each.text)


@router.post("/plans/{plan}/text")
def write_plan(visit: ActingVisit, plan: str, form: Annotated[PlanForm, Form()]) -> Response:
    """Write a draft."""
    path = f"{PAGE}/{plan}"
    try:
        text = form.text()
    except ValueError:
        return RedirectResponse(with_query(path, refused="sheet_invalid"), HTTPStatus.SEE_OTHER)

    def work(tx: RecordsTransaction) -> object:
        return edit_plan(
            tx, plan, text, revision=form.revision, actor=visit.actor, clock=visit.services.clock, note=form.note
        )

    return returned(visit, path, "sheet", work)


@router.post("/plans/{plan}/items")
def change_items(
    visit: ActingVisit,
    plan: str,
    items: Items = [],  # noqa: B006 - the framework makes a new one
    number: Line = "",
    step: Annotated[Literal["add", "remove"], Form()] = "add",
) -> Response:
    """Put the item of a number into a plan, or take those that were ticked out of it."""

    def work(tx: RecordsTransaction) -> object:
        actor, clock = visit.actor, visit.services.clock
        if step == "remove":
            return remove_items(tx, plan, items, actor=actor, clock=clock)
        return add_items(tx, plan, [*items, *_numbered(tx, number)], actor=actor, clock=clock)

    return returned(visit, f"{PAGE}/{plan}", "plan_items", work)


@router.post("/plans/{plan}/{step}")
def step_plan(visit: ActingVisit, plan: str, step: Literal["issue", "close", "withdraw"], note: Note = "") -> Response:
    """Take a plan one step on."""
    actor, clock = visit.actor, visit.services.clock

    def work(tx: RecordsTransaction) -> Plan:
        return PLAN_COMMANDS[step](tx, plan, actor=actor, clock=clock, note=note)

    return returned(visit, f"{PAGE}/{plan}", f"plan_{step}", work)


def _numbered(tx: RecordsTransaction, number: str) -> list[str]:
    """Return the id of the open item of this number; nothing where there is none."""
    wanted = number.strip().lstrip("#")
    return [item.id for item in tx.items(open_only=True, limit=5_000) if str(item.number) == wanted]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
