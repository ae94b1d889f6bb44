"""Findings: what the rules found, what people say of it, and the items they make of it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from analytics.ledger import judge
from api.dependencies import Reader, ServicesOf, permit
from api.people import names, propose_item
from api.ports import RecordsTransaction, Services
from api.privacy import visible_finding, visible_findings
from api.problems import not_found
from api.routes.bodies import JudgeBody, NoteBody
from api.routes.views import FindingView, ItemView
from sensors.actors import Actor, Permission

router = APIRouter(tags=["findings"])

Judge = Annotated[Actor, Depends(permit(Permission.JUDGE_FINDING))]
Planner = Annotated[Actor, Depends(permit(Permission.MANAGE_ITEM))]


@router.get("/findings")
def get_findings(
    services: ServicesOf, _: Reader, *, open_only: bool = False, limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> Sequence[FindingView]:
    """Return findings, those that began last first."""
    with services.records.reading() as tx:
        records = tx.findings(open_only=open_only, limit=limit)
    return [FindingView.of(record) for record in visible_findings(services.registry(), records)]


@router.get("/findings/{finding_id}")
def get_finding(services: ServicesOf, _: Reader, finding_id: str) -> FindingView:
    """Return a finding with its evidence."""
    with services.records.reading() as tx:
        return _shown(services, tx, finding_id)


@router.post("/findings/{finding_id}/judge")
def post_judge(services: ServicesOf, actor: Judge, finding_id: str, given: JudgeBody) -> FindingView:
    """Say that a finding is wrong, or right and put up with; null takes it back."""
    with services.records.transaction() as tx:
        _shown(services, tx, finding_id)
        judge(tx, finding_id, given.judgement, actor=actor, clock=services.clock, until=given.until)
        return _shown(services, tx, finding_id)


@router.post("/findings/{finding_id}/propose", status_code=201)
def post_propose(services: ServicesOf, actor: Planner, finding_id: str, given: NoteBody) -> ItemView:
    """Make an item of a finding, or return the open one about it."""
    with services.records.transaction() as tx:
        _shown(services, tx, finding_id)
        item = propose_item(services, tx, finding_id, actor=actor, note=given.note)
        return ItemView.of(item, names(tx))


def _shown(services: Services, tx: RecordsTransaction, finding_id: str) -> FindingView:
    record = tx.finding(finding_id)
    shown = None if record is None else visible_finding(services.registry(), record)
    if shown is None:
        raise not_found(kind="finding")
    return FindingView.of(shown)
