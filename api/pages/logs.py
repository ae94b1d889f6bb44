"""The page on the logs, and its forms: each a command in one transaction, then back to the page that says so."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from alerts.logs import commands
from alerts.logs.commands import CheckGiven, Desk, DutyGiven, FireTestGiven, IsolationGiven
from alerts.logs.refusals import LogRefusedError
from api.pages import log_views
from api.pages.fields import UnreadableFieldError, site_time
from api.pages.rendering import with_query
from api.pages.visits import ActingVisit, ReadingVisit, Visit
from api.papers import Paper
from api.ports import RecordsTransaction
from api.problems import not_found
from sensors.actors import NotPermittedError
from sensors.logs import AlarmTruth, DutyKind, FireSystem, FireTestKind, FireTestResult
from sensors.subjects import Subject

router = APIRouter()

PAGE = "/logs"
VIEWS = {"duty": log_views.duty_page, "isolations": log_views.isolations_page, "tests": log_views.tests_page}
Log = Literal["duty", "isolations", "tests"]

Line = Annotated[str, Form(max_length=200)]
Note = Annotated[str, Form(max_length=500)]
LocalTime = Annotated[str, Form(max_length=20)]
Work = Callable[[RecordsTransaction, Desk], object]

MOST_PEOPLE = 20
_BETWEEN_NAMES = re.compile(r"[、,，;；\n]+")


@router.get(PAGE)
def logs_page(visit: ReadingVisit, show: Log = "duty") -> Response:
    """Show one of the logs with its forms."""
    with visit.desk() as desk:
        return visit.render(desk, "logs.html", page="logs", show=show, view=VIEWS[show](desk))


class DutyForm(BaseModel):
    """A round or a hand-over as the form has it."""

    kind: DutyKind = DutyKind.ROUND
    present: Line = ""
    relief: Line = ""
    panel: Literal["", "normal", "abnormal"] = ""
    note: Note = ""
    at: LocalTime = ""

    def given(self, visit: Visit) -> DutyGiven:
        """Return what is meant. Raises UnreadableFieldError."""
        return DutyGiven(
            kind=self.kind,
            present=_people(self.present),
            relief=_people(self.relief),
            panel_normal={"normal": True, "abnormal": False}.get(self.panel),
            note=self.note,
            at=_time(visit, self.at),
        )


@router.post("/logs/duty")
def write_duty(visit: ActingVisit, form: Annotated[DutyForm, Form()]) -> Response:
    """Write a round or a hand-over."""
    return _done(visit, "duty", "log_written", lambda tx, desk: commands.write_duty(tx, form.given(visit), desk=desk))


@router.post("/logs/duty/{entry}/correct")
def correct_duty(visit: ActingVisit, entry: str, form: Annotated[DutyForm, Form()]) -> Response:
    """Write an entry in the place of one that was wrong."""

    def work(tx: RecordsTransaction, desk: Desk) -> object:
        return commands.write_duty(tx, form.given(visit), desk=desk, corrects=entry)

    return _done(visit, "duty", "log_written", work)


@router.post("/logs/duty/{entry}/strike")
def strike_duty(visit: ActingVisit, entry: str, note: Note = "") -> Response:
    """Strike an entry out."""
    return _done(visit, "duty", "log_struck", lambda tx, desk: commands.strike_duty(tx, entry, desk=desk, note=note))


class TestForm(BaseModel):
    """A test or check as the form has it."""

    kind: FireTestKind
    subject: Line
    day: LocalTime
    by: Line
    result: FireTestResult
    system: FireSystem = FireSystem.ALL
    next_due: LocalTime = ""
    note: Note = ""

    def given(self) -> FireTestGiven:
        """Return what is meant. Raises UnreadableFieldError."""
        return FireTestGiven(
            kind=self.kind,
            subject=_subject(self.subject),
            day=_day(self.day),
            by=self.by,
            result=self.result,
            system=self.system,
            next_due=_day(self.next_due) if self.next_due else None,
            note=self.note,
        )


@router.post("/logs/tests")
def write_test(visit: ActingVisit, form: Annotated[TestForm, Form()]) -> Response:
    """Write a test or check down."""
    return _done(visit, "tests", "log_written", lambda tx, desk: commands.write_test(tx, form.given(), desk=desk))


@router.post("/logs/tests/{test}/correct")
def correct_test(visit: ActingVisit, test: str, form: Annotated[TestForm, Form()]) -> Response:
    """Write a test or check in the place of one that was wrong."""

    def work(tx: RecordsTransaction, desk: Desk) -> object:
        return commands.write_test(tx, form.given(), desk=desk, corrects=test)

    return _done(visit, "tests", "log_written", work)


@router.post("/logs/tests/{test}/strike")
def strike_test(visit: ActingVisit, test: str, note: Note = "") -> Response:
    """Strike a test out."""
    return _done(visit, "tests", "log_struck", lambda tx, desk: commands.strike_test(tx, test, desk=desk, note=note))


@router.post("/logs/isolations")
def request_isolation(
    visit: ActingVisit, subject: Line, reason: Note, planned_end: LocalTime, zone: Line = "", starts: LocalTime = ""
) -> Response:
    """Ask for an isolation."""

    def work(tx: RecordsTransaction, desk: Desk) -> object:
        given = IsolationGiven(
            subject=_subject(subject),
            zone=zone,
            reason=reason,
            starts=_time(visit, starts),
            planned_end=_needed_time(visit, planned_end),
        )
        return commands.request_isolation(tx, given, desk=desk)

    return _done(visit, "isolations", "isolation_requested", work)


@router.post("/logs/isolations/{isolation}/extend")
def extend_isolation(visit: ActingVisit, isolation: str, planned_end: LocalTime = "", note: Note = "") -> Response:
    """Give an isolation a later end."""

    def work(tx: RecordsTransaction, desk: Desk) -> object:
        until = _needed_time(visit, planned_end)
        return commands.extend_isolation(tx, isolation, planned_end=until, desk=desk, note=note)

    return _done(visit, "isolations", "log_written", work)


ISOLATION_COMMANDS: Mapping[str, Callable[..., object]] = {
    "approve": commands.approve_isolation,
    "refuse": commands.refuse_isolation,
    "file": commands.file_isolation,
    "end": commands.end_isolation,
    "withdraw": commands.withdraw_isolation,
}
"""The steps that need no more than a note."""


@router.post("/logs/isolations/{isolation}/{step}")
def step_isolation(
    visit: ActingVisit,
    isolation: str,
    step: Literal["approve", "refuse", "file", "end", "withdraw"],
    note: Note = "",
) -> Response:
    """Take an isolation one step on."""
    command = ISOLATION_COMMANDS[step]
    return _done(visit, "isolations", "log_written", lambda tx, desk: command(tx, isolation, desk=desk, note=note))


@router.post("/logs/alerts/{alert}/verify")
def verify_alarm(
    visit: ActingVisit, alert: str, truth: Annotated[AlarmTruth, Form()], by: Line = "", note: Note = ""
) -> Response:
    """Say what was found on site, and go back to the alert."""
    given = CheckGiven(truth=truth, by=by, note=note)

    def work(tx: RecordsTransaction, desk: Desk) -> object:
        return commands.verify_alarm(tx, alert, given, desk=desk)

    return _done(visit, "duty", "alarm_verified", work, path=f"/alerts/{alert}")


def _done(visit: Visit, log: Log, done: str, work: Work, *, path: str = "") -> Response:
    """Go back to the page, which says what was done or why it was not; nothing is half done."""
    place = path or with_query(PAGE, show=log)
    services = visit.services
    desk = Desk(actor=visit.actor, site=services.registry().site.id, clock=services.clock)
    try:
        with services.records.transaction() as tx:
            work(tx, desk)
    except LogRefusedError as exc:
        return _to(place, refused=f"log_{exc.refusal}")
    except NotPermittedError:
        return _to(place, refused="not_permitted")
    except UnreadableFieldError:
        return _to(place, refused="log_unreadable")
    return _to(place, done=done)


def _to(place: str, **told: str) -> Response:
    return RedirectResponse(with_query(place, **told), HTTPStatus.SEE_OTHER)


def _people(text: str) -> tuple[str, ...]:
    """Return the names of an enumeration, as people type them in either language."""
    names = [name.strip() for name in _BETWEEN_NAMES.split(text)]
    return tuple(name for name in names if name)[:MOST_PEOPLE]


def _subject(text: str) -> Subject:
    try:
        return Subject.parse(text)
    except ValueError as exc:
        raise UnreadableFieldError(text) from exc


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise UnreadableFieldError(text) from exc


def _needed_time(visit: Visit, text: str) -> datetime:
    time = _time(visit, text)
    if time is None:
        raise UnreadableFieldError(text)
    return time


def _time(visit: Visit, text: str) -> datetime | None:
    """Return the instant of a time on the site's clock; None where none is given."""
    if not text:
        return None
    return site_time(text, visit.services.registry().site.timezone)


@router.get("/logs/sheet")
def duty_sheet(visit: ReadingVisit, day: str, form: Annotated[Paper, Query(alias="format")] = "html") -> Response:
    """Return the duty sheet of a local day, to be printed or kept."""
    make = visit.services.duty_sheet
    if make is None:
        raise not_found(kind="sheet")
    try:
        when = date.fromisoformat(day)
    except ValueError as exc:
        raise not_found(kind="day") from exc
    with visit.services.records.reading() as tx:
        made = make(tx, when, form, visit.language)
    headers = {"Content-Security-Policy": made.policy} if made.policy else {}
    if form != "html":
        headers["Content-Disposition"] = f'attachment; filename="duty-{when}.{form}"'
    return Response(made.content, media_type=made.media_type, headers=headers)
