"""What can be done to items: each a step in the table of transitions, by an actor who may, in one transaction."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from rectification.look_back import LookBacks, after_half_a_year
from rectification.model import (
    ADDED_BESIDE,
    ENDED_STATES,
    Item,
    ItemAction,
    ItemState,
    ItemStep,
    state_after,
    verified_by,
)
from rectification.ports import Fault, ItemTransaction
from sensors.actors import Actor, Permission, system_actor
from sensors.catalogue.figures import RESPONSES
from sensors.catalogue.model import Verification
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms

PLANNING = system_actor("planning")
"""Who proposes items for findings."""

VERIFICATION = system_actor("verification")
"""Who verifies by the readings."""

Deadlines = Callable[[datetime, timedelta], date]
"""Gives the local date by which something found at an instant is to be mended, so many days on a workday."""


class UnknownItemError(LookupError):
    """No item has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no item {identifier!r}; look at the plan")


class StepRefusedError(Exception):
    """The table of transitions has the step, but not for this actor or not like this."""


class SameHandsError(StepRefusedError):
    """Who answers for an item or has worked on it wants to judge it too (验收人 ≠ 整改人)."""

    def __init__(self, item: Item, actor: Actor) -> None:
        """Name both."""
        super().__init__(f"{actor.id} has worked on item {item.number} and cannot accept it; somebody else must")


class NotResponsibleError(StepRefusedError):
    """Somebody wants to work on an item that another one answers for."""

    def __init__(self, item: Item, actor: Actor) -> None:
        """Name both."""
        super().__init__(f"{item.responsible} answers for item {item.number}, not {actor.id}; assign it anew first")


class NoteMissingError(StepRefusedError):
    """A step that others must be able to understand has no reason written to it."""

    def __init__(self, action: ItemAction) -> None:
        """Name the step."""
        super().__init__(f"{action.value.replace('_', ' ')} needs a reason; write it into the note")


class DeadlineBeforeFoundError(StepRefusedError):
    """An item is to be mended before it was found."""

    def __init__(self, item: Item, deadline: date) -> None:
        """Name both days."""
        found = item.fault_from.date().isoformat()
        super().__init__(f"item {item.number}: {deadline} is before it was found, {found}; give a later date")


class ProofByReadingsError(StepRefusedError):
    """A person wants to vouch for what the readings decide."""

    def __init__(self, item: Item) -> None:
        """Name the rule."""
        super().__init__(f"item {item.number}: whether {item.rule} is mended is decided by the readings")


class ProofByInspectionError(StepRefusedError):
    """A person's word alone is to prove what an inspection proves."""

    def __init__(self, item: Item) -> None:
        """Name the item, and the way."""
        super().__init__(
            f"item {item.number} is proven by an inspection; plan one for its place, or fill in the next one: it asks "
            "after the item"
        )


def propose(
    tx: ItemTransaction, fault: Fault, *, clock: Clock, deadline: Deadlines, actor: Actor = PLANNING, note: str = ""
) -> Item:
    """Return the open item about this fault: the one there is, or a new draft.

    One item is open for a rule and subject at a time. A fault that comes back after its item was signed off opens
    a draft linked to it (反弹); one that comes back while its item waits to be signed off sends that back to work.
    Raises NotPermittedError.
    """
    actor.must(Permission.MANAGE_ITEM)
    about = tx.items_about(fault.rule, fault.subject)
    open_item = next((item for item in about if item.state not in ENDED_STATES), None)
    if open_item is None:
        return _draft(tx, fault, _recurring(about, fault), clock=clock, deadline=deadline, actor=actor, note=note)
    if open_item.state is ItemState.VERIFIED and _began_after(fault, open_item):
        evidence = json.dumps({"finding": fault.id, "started": fault.started.isoformat()})
        return moved(tx, _sent_back(open_item), ItemAction.REJECT, actor=VERIFICATION, clock=clock, evidence=evidence)
    return open_item


