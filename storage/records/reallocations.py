"""The newest proposal to use rooms better, with what was decided: one value, and every step in the audit log."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from rectification.reallocations import Decided, KeptProposal, MoveDecision
from sensors.journal import ChangeKind
from storage.records.journal import AuditRows
from storage.records.tables import META

KEY = "reallocation"


class ReallocationRows(AuditRows):
    """Keeps the proposal of `rectification.reallocations.ReallocationTransaction`."""

    __slots__ = ()

    def reallocation(self) -> KeptProposal | None:
        """Return the newest proposal."""
        written = self.connection.execute(select(META.c.value).where(META.c.key == KEY)).scalar_one_or_none()
        return None if written is None else _read(json.loads(written))

    def save_reallocation(
        self, proposal: KeptProposal, *, action: str, subject: str, actor_id: str, at: datetime, note: str = ""
    ) -> None:
        """Keep the newest proposal, and note in the audit log what was done to it."""
        values = {"key": KEY, "value": json.dumps(_written(proposal), ensure_ascii=False)}
        if self._write(META.update().where(META.c.key == KEY).values(values)).rowcount == 0:
            self._write(META.insert().values(values))
        self.note_change(ChangeKind.PLAN, proposal.id)
        self.audit(
            actor_id=actor_id,
            action=f"reallocation.{action}",
            subject=f"reallocation:{subject}",
            at=at,
            detail={"note": note},
        )


def _written(proposal: KeptProposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "document": proposal.document,
        "moves": list(proposal.moves),
        "decisions": {move: _decision(each) for move, each in proposal.decisions.items()},
    }


def _decision(decision: MoveDecision) -> dict[str, Any]:
    return {
        "decided": decision.decided.value,
        "actor_id": decision.actor_id,
        "at": decision.at.isoformat(),
        "note": decision.note,
        "item_id": decision.item_id,
    }


def _read(written: dict[str, Any]) -> KeptProposal:
    return KeptProposal(
        id=written["id"],
        document=written["document"],
        moves=tuple(written["moves"]),
        decisions={
            move: MoveDecision(
                decided=Decided(each["decided"]),
                actor_id=each["actor_id"],
                at=datetime.fromisoformat(each["at"]),
                note=each["note"],
                item_id=each["item_id"],
            )
            for move, each in written["decisions"].items()
        },
    )
