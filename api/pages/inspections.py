"""The pages of inspections: planned, filled in on a phone, submitted, printed."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from api.inspections import FilledLine, PlannedInspection, fill_in, plan_inspection, submit_inspection
from api.pages.acts import Note, answered, returned
from api.pages.inspection_views import day_of, inspection_page, inspections_page
from api.pages.rendering import render_alone, with_query
from api.pages.visits import ActingVisit, ReadingVisit
from api.ports import RecordsTransaction
from api.problems import existing
from api.routes.bodies import subject_of
from rectification.checklists import Interval
from rectification.inspecting import InspectionRefusal, InspectionRefusedError, correct, end_rounds
from rectification.inspections import Inspection, Result
from rectification.reports import MAX_PHOTO_BYTES
from sensors.actors import Permission

router = APIRouter()

PAGE = "/inspections"
Word = Annotated[str, Form(max_length=100)]


async def whole_form(request: Request) -> FormData:
    """Return all fields of a form whose names only the checklist knows."""
    return await request.form()


WholeForm = Annotated[FormData, Depends(whole_form)]


@router.get(PAGE)
def inspections(visit: ReadingVisit) -> Response:
    """Show what is to be inspected, what was, and what comes round."""
    with visit.desk() as desk:
        return visit.render(desk, "inspections.html", page="plan", show="inspections", view=inspections_page(desk))


@router.get("/inspections/{inspection}")
def one_inspection(visit: ReadingVisit, inspection: str) -> Response:
    """Show one inspection: to be filled in, or as it was submitted."""
    with visit.desk() as desk:
        found = existing(desk.tx.inspection(inspection), "inspection")
        return visit.render(desk, "inspection.html", page="plan", show="inspections", view=inspection_page(desk, found))


@router.get("/inspections/{inspection}/sheet")
def sheet(visit: ReadingVisit, inspection: str) -> Response:
    """Return an inspection to be printed, and filled in by hand."""
    with visit.desk() as desk:
        found = existing(desk.tx.inspection(inspection), "inspection")
        view = inspection_page(desk, found)
        return render_alone(
            visit.request, desk.messages, template="inspection_sheet.html", site=desk.wording.site(), view=view
        )


@router.post(PAGE)
def plan(
    visit: ActingVisit,
    checklist: Word,
    place: Word,
    assignee: Word,
    floor: Annotated[str, Form(max_length=20)] = "",
    interval: Annotated[Interval | None, Form()] = None,
    due: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Plan inspections that come round, or one that is done once."""
    visit.actor.must(Permission.MANAGE_ITEM)
    with visit.desk() as desk:
        today = desk.wording.today()
    try:
        by = day_of(due)
    except ValueError:
        return RedirectResponse(with_query(PAGE, refused="no_date"), HTTPStatus.SEE_OTHER)
    planned = PlannedInspection(
        checklist=checklist,
        subject=subject_of(place),
        floor=floor.strip(),
        assignee=assignee,
        interval=interval,
        first=today,
        due=by,
    )

    def work(tx: RecordsTransaction) -> object:
        return plan_inspection(visit.services, tx, planned, actor=visit.actor)

    return returned(visit, PAGE, "inspection_planned", work)


@router.post("/inspections/schedules/{schedule}/end")
def end(visit: ActingVisit, schedule: str) -> Response:
    """End what comes round."""

    def work(tx: RecordsTransaction) -> object:
        return end_rounds(tx, schedule, actor=visit.actor, clock=visit.services.clock)

    return returned(visit, PAGE, "inspection_ended", work)


@router.post("/inspections/{inspection}/evidence")
def fill(visit: ActingVisit, inspection: str, form: WholeForm) -> Response:
    """Keep what was filled in, with its photos; submit it where that was asked for."""
    visit.actor.must(Permission.WORK_ON_ITEM)
    path = f"/inspections/{inspection}"
    is_last = form.get("step") == "submit"

    def work() -> None:
        saved = fill_in(visit.services, inspection, _filled(form), revision=_revision(form), actor=visit.actor)
        if is_last:
            _submit(visit, saved)

    return answered(path, "inspection_submitted" if is_last else "inspection_saved", work)


@router.post("/inspections/{inspection}/correct")
def begin_correction(visit: ActingVisit, inspection: str, note: Note = "") -> Response:
    """Begin a new version, and go to it."""
    new: Inspection | None = None

    def work(tx: RecordsTransaction) -> object:
        nonlocal new
        new = correct(tx, inspection, actor=visit.actor, clock=visit.services.clock, note=note)
        return new

    answer = returned(visit, f"/inspections/{inspection}", "inspection_corrected", work)
    if new is None:
        return answer
    return RedirectResponse(with_query(f"/inspections/{new.id}", done="inspection_corrected"), HTTPStatus.SEE_OTHER)


def _submit(visit: ActingVisit, saved: Inspection) -> None:
    with visit.services.records.transaction() as tx:
        submit_inspection(visit.services, tx, saved.id, revision=saved.revision, actor=visit.actor)


def _revision(form: FormData) -> int:
    """Return the revision that the page showed. Raises InspectionRefusedError."""
    written = str(form.get("revision", ""))
    if not (written.isascii() and written.isdigit()):
        raise InspectionRefusedError(InspectionRefusal.STALE)
    return int(written)


def _filled(form: FormData) -> Mapping[str, FilledLine]:
    """Return what was sent of each line that the page showed."""
    lines = [str(line) for line in form.getlist("line")]
    return {line: _line(form, line) for line in lines}


def _line(form: FormData, line: str) -> FilledLine:
    result = str(form.get(f"result-{line}", ""))
    sent = [each for each in form.getlist(f"photo-{line}") if isinstance(each, UploadFile)]
    photos = tuple(content for each in sent if (content := each.file.read(MAX_PHOTO_BYTES + 1)))
    return FilledLine(
        result=Result(result) if result in Result.__members__.values() else None,
        note=str(form.get(f"note-{line}", "")),
        photos=photos,
        dropped=frozenset(str(each) for each in form.getlist(f"drop-{line}")),
    )
