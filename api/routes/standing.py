"""What holds alerts back: silences, drills, what is shelved or out of service. Each has an author, a reason, an end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, Field

from alerts import standing_commands as commands
from alerts.matching import MATCHED, Matcher
from alerts.standing import Drill, OutOfService, Shelf, Silence
from alerts.standing_commands import DrillGiven, OutOfServiceGiven, SilenceGiven, StandingDesk
from api.dependencies import Reader, ServicesOf, permit
from api.ports import Services
from api.routes.bodies import Body, Note, NoteBody, Text, Time
from api.routes.views import AlertView
from sensors.actors import Actor, Permission
from sensors.alarms import AlarmKind
from sensors.hours import Hours, parse_hours
from sensors.subjects import Subject
from sensors.verdicts import Severity

router = APIRouter(tags=["standing"])

Watcher = Annotated[Actor, Depends(permit(Permission.ACKNOWLEDGE_ALERT))]
DrillMaster = Annotated[Actor, Depends(permit(Permission.HOLD_DRILL))]

Name = Annotated[Text, Field(max_length=200)]
Names = Annotated[frozenset[Name], Field(max_length=200)]
Weekday = Annotated[int, Field(ge=0, le=6)]


def _subject(text: str) -> str:
    return str(Subject.parse(text))


SubjectText = Annotated[Name, AfterValidator(_subject)]


def _hours(text: str) -> str:
    parse_hours(text)
    return text


class MatcherBody(Body):
    """Which alerts are meant: of each list any one; an empty list asks nothing."""

    kinds: frozenset[AlarmKind] = frozenset()
    severities: frozenset[Severity] = frozenset()
    rules: Names = frozenset()
    buildings: Names = frozenset()
    gateways: Names = frozenset()
    subjects: Annotated[frozenset[SubjectText], Field(max_length=200)] = frozenset()
    zones: Names = frozenset()

    def matcher(self) -> Matcher:
        """Return it as the domain knows it."""
        return Matcher(**{name: getattr(self, name) for name in MATCHED})


class PeriodBody(Body):
    """Why, and from when until when; without a start from now on."""

    matcher: MatcherBody
    comment: Note
    ends: Time
    starts: Time | None = None


class SilenceBody(PeriodBody):
    """A silence; with weekdays (0 is Monday) or hours of the site's day it recurs."""

    weekdays: frozenset[Weekday] = frozenset()
    hours: Annotated[Name, AfterValidator(_hours)] = ""


class AsideBody(Body):
    """Why, and until when."""

    comment: Note
    until: Time


