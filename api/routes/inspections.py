"""Inspections by checklist: planned, filled in bit by bit, submitted, put right; how they are kept up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, File, Query, Response, UploadFile
from pydantic import Field

from api.dependencies import Reader, ServicesOf, permit
from api.inspections import (
    FilledLine,
    PlannedInspection,
    check_worker,
    fill_in,
    plan_inspection,
    submit_inspection,
    with_lines_to_prove,
)
from api.ports import Services
from api.problems import not_found
from api.routes.bodies import Body, Note, NoteBody, Text, subject_of
from api.routes.evidence import picture
from api.routes.revisions import ReadRevision, tell_revision
from rectification.checklists import Checklist, Interval
from rectification.inspecting import (
    correct,
    end_rounds,
    existing_inspection,
    give_up,
    hand_over,
)
from rectification.inspection_figures import ChecklistFigures, figures
from rectification.inspections import (
    MAX_PHOTOS,
    OPEN_INSPECTIONS,
    Inspection,
    InspectionState,
    LinePhoto,
    Result,
    Schedule,
)
from rectification.reports import MAX_PHOTO_BYTES
from sensors.actors import Actor, Permission

router = APIRouter(tags=["inspections"])

Planner = Annotated[Actor, Depends(permit(Permission.MANAGE_ITEM))]
Worker = Annotated[Actor, Depends(permit(Permission.WORK_ON_ITEM))]
Short = Annotated[Text, Field(max_length=100)]


class PlannedBody(Body):
    """What is to be inspected, where, by whom, and how often; with `due` once, by that day."""

    checklist: Short
    subject: Short
    floor: Annotated[Text, Field(max_length=20)] = ""
    assignee: Short
    interval: Interval | None = None
    first: date
    due: date | None = None


class LineBody(Body):
    """What was found of one line."""

    result: Result | None = None
    note: Note = ""


class FilledBody(Body):
    """What was found of some lines, by their ids; the others stay as they are."""

    lines: Annotated[dict[Short, LineBody], Field(min_length=1, max_length=200)]


class AssigneeBody(Body):
    """Who does it instead."""

    assignee: Short


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What was planned: the schedule, or the one inspection."""

    schedule: Schedule | None = None
    inspection: Inspection | None = None


@router.get("/checklists")
def get_checklists(services: ServicesOf, _: Reader) -> Sequence[Checklist]:
    """Return the checklists of the site, with what each line rests on."""
    return list(services.checklists().values())


