"""What people do with inspections, the same for the API and for forms: planned, filled in with photos, submitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from api.people import workers
from api.people_reports import prepared_photo
from api.ports import RecordsTransaction, Services
from api.problems import Problem, ProblemError, existing
from rectification.checklists import Interval
from rectification.evidence import PreparedFile
from rectification.inspecting import Wanted, Written, fillable, plan_once, plan_rounds, save
from rectification.inspection_outcomes import Submission, lines_to_prove, submit
from rectification.inspections import Inspection, LinePhoto, Result, Schedule
from sensors.actors import Actor
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, Registry, RoomId

INSPECTED_KINDS = frozenset({SubjectKind.SITE, SubjectKind.BUILDING, SubjectKind.ROOM})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInspection:
    """What somebody wants inspected. `due` is for what is done once; else it comes round by `interval`."""

    checklist: str
    subject: Subject
    floor: str
    assignee: str
    interval: Interval | None
    first: date
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledLine:
    """What was sent of one line: photos as bytes, `dropped` those that go by their hash."""

    result: Result | None = None
    note: str = ""
    photos: tuple[bytes, ...] = ()
    dropped: frozenset[str] = field(default_factory=frozenset)


def plan_inspection(
    services: Services, tx: RecordsTransaction, planned: PlannedInspection, *, actor: Actor
) -> Schedule | Inspection:
    """Return the schedule, or the inspection that is done once. Raises ProblemError and what the commands raise."""
    registry = services.registry()
    checklist = existing(services.checklists().get(planned.checklist), "checklist")
    check_place(planned.subject, planned.floor, registry)
    check_worker(tx, planned.assignee)
    wanted = Wanted(
        site=registry.site.id,
        checklist=checklist,
        subject=planned.subject,
        floor=planned.floor,
        assignee=planned.assignee,
    )
    clock = services.clock
    if planned.due is not None:
        return plan_once(tx, wanted, opens=planned.first, due=planned.due, actor=actor, clock=clock)
    interval = planned.interval or checklist.interval
    return plan_rounds(tx, wanted, interval=interval, first=planned.first, actor=actor, clock=clock)


def check_place(subject: Subject, floor: str, registry: Registry) -> None:
    """Return when the registry has this place. Raises ProblemError."""
    is_known = {
        SubjectKind.SITE: subject.id == registry.site.id,
        SubjectKind.BUILDING: BuildingId(subject.id) in registry.buildings,
        SubjectKind.ROOM: RoomId(subject.id) in registry.rooms,
    }
    of_building = {room.floor for room in registry.rooms.values() if room.building == subject.id}
    is_floor = not floor or (subject.kind is SubjectKind.BUILDING and floor in of_building)
    if not (is_known.get(subject.kind, False) and is_floor):
        detail = "the registry has no such place; name the site, a building, one of its floors, or a room"
        raise ProblemError(Problem(status=422, code="no_such_place", detail=detail))


def check_worker(tx: RecordsTransaction, assignee: str) -> None:
    """Return when the account can do inspections. Raises ProblemError."""
    if assignee not in {account.id for account in workers(tx)}:
        detail = "this person cannot do inspections; choose one of the list"
        raise ProblemError(Problem(status=422, code="not_a_worker", detail=detail))


def with_lines_to_prove(services: Services, tx: RecordsTransaction, inspection: Inspection) -> Inspection:
    """Return an open inspection with a line for each item that waits to be looked at in its place."""
    more = lines_to_prove(tx, inspection, services.registry())
    return replace(inspection, lines=(*inspection.lines, *more))


def fill_in(
    services: Services,
    identifier: str,
    filled: Mapping[str, FilledLine],
    *,
    revision: int,
    actor: Actor,
    looked: datetime | None = None,
) -> Inspection:
    """Return the inspection with what was filled in. Pictures are drawn outside of the transaction, kept inside.

    Raises EvidenceRefusedError and what `rectification.inspecting.save` raises.
    """
    with services.records.reading() as tx:
        fillable(tx, identifier, actor)
    prepared = {line: [prepared_photo(services, each) for each in sent.photos] for line, sent in filled.items()}
    written = {
        line: Written(
            result=sent.result,
            note=sent.note,
            photos=tuple(map(_photo, prepared[line])),
            dropped=sent.dropped,
        )
        for line, sent in filled.items()
    }
    with services.records.transaction() as tx:
        found = fillable(tx, identifier, actor)
        lines = lines_to_prove(tx, found, services.registry())
        after = save(
            tx, identifier, written, revision=revision, actor=actor, clock=services.clock, lines=lines, looked=looked
        )
        for photo in (each for photos in prepared.values() for each in photos):
            services.evidence.put(photo)
        _discard_dropped(services, tx, found, after)
    return after


def submit_inspection(
    services: Services, tx: RecordsTransaction, identifier: str, *, revision: int, actor: Actor
) -> Inspection:
    """Return the inspection as frozen, with what came of it. Raises what `inspection_outcomes.submit` raises."""
    by = Submission(registry=services.registry(), deadline=services.deadline, actor=actor, clock=services.clock)
    return submit(tx, identifier, revision=revision, by=by)


def _photo(prepared: PreparedFile) -> LinePhoto:
    return LinePhoto(sha256=prepared.sha256, media_type=prepared.media_type, size_bytes=len(prepared.content))


def _discard_dropped(services: Services, tx: RecordsTransaction, before: Inspection, after: Inspection) -> None:
    standing = {photo.sha256 for answer in after.answers for photo in answer.photos}
    for gone in {photo.sha256 for answer in before.answers for photo in answer.photos} - standing:
        if not tx.is_evidence(gone):
            services.evidence.discard(gone)
