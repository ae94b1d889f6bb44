"""A proposal as JSON: kept in the records, given by API and command, drawn by the page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from analytics.reallocation.asking import Conflict
from analytics.reallocation.gathering import MEETING_FILL_PCT, Gathered
from analytics.reallocation.model import M2_PARTS, QUOTA_TOLERANCE_M2, Aim, Reached, Rule
from analytics.reallocation.telling import Proposal
from sensors.utilisation import Utilisation

IN_M2 = frozenset({Aim.FREE_M2, Aim.LEASED_M2})


def proposal_document(
    identifier: str,
    made: datetime,
    use: Utilisation,
    gathered: Gathered,
    *,
    proposal: Proposal | None = None,
    conflicts: Sequence[Conflict] = (),
) -> dict[str, Any]:
    """Return the document; `moves` and `rooms` are empty, and `conflicts` said, where nothing keeps to the rules."""
    return {
        "id": identifier,
        "made": made.isoformat(),
        "first": use.first.isoformat(),
        "last": use.last.isoformat(),
        "feasible": proposal is not None,
        "rules": [rule.value for rule in Rule],
        "figures": {"quota_tolerance_m2": QUOTA_TOLERANCE_M2, "meeting_fill_pct": MEETING_FILL_PCT},
        "conflicts": [{"rule": each.rule, "need": each.need} for each in conflicts],
        "untouched": [{"room": room, "reason": reason.value} for room, reason in gathered.untouched.items()],
        "no_capacity": list(gathered.no_capacity),
        **({} if proposal is None else _told(proposal)),
    }


def _told(proposal: Proposal) -> Mapping[str, Any]:
    return {
        "moves": [asdict(move) for move in proposal.moves],
        "rooms": [asdict(change) for change in proposal.rooms],
        "freed_m2": proposal.freed_m2,
        "empty_now_m2": proposal.empty_now_m2,
        "leased_m2": proposal.leased_m2,
        "whole_floors": list(proposal.whole_floors),
        "energy": None if proposal.energy is None else asdict(proposal.energy),
        "aims": [_aim(each) for each in proposal.reached],
    }


def _aim(reached: Reached) -> Mapping[str, Any]:
    parts = M2_PARTS if reached.aim in IN_M2 else 1
    sign = -1 if reached.aim is Aim.MOVES else 1
    return {
        "aim": reached.aim.value,
        "value": sign * reached.value / parts,
        "bound": sign * reached.bound / parts,
        "gap_pct": round(reached.gap_pct, 2),
    }
