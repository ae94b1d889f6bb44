"""A rectification plan (整改方案): what ties items together, with its states as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from sensors.topology import SiteId


class PlanState(StrEnum):
    """Where a plan stands."""

    DRAFT = "draft"
    ISSUED = "issued"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    """Given up before it was issued."""


class PlanAction(StrEnum):
    """What happens to a plan."""

    CREATE = "create"
    EDIT = "edit"
    ADD = "add"
    """Items came in."""
    REMOVE = "remove"
    """Items were taken out."""
    ISSUE = "issue"
    CLOSE = "close"
    WITHDRAW = "withdraw"


PLAN_TRANSITIONS: Mapping[tuple[PlanState, PlanAction], PlanState] = MappingProxyType(
    {
        (PlanState.DRAFT, PlanAction.EDIT): PlanState.DRAFT,
        (PlanState.DRAFT, PlanAction.ADD): PlanState.DRAFT,
        (PlanState.DRAFT, PlanAction.REMOVE): PlanState.DRAFT,
        (PlanState.DRAFT, PlanAction.ISSUE): PlanState.ISSUED,
        (PlanState.DRAFT, PlanAction.WITHDRAW): PlanState.WITHDRAWN,
        (PlanState.ISSUED, PlanAction.ADD): PlanState.ISSUED,
        (PlanState.ISSUED, PlanAction.CLOSE): PlanState.CLOSED,
    }
)
"""Every legal step; CREATE makes a new plan. What was issued is not edited: items that turn up later join it."""

ENDED_PLANS = frozenset({PlanState.CLOSED, PlanState.WITHDRAWN})


class Phase(StrEnum):
    """The four steps of the work (实施步骤): 排查, 整改, 验收, 巩固."""

    SURVEY = "survey"
    RECTIFY = "rectify"
    ACCEPT = "accept"
    CONSOLIDATE = "consolidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPhase:
    """One step of the work, local days, both inclusive; a text where somebody wrote one."""

    phase: Phase
    first: date | None = None
    last: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan as people wrote it; an empty text means that the paper says what is usual there.

    `basis` is 背景依据, `goals` 目标原则, `organisation` and `funds` and `supervision` are 组织, 资金, 督导保障;
    `leader` is an account's id, or a name as written. `cause` says for which cause its items were grouped, as
    `rectification.grouping` writes it. `revision` counts what was written to it.
    """

    id: str
    number: int
    site: SiteId
    title: str
    state: PlanState
    created: datetime
    created_by: str
    basis: str = ""
    goals: str = ""
    first: date | None = None
    last: date | None = None
    leader: str = ""
    organisation: str = ""
    funds: str = ""
    funds_yuan: float | None = None
    phases: tuple[PlanPhase, ...] = ()
    supervision: str = ""
    cause: str = ""
    issued: datetime | None = None
    issued_by: str | None = None
    closed: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One thing that happened to a plan: who, when, why; `detail` is JSON of what changed, empty where nothing did."""

    plan_id: str
    action: PlanAction
    state: PlanState
    actor_id: str
    at: datetime
    note: str = ""
    detail: str = ""


class IllegalPlanStepError(Exception):
    """A step that the table of transitions does not have."""

    def __init__(self, state: PlanState, action: PlanAction) -> None:
        """Name both."""
        super().__init__(f"{action.value} is not possible for a plan that is {state.value}")
        self.state = state
        self.action = action


def plan_state_after(state: PlanState, action: PlanAction) -> PlanState:
    """Return the state that an action leads to. Raises IllegalPlanStepError."""
    try:
        return PLAN_TRANSITIONS[state, action]
    except KeyError:
        raise IllegalPlanStepError(state, action) from None
