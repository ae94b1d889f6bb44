"""Inspections by checklist (检查): planned for a place and a person, filled in, submitted, and then frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from rectification.checklists import Interval, Line
from rectification.evidence import MediaType
from rectification.notices import NoticeKind
from rectification.particulars import building_of, room_of
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Name, Registry, SiteId


class InspectionState(StrEnum):
    """Where an inspection stands."""

    PLANNED = "planned"
    STARTED = "started"
    """Half filled in; whoever began it goes on where they stopped."""
    SUBMITTED = "submitted"
    """Frozen. What was wrong in it is put right by a new version."""
    SUPERSEDED = "superseded"
    """A later version stands in its place."""
    MISSED = "missed"
    """Nobody did it, and the next one is there."""
    CANCELLED = "cancelled"


class InspectionAction(StrEnum):
    """What happens to an inspection."""

    OPEN = "open"
    ASSIGN = "assign"
    SAVE = "save"
    SUBMIT = "submit"
    CORRECT = "correct"
    SUPERSEDE = "supersede"
    MISS = "miss"
    CANCEL = "cancel"
    REMIND = "remind"
    REPORT_OVERDUE = "report_overdue"


_OPEN = (InspectionState.PLANNED, InspectionState.STARTED)
INSPECTION_TRANSITIONS: Mapping[tuple[InspectionState, InspectionAction], InspectionState] = MappingProxyType(
    {(state, InspectionAction.SAVE): InspectionState.STARTED for state in _OPEN}
    | {(state, InspectionAction.SUBMIT): InspectionState.SUBMITTED for state in _OPEN}
    | {(state, InspectionAction.MISS): InspectionState.MISSED for state in _OPEN}
    | {(state, InspectionAction.CANCEL): InspectionState.CANCELLED for state in _OPEN}
    | {(state, InspectionAction.ASSIGN): state for state in _OPEN}
    | {(state, InspectionAction.REMIND): state for state in _OPEN}
    | {(state, InspectionAction.REPORT_OVERDUE): state for state in _OPEN}
    | {
        (InspectionState.SUBMITTED, InspectionAction.CORRECT): InspectionState.SUBMITTED,
        (InspectionState.SUBMITTED, InspectionAction.SUPERSEDE): InspectionState.SUPERSEDED,
    }
)
"""Every legal step; OPEN makes a new inspection, CORRECT a new version beside the one that stands."""

OPEN_INSPECTIONS = frozenset(_OPEN)


class Result(StrEnum):
    """What was found of a line."""

    OK = "ok"
    FAULT = "fault"
    NOT_APPLICABLE = "not_applicable"


MAX_PHOTOS = 4
"""Of one line. Our own choice."""

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePhoto:
    """A picture that is kept under its hash."""

    sha256: str
    media_type: MediaType
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody found of one line, and when. `item_id` is the item that a fault became, or that it proved."""

    line: str
    result: Result | None = None
    note: str = ""
    photos: tuple[LinePhoto, ...] = ()
    at: datetime | None = None
    item_id: str | None = None
    proves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A checklist that comes round for a place, done by one account. `floor` narrows a building down."""

    id: str
    site: SiteId
    checklist: str
    subject: Subject
    floor: str
    interval: Interval
    assignee: str
    first: date
    made: datetime
    made_by: str
    ended: datetime | None = None
    opened_to: date | None = None
    """The first day of the newest period for which an inspection was opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One round. It carries its lines, so that a checklist that is rewritten later changes nothing that was found.

    `number` is the same for all versions; `corrects` is the version before. `opens` and `due` are local days. `told` is
    the last that people were told of it; `overdue_item` the item that says it was not done.
    """

    id: str
    number: int
    site: SiteId
    checklist: str
    name: Name
    category: Name
    subject: Subject
    floor: str
    assignee: str
    opened: datetime
    opens: date
    due: date
    state: InspectionState
    lines: tuple[Line, ...]
    answers: tuple[Answer, ...] = ()
    schedule_id: str | None = None
    version: int = 1
    revision: int = 0
    corrects: str | None = None
    submitted: datetime | None = None
    submitted_by: str | None = None
    overdue_item: str | None = None
    told: NoticeKind | None = None
    why: str = ""

    def answer(self, line: str) -> Answer:
        """Return what was written of a line; an empty answer where nothing was."""
        return next((each for each in self.answers if each.line == line), Answer(line=line))

    @property
    def answered(self) -> int:
        """Return how many lines have a result."""
        return sum(self.answer(line.id).result is not None for line in self.lines)

    @property
    def faults(self) -> tuple[Answer, ...]:
        """Return what was found wrong."""
        return tuple(answer for answer in self.answers if answer.result is Result.FAULT)


class IllegalInspectionStepError(Exception):
    """A step that the table of transitions does not have."""

    def __init__(self, state: InspectionState, action: InspectionAction) -> None:
        """Name both."""
        super().__init__(f"{action.value.replace('_', ' ')} is not possible for an inspection that is {state.value}")
        self.state = state
        self.action = action


def inspection_state_after(state: InspectionState, action: InspectionAction) -> InspectionState:
    """Return the state that an action leads to. Raises IllegalInspectionStepError."""
    try:
        return INSPECTION_TRANSITIONS[state, action]
    except KeyError:
        raise IllegalInspectionStepError(state, action) from None


def is_within(subject: Subject, place: Subject, floor: str, registry: Registry) -> bool:
    """Say whether a subject of the registry lies in a place that is inspected."""
    if subject == place or place.kind is SubjectKind.SITE:
        return True
    room = room_of(subject, registry)
    if place.kind is not SubjectKind.BUILDING or building_of(subject, registry) != place.id:
        return room is not None and place == Subject(SubjectKind.ROOM, room.id)
    return not floor or (room is not None and room.floor == floor)
