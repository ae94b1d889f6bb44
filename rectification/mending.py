"""What can be done to repairs (报修): reported, ordered from a contractor, done at a cost."""

from dataclasses import replace
from datetime import datetime

from rectification.commands import StepRefusedError, existing, moved
from rectification.model import Item, ItemAction, state_after
from rectification.ports import RepairTransaction
from rectification.repairs import Repair, RepairAction, RepairState, RepairStep, repair_state_after
from sensors.actors import Actor, Permission
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import SiteId


class UnknownRepairError(LookupError):
    """No repair has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no repair {identifier!r}; look at the item or the room")


class RepairRefusedError(StepRefusedError):
    """The table of transitions has the step, but not like this."""


def report_repair_of(tx: RepairTransaction, item_id: str, *, what: str, actor: Actor, clock: Clock) -> Repair:
    """Return a new repair of what an item is about; the item's history tells of it.

    Raises NotPermittedError, UnknownItemError, RepairRefusedError, IllegalItemStepError.
    """
    item = existing(tx, item_id)
    repair = report_repair(tx, site=item.site, subject=item.subject, what=what, actor=actor, clock=clock, item=item)
    moved(tx, item, ItemAction.REPAIR, actor=actor, clock=clock, note=repair.what)
    return repair


def report_repair(
    tx: RepairTransaction,
    *,
    site: SiteId,
    subject: Subject,
    what: str,
    actor: Actor,
    clock: Clock,
    item: Item | None = None,
) -> Repair:
    """Return a new repair of a thing of the registry. Raises NotPermittedError, RepairRefusedError."""
    actor.must(Permission.WORK_ON_ITEM)
    if item is not None:
        state_after(item.state, ItemAction.REPAIR)
    said = what.strip()
    if not said:
        msg = "write what is to be mended"
        raise RepairRefusedError(msg)
    now = clock.now()
    repair = Repair(
        id=new_id(epoch_ms(now)),
        number=tx.next_repair_number(),
        site=site,
        subject=subject,
        what=said,
        state=RepairState.REPORTED,
        reported=now,
        reported_by=actor.id,
        item_id=None if item is None else item.id,
    )
    tx.save_repair(repair, _step(repair, RepairAction.REPORT, actor, now, ""))
    return repair


def order_repair(
    tx: RepairTransaction,
    identifier: str,
    *,
    contractor: str,
    actor: Actor,
    clock: Clock,
    cost_yuan: float | None = None,
    note: str = "",
) -> Repair:
    """Return the repair as ordered from somebody, with the cost as offered where there is an offer.

    Raises NotPermittedError, UnknownRepairError, RepairRefusedError, IllegalRepairStepError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    repair, asked = existing_repair(tx, identifier), contractor.strip()
    if not asked:
        msg = "name the contractor, or who in the house mends it"
        raise RepairRefusedError(msg)
    cost = _cost(cost_yuan, repair)
    ordered = replace(repair, contractor=asked, ordered=clock.now(), cost_yuan=cost)
    return _moved(tx, ordered, RepairAction.ORDER, actor=actor, clock=clock, note=note)


def finish_repair(
    tx: RepairTransaction,
    identifier: str,
    *,
    result: str,
    actor: Actor,
    clock: Clock,
    cost_yuan: float | None = None,
    note: str = "",
) -> Repair:
    """Return the repair as done, with what was done and what it cost.

    Raises NotPermittedError, UnknownRepairError, RepairRefusedError, IllegalRepairStepError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    repair, said = existing_repair(tx, identifier), result.strip()
    if not said:
        msg = "write what was done"
        raise RepairRefusedError(msg)
    done = replace(repair, done=clock.now(), result=said, cost_yuan=_cost(cost_yuan, repair))
    return _moved(tx, done, RepairAction.FINISH, actor=actor, clock=clock, note=note)


def cancel_repair(tx: RepairTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str) -> Repair:
    """Return the repair as given up, with the reason.

    Raises NotPermittedError, UnknownRepairError, RepairRefusedError, IllegalRepairStepError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    if not note.strip():
        msg = "write why nothing is mended"
        raise RepairRefusedError(msg)
    repair = existing_repair(tx, identifier)
    return _moved(tx, repair, RepairAction.CANCEL, actor=actor, clock=clock, note=note)


def existing_repair(tx: RepairTransaction, identifier: str) -> Repair:
    """Return a repair. Raises UnknownRepairError."""
    repair = tx.repair(identifier)
    if repair is None:
        raise UnknownRepairError(identifier)
    return repair


def _cost(cost_yuan: float | None, repair: Repair) -> float | None:
    if cost_yuan is not None and not 0 <= cost_yuan <= 1e9:  # noqa: PLR2004 - nobody repairs for a billion
        msg = "write a cost from 0 to 1000000000 yuan"
        raise RepairRefusedError(msg)
    return repair.cost_yuan if cost_yuan is None else cost_yuan


def _moved(
    tx: RepairTransaction, repair: Repair, action: RepairAction, *, actor: Actor, clock: Clock, note: str
) -> Repair:
    after = replace(repair, state=repair_state_after(repair.state, action))
    tx.save_repair(after, _step(after, action, actor, clock.now(), note.strip()))
    return after


def _step(repair: Repair, action: RepairAction, actor: Actor, at: datetime, note: str) -> RepairStep:
    return RepairStep(repair_id=repair.id, action=action, state=repair.state, actor_id=actor.id, at=at, note=note)
