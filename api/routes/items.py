"""Items of the plan: given, worked on, reported done, and signed off by somebody else."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Query

from api.dependencies import Reader, ServicesOf, permit
from api.people import give_item, names
from api.ports import Services
from api.privacy import tells_of_presence
from api.problems import not_found
from api.routes.bodies import AssignBody, NoteBody
from api.routes.views import ItemDetail, ItemStepView, ItemView
from rectification.commands import cancel, reject, report_done, sign_off, start, verify_by_hand
from rectification.model import Item
from rectification.ports import ItemTransaction
from sensors.actors import Actor, Permission
from sensors.clock import Clock

router = APIRouter(tags=["items"])

Planner = Annotated[Actor, Depends(permit(Permission.MANAGE_ITEM))]
Worker = Annotated[Actor, Depends(permit(Permission.WORK_ON_ITEM))]
Acceptor = Annotated[Actor, Depends(permit(Permission.SIGN_OFF_ITEM))]


class Step(Protocol):
    """A command of rectification that takes an item one step on."""

    def __call__(self, tx: ItemTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str) -> Item:
        """Return the item after the step."""
        ...


@router.get("/items")
def get_items(
    services: ServicesOf, _: Reader, *, open_only: bool = False, limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> Sequence[ItemView]:
    """Return items, the newest first."""
    with services.records.reading() as tx:
        known = names(tx)
        return [ItemView.of(item, known) for item in tx.items(open_only=open_only, limit=limit)]


@router.get("/items/{item_id}")
def get_item(services: ServicesOf, _: Reader, item_id: str) -> ItemDetail:
    """Return an item with who did what and when, and what the readings said."""
    with services.records.reading() as tx:
        item = tx.item(item_id)
        if item is None:
            raise not_found(kind="item")
        known = names(tx)
        steps = tx.item_steps(item_id)
    shows_evidence = not tells_of_presence(services.registry(), item.rule, item.subject)
    return ItemDetail(
        item=ItemView.of(item, known),
        steps=[ItemStepView.of(step, known, shows_evidence=shows_evidence) for step in steps],
    )


@router.post("/items/{item_id}/assign")
def post_assign(services: ServicesOf, actor: Planner, item_id: str, given: AssignBody) -> ItemView:
    """Give the item to somebody, by a date."""
    with services.records.transaction() as tx:
        item = give_item(
            services,
            tx,
            item_id,
            responsible=given.responsible,
            actor=actor,
            deadline=given.deadline,
            measure=given.measure,
            note=given.note,
        )
        return ItemView.of(item, names(tx))


@router.post("/items/{item_id}/start")
def post_start(services: ServicesOf, actor: Worker, item_id: str, given: NoteBody) -> ItemView:
    """Begin to work on the item."""
    return _step(services, start, item_id, actor, given)


@router.post("/items/{item_id}/report-done")
def post_report_done(services: ServicesOf, actor: Worker, item_id: str, given: NoteBody) -> ItemView:
    """Say that it is mended; the readings will tell."""
    return _step(services, report_done, item_id, actor, given)


@router.post("/items/{item_id}/verify")
def post_verify(services: ServicesOf, actor: Acceptor, item_id: str, given: NoteBody) -> ItemView:
    """Vouch for what no reading can prove, by a record or an inspection named in the note."""
    return _step(services, verify_by_hand, item_id, actor, given)


@router.post("/items/{item_id}/sign-off")
def post_sign_off(services: ServicesOf, actor: Acceptor, item_id: str, given: NoteBody) -> ItemView:
    """Close a verified item; whoever worked on it cannot."""
    return _step(services, partial(sign_off, look_back=services.look_back), item_id, actor, given)


@router.post("/items/{item_id}/reject")
def post_reject(services: ServicesOf, actor: Acceptor, item_id: str, given: NoteBody) -> ItemView:
    """Send a verified item back to work, with a reason."""
    return _step(services, reject, item_id, actor, given)


@router.post("/items/{item_id}/cancel")
def post_cancel(services: ServicesOf, actor: Planner, item_id: str, given: NoteBody) -> ItemView:
    """Give the item up, with a reason."""
    return _step(services, cancel, item_id, actor, given)


def _step(services: Services, step: Step, item_id: str, actor: Actor, given: NoteBody) -> ItemView:
    with services.records.transaction() as tx:
        item = step(tx, item_id, actor=actor, clock=services.clock, note=given.note)
        return ItemView.of(item, names(tx))