class OutOfServiceBody(AsideBody):
    """What is being worked on."""

    subject: SubjectText


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceView:
    """A silence; `hours` are minutes since local midnight."""

    id: str
    matcher: dict[str, list[str]]
    author: str
    comment: str
    starts: datetime
    ends: datetime
    weekdays: list[int]
    hours: Hours
    ended_by: str

    @classmethod
    def of(cls, silence: Silence) -> "SilenceView":
        """Return the view of a silence."""
        return cls(
            id=silence.id,
            matcher=asked(silence.matcher),
            author=silence.author,
            comment=silence.comment,
            starts=silence.starts,
            ends=silence.ends,
            weekdays=sorted(silence.weekdays),
            hours=silence.hours,
            ended_by=silence.ended_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillView:
    """A drill."""

    id: str
    matcher: dict[str, list[str]]
    author: str
    comment: str
    starts: datetime
    ends: datetime
    ended_by: str

    @classmethod
    def of(cls, drill: Drill) -> "DrillView":
        """Return the view of a drill."""
        return cls(
            id=drill.id,
            matcher=asked(drill.matcher),
            author=drill.author,
            comment=drill.comment,
            starts=drill.starts,
            ends=drill.ends,
            ended_by=drill.ended_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """All that stands, will stand, or stood until a day ago."""

    silences: Sequence[SilenceView]
    drills: Sequence[DrillView]
    shelves: Sequence[Shelf]
    out_of_service: Sequence[OutOfService]


def asked(matcher: Matcher) -> dict[str, list[str]]:
    """Return what a matcher asks for, as lists; what it does not ask for is not in it."""
    return {name: sorted(getattr(matcher, name)) for name in MATCHED if getattr(matcher, name)}


def _desk(services: Services, actor: Actor) -> StandingDesk:
    return StandingDesk(actor=actor, clock=services.clock)


@router.get("/standing")
def get_standing(services: ServicesOf, _: Reader) -> StandingView:
    """Return what holds alerts back, with who said so, until when and why."""
    with services.records.reading() as tx:
        found = commands.standing_of(tx, services.clock.now())
    return StandingView(
        silences=[SilenceView.of(each) for each in found.silences],
        drills=[DrillView.of(each) for each in found.drills],
        shelves=found.shelves,
        out_of_service=found.out_of_service,
    )


@router.post("/standing/silences")
def post_silence(services: ServicesOf, actor: Watcher, given: SilenceBody) -> SilenceView:
    """Silence alerts; a real fire is told all the same."""
    silence = SilenceGiven(
        matcher=given.matcher.matcher(),
        comment=given.comment,
        starts=given.starts,
        ends=given.ends,
        weekdays=given.weekdays,
        hours=parse_hours(given.hours),
    )
    with services.records.transaction() as tx:
        return SilenceView.of(commands.create_silence(tx, silence, desk=_desk(services, actor)))


@router.post("/standing/silences/{silence_id}/end")
def post_end_silence(services: ServicesOf, actor: Watcher, silence_id: str) -> SilenceView:
    """End a silence now."""
    with services.records.transaction() as tx:
        return SilenceView.of(commands.end_silence(tx, silence_id, desk=_desk(services, actor)))


@router.post("/standing/drills")
def post_drill(services: ServicesOf, actor: DrillMaster, given: PeriodBody) -> DrillView:
    """Start a drill: alerts of the place are told as a drill, and are told all the same."""
    drill = DrillGiven(matcher=given.matcher.matcher(), comment=given.comment, starts=given.starts, ends=given.ends)
    with services.records.transaction() as tx:
        return DrillView.of(commands.start_drill(tx, drill, desk=_desk(services, actor)))


@router.post("/standing/drills/{drill_id}/end")
def post_end_drill(services: ServicesOf, actor: Watcher, drill_id: str) -> DrillView:
    """End a drill now."""
    with services.records.transaction() as tx:
        return DrillView.of(commands.end_drill(tx, drill_id, desk=_desk(services, actor)))


@router.post("/standing/out-of-service")
def post_out_of_service(services: ServicesOf, actor: Watcher, given: OutOfServiceBody) -> OutOfService:
    """Take something out of service until its planned end."""
    out = OutOfServiceGiven(subject=given.subject, comment=given.comment, until=given.until)
    with services.records.transaction() as tx:
        return commands.take_out_of_service(tx, out, desk=_desk(services, actor))


@router.post("/standing/out-of-service/{out_id}/end")
def post_put_back(services: ServicesOf, actor: Watcher, out_id: str) -> OutOfService:
    """Put something back into service now."""
    with services.records.transaction() as tx:
        return commands.put_back(tx, out_id, desk=_desk(services, actor))


@router.post("/alerts/{alert_id}/shelve")
def post_shelve(services: ServicesOf, actor: Watcher, alert_id: str, given: AsideBody) -> AlertView:
    """Put one alert aside; a real fire only after somebody acknowledged it."""
    with services.records.transaction() as tx:
        alert = commands.shelve(tx, alert_id, until=given.until, comment=given.comment, desk=_desk(services, actor))
    return AlertView.of(alert)


@router.post("/alerts/{alert_id}/unshelve")
def post_unshelve(services: ServicesOf, actor: Watcher, alert_id: str, given: NoteBody) -> AlertView:
    """Take one alert off the shelf: it asks for a person anew."""
    with services.records.transaction() as tx:
        alert = commands.unshelve(tx, alert_id, desk=_desk(services, actor), note=given.note)
    return AlertView.of(alert)
