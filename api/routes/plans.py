"""Plans (整改方案): proposed groups of items, drafts made of them, issued and closed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.dependencies import Reader, ServicesOf, permit
from api.people import names
from api.plan_groups import proposed_groups
from api.ports import RecordsTransaction, Services
from api.routes.bodies import NoteBody
from api.routes.item_bodies import ItemsBody, PlanBody, PlanEditBody, PlanTextBody
from api.routes.revisions import ReadRevision, tell_revision
from api.routes.views import ItemView, Names
from rectification.grouping import Group
from rectification.planning import (
    Lack,
    PlanText,
    add_items,
    close_plan,
    create_plan,
    edit_plan,
    existing_plan,
    issue_plan,
    lacks,
    remove_items,
    set_apart,
    withdraw_plan,
)
from rectification.plans import Plan, PlanAction, PlanPhase, PlanState, PlanStep
from sensors.actors import Actor, Permission
from sensors.verdicts import Severity

router = APIRouter(tags=["plans"])

Planner = Annotated[Actor, Depends(permit(Permission.MANAGE_ITEM))]

_TEXTS = frozenset(field.name for field in fields(PlanText))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Items of one cause that a person may make a plan of, or a part of one, or none."""

    cause: str
    family: str
    place: str
    severity: Severity
    items: Sequence[ItemView]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStepView:
    """One thing that happened to a plan; `detail` is JSON of what changed."""

    action: PlanAction
    state: PlanState
    actor_id: str
    actor_name: str
    at: datetime
    note: str
    detail: str

    @classmethod
    def of(cls, step: PlanStep, names: Names) -> "PlanStepView":
        """Return the view of a step."""
        return cls(
            action=step.action,
            state=step.state,
            actor_id=step.actor_id,
            actor_name=names.get(step.actor_id, step.actor_id),
            at=step.at,
            note=step.note,
            detail=step.detail,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDetail:
    """A plan with its items and its history; `lacking` is what it needs before it can be issued."""

    plan: Plan
    items: Sequence[ItemView]
    steps: Sequence[PlanStepView]
    lacking: Sequence[Lack]


@router.get("/plans")
def get_plans(services: ServicesOf, _: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 200) -> Sequence[Plan]:
    """Return plans, the newest first."""
    with services.records.reading() as tx:
        return tx.plans(limit=limit)


@router.get("/plans/groups")
def get_groups(services: ServicesOf, _: Reader) -> Sequence[GroupView]:
    """Return the groups in which items are proposed for plans: one cause each."""
    with services.records.reading() as tx:
        known = names(tx)
        return [_group(group, known) for group in proposed_groups(services, tx)]


@router.post("/plans", status_code=201)
def post_plan(services: ServicesOf, actor: Planner, given: PlanBody, response: Response) -> PlanDetail:
    """Make a draft, with items or without."""
    site = services.registry().site.id
    with services.records.transaction() as tx:
        plan = create_plan(
            tx,
            _written(PlanText(title=given.title), given),
            site=site,
            items=given.items,
            cause=given.cause,
            actor=actor,
            clock=services.clock,
        )
        return _detail(tx, plan, response)


@router.get("/plans/{plan_id}")
def get_plan(services: ServicesOf, _: Reader, plan_id: str, response: Response) -> PlanDetail:
    """Return a plan; the ETag is the revision that an edit must name."""
    with services.records.reading() as tx:
        return _detail(tx, existing_plan(tx, plan_id), response)


@router.patch("/plans/{plan_id}")
def patch_plan(
    services: ServicesOf, actor: Planner, plan_id: str, revision: ReadRevision, given: PlanEditBody, response: Response
) -> PlanDetail:
    """Write of a draft, naming the revision that was read."""
    with services.records.transaction() as tx:
        text = _written(PlanText.of(existing_plan(tx, plan_id)), given)
        plan = edit_plan(tx, plan_id, text, revision=revision, actor=actor, clock=services.clock, note=given.note)
        return _detail(tx, plan, response)


@router.post("/plans/apart")
def post_apart(services: ServicesOf, actor: Planner, given: ItemsBody) -> Sequence[ItemView]:
    """Propose these items for no plan any more."""
    with services.records.transaction() as tx:
        items = set_apart(tx, given.items, actor=actor, clock=services.clock, note=given.note)
        known = names(tx)
        return [ItemView.of(item, known) for item in items]


@router.post("/plans/{plan_id}/items")
def post_items(services: ServicesOf, actor: Planner, plan_id: str, given: ItemsBody, response: Response) -> PlanDetail:
    """Put items into a plan."""
    return _changed(
        services,
        response,
        lambda tx: add_items(tx, plan_id, given.items, actor=actor, clock=services.clock, note=given.note),
    )


@router.post("/plans/{plan_id}/remove")
def post_removal(
    services: ServicesOf, actor: Planner, plan_id: str, given: ItemsBody, response: Response
) -> PlanDetail:
    """Take items out of a draft."""
    return _changed(
        services,
        response,
        lambda tx: remove_items(tx, plan_id, given.items, actor=actor, clock=services.clock, note=given.note),
    )


@router.post("/plans/{plan_id}/issue")
def post_issue(services: ServicesOf, actor: Planner, plan_id: str, given: NoteBody, response: Response) -> PlanDetail:
    """Issue a plan that lacks nothing."""
    return _changed(
        services, response, lambda tx: issue_plan(tx, plan_id, actor=actor, clock=services.clock, note=given.note)
    )


@router.post("/plans/{plan_id}/close")
def post_close(services: ServicesOf, actor: Planner, plan_id: str, given: NoteBody, response: Response) -> PlanDetail:
    """Close a plan all of whose items have ended."""
    return _changed(
        services, response, lambda tx: close_plan(tx, plan_id, actor=actor, clock=services.clock, note=given.note)
    )


@router.post("/plans/{plan_id}/withdraw")
def post_withdrawal(
    services: ServicesOf, actor: Planner, plan_id: str, given: NoteBody, response: Response
) -> PlanDetail:
    """Give a draft up, with the reason."""
    return _changed(
        services, response, lambda tx: withdraw_plan(tx, plan_id, actor=actor, clock=services.clock, note=given.note)
    )


def _changed(services: Services, response: Response, change: Callable[[RecordsTransaction], Plan]) -> PlanDetail:
    with services.records.transaction() as tx:
        return _detail(tx, change(tx), response)


def _detail(tx: RecordsTransaction, plan: Plan, response: Response) -> PlanDetail:
    tell_revision(response, plan.revision)
    known, items = names(tx), tx.items_of_plan(plan.id)
    return PlanDetail(
        plan=plan,
        items=[ItemView.of(item, known) for item in items],
        steps=[PlanStepView.of(step, known) for step in tx.plan_steps(plan.id)],
        lacking=lacks(plan, items),
    )


def _group(group: Group, known: Names) -> GroupView:
    return GroupView(
        cause=str(group.cause),
        family=group.cause.family,
        place=str(group.cause.place),
        severity=group.severity,
        items=[ItemView.of(item, known) for item in group.items],
    )


def _written(text: PlanText, given: PlanTextBody) -> PlanText:
    """Return a plan's text with what was sent written over it."""
    sent = {name: getattr(given, name) for name in given.model_fields_set & _TEXTS}
    if "phases" in sent:
        sent["phases"] = tuple(PlanPhase(**phase.model_dump()) for phase in given.phases)
    return replace(text, **sent)
