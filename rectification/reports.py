"""What people report of a room (群众报告): its states as a table, the room's code, and how many may come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from rectification.evidence import MediaType
from sensors.topology import Name, RoomId, SiteId
from sensors.verdicts import Severity


class ReportCategory(StrEnum):
    """What a report is about, in the words of who uses a building."""

    FIRE = "fire"
    ELECTRICAL = "electrical"
    WATER = "water"
    CLIMATE = "climate"
    """Too warm, too cold, bad air."""
    LIGHTING = "lighting"
    DOORS = "doors"
    CLEANING = "cleaning"
    WASTE = "waste"
    """Energy or water that is wasted."""
    OTHER = "other"


CATEGORY_NAMES: Mapping[ReportCategory, Name] = MappingProxyType(
    {
        ReportCategory.FIRE: Name(zh="消防安全", en="Fire safety"),
        ReportCategory.ELECTRICAL: Name(zh="用电、线路", en="Electricity, wiring"),
        ReportCategory.WATER: Name(zh="漏水、水管", en="Leaks, pipes"),
        ReportCategory.CLIMATE: Name(zh="冷热、空气", en="Too warm, too cold, air"),
        ReportCategory.LIGHTING: Name(zh="照明", en="Lighting"),
        ReportCategory.DOORS: Name(zh="门窗、门锁", en="Doors, windows, locks"),
        ReportCategory.CLEANING: Name(zh="环境卫生", en="Cleaning"),
        ReportCategory.WASTE: Name(zh="浪费水电", en="Wasted energy or water"),
        ReportCategory.OTHER: Name(zh="其他", en="Something else"),
    }
)

PROPOSED_SEVERITY: Mapping[ReportCategory, Severity] = MappingProxyType(
    {ReportCategory.FIRE: Severity.ORANGE, ReportCategory.ELECTRICAL: Severity.ORANGE}
)
"""What the moderator finds chosen, yellow for all else. Our own choice: nobody has looked yet."""


class ReportState(StrEnum):
    """What became of a report; the only thing its reporter can see."""

    NEW = "new"
    ACCEPTED = "accepted"
    MERGED = "merged"
    """It tells of what is in the plan already."""
    REJECTED = "rejected"
    SPAM = "spam"


class ReportAction(StrEnum):
    """What happens to a report."""

    SEND = "send"
    ACCEPT = "accept"
    MERGE = "merge"
    REJECT = "reject"
    MARK_SPAM = "mark_spam"


REPORT_TRANSITIONS: Mapping[tuple[ReportState, ReportAction], ReportState] = MappingProxyType(
    {
        (ReportState.NEW, ReportAction.ACCEPT): ReportState.ACCEPTED,
        (ReportState.NEW, ReportAction.MERGE): ReportState.MERGED,
        (ReportState.NEW, ReportAction.REJECT): ReportState.REJECTED,
        (ReportState.NEW, ReportAction.MARK_SPAM): ReportState.SPAM,
        (ReportState.SPAM, ReportAction.ACCEPT): ReportState.ACCEPTED,
    }
)
"""Every legal step; SEND makes a new report. What was taken for spam by mistake can still be accepted."""

LONGEST_TEXT = 1000
LONGEST_CONTACT = 100
MAX_PHOTO_BYTES = 10 * 1024 * 1024
"""A phone's photo has 3 to 8 MB. Our own choice."""

PER_CODE = 20
PER_ADDRESS = 10
SENDING_WINDOW = timedelta(hours=1)
"""How many reports are taken in it. Our own choice: offices often share one address, and a leak is told by many."""

WAITING_MOST = 2000
"""Unmoderated reports beyond which no more are taken, so that a flood fills no disk. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCode:
    """The token behind a room's QR code. It names nothing, and ends when somebody revokes it."""

    token: str
    site: SiteId
    room: RoomId
    made: datetime
    made_by: str
    revoked: datetime | None = None
    revoked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report. `number` is what its reporter was given; `came_by` is the form's mark of an imported row.

    `photo` is the hash of its picture until somebody moderates; an item takes it over as evidence. Whoever reported is
    not in here: see `Contact`.
    """

    id: str
    number: str
    site: SiteId
    room: RoomId
    category: ReportCategory
    text: str
    language: str
    received: datetime
    state: ReportState
    photo: str | None = None
    photo_type: MediaType | None = None
    photo_bytes: int = 0
    came_by: str = ""
    item_id: str | None = None
    moderated: datetime | None = None
    moderated_by: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach a reporter who wants it: personal data, kept apart, shown to moderators, erased at the end."""

    report_id: str
    contact: str = field(repr=False)


class IllegalReportStepError(Exception):
    """A step that the table of transitions does not have."""

    def __init__(self, state: ReportState, action: ReportAction) -> None:
        """Name both."""
        super().__init__(f"{action.value.replace('_', ' ')} is not possible for a report that is {state.value}")
        self.state = state
        self.action = action


def report_state_after(state: ReportState, action: ReportAction) -> ReportState:
    """Return the state that an action leads to. Raises IllegalReportStepError."""
    try:
        return REPORT_TRANSITIONS[state, action]
    except KeyError:
        raise IllegalReportStepError(state, action) from None


def severity_of(category: ReportCategory) -> Severity:
    """Return how grave a report of this kind is taken to be until somebody looked."""
    return PROPOSED_SEVERITY.get(category, Severity.YELLOW)