def assign(
    tx: ItemTransaction,
    identifier: str,
    *,
    responsible: str,
    actor: Actor,
    clock: Clock,
    deadline: date | None = None,
    measure: str = "",
    note: str = "",
) -> Item:
    """Return the item with who answers for it; deadline and measure stay as they are where none is given.

    A deadline that is moved back needs a reason, unless it was only the proposal of a draft.
    Raises NotPermittedError, UnknownItemError, DeadlineBeforeFoundError, NoteMissingError, IllegalItemStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    item = existing(tx, identifier)
    check_deadline(item, deadline)
    if item.state is not ItemState.DRAFT and deadline is not None and is_postponed(item.deadline, deadline):
        reason_of(note, ItemAction.ASSIGN)
    assigned = replace(
        item,
        responsible=responsible,
        deadline=deadline or item.deadline,
        measure=measure.strip() or item.measure,
    )
    return moved(tx, assigned, ItemAction.ASSIGN, actor=actor, clock=clock, note=note)


def start(tx: ItemTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "") -> Item:
    """Return the item as being worked on.

    Raises NotPermittedError, UnknownItemError, NotResponsibleError, IllegalItemStepError.
    """
    item = _own(tx, identifier, actor)
    return moved(tx, item, ItemAction.START, actor=actor, clock=clock, note=note)


def report_done(tx: ItemTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "") -> Item:
    """Return the item as mended, in the words of who mended it; the readings of the days to come will tell.

    Raises NotPermittedError, UnknownItemError, NotResponsibleError, IllegalItemStepError.
    """
    item = replace(_own(tx, identifier, actor), reported_by=actor.id, reported_done=clock.now())
    return moved(tx, item, ItemAction.REPORT_DONE, actor=actor, clock=clock, note=note)


def verify(tx: ItemTransaction, identifier: str, *, evidence: str, clock: Clock) -> Item:
    """Return the item as proven by the readings; `evidence` is JSON. Raises UnknownItemError, IllegalItemStepError."""
    item = replace(existing(tx, identifier), verified=clock.now())
    return moved(tx, item, ItemAction.VERIFY, actor=VERIFICATION, clock=clock, evidence=evidence)


def verify_by_hand(
    tx: ItemTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str, evidence: str = ""
) -> Item:
    """Return the item as proven by a record or an inspection, where the catalogue asks for one.

    `evidence` is JSON of the inspection's line that shows it, without which no inspection is said to have proven it.

    Raises NotPermittedError, UnknownItemError, ProofByReadingsError, ProofByInspectionError, SameHandsError,
    NoteMissingError, IllegalItemStepError.
    """
    item = acceptable(tx, identifier, actor)
    way = verified_by(item)
    if way is Verification.READINGS:
        raise ProofByReadingsError(item)
    if way is Verification.INSPECTION and not evidence:
        raise ProofByInspectionError(item)
    said = reason_of(note, ItemAction.VERIFY)
    verified = replace(item, verified=clock.now())
    return moved(tx, verified, ItemAction.VERIFY, actor=actor, clock=clock, note=said, evidence=evidence)


def refute_by_hand(
    tx: ItemTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str, evidence: str = ""
) -> Item:
    """Return the item sent back to work by somebody who looked and found it as it was; `evidence` is JSON.

    Raises NotPermittedError, UnknownItemError, ProofByReadingsError, SameHandsError, NoteMissingError,
    IllegalItemStepError.
    """
    item = acceptable(tx, identifier, actor)
    if verified_by(item) is Verification.READINGS:
        raise ProofByReadingsError(item)
    said = reason_of(note, ItemAction.REFUTE)
    return moved(tx, _sent_back(item), ItemAction.REFUTE, actor=actor, clock=clock, note=said, evidence=evidence)


def refute(tx: ItemTransaction, identifier: str, *, evidence: str, clock: Clock) -> Item:
    """Return the item sent back to work by the readings. Raises UnknownItemError, IllegalItemStepError."""
    item = _sent_back(existing(tx, identifier))
    return moved(tx, item, ItemAction.REFUTE, actor=VERIFICATION, clock=clock, evidence=evidence)


def sign_off(
    tx: ItemTransaction,
    identifier: str,
    *,
    actor: Actor,
    clock: Clock,
    note: str = "",
    look_back: LookBacks = after_half_a_year,
) -> Item:
    """Return the item as closed (销号), by a person who had no hand in it; `look_back` says when to look again.

    Raises NotPermittedError, UnknownItemError, SameHandsError, IllegalItemStepError.
    """
    now = clock.now()
    accepted = acceptable(tx, identifier, actor)
    item = replace(accepted, signed_off_by=actor.id, signed_off=now, look_back=look_back(now))
    return moved(tx, item, ItemAction.SIGN_OFF, actor=actor, clock=clock, note=note)


def reject(tx: ItemTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str) -> Item:
    """Return a verified item sent back to work by a person, who says why.

    Raises NotPermittedError, UnknownItemError, SameHandsError, NoteMissingError, IllegalItemStepError.
    """
    said = reason_of(note, ItemAction.REJECT)
    item = _sent_back(acceptable(tx, identifier, actor))
    return moved(tx, item, ItemAction.REJECT, actor=actor, clock=clock, note=said)


def cancel(tx: ItemTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str) -> Item:
    """Return the item as given up, with the reason.

    Raises NotPermittedError, UnknownItemError, NoteMissingError, IllegalItemStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    said = reason_of(note, ItemAction.CANCEL)
    return moved(tx, existing(tx, identifier), ItemAction.CANCEL, actor=actor, clock=clock, note=said)


