"""Proposals to use rooms better (调剂): made, read, and decided move by move."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.dependencies import ReaderLanguage, ServicesOf, permit
from api.people import names
from api.problems import not_found
from api.reallocation import found_of, make_proposal, read_document
from api.routes.views import ItemView
from rectification.reallocations import Decided, KeptProposal, accept_move, drop_move
from sensors.actors import Actor, Permission

router = APIRouter(tags=["rooms"])

Manager = Annotated[Actor, Depends(permit(Permission.MANAGE_ITEM))]


class DecisionView(BaseModel):
    """What was decided about a move."""

    decided: Decided
    actor_id: str
    at: datetime
    note: str
    item_id: str | None


class ProposalView(BaseModel):
    """The proposal as docs/space.md says, and the decisions by move."""

    proposal: Mapping[str, Any] | None = None
    decisions: Mapping[str, DecisionView] = Field(default_factory=dict)


class DecisionBody(BaseModel):
    """Of which proposal the move is, and why."""

    proposal: str = Field(max_length=64)
    note: str = Field(default="", max_length=500)


@router.get("/space/proposals")
def get_proposal(services: ServicesOf, _: Manager) -> ProposalView:
    """Return the newest proposal; null before anybody asked for one."""
    with services.records.reading() as tx:
        return _view(services, tx.reallocation())


@router.post("/space/proposals")
def post_proposal(services: ServicesOf, actor: Manager) -> ProposalView:
    """Make a new proposal, which takes the place of the one before."""
    return _view(services, make_proposal(services, actor))


@router.post("/space/proposals/moves/{move_id}/accept")
def accept(
    services: ServicesOf, actor: Manager, language: ReaderLanguage, move_id: str, body: DecisionBody
) -> ItemView:
    """Make an item of a move."""
    with services.records.transaction() as tx:
        kept = tx.reallocation()
        if kept is None:
            raise not_found(kind="proposal")
        found = found_of(services, kept, move_id, language)
        item = accept_move(
            tx,
            body.proposal,
            move_id,
            found,
            deadline=services.deadline,
            actor=actor,
            clock=services.clock,
            note=body.note,
        )
        return ItemView.of(item, names(tx))


@router.post("/space/proposals/moves/{move_id}/drop")
def drop(services: ServicesOf, actor: Manager, move_id: str, body: DecisionBody) -> ProposalView:
    """Put a move aside, with the reason."""
    with services.records.transaction() as tx:
        kept = drop_move(tx, body.proposal, move_id, actor=actor, clock=services.clock, note=body.note)
    return _view(services, kept)


def _view(services: ServicesOf, kept: KeptProposal | None) -> ProposalView:
    if kept is None:
        return ProposalView()
    decisions = {
        move: DecisionView(
            decided=each.decided, actor_id=each.actor_id, at=each.at, note=each.note, item_id=each.item_id
        )
        for move, each in kept.decisions.items()
    }
    return ProposalView(proposal=read_document(kept, services.registry()), decisions=decisions)
