"""Repairs (报修): reported for an item or a thing of the registry, ordered, done at a cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.dependencies import Reader, ServicesOf, permit
from api.people import names
from api.routes.bodies import NoteBody, subject_of
from api.routes.item_bodies import FinishBody, OrderBody, RepairBody, RepairOfBody
from api.routes.views import Names
from rectification.commands import existing
from rectification.mending import cancel_repair, finish_repair, order_repair, report_repair, report_repair_of
from rectification.repairs import Repair, RepairState
from sensors.actors import Actor, Permission

router = APIRouter(tags=["repairs"])

Worker = Annotated[Actor, Depends(permit(Permission.WORK_ON_ITEM))]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairView:
    """One repair."""

    id: str
    number: int
    site: str
    subject: str
    what: str
    state: RepairState
    reported: datetime
    reported_by: str
    reported_by_name: str
    item_id: str | None
    contractor: str
    ordered: datetime | None
    done: datetime | None
    cost_yuan: float | None
    result: str

    @classmethod
    def of(cls, repair: Repair, known: Names) -> "RepairView":
        """Return the view of a repair."""
        return cls(
            id=repair.id,
            number=repair.number,
            site=repair.site,
            subject=str(repair.subject),
            what=repair.what,
            state=repair.state,
            reported=repair.reported,
            reported_by=repair.reported_by,
            reported_by_name=known.get(repair.reported_by, repair.reported_by),
            item_id=repair.item_id,
            contractor=repair.contractor,
            ordered=repair.ordered,
            done=repair.done,
            cost_yuan=repair.cost_yuan,
            result=repair.result,
        )


@router.get("/repairs")
def get_repairs(
    services: ServicesOf, _: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> Sequence[RepairView]:
    """Return repairs, the newest first."""
    with services.records.reading() as tx:
        known = names(tx)
        return [RepairView.of(repair, known) for repair in tx.repairs(limit=limit)]


@router.post("/repairs", status_code=201)
def post_repair(services: ServicesOf, actor: Worker, given: RepairOfBody) -> RepairView:
    """Report that something of the registry is to be mended."""
    site = services.registry().site.id
    subject = subject_of(given.subject)
    with services.records.transaction() as tx:
        repair = report_repair(tx, site=site, subject=subject, what=given.what, actor=actor, clock=services.clock)
        return RepairView.of(repair, names(tx))


@router.get("/items/{item_id}/repairs")
def get_repairs_of_item(services: ServicesOf, _: Reader, item_id: str) -> Sequence[RepairView]:
    """Return the repairs of an item."""
    with services.records.reading() as tx:
        known = names(tx)
        return [RepairView.of(repair, known) for repair in tx.repairs_of_item(existing(tx, item_id).id)]


@router.post("/items/{item_id}/repairs", status_code=201)
def post_repair_of_item(services: ServicesOf, actor: Worker, item_id: str, given: RepairBody) -> RepairView:
    """Report that what an item is about is to be mended."""
    with services.records.transaction() as tx:
        repair = report_repair_of(tx, item_id, what=given.what, actor=actor, clock=services.clock)
        return RepairView.of(repair, names(tx))


@router.post("/repairs/{repair_id}/order")
def post_order(services: ServicesOf, actor: Worker, repair_id: str, given: OrderBody) -> RepairView:
    """Order a repair from a contractor, or somebody in the house."""
    with services.records.transaction() as tx:
        repair = order_repair(
            tx,
            repair_id,
            contractor=given.contractor,
            cost_yuan=given.cost_yuan,
            note=given.note,
            actor=actor,
            clock=services.clock,
        )
        return RepairView.of(repair, names(tx))


@router.post("/repairs/{repair_id}/finish")
def post_finish(services: ServicesOf, actor: Worker, repair_id: str, given: FinishBody) -> RepairView:
    """Say what was mended and what it cost."""
    with services.records.transaction() as tx:
        repair = finish_repair(
            tx,
            repair_id,
            result=given.result,
            cost_yuan=given.cost_yuan,
            note=given.note,
            actor=actor,
            clock=services.clock,
        )
        return RepairView.of(repair, names(tx))


@router.post("/repairs/{repair_id}/cancel")
def post_cancel(services: ServicesOf, actor: Worker, repair_id: str, given: NoteBody) -> RepairView:
    """Give a repair up, with the reason."""
    with services.records.transaction() as tx:
        repair = cancel_repair(tx, repair_id, actor=actor, clock=services.clock, note=given.note)
        return RepairView.of(repair, names(tx))
