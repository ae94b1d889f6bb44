"""What the logs take and give over HTTP: strict, bounded, nothing unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from alerts.logs.commands import CheckGiven, DutyGiven, FireTestGiven, IsolationGiven
from api.routes.bodies import Body, Note, NoteBody, Text, Time
from sensors.local_time import EARLIEST, LATEST
from sensors.logs import (
    AlarmCheck,
    AlarmTruth,
    DutyEntry,
    DutyKind,
    FireSystem,
    FireTest,
    FireTestKind,
    FireTestResult,
    IsolationAction,
    IsolationState,
    IsolationStep,
    KeptIsolation,
)
from sensors.subjects import Subject

MOST_PEOPLE = 20

Names = Mapping[str, str]


def _plausible(day: date) -> date:
    if not EARLIEST.date() <= day < LATEST.date():
        msg = f"is not between {EARLIEST.year} and {LATEST.year}"
        raise ValueError(msg)
    return day


def _subject(text: str) -> Subject:
    return Subject.parse(text)


Day = Annotated[date, AfterValidator(_plausible)]
PersonName = Annotated[Text, Field(min_length=1, max_length=100)]
People = Annotated[tuple[PersonName, ...], Field(max_length=MOST_PEOPLE)]
Written = Annotated[Text, Field(max_length=200), AfterValidator(_subject)]


class DutyBody(Body):
    """An entry of the duty log; without `at` it is about now."""

    kind: DutyKind = DutyKind.ROUND
    at: Time | None = None
    present: People = ()
    relief: People = ()
    panel_normal: bool | None = None
    note: Note = ""

    def given(self) -> DutyGiven:
        """Return what the command takes."""
        return DutyGiven(**dict(self))


class FireTestBody(Body):
    """A test or check."""

    kind: FireTestKind
    subject: Written
    day: Day
    by: Annotated[Text, Field(max_length=200)]
    result: FireTestResult
    system: FireSystem = FireSystem.ALL
    next_due: Day | None = None
    note: Note = ""

    def given(self) -> FireTestGiven:
        """Return what the command takes."""
        return FireTestGiven(**dict(self))


class IsolationBody(Body):
    """A request to isolate; without `starts` from now on."""

    subject: Written
    reason: Note
    planned_end: Time
    starts: Time | None = None
    zone: Annotated[Text, Field(max_length=200)] = ""

    def given(self) -> IsolationGiven:
        """Return what the command takes."""
        return IsolationGiven(**dict(self))


class ExtendBody(NoteBody):
    """A later end, and why."""

    planned_end: Time


class CheckBody(Body):
    """What somebody found on site; without `at` it was now, without `by` it was whoever writes."""

    truth: AlarmTruth
    at: Time | None = None
    by: Annotated[Text, Field(max_length=200)] = ""
    note: Note = ""

    def given(self) -> CheckGiven:
        """Return what the command takes."""
        return CheckGiven(**dict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyView:
    """An entry; `holds` is false where another corrects it or it only strikes one out."""

    id: str
    kind: DutyKind
    at: datetime
    present: Sequence[str]
    relief: Sequence[str]
    panel_normal: bool | None
    note: str
    late: bool
    entered: datetime
    entered_by: str
    corrects: str
    void: bool
    holds: bool

    @classmethod
    def of(cls, entry: DutyEntry, *, holds: bool) -> "DutyView":
        """Return the view of an entry."""
        return cls(
            id=entry.id,
            kind=entry.kind,
            at=entry.at,
            present=entry.present,
            relief=entry.relief,
            panel_normal=entry.panel_normal,
            note=entry.note,
            late=entry.is_late,
            entered=entry.entered,
            entered_by=entry.entered_by,
            corrects=entry.corrects,
            void=entry.void,
            holds=holds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTestView:
    """A test or check; `holds` as in the duty log."""

    id: str
    kind: FireTestKind
    subject: str
    system: FireSystem
    day: date
    by: str
    result: FireTestResult
    next_due: date | None
    note: str
    entered: datetime
    entered_by: str
    corrects: str
    void: bool
    holds: bool

    @classmethod
    def of(cls, test: FireTest, *, holds: bool) -> "FireTestView":
        """Return the view of a test."""
        return cls(
            id=test.id,
            kind=test.kind,
            subject=str(test.subject),
            system=test.system,
            day=test.day,
            by=test.by,
            result=test.result,
            next_due=test.next_due,
            note=test.note,
            entered=test.entered,
            entered_by=test.entered_by,
            corrects=test.corrects,
            void=test.void,
            holds=holds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationStepView:
    """One step of an isolation."""

    action: IsolationAction
    actor_id: str
    actor_name: str
    at: datetime
    note: str
    planned_end: datetime | None

    @classmethod
    def of(cls, step: IsolationStep, names: Names) -> "IsolationStepView":
        """Return the view of a step."""
        return cls(
            action=step.action,
            actor_id=step.actor_id,
            actor_name=names.get(step.actor_id, step.actor_id),
            at=step.at,
            note=step.note,
            planned_end=step.planned_end,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationView:
    """An isolation as it stands, with its steps in order."""

    id: str
    subject: str
    zone: str
    reason: str
    starts: datetime
    planned_end: datetime
    applicant: str
    state: IsolationState
    steps: Sequence[IsolationStepView]

    @classmethod
    def of(cls, kept: KeptIsolation, names: Names) -> "IsolationView":
        """Return the view of an isolation."""
        about = kept.isolation
        return cls(
            id=about.id,
            subject=str(about.subject),
            zone=about.zone,
            reason=about.reason,
            starts=about.starts,
            planned_end=kept.planned_end,
            applicant=about.applicant,
            state=kept.state,
            steps=[IsolationStepView.of(step, names) for step in kept.steps],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """What somebody found on site; the last one that holds is what counts."""

    id: str
    alert_id: str
    truth: AlarmTruth
    at: datetime
    by: str
    note: str
    entered: datetime
    entered_by: str
    corrects: str
    holds: bool

    @classmethod
    def of(cls, check: AlarmCheck, *, holds: bool) -> "CheckView":
        """Return the view of what was found."""
        return cls(
            id=check.id,
            alert_id=check.alert_id,
            truth=check.truth,
            at=check.at,
            by=check.by,
            note=check.note,
            entered=check.entered,
            entered_by=check.entered_by,
            corrects=check.corrects,
            holds=holds,
        )
