"""Plans as the console shows them: proposed groups, the list, one plan with its items."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from api.pages.desk import Desk
from api.pages.item_sheet_views import who_or_name, yuan
from api.pages.item_views import rows
from api.pages.views import Choice, ItemView, StepView
from api.pages.wording import SYSTEM
from api.people import workers
from api.plan_groups import proposed_groups
from rectification.grouping import Group
from rectification.model import ENDED_STATES
from rectification.particulars import CATEGORIES, OTHER_CATEGORY
from rectification.planning import lacks
from rectification.plans import PLAN_TRANSITIONS, Phase, Plan, PlanAction, PlanPhase, PlanState, PlanStep
from sensors.actors import Permission
from sensors.catalogue.model import Family
from sensors.verdicts import Severity

PLAN_TONES: Mapping[PlanState, str] = MappingProxyType(
    {PlanState.DRAFT: "none", PlanState.ISSUED: "blue", PlanState.CLOSED: "good", PlanState.WITHDRAWN: "none"}
)
TEXTS = ("basis", "goals", "organisation", "funds", "supervision")
"""The longer texts of a plan, in the order of the paper."""

SHOWN_GROUPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Items of one cause that a person may make a plan of."""

    cause: str
    title: str
    why: str
    severity: Severity
    items: Sequence[ItemView]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One plan in the list."""

    id: str
    number: int
    title: str
    state: PlanState
    state_text: str
    tone: str
    leader: str
    period: str
    ended: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlansPage:
    """All plans, and the groups that are proposed."""

    plans: Sequence[PlanRow]
    groups: Sequence[GroupView]
    more_groups: int
    can_plan: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFact:
    """One line of a plan."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseField:
    """One step of the work in the form."""

    name: str
    label: str
    first: str
    last: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """One plan: what is written, its items, its history, and what this person may do."""

    row: PlanRow
    plan: Plan
    facts: Sequence[PlanFact]
    items: Sequence[ItemView]
    lacking: Sequence[str]
    steps: Sequence[StepView]
    phases: Sequence[PhaseField]
    texts: Sequence[str]
    people: Sequence[Choice]
    can_edit: bool
    can_issue: bool
    can_close: bool


def plans_page(desk: Desk) -> PlansPage:
    """Return all plans, and the groups in which open items are proposed for new ones."""
    groups = proposed_groups(desk.services, desk.tx)
    return PlansPage(
        plans=[_row(desk, plan) for plan in desk.tx.plans()],
        groups=[_group(desk, group) for group in groups[:SHOWN_GROUPS]],
        more_groups=max(0, len(groups) - SHOWN_GROUPS),
        can_plan=desk.actor.may(Permission.MANAGE_ITEM),
    )


def plan_page(desk: Desk, plan: Plan) -> PlanPage:
    """Return one plan."""
    items = desk.tx.items_of_plan(plan.id)
    manages = desk.actor.may(Permission.MANAGE_ITEM)

    def may(action: PlanAction) -> bool:
        return manages and (plan.state, action) in PLAN_TRANSITIONS

    return PlanPage(
        row=_row(desk, plan),
        plan=plan,
        facts=list(_facts(desk, plan)),
        items=rows(desk, items),
        lacking=[desk.messages.text(f"plans.lacks.{lack}") for lack in lacks(plan, items)],
        steps=[_step(desk, step) for step in desk.tx.plan_steps(plan.id)],
        phases=list(_phases(desk, plan)),
        texts=TEXTS,
        people=[Choice(id=each.id, name=each.name) for each in workers(desk.tx)],
        can_edit=may(PlanAction.EDIT),
        can_issue=may(PlanAction.ISSUE),
        can_close=may(PlanAction.CLOSE),
    )


def _row(desk: Desk, plan: Plan) -> PlanRow:
    items = desk.tx.items_of_plan(plan.id)
    return PlanRow(
        id=plan.id,
        number=plan.number,
        title=plan.title,
        state=plan.state,
        state_text=desk.messages.text(f"plans.state.{plan.state}"),
        tone=PLAN_TONES[plan.state],
        leader=who_or_name(desk, plan.leader),
        period=_period(desk, plan),
        ended=sum(item.state in ENDED_STATES for item in items),
        total=len(items),
    )


def _period(desk: Desk, plan: Plan) -> str:
    if plan.first is None or plan.last is None:
        return ""
    return desk.messages.text("plans.period", first=desk.messages.day(plan.first), last=desk.messages.day(plan.last))


def _facts(desk: Desk, plan: Plan) -> Iterator[PlanFact]:
    for name in TEXTS:
        text = getattr(plan, name) or desk.messages.text("plans.usual")
        yield PlanFact(label=desk.messages.text(f"plans.{name}"), text=text)
    if plan.funds_yuan is not None:
        yield PlanFact(label=desk.messages.text("sheet.funds_yuan"), text=yuan(desk, plan.funds_yuan))
    for phase in plan.phases:
        days = [desk.messages.day(day) for day in (phase.first, phase.last) if day is not None]
        text = " ".join(filter(None, (" – ".join(days), phase.text)))
        yield PlanFact(label=desk.messages.text(f"plans.phase.{phase.phase}"), text=text)


def _phases(desk: Desk, plan: Plan) -> Iterator[PhaseField]:
    written = {each.phase: each for each in plan.phases}
    for phase in Phase:
        found = written.get(phase, PlanPhase(phase=phase))
        yield PhaseField(
            name=phase,
            label=desk.messages.text(f"plans.phase.{phase}"),
            first="" if found.first is None else found.first.isoformat(),
            last="" if found.last is None else found.last.isoformat(),
            text=found.text,
        )


def _group(desk: Desk, group: Group) -> GroupView:
    place = desk.wording.subject(group.cause.place)
    known = CATEGORIES[Family(group.cause.family)] if group.cause.family else OTHER_CATEGORY
    family = known.in_language(desk.wording.language)
    return GroupView(
        cause=str(group.cause),
        title=desk.messages.text("plans.group_title", family=family, place=place),
        why=desk.messages.text("plans.group_why", family=family, place=place),
        severity=group.severity,
        items=rows(desk, group.items),
    )


def _step(desk: Desk, step: PlanStep) -> StepView:
    return StepView(
        what=desk.messages.text(f"plans.did.{step.action}"),
        who=desk.wording.who(step.actor_id),
        when=desk.wording.moment(step.at),
        note=step.note,
        evidence="",
        kind="system" if step.actor_id.startswith(SYSTEM) else "person",
    )
