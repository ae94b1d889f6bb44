"""What becomes of a signed item later: somebody looks again (回头看), or it came back as a linked item (反弹)."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from rectification.commands import Deadlines, StepRefusedError, acceptable, existing, moved, reason_of
from rectification.model import ENDED_STATES, Item, ItemAction, ItemState, ItemStep, state_after
from rectification.particulars import NOTHING_WRITTEN
from rectification.ports import ItemTransaction, SheetTransaction
from sensors.actors import Actor, Permission
from sensors.catalogue.figures import RESPONSES
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms

_WORKED_OFF = ("funds_yuan", "deadline_kind", "progress_pct", "result", "remark")
_OF_THE_WORK: Mapping[str, Any] = MappingProxyType({name: getattr(NOTHING_WRITTEN, name) for name in _WORKED_OFF})
"""What is written of the work and not of the thing that was wrong."""


class CameBackError(StepRefusedError):
    """Something signed off is open again already, as another item."""

    def __init__(self, signed: Item, again: Item) -> None:
        """Name both."""
        super().__init__(f"item {signed.number} is open again as item {again.number}; write there what is wrong now")


def look_back(tx: SheetTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str) -> Item:
    """Return a signed item that somebody with no hand in it looked at again (回头看) and found as it should be.

    Raises NotPermittedError, UnknownItemError, SameHandsError, CameBackError, NoteMissingError, IllegalItemStepError.
    """
    said = reason_of(note, ItemAction.LOOK_BACK)
    _check_not_back(tx, existing(tx, identifier))
    item = replace(acceptable(tx, identifier, actor), looked_back=clock.now(), looked_back_by=actor.id)
    return moved(tx, item, ItemAction.LOOK_BACK, actor=actor, clock=clock, note=said)


def open_recurrence(
    tx: SheetTransaction, identifier: str, *, actor: Actor, clock: Clock, deadline: Deadlines, note: str
) -> Item:
    """Return the linked draft (反弹) for a signed item that somebody found broken again; the signed sheet stays.

    What was written of the thing itself goes with it; how it was worked off does not.
    Raises NotPermittedError, UnknownItemError, CameBackError, NoteMissingError, IllegalItemStepError.
    """
    actor.must(Permission.SIGN_OFF_ITEM)
    said = reason_of(note, ItemAction.LOOK_BACK)
    signed = existing(tx, identifier)
    state_after(signed.state, ItemAction.LOOK_BACK)
    _check_not_back(tx, signed)
    now = clock.now()
    item = Item(
        id=new_id(epoch_ms(now)),
        number=tx.next_item_number(),
        site=signed.site,
        rule=signed.rule,
        subject=signed.subject,
        severity=signed.severity,
        state=ItemState.DRAFT,
        opened=now,
        fault_from=now,
        deadline=deadline(now, RESPONSES[signed.severity].fix),
        measure=signed.measure,
        recurrence_of=signed.id,
    )
    step = ItemStep(item_id=item.id, action=ItemAction.PROPOSE, state=item.state, actor_id=actor.id, at=now, note=said)
    tx.save_item(item, step)
    written = tx.particulars(signed.id)
    if written is not None:
        tx.save_particulars(item.id, replace(written, **_OF_THE_WORK))
    looked = replace(signed, looked_back=now, looked_back_by=actor.id)
    moved(tx, looked, ItemAction.LOOK_BACK, actor=actor, clock=clock, note=said)
    return item


def _check_not_back(tx: ItemTransaction, signed: Item) -> None:
    """Refuse to look at, or open again, what is being worked off again. Raises CameBackError."""
    about = tx.items_about(signed.rule, signed.subject)
    again = next((item for item in about if item.state not in ENDED_STATES and _is_same(item, signed)), None)
    if again is not None:
        raise CameBackError(signed, again)


def _is_same(item: Item, signed: Item) -> bool:
    """Say whether an item is about the same: of what people found, rule and place alone do not tell."""
    return item.recurrence_of == signed.id or bool(signed.rule)