def hands_on(tx: ItemTransaction, item: Item) -> frozenset[str]:
    """Return the actors who may not accept the item: who answers for it, and everyone who has worked on it."""
    worked = {
        step.actor_id for step in tx.item_steps(item.id) if step.action in {ItemAction.START, ItemAction.REPORT_DONE}
    }
    return frozenset(worked | {actor for actor in (item.responsible, item.reported_by) if actor is not None})


def _draft(
    tx: ItemTransaction,
    fault: Fault,
    recurrence_of: str | None,
    *,
    clock: Clock,
    deadline: Deadlines,
    actor: Actor,
    note: str,
) -> Item:
    now = clock.now()
    item = Item(
        id=new_id(epoch_ms(now)),
        number=tx.next_item_number(),
        site=fault.site,
        rule=fault.rule,
        subject=fault.subject,
        severity=fault.severity,
        state=ItemState.DRAFT,
        opened=now,
        fault_from=fault.started,
        deadline=deadline(now, RESPONSES[fault.severity].fix),
        recurrence_of=recurrence_of,
    )
    evidence = json.dumps({"finding": fault.id, "started": fault.started.isoformat()})
    tx.save_item(item, _step(item, ItemAction.PROPOSE, actor=actor, at=now, note=note, evidence=evidence))
    return item


def _recurring(about: Sequence[Item], fault: Fault) -> str | None:
    """Return the id of the signed item that this fault follows within its look-back period."""
    signed = [item for item in about if item.state is ItemState.SIGNED_OFF and _follows(fault, item)]
    return max(signed, key=lambda item: item.number).id if signed else None


def _follows(fault: Fault, item: Item) -> bool:
    in_time = item.look_back is None or fault.started.date() <= item.look_back
    return in_time and _began_after(fault, item)


def _began_after(fault: Fault, item: Item) -> bool:
    return item.reported_done is not None and fault.started >= item.reported_done


def _own(tx: ItemTransaction, identifier: str, actor: Actor) -> Item:
    """Return an item that the actor may work on: one that is theirs, or any for who manages the plan."""
    actor.must(Permission.WORK_ON_ITEM)
    item = existing(tx, identifier)
    if actor.id != item.responsible and not actor.may(Permission.MANAGE_ITEM):
        raise NotResponsibleError(item, actor)
    return item


def acceptable(tx: ItemTransaction, identifier: str, actor: Actor) -> Item:
    """Return an item that the actor may accept or send back: a person with no hand in it."""
    actor.must(Permission.SIGN_OFF_ITEM)
    item = existing(tx, identifier)
    if actor.is_system or actor.id in hands_on(tx, item):
        raise SameHandsError(item, actor)
    return item


def existing(tx: ItemTransaction, identifier: str) -> Item:
    """Return an item. Raises UnknownItemError."""
    item = tx.item(identifier)
    if item is None:
        raise UnknownItemError(identifier)
    return item


def _sent_back(item: Item) -> Item:
    return replace(item, reported_by=None, reported_done=None, verified=None, judged_from=None)


def check_deadline(item: Item, deadline: date | None) -> None:
    """Refuse a date by which nobody can have mended it. Raises DeadlineBeforeFoundError.

    A day is let pass, as the day of a place may be another than that of UTC.
    """
    if deadline is not None and deadline != item.deadline and deadline < item.fault_from.date() - timedelta(days=1):
        raise DeadlineBeforeFoundError(item, deadline)


def is_postponed(before: date | None, after: date | None) -> bool:
    """Say whether a deadline is moved back, or given up."""
    return before is not None and before != after and (after is None or after > before)


def reason_of(note: str, action: ItemAction) -> str:
    """Return what was written, without the space round it. Raises NoteMissingError."""
    said = note.strip()
    if not said:
        raise NoteMissingError(action)
    return said


def moved(
    tx: ItemTransaction,
    item: Item,
    action: ItemAction,
    *,
    actor: Actor,
    clock: Clock,
    note: str = "",
    evidence: str = "",
) -> Item:
    """Return the item after an action, kept with the step that led there. Raises IllegalItemStepError."""
    revision = item.revision + (action not in ADDED_BESIDE)
    after = replace(item, state=state_after(item.state, action), revision=revision)
    tx.save_item(after, _step(after, action, actor=actor, at=clock.now(), note=note.strip(), evidence=evidence))
    return after


def _step(item: Item, action: ItemAction, *, actor: Actor, at: datetime, note: str, evidence: str) -> ItemStep:
    return ItemStep(
        item_id=item.id, action=action, state=item.state, actor_id=actor.id, at=at, note=note, evidence=evidence
    )
