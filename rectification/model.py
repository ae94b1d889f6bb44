"""An item of a rectification plan and its states, with the transitions as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import RuleSpec, Verification
from sensors.subjects import Subject
from sensors.topology import Name, SiteId
from sensors.verdicts import Severity


class ItemState(StrEnum):
    """Where an item stands."""

    DRAFT = "draft"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    REPORTED_DONE = "reported_done"
    AWAITING_SEASON = "awaiting_season"
    """Mended as they say, but the rule can say nothing before its season: heating in summer."""
    VERIFIED = "verified"
    SIGNED_OFF = "signed_off"
    CANCELLED = "cancelled"


class ItemAction(StrEnum):
    """What happens to an item."""

    PROPOSE = "propose"
    ASSIGN = "assign"
    START = "start"
    REPORT_DONE = "report_done"
    VERIFY = "verify"
    REFUTE = "refute"
    """The readings say that it is not mended."""
    SIGN_OFF = "sign_off"
    REJECT = "reject"
    """A person sends a verified item back."""
    CANCEL = "cancel"
    AWAIT_SEASON = "await_season"
    """The rule does not apply now; the readings wait for its season."""
    RESUME = "resume"
    """The season is there: the window begins anew."""
    EDIT = "edit"
    """Somebody changed what is said of the item."""
    NOTE = "note"
    """Somebody wrote how far it is."""
    ATTACH = "attach"
    DETACH = "detach"
    PLAN = "plan"
    """It was put into a plan, or taken out of one."""
    REPAIR = "repair"
    LOOK_BACK = "look_back"
    """Somebody looked again, some months after the signature (回头看)."""


TRANSITIONS: Mapping[tuple[ItemState, ItemAction], ItemState] = MappingProxyType(
    {
        (ItemState.DRAFT, ItemAction.ASSIGN): ItemState.ASSIGNED,
        (ItemState.DRAFT, ItemAction.CANCEL): ItemState.CANCELLED,
        (ItemState.ASSIGNED, ItemAction.ASSIGN): ItemState.ASSIGNED,
        (ItemState.ASSIGNED, ItemAction.START): ItemState.IN_PROGRESS,
        (ItemState.ASSIGNED, ItemAction.CANCEL): ItemState.CANCELLED,
        (ItemState.IN_PROGRESS, ItemAction.ASSIGN): ItemState.ASSIGNED,
        (ItemState.IN_PROGRESS, ItemAction.REPORT_DONE): ItemState.REPORTED_DONE,
        (ItemState.IN_PROGRESS, ItemAction.CANCEL): ItemState.CANCELLED,
        (ItemState.REPORTED_DONE, ItemAction.VERIFY): ItemState.VERIFIED,
        (ItemState.REPORTED_DONE, ItemAction.REFUTE): ItemState.IN_PROGRESS,
        (ItemState.REPORTED_DONE, ItemAction.AWAIT_SEASON): ItemState.AWAITING_SEASON,
        (ItemState.AWAITING_SEASON, ItemAction.RESUME): ItemState.REPORTED_DONE,
        (ItemState.AWAITING_SEASON, ItemAction.REFUTE): ItemState.IN_PROGRESS,
        (ItemState.VERIFIED, ItemAction.SIGN_OFF): ItemState.SIGNED_OFF,
        (ItemState.VERIFIED, ItemAction.REJECT): ItemState.IN_PROGRESS,
    }
)
"""Every legal step; PROPOSE makes a new item. Nothing leads out of SIGNED_OFF: a recurrence opens a linked item."""

ENDED_STATES = frozenset({ItemState.SIGNED_OFF, ItemState.CANCELLED})
OPEN_STATES = frozenset(ItemState) - ENDED_STATES

BESIDE: Mapping[ItemAction, frozenset[ItemState]] = MappingProxyType(
    {
        ItemAction.EDIT: OPEN_STATES,
        ItemAction.NOTE: OPEN_STATES,
        ItemAction.ATTACH: OPEN_STATES,
        ItemAction.DETACH: OPEN_STATES - {ItemState.VERIFIED},
        ItemAction.PLAN: OPEN_STATES,
        ItemAction.REPAIR: OPEN_STATES,
        ItemAction.LOOK_BACK: frozenset({ItemState.SIGNED_OFF}),
    }
)
"""What happens to an item without moving it, and in which states it may. A signed sheet only takes the look back;
what somebody verified by keeps its evidence."""

ADDED_BESIDE = frozenset(
    {ItemAction.NOTE, ItemAction.ATTACH, ItemAction.DETACH, ItemAction.REPAIR, ItemAction.LOOK_BACK}
)
"""What only adds to an item: it is no new revision, and spoils nobody's edit."""


