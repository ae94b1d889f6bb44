"""What is written of items: the sheet with its revision, progress, items that people found, the look back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.dependencies import Reader, ServicesOf, permit
from api.item_sheets import edit_sheet, open_found
from api.people import names
from api.ports import Services
from api.routes.bodies import NoteBody, subject_of
from api.routes.item_bodies import FoundBody, ProgressBody, SheetBody, SheetEditBody
from api.routes.revisions import ReadRevision, tell_revision
from api.routes.views import ItemView
from rectification.commands import existing
from rectification.model import Item, measure_of
from rectification.notices import ItemNotice
from rectification.particulars import (
    Particulars,
    category_of,
    clause_of,
    goal_of,
    location_of,
    problem_of,
    title_of,
    unit_of,
)
from rectification.ports import SheetTransaction
from rectification.recurring import look_back, open_recurrence
from rectification.sheets import Found, note_progress, sheet_of
from sensors.actors import Actor, Permission
from sensors.topology import Name, Registry

router = APIRouter(tags=["items"])

Worker = Annotated[Actor, Depends(permit(Permission.WORK_ON_ITEM))]
Acceptor = Annotated[Actor, Depends(permit(Permission.SIGN_OFF_ITEM))]

_NO_SHEET = frozenset({"note", "subject", "severity", "since", "source", "source_ref"})
_PEOPLES = frozenset({"source", "source_ref"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What holds of an item, in both languages: as written, else as it follows from its rule and place."""

    title: Name
    problem: Name
    category: Name
    clause: Name
    location: Name
    goal: Name
    measure: Name
    unit: str | None

    @classmethod
    def of(cls, item: Item, given: Particulars, registry: Registry) -> "Told":
        """Return what holds of an item."""
        return cls(
            title=title_of(item, given),
            problem=problem_of(item, given, registry),
            category=category_of(item, given),
            clause=clause_of(item, given),
            location=location_of(item, given, registry),
            goal=goal_of(item, given),
            measure=measure_of(item),
            unit=unit_of(item, given, registry),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetView:
    """The sheet of an item: what people wrote, what holds, and the revision that an edit must name."""

    revision: int
    written: Particulars
    measure: str
    deadline: date | None
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenView:
    """How many notices were put aside."""

    seen: int


@router.post("/items", status_code=201)
def post_item(services: ServicesOf, actor: Worker, given: FoundBody) -> ItemView:
    """Open a draft for something that people found; no rule judges it, somebody looks whether it is mended."""
    found = Found(
        site=services.registry().site.id,
        subject=subject_of(given.subject),
        severity=given.severity,
        given=Particulars(**{name: value for name, value in given if name in _FOUND}),
        measure=given.measure,
        since=given.since,
        deadline=given.deadline,
    )
    with services.records.transaction() as tx:
        return ItemView.of(open_found(services, tx, found, actor=actor, note=given.note), names(tx))


@router.get("/items/{item_id}/sheet")
def get_sheet(services: ServicesOf, _: Reader, item_id: str, response: Response) -> SheetView:
    """Return what is written of an item; the ETag is the revision that an edit must name."""
    with services.records.reading() as tx:
        return _view(services, tx, existing(tx, item_id), response)


@router.patch("/items/{item_id}/sheet")
def patch_sheet(
    services: ServicesOf, actor: Worker, item_id: str, revision: ReadRevision, given: SheetEditBody, response: Response
) -> SheetView:
    """Write of an item, naming the revision that was read; who answers for it writes progress, result and remark."""
    changes = {name: getattr(given, name) for name in given.model_fields_set - _NO_SHEET}
    with services.records.transaction() as tx:
        item = edit_sheet(services, tx, item_id, changes, revision=revision, actor=actor, note=given.note)
        return _view(services, tx, item, response)


@router.post("/items/{item_id}/progress")
def post_progress(services: ServicesOf, actor: Worker, item_id: str, given: ProgressBody) -> ItemView:
    """Write how far the work is."""
    with services.records.transaction() as tx:
        item = note_progress(
            tx, item_id, actor=actor, clock=services.clock, note=given.note, progress_pct=given.progress_pct
        )
        return ItemView.of(item, names(tx))


@router.post("/items/{item_id}/look-back")
def post_look_back(services: ServicesOf, actor: Acceptor, item_id: str, given: NoteBody) -> ItemView:
    """Write that somebody looked again at what was signed off, and found it as it should be."""
    with services.records.transaction() as tx:
        return ItemView.of(look_back(tx, item_id, actor=actor, clock=services.clock, note=given.note), names(tx))


@router.post("/items/{item_id}/recur", status_code=201)
def post_recurrence(services: ServicesOf, actor: Acceptor, item_id: str, given: NoteBody) -> ItemView:
    """Open a linked draft for something signed off that is broken again."""
    with services.records.transaction() as tx:
        item = open_recurrence(
            tx, item_id, actor=actor, clock=services.clock, deadline=services.deadline, note=given.note
        )
        return ItemView.of(item, names(tx))


@router.get("/me/item-notices")
def get_item_notices(services: ServicesOf, actor: Reader) -> Sequence[ItemNotice]:
    """Return what the reader was told of deadlines and has not put aside, the newest first."""
    with services.records.reading() as tx:
        return tx.item_notices(actor.id)


@router.post("/me/item-notices/{item_id}/seen")
def post_seen(services: ServicesOf, actor: Reader, item_id: str) -> SeenView:
    """Put aside what the reader was told of an item."""
    with services.records.transaction() as tx:
        item = existing(tx, item_id)
        return SeenView(seen=tx.see_item_notices(actor.id, item_id=item.id, at=services.clock.now()))


_FOUND = (frozenset(SheetBody.model_fields) | _PEOPLES) - {"measure", "deadline"}


def _view(services: Services, tx: SheetTransaction, item: Item, response: Response) -> SheetView:
    sheet = sheet_of(tx, item)
    tell_revision(response, item.revision)
    return SheetView(
        revision=item.revision,
        written=sheet.given,
        measure=sheet.measure,
        deadline=sheet.deadline,
        told=Told.of(item, sheet.given, services.registry()),
    )