@router.get("/inspections")
def get_inspections(
    services: ServicesOf,
    _: Reader,
    state: Annotated[list[InspectionState] | None, Query(max_length=6)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Sequence[Inspection]:
    """Return inspections in some states, the open ones where none are named, those due last first."""
    with services.records.reading() as tx:
        return tx.inspections(states=state or tuple(OPEN_INSPECTIONS), limit=limit)


@router.get("/inspections/figures")
def get_figures(services: ServicesOf, _: Reader, first: date, last: date) -> Sequence[ChecklistFigures]:
    """Return how each checklist was kept up, of the inspections due on local days, both inclusive."""
    zone = ZoneInfo(services.registry().site.timezone)
    with services.records.reading() as tx:
        return figures(tx.inspections_due(first, last), today=services.clock.now().astimezone(zone).date(), zone=zone)


@router.get("/inspections/schedules")
def get_schedules(services: ServicesOf, _: Reader) -> Sequence[Schedule]:
    """Return what comes round, the oldest first."""
    with services.records.reading() as tx:
        return tx.schedules()


@router.post("/inspections", status_code=201)
def post_inspection(services: ServicesOf, actor: Planner, given: PlannedBody) -> Planned:
    """Plan inspections that come round, or one that is done once."""
    planned = PlannedInspection(
        checklist=given.checklist,
        subject=subject_of(given.subject),
        floor=given.floor,
        assignee=given.assignee,
        interval=given.interval,
        first=given.first,
        due=given.due,
    )
    with services.records.transaction() as tx:
        made = plan_inspection(services, tx, planned, actor=actor)
    return Planned(schedule=made) if isinstance(made, Schedule) else Planned(inspection=made)


@router.post("/inspections/schedules/{schedule_id}/end")
def post_end(services: ServicesOf, actor: Planner, schedule_id: str) -> Schedule:
    """End what comes round; inspections that are open stay."""
    with services.records.transaction() as tx:
        return end_rounds(tx, schedule_id, actor=actor, clock=services.clock)


@router.get("/inspections/{inspection_id}")
def get_inspection(services: ServicesOf, _: Reader, inspection_id: str, response: Response) -> Inspection:
    """Return an inspection; the ETag is the revision that whoever writes must name."""
    with services.records.reading() as tx:
        found = existing_inspection(tx, inspection_id)
        tell_revision(response, found.revision)
        return with_lines_to_prove(services, tx, found) if found.state in OPEN_INSPECTIONS else found


@router.patch("/inspections/{inspection_id}")
def patch_inspection(
    services: ServicesOf,
    actor: Worker,
    inspection_id: str,
    revision: ReadRevision,
    given: FilledBody,
    response: Response,
) -> Inspection:
    """Fill in some lines, naming the revision that was read; the rest can follow later."""
    filled = {line: FilledLine(result=sent.result, note=sent.note) for line, sent in given.lines.items()}
    return _told(response, fill_in(services, inspection_id, filled, revision=revision, actor=actor))


@router.post("/inspections/{inspection_id}/lines/{line_id}/evidence")
def post_photos(
    services: ServicesOf,
    actor: Worker,
    inspection_id: str,
    line_id: str,
    revision: ReadRevision,
    photo: Annotated[list[UploadFile], File(max_length=MAX_PHOTOS)],
    response: Response,
) -> Inspection:
    """Add photos to a line."""
    with services.records.reading() as tx:
        before = existing_inspection(tx, inspection_id).answer(line_id)
    contents = tuple(each.file.read(MAX_PHOTO_BYTES + 1) for each in photo)
    sent = FilledLine(result=before.result, note=before.note, photos=contents)
    return _told(response, fill_in(services, inspection_id, {line_id: sent}, revision=revision, actor=actor))


@router.get("/inspections/{inspection_id}/photos/{photo_id}")
def get_photo(services: ServicesOf, _: Reader, inspection_id: str, photo_id: str) -> Response:
    """Return a photo of an inspection, by its hash."""
    found = shown_photo(services, inspection_id, photo_id)
    return picture(services.evidence.read(found.sha256), found.media_type, name="inspection")


@router.post("/inspections/{inspection_id}/submit")
def post_submit(
    services: ServicesOf, actor: Worker, inspection_id: str, revision: ReadRevision, response: Response
) -> Inspection:
    """Submit an inspection all of whose lines are answered; it is frozen, and its faults become items."""
    with services.records.transaction() as tx:
        return _told(response, submit_inspection(services, tx, inspection_id, revision=revision, actor=actor))


@router.post("/inspections/{inspection_id}/correct")
def post_correction(
    services: ServicesOf, actor: Worker, inspection_id: str, given: NoteBody, response: Response
) -> Inspection:
    """Begin a new version of a submitted inspection, with the reason."""
    with services.records.transaction() as tx:
        return _told(response, correct(tx, inspection_id, actor=actor, clock=services.clock, note=given.note))


@router.post("/inspections/{inspection_id}/assign")
def post_assignee(
    services: ServicesOf,
    actor: Planner,
    inspection_id: str,
    revision: ReadRevision,
    given: AssigneeBody,
    response: Response,
) -> Inspection:
    """Have somebody else do an inspection."""
    with services.records.transaction() as tx:
        check_worker(tx, given.assignee)
        clock = services.clock
        after = hand_over(tx, inspection_id, assignee=given.assignee, revision=revision, actor=actor, clock=clock)
        return _told(response, after)


@router.post("/inspections/{inspection_id}/cancel")
def post_cancel(
    services: ServicesOf,
    actor: Planner,
    inspection_id: str,
    revision: ReadRevision,
    given: NoteBody,
    response: Response,
) -> Inspection:
    """Give an inspection up, with the reason."""
    with services.records.transaction() as tx:
        after = give_up(tx, inspection_id, revision=revision, actor=actor, clock=services.clock, note=given.note)
        return _told(response, after)


def shown_photo(services: Services, inspection_id: str, sha256: str) -> LinePhoto:
    """Return a photo that an inspection shows. Raises ProblemError."""
    with services.records.reading() as tx:
        answers = existing_inspection(tx, inspection_id).answers
    for photo in (each for answer in answers for each in answer.photos):
        if photo.sha256 == sha256:
            return photo
    raise not_found(kind="photo")


def _told(response: Response, inspection: Inspection) -> Inspection:
    tell_revision(response, inspection.revision)
    return inspection
