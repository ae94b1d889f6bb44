"""What people decide about a proposal to use rooms better (调剂): each move is taken or dropped, once, by somebody."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from rectification.commands import Deadlines, reason_of
from rectification.model import Item, ItemAction
from rectification.ports import SheetTransaction
from rectification.sheets import Found, open_item
from sensors.actors import Actor, Permission
from sensors.clock import Clock


class Decided(StrEnum):
    """What was decided about a move."""

    ACCEPTED = "accepted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveDecision:
    """Who decided what, when and why; an accepted move has become an item."""

    decided: Decided
    actor_id: str
    at: datetime
    note: str = ""
    item_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProposal:
    """A proposal as it was made (JSON), its moves' ids, and what was decided so far."""

    id: str
    document: str
    moves: tuple[str, ...]
    decisions: Mapping[str, MoveDecision] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the mapping against change."""
        object.__setattr__(self, "decisions", MappingProxyType(dict(self.decisions)))


class ReallocationTransaction(SheetTransaction, Protocol):
    """One transaction over the standing proposal and the items that come of it."""

    def reallocation(self) -> KeptProposal | None:
        """Return the newest proposal."""
        ...

    def save_reallocation(
        self, proposal: KeptProposal, *, action: str, subject: str, actor_id: str, at: datetime, note: str = ""
    ) -> None:
        """Keep the newest proposal, and note in the audit log what was done to it."""
        ...


class MoveGoneError(LookupError):
    """The move is of an older proposal, or was decided already."""

    def __init__(self, move: str) -> None:
        """Say what to do."""
        super().__init__(f"move {move!r} cannot be decided any more; look at the newest proposal")


def keep_proposal(tx: ReallocationTransaction, proposal: KeptProposal, *, actor: Actor, clock: Clock) -> None:
    """Keep a new proposal instead of the one before. Raises NotPermittedError."""
    actor.must(Permission.MANAGE_ITEM)
    _save(tx, proposal, "propose", proposal.id, actor=actor, clock=clock)


def accept_move(
    tx: ReallocationTransaction,
    proposal_id: str,
    move: str,
    found: Found,
    *,
    deadline: Deadlines,
    actor: Actor,
    clock: Clock,
    note: str = "",
) -> Item:
    """Return the draft that a move becomes. Raises NotPermittedError, MoveGoneError."""
    actor.must(Permission.MANAGE_ITEM)
    proposal = _undecided(tx, proposal_id, move)
    item = open_item(tx, found, deadline=deadline, actor=actor, clock=clock, note=note)
    decision = MoveDecision(
        decided=Decided.ACCEPTED, actor_id=actor.id, at=clock.now(), note=note.strip(), item_id=item.id
    )
    _decide(tx, proposal, move, decision, actor=actor, clock=clock)
    return item


def drop_move(
    tx: ReallocationTransaction, proposal_id: str, move: str, *, actor: Actor, clock: Clock, note: str
) -> KeptProposal:
    """Return the proposal without a move that nobody wants, with the reason.

    Raises NotPermittedError, MoveGoneError, NoteMissingError.
    """
    actor.must(Permission.MANAGE_ITEM)
    said = reason_of(note, ItemAction.CANCEL)
    proposal = _undecided(tx, proposal_id, move)
    decision = MoveDecision(decided=Decided.DROPPED, actor_id=actor.id, at=clock.now(), note=said)
    return _decide(tx, proposal, move, decision, actor=actor, clock=clock)


def _undecided(tx: ReallocationTransaction, proposal_id: str, move: str) -> KeptProposal:
    proposal = tx.reallocation()
    if proposal is None or proposal.id != proposal_id or move not in proposal.moves or move in proposal.decisions:
        raise MoveGoneError(move)
    return proposal


def _decide(
    tx: ReallocationTransaction,
    proposal: KeptProposal,
    move: str,
    decision: MoveDecision,
    *,
    actor: Actor,
    clock: Clock,
) -> KeptProposal:
    decided = replace(proposal, decisions={**proposal.decisions, move: decision})
    _save(tx, decided, decision.decided, f"{proposal.id}/{move}", actor=actor, clock=clock, note=decision.note)
    return decided


def _save(
    tx: ReallocationTransaction,
    proposal: KeptProposal,
    action: str,
    subject: str,
    *,
    actor: Actor,
    clock: Clock,
    note: str = "",
) -> None:
    tx.save_reallocation(proposal, action=action, subject=subject, actor_id=actor.id, at=clock.now(), note=note)
