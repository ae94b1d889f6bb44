"""An item of a rectification plan and its states, with the transitions as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject
from sensors.topology import Name, SiteId
from sensors.verdicts import Severity


class ItemState(StrEnum):
    """Where an item stands."""

    DRAFT = "draft"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    REPORTED_DONE = "reported_done"
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
        (ItemState.VERIFIED, ItemAction.SIGN_OFF): ItemState.SIGNED_OFF,
        (ItemState.VERIFIED, ItemAction.REJECT): ItemState.IN_PROGRESS,
    }
)
"""Every legal step; PROPOSE makes a new item. Nothing leads out of SIGNED_OFF: a recurrence opens a linked item."""

ENDED_STATES = frozenset({ItemState.SIGNED_OFF, ItemState.CANCELLED})


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


def measure_of(item: Item) -> Name:
    """Return what is to be done: what a person wrote, else the catalogue's measure of the rule."""
    return Name(zh=item.measure, en=item.measure) if item.measure else CATALOGUE[item.rule].measure


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
    """JSON of the finding or verdict behind the step, empty where a person decided."""
