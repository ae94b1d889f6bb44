"""The page of proposals to use rooms better: beside today, what it saves, and a decision for each move."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.pages.acts import Note, answered, returned
from api.pages.space_proposals_view import proposals_page
from api.pages.visits import ActingVisit, ReadingVisit
from api.ports import RecordsTransaction
from api.problems import not_found
from api.reallocation import found_of, make_proposal
from rectification.reallocations import accept_move, drop_move

router = APIRouter()

PATH = "/space/proposals"
Proposal = Annotated[str, Form(max_length=64)]


@router.get("/space/proposals")
def show_proposals(visit: ReadingVisit) -> Response:
    """Show the newest proposal to who may decide about it."""
    with visit.desk() as desk:
        return visit.render(desk, "space_proposals.html", page="rooms", view=proposals_page(desk))


@router.post("/space/proposals")
def make(visit: ActingVisit) -> Response:
    """Make a new proposal."""
    # Looking takes seconds, so it holds no transaction.
    return answered(PATH, "proposal_made", lambda: make_proposal(visit.services, visit.actor))


@router.post("/space/proposals/{move}/accept")
def accept(visit: ActingVisit, move: str, proposal: Proposal = "", note: Note = "") -> Response:
    """Make an item of a move."""
    services = visit.services

    def work(tx: RecordsTransaction) -> object:
        kept = tx.reallocation()
        if kept is None:
            raise not_found(kind="proposal")
        found = found_of(services, kept, move, visit.language)
        return accept_move(
            tx,
            proposal,
            move,
            found,
            deadline=services.deadline,
            actor=visit.actor,
            clock=services.clock,
            note=note,
        )

    return returned(visit, PATH, "move_accepted", work)


@router.post("/space/proposals/{move}/drop")
def drop(visit: ActingVisit, move: str, proposal: Proposal = "", note: Note = "") -> Response:
    """Put a move aside, with the reason."""

    def work(tx: RecordsTransaction) -> object:
        return drop_move(tx, proposal, move, actor=visit.actor, clock=visit.services.clock, note=note)

    return returned(visit, PATH, "move_dropped", work)
