"""What can be done to plans: made of proposed groups, edited, issued, closed; items come in and go out."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from enum import StrEnum

from rectification.commands import StepRefusedError, existing, moved, reason_of
from rectification.model import ENDED_STATES, Item, ItemAction
from rectification.plans import (
    Phase,
    Plan,
    PlanAction,
    PlanPhase,
    PlanState,
    PlanStep,
    plan_state_after,
)
from rectification.ports import PlanTransaction
from sensors.actors import Actor, Permission
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.topology import SiteId

MOST_ITEMS = 500
"""Of one plan. Our own choice: a longer ledger is no plan that somebody can keep in mind."""


class Lack(StrEnum):
    """What a plan may still lack before it can be issued."""

    ITEMS = "items"
    LEADER = "leader"
    PERIOD = "period"
    RESPONSIBLE = "responsible"
    """Somebody who answers for each item."""
    DEADLINES = "deadlines"


class UnknownPlanError(LookupError):
    """No plan has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no plan {identifier!r}; look at the plans")


class PlanRefusedError(StepRefusedError):
    """The table of transitions has the step, but the plan is not ready for it."""


class StalePlanError(StepRefusedError):
    """Somebody else wrote to the plan since it was read."""

    def __init__(self, plan: Plan, revision: int) -> None:
        """Name both revisions."""
        super().__init__(
            f"plan {plan.number} was changed meanwhile (revision {plan.revision}, you read {revision}); "
            "look at it again and repeat what is still wanted"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanText:
    """What people write of a plan; empty texts are filled with what is usual when the paper is made."""

    title: str
    basis: str = ""
    goals: str = ""
    first: date | None = None
    last: date | None = None
    leader: str = ""
    organisation: str = ""
    funds: str = ""
    funds_yuan: float | None = None
    phases: tuple[PlanPhase, ...] = ()
    supervision: str = ""

    @classmethod
    def of(cls, plan: Plan) -> "PlanText":
        """Return what is written of a plan now."""
        return cls(**{field.name: getattr(plan, field.name) for field in fields(cls)})


def create_plan(
    tx: PlanTransaction,
    text: PlanText,
    *,
    site: SiteId,
    items: Collection[str] = (),
    cause: str = "",
    actor: Actor,
    clock: Clock,
) -> Plan:
    """Return a new draft with these items in it: an accepted group, a part of one, or none yet.

    Raises NotPermittedError, PlanRefusedError, UnknownItemError, IllegalItemStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    now = clock.now()
    written = {field.name: getattr(_checked(text), field.name) for field in fields(PlanText)}
    plan = Plan(
        id=new_id(epoch_ms(now)),
        number=tx.next_plan_number(),
        site=site,
        state=PlanState.DRAFT,
        created=now,
        created_by=actor.id,
        cause=cause,
        **written,
    )
    kept = _kept(tx, plan, PlanAction.CREATE, actor=actor, clock=clock)
    return add_items(tx, kept.id, items, actor=actor, clock=clock) if items else kept


def edit_plan(
    tx: PlanTransaction, identifier: str, text: PlanText, *, revision: int, actor: Actor, clock: Clock, note: str = ""
) -> Plan:
    """Return the draft with what was written of it; the step keeps what was before. Nothing new changes nothing.

    Raises NotPermittedError, UnknownPlanError, StalePlanError, PlanRefusedError, IllegalPlanStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    plan = existing_plan(tx, identifier)
    if plan.revision != revision:
        raise StalePlanError(plan, revision)
    before, after = PlanText.of(plan), _checked(text)
    changes = {
        field.name: [getattr(before, field.name), getattr(after, field.name)]
        for field in fields(PlanText)
        if getattr(before, field.name) != getattr(after, field.name)
    }
    if not changes:
        return plan
    written = replace(plan, **{name: pair[1] for name, pair in changes.items()})
    detail = json.dumps({"changed": changes}, ensure_ascii=False, default=_plain)
    return _moved_plan(tx, written, PlanAction.EDIT, actor=actor, clock=clock, note=note, detail=detail)


def add_items(
    tx: PlanTransaction, identifier: str, items: Collection[str], *, actor: Actor, clock: Clock, note: str = ""
) -> Plan:
    """Return the plan with more items in it; one that is in another plan is moved from there where that is a draft.

    Raises NotPermittedError, UnknownPlanError, UnknownItemError, PlanRefusedError, IllegalPlanStepError,
    IllegalItemStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    plan = existing_plan(tx, identifier)
    added = [item for item in _items(tx, items) if item.plan_id != plan.id]
    if len(added) + len(tx.items_of_plan(plan.id)) > MOST_ITEMS:
        msg = f"plan {plan.number} would have more than {MOST_ITEMS} items; make a second plan of the rest"
        raise PlanRefusedError(msg)
    _take_from_drafts(tx, added, actor=actor, clock=clock)
    for item in added:
        put = replace(item, plan_id=plan.id, is_apart=False)
        moved(tx, put, ItemAction.PLAN, actor=actor, clock=clock, note=note, evidence=_told_plan(plan))
    if not added:
        return plan
    return _moved_plan(tx, plan, PlanAction.ADD, actor=actor, clock=clock, note=note, detail=_told_items(added))


def remove_items(
    tx: PlanTransaction, identifier: str, items: Collection[str], *, actor: Actor, clock: Clock, note: str = ""
) -> Plan:
    """Return the draft without some items; they stay in the ledger by themselves.

    Raises NotPermittedError, UnknownPlanError, UnknownItemError, IllegalPlanStepError, IllegalItemStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    plan = existing_plan(tx, identifier)
    removed = [item for item in _items(tx, items) if item.plan_id == plan.id]
    if not removed:
        return plan
    plan_state_after(plan.state, PlanAction.REMOVE)
    for item in removed:
        moved(tx, replace(item, plan_id=None), ItemAction.PLAN, actor=actor, clock=clock, note=note)
    return _moved_plan(tx, plan, PlanAction.REMOVE, actor=actor, clock=clock, note=note, detail=_told_items(removed))


def set_apart(
    tx: PlanTransaction, items: Collection[str], *, actor: Actor, clock: Clock, note: str = ""
) -> tuple[Item, ...]:
    """Return items that are proposed for no plan any more: a person dropped the group, or this part of it.

    Raises NotPermittedError, UnknownItemError, IllegalItemStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    wanted = [item for item in _items(tx, items) if item.plan_id is None and not item.is_apart]
    return tuple(
        moved(tx, replace(item, is_apart=True), ItemAction.PLAN, actor=actor, clock=clock, note=note) for item in wanted
    )


def issue_plan(tx: PlanTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "") -> Plan:
    """Return the plan as issued: it has items, each with somebody who answers for it, and a period.

    Raises NotPermittedError, UnknownPlanError, PlanRefusedError, IllegalPlanStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    plan = existing_plan(tx, identifier)
    plan_state_after(plan.state, PlanAction.ISSUE)
    lacking = lacks(plan, tx.items_of_plan(plan.id))
    if lacking:
        msg = f"plan {plan.number} cannot be issued yet; it lacks: {', '.join(lacking)}"
        raise PlanRefusedError(msg)
    issued = replace(plan, issued=clock.now(), issued_by=actor.id)
    return _moved_plan(tx, issued, PlanAction.ISSUE, actor=actor, clock=clock, note=note)


def close_plan(tx: PlanTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "") -> Plan:
    """Return the plan as closed, all of whose items have ended.

    Raises NotPermittedError, UnknownPlanError, PlanRefusedError, IllegalPlanStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    plan = existing_plan(tx, identifier)
    plan_state_after(plan.state, PlanAction.CLOSE)
    still = [item for item in tx.items_of_plan(plan.id) if item.state not in ENDED_STATES]
    if still:
        numbers = ", ".join(f"#{item.number}" for item in still[:10])
        msg = f"plan {plan.number} has {len(still)} items that are not signed off or cancelled: {numbers}"
        raise PlanRefusedError(msg)
    closed = replace(plan, closed=clock.now())
    return _moved_plan(tx, closed, PlanAction.CLOSE, actor=actor, clock=clock, note=note)


def withdraw_plan(tx: PlanTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str) -> Plan:
    """Return a draft as given up, with the reason; its items are by themselves again.

    Raises NotPermittedError, UnknownPlanError, NoteMissingError, IllegalPlanStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    said = reason_of(note, ItemAction.CANCEL)
    plan = existing_plan(tx, identifier)
    plan_state_after(plan.state, PlanAction.WITHDRAW)
    for item in tx.items_of_plan(plan.id):
        if item.state not in ENDED_STATES:
            moved(tx, replace(item, plan_id=None), ItemAction.PLAN, actor=actor, clock=clock, note=said)
    return _moved_plan(tx, plan, PlanAction.WITHDRAW, actor=actor, clock=clock, note=said)


def lacks(plan: Plan, items: Sequence[Item]) -> tuple[Lack, ...]:
    """Return what a plan lacks before it can be issued; empty where it lacks nothing."""
    standing = [item for item in items if item.state not in ENDED_STATES]
    faults = {
        Lack.ITEMS: not items,
        Lack.LEADER: not plan.leader,
        Lack.PERIOD: plan.first is None or plan.last is None,
        Lack.RESPONSIBLE: any(item.responsible is None for item in standing),
        Lack.DEADLINES: any(item.deadline is None for item in standing),
    }
    return tuple(lack for lack, holds in faults.items() if holds)


def usual_phases(first: date, last: date) -> tuple[PlanPhase, ...]:
    """Return the four phases over a period: a tenth each to survey, accept and consolidate. Our own choice.

    A period of less than four days has all phases over all of it.
    """
    days = (last - first).days + 1
    if days < len(Phase):
        return tuple(PlanPhase(phase=phase, first=first, last=last) for phase in Phase)
    tenth = max(1, days // 10)
    lengths = (tenth, days - 3 * tenth, tenth, tenth)
    starts = [first + timedelta(days=sum(lengths[:rank])) for rank in range(len(lengths))]
    return tuple(
        PlanPhase(phase=phase, first=start, last=start + timedelta(days=length - 1))
        for phase, start, length in zip(Phase, starts, lengths, strict=True)
    )


def existing_plan(tx: PlanTransaction, identifier: str) -> Plan:
    """Return a plan. Raises UnknownPlanError."""
    plan = tx.plan(identifier)
    if plan is None:
        raise UnknownPlanError(identifier)
    return plan


def _items(tx: PlanTransaction, items: Iterable[str]) -> list[Item]:
    return [existing(tx, each) for each in dict.fromkeys(items)]


def _take_from_drafts(tx: PlanTransaction, items: Sequence[Item], *, actor: Actor, clock: Clock) -> None:
    """Write into the other plans that items leave them. Raises IllegalPlanStepError where one was issued."""
    by_plan: dict[str, list[Item]] = {}
    for item in items:
        if item.plan_id is not None:
            by_plan.setdefault(item.plan_id, []).append(item)
    for identifier, leaving in by_plan.items():
        plan = existing_plan(tx, identifier)
        _moved_plan(tx, plan, PlanAction.REMOVE, actor=actor, clock=clock, detail=_told_items(leaving))


def _checked(text: PlanText) -> PlanText:
    tidy = replace(text, title=text.title.strip())
    if not tidy.title:
        msg = "a plan needs a title"
        raise PlanRefusedError(msg)
    spans = [(tidy.first, tidy.last), *((phase.first, phase.last) for phase in tidy.phases)]
    if any(first is not None and last is not None and last < first for first, last in spans):
        msg = "a period ends before it begins; write the earlier date first"
        raise PlanRefusedError(msg)
    if tidy.funds_yuan is not None and tidy.funds_yuan < 0:
        msg = "funds cannot be less than nothing"
        raise PlanRefusedError(msg)
    return tidy


def _moved_plan(
    tx: PlanTransaction,
    plan: Plan,
    action: PlanAction,
    *,
    actor: Actor,
    clock: Clock,
    note: str = "",
    detail: str = "",
) -> Plan:
    after = replace(plan, state=plan_state_after(plan.state, action), revision=plan.revision + 1)
    return _kept(tx, after, action, actor=actor, clock=clock, note=note, detail=detail)


def _kept(
    tx: PlanTransaction,
    plan: Plan,
    action: PlanAction,
    *,
    actor: Actor,
    clock: Clock,
    note: str = "",
    detail: str = "",
) -> Plan:
    step = PlanStep(
        plan_id=plan.id,
        action=action,
        state=plan.state,
        actor_id=actor.id,
        at=clock.now(),
        note=note.strip(),
        detail=detail,
    )
    tx.save_plan(plan, step)
    return plan


def _told_plan(plan: Plan) -> str:
    return json.dumps({"plan": plan.id, "number": plan.number})


def _told_items(items: Sequence[Item]) -> str:
    return json.dumps({"items": [item.number for item in items]})


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PlanPhase):
        told: Mapping[str, object] = {field.name: getattr(value, field.name) for field in fields(PlanPhase)}
        return told
    msg = f"{value!r} cannot be told"
    raise TypeError(msg)