def state_after(state: ItemState, action: ItemAction) -> ItemState:
    """Return the state that an action leads to. Raises IllegalItemStepError."""
    if state in BESIDE.get(action, ()):
        return state
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise IllegalItemStepError(state, action) from None


class IllegalItemStepError(Exception):
    """A step that the table of transitions does not have."""

    def __init__(self, state: ItemState, action: ItemAction) -> None:
        """Name both."""
        super().__init__(f"{action.value.replace('_', ' ')} is not possible for an item that is {state.value}")
        self.state = state
        self.action = action


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a person must change by a date. Texts are message ids and parameters, save what people wrote.

    `fault_from` is when the finding's fault began; `recurrence_of` is the signed item that this one follows (反弹).
    `measure` is what a person wrote, empty where the catalogue's measure of the rule holds (`measure_of`).
    `rule` is empty for an item that people found (`rule_of`). `revision` counts what was written to the item, so that
    two people do not overwrite one another. `judged_from` is from when the readings count where that is later than the
    report. `look_back` is the day by which somebody looks again. `is_apart` says that a person wants it in no plan.
    """

    id: str
    number: int
    site: SiteId
    rule: str
    subject: Subject
    severity: Severity
    state: ItemState
    opened: datetime
    fault_from: datetime
    responsible: str | None = None
    deadline: date | None = None
    measure: str = ""
    reported_by: str | None = None
    reported_done: datetime | None = None
    verified: datetime | None = None
    signed_off_by: str | None = None
    recurrence_of: str | None = None
    revision: int = 0
    plan_id: str | None = None
    is_apart: bool = False
    judged_from: datetime | None = None
    signed_off: datetime | None = None
    look_back: date | None = None
    looked_back: datetime | None = None
    looked_back_by: str | None = None


NO_RULE = ""
"""Stands in `Item.rule` where people found it: an inspection, a report, a line of an imported ledger."""


def rule_of(item: Item) -> RuleSpec | None:
    """Return the rule that found the item; None where people did, or where the catalogue no longer has it."""
    return CATALOGUE.get(item.rule)


def verified_by(item: Item) -> Verification:
    """Return how it is decided that the item is mended: as its rule says, else somebody looks."""
    spec = rule_of(item)
    return Verification.INSPECTION if spec is None else spec.verified_by


def window_days(item: Item) -> int:
    """Return for how many days the readings must stay normal; 0 where no rule judges."""
    spec = rule_of(item)
    return 0 if spec is None else spec.verification_window_days


def judged_since(item: Item) -> datetime | None:
    """Return from when on the readings count: the report, or the season's begin; None before it was reported."""
    return item.judged_from or item.reported_done


def measure_of(item: Item) -> Name:
    """Return what is to be done: what a person wrote, else the rule's measure; empty where nothing says it."""
    spec = rule_of(item)
    own = Name(zh=item.measure, en=item.measure)
    return own if item.measure or spec is None else spec.measure


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStep:
    """One transition of one item: who, when, why, and what the readings said where they decided."""

    item_id: str
    action: ItemAction
    state: ItemState
    actor_id: str
    at: datetime
    note: str = ""
    evidence: str = ""
    """JSON: the finding or verdict behind the step; of an EDIT what was before and after; else mostly empty."""
