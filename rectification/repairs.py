"""Repairs (报修): what is broken, who was asked to mend it, what it cost, with its states as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sensors.subjects import Subject
from sensors.topology import SiteId


class RepairState(StrEnum):
    """Where a repair stands."""

    REPORTED = "reported"
    ORDERED = "ordered"
    DONE = "done"
    CANCELLED = "cancelled"


class RepairAction(StrEnum):
    """What happens to a repair."""

    REPORT = "report"
    ORDER = "order"
    """Somebody was asked to mend it; again, where it went to somebody else."""
    FINISH = "finish"
    CANCEL = "cancel"


REPAIR_TRANSITIONS: Mapping[tuple[RepairState, RepairAction], RepairState] = MappingProxyType(
    {
        (RepairState.REPORTED, RepairAction.ORDER): RepairState.ORDERED,
        (RepairState.REPORTED, RepairAction.FINISH): RepairState.DONE,
        (RepairState.REPORTED, RepairAction.CANCEL): RepairState.CANCELLED,
        (RepairState.ORDERED, RepairAction.ORDER): RepairState.ORDERED,
        (RepairState.ORDERED, RepairAction.FINISH): RepairState.DONE,
        (RepairState.ORDERED, RepairAction.CANCEL): RepairState.CANCELLED,
    }
)
"""Every legal step; REPORT makes a new repair. What was mended in the house needs no order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One repair, of an item or of a subject alone. `contractor` is empty for our own people."""

    id: str
    number: int
    site: SiteId
    subject: Subject
    what: str
    state: RepairState
    reported: datetime
    reported_by: str
    item_id: str | None = None
    contractor: str = ""
    ordered: datetime | None = None
    done: datetime | None = None
    cost_yuan: float | None = None
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairStep:
    """One transition of one repair: who, when, why."""

    repair_id: str
    action: RepairAction
    state: RepairState
    actor_id: str
    at: datetime
    note: str = ""


class IllegalRepairStepError(Exception):
    """A step that the table of transitions does not have."""

    def __init__(self, state: RepairState, action: RepairAction) -> None:
        """Name both."""
        super().__init__(f"{action.value} is not possible for a repair that is {state.value}")
        self.state = state
        self.action = action


def repair_state_after(state: RepairState, action: RepairAction) -> RepairState:
    """Return the state that an action leads to. Raises IllegalRepairStepError."""
    try:
        return REPAIR_TRANSITIONS[state, action]
    except KeyError:
        raise IllegalRepairStepError(state, action) from None
