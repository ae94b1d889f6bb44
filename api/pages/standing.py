"""The page on what holds alerts back, and its forms: each a command in one transaction, then back to the page."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from alerts import standing_commands as commands
from alerts.commands import UnknownAlertError
from alerts.matching import Matcher
from alerts.model import IllegalAlertStepError
from alerts.standing_commands import (
    DrillGiven,
    OutOfServiceGiven,
    SilenceGiven,
    StandingDesk,
    StandingRefusedError,
    UnknownStandingError,
)
from api.pages.fields import UnreadableFieldError, site_time
from api.pages.rendering import local_path, with_query
from api.pages.standing_views import standing_page
from api.pages.visits import ActingVisit, ReadingVisit, Visit
from api.ports import RecordsTransaction
from sensors.actors import NotPermittedError
from sensors.alarms import AlarmKind
from sensors.hours import Hours, HoursError, parse_hours
from sensors.subjects import Subject, SubjectKind

router = APIRouter()

PAGE = "/alerts/standing"

Line = Annotated[str, Form(max_length=200)]
Note = Annotated[str, Form(max_length=500)]
LocalTime = Annotated[str, Form(max_length=20)]
KindField = Annotated[AlarmKind | Literal[""], Form()]
Weekday = Literal["0", "1", "2", "3", "4", "5", "6"]

Work = Callable[[RecordsTransaction, StandingDesk], object]


@router.get(PAGE)
def standing(visit: ReadingVisit) -> Response:
    """Show what holds alerts back, with the forms of those who may."""
    with visit.desk() as desk:
        return visit.render(desk, "standing.html", page="alerts", view=standing_page(desk))


@router.post("/alerts/standing/silences")
def create_silence(
    visit: ActingVisit,
    kind: KindField = "",
    place: Line = "",
    zone: Line = "",
    comment: Note = "",
    starts: LocalTime = "",
    ends: LocalTime = "",
    weekdays: Annotated[list[Weekday] | None, Form()] = None,
    hours: Line = "",
) -> Response:
    """Silence alerts."""

    def work(tx: RecordsTransaction, desk: StandingDesk) -> object:
        given = SilenceGiven(
            matcher=_matcher(kind, place, zone),
            comment=comment,
            starts=_time(visit, starts) if starts else None,
            ends=_time(visit, ends),
            weekdays=frozenset(map(int, weekdays or ())),
            hours=_hours(hours),
        )
        return commands.create_silence(tx, given, desk=desk)

    return _done(visit, "silence_created", work)


@router.post("/alerts/standing/drills")
def start_drill(
    visit: ActingVisit,
    kind: KindField = "",
    place: Line = "",
    zone: Line = "",
    comment: Note = "",
    starts: LocalTime = "",
    ends: LocalTime = "",
) -> Response:
    """Start a drill."""

    def work(tx: RecordsTransaction, desk: StandingDesk) -> object:
        given = DrillGiven(
            matcher=_matcher(kind, place, zone),
            comment=comment,
            starts=_time(visit, starts) if starts else None,
            ends=_time(visit, ends),
        )
        return commands.start_drill(tx, given, desk=desk)

    return _done(visit, "drill_started", work)


@router.post("/alerts/standing/out-of-service")
def take_out(visit: ActingVisit, place: Line = "", comment: Note = "", ends: LocalTime = "") -> Response:
    """Take something out of service."""

    def work(tx: RecordsTransaction, desk: StandingDesk) -> object:
        given = OutOfServiceGiven(subject=str(_subject(place)), comment=comment, until=_time(visit, ends))
        return commands.take_out_of_service(tx, given, desk=desk)

    return _done(visit, "taken_out", work)


@router.post("/alerts/standing/silences/{silence}/end")
def end_silence(visit: ActingVisit, silence: str) -> Response:
    """End a silence."""
    return _done(visit, "standing_ended", lambda tx, desk: commands.end_silence(tx, silence, desk=desk))


@router.post("/alerts/standing/drills/{drill}/end")
def end_drill(visit: ActingVisit, drill: str) -> Response:
    """End a drill."""
    return _done(visit, "standing_ended", lambda tx, desk: commands.end_drill(tx, drill, desk=desk))


@router.post("/alerts/standing/out-of-service/{out}/end")
def put_back(visit: ActingVisit, out: str) -> Response:
    """Put something back into service."""
    return _done(visit, "standing_ended", lambda tx, desk: commands.put_back(tx, out, desk=desk))


@router.post("/alerts/standing/shelves/{alert}/end")
def unshelve(visit: ActingVisit, alert: str) -> Response:
    """Take an alert off the shelf."""
    return _done(visit, "standing_ended", lambda tx, desk: commands.unshelve(tx, alert, desk=desk))


@router.post("/alerts/{alert}/shelve")
def shelve(visit: ActingVisit, alert: str, comment: Note = "", ends: LocalTime = "") -> Response:
    """Put an alert aside."""

    def work(tx: RecordsTransaction, desk: StandingDesk) -> object:
        return commands.shelve(tx, alert, until=_time(visit, ends), comment=comment, desk=desk)

    return _done(visit, "shelved", work, path=local_path(f"/alerts/{alert}"))


def _done(visit: Visit, done: str, work: Work, *, path: str = PAGE) -> Response:
    """Go back to a page, which says what was done or why it was not; nothing is half done."""
    desk = StandingDesk(actor=visit.actor, clock=visit.services.clock)
    try:
        with visit.services.records.transaction() as tx:
            work(tx, desk)
    except StandingRefusedError as exc:
        return _to(path, refused=f"standing_{exc.refusal}")
    except NotPermittedError:
        return _to(path, refused="not_permitted")
    except (IllegalAlertStepError, UnknownAlertError, UnknownStandingError):
        return _to(path, refused="too_late")
    except UnreadableFieldError:
        return _to(path, refused="standing_unreadable")
    return _to(path, done=done)


def _to(path: str, **told: str) -> Response:
    return RedirectResponse(with_query(path, **told), HTTPStatus.SEE_OTHER)


def _matcher(kind: AlarmKind | Literal[""], place: str, zone: str) -> Matcher:
    """Return what the fields mean together; each that is left empty asks nothing."""
    named = _subject(place) if place else None
    by_name = {SubjectKind.BUILDING: "buildings", SubjectKind.GATEWAY: "gateways"}
    field = None if named is None else by_name.get(named.kind, "subjects")
    return Matcher(
        kinds=frozenset({kind}) if kind else frozenset(),
        buildings=frozenset({named.id}) if named is not None and field == "buildings" else frozenset(),
        gateways=frozenset({named.id}) if named is not None and field == "gateways" else frozenset(),
        subjects=frozenset({str(named)}) if field == "subjects" else frozenset(),
        zones=frozenset({zone.strip()}) if zone.strip() else frozenset(),
    )


def _subject(text: str) -> Subject:
    try:
        return Subject.parse(text)
    except ValueError as exc:
        raise UnreadableFieldError(text) from exc


def _hours(text: str) -> Hours:
    try:
        return parse_hours(text)
    except HoursError as exc:
        raise UnreadableFieldError(text) from exc


def _time(visit: Visit, text: str) -> datetime:
    return site_time(text, visit.services.registry().site.timezone)
