"""The forms of an item's sheet: written over, files sent and taken away, repairs, the look back, reminders seen."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from api.item_sheets import edit_sheet, take_away, take_in
from api.pages.acts import Note, answered, returned
from api.pages.rendering import with_query
from api.pages.visits import ActingVisit
from api.ports import RecordsTransaction
from api.routes.evidence import sent_file
from rectification.evidence import Shows
from rectification.mending import cancel_repair, existing_repair, finish_repair, order_repair, report_repair_of
from rectification.particulars import DeadlineKind
from rectification.recurring import look_back, open_recurrence
from rectification.repairs import Repair
from rectification.sheets import note_progress
from sensors.actors import Permission
from sensors.topology import DepartmentId

router = APIRouter()

Line = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=2000)]
Figure = Annotated[str, Form(max_length=20)]


class SheetForm(BaseModel):
    """The sheet as its form has it; numbers and dates as they were typed."""

    revision: int
    title: Line = ""
    category: Line = ""
    location: Line = ""
    clause: Text = ""
    problem: Text = ""
    goal: Text = ""
    measure: Text = ""
    contingency: Text = ""
    result: Text = ""
    remark: Text = ""
    unit: Line = ""
    helpers: tuple[str, ...] = ()
    leader: Line = ""
    funds_yuan: Figure = ""
    deadline_kind: DeadlineKind = DeadlineKind.BY_DATE
    deadline: Figure = ""
    progress_pct: Figure = ""
    note: Note = ""

    def changes(self) -> dict[str, object]:
        """Return the fields as they are kept. Raises ValueError where a number or date is none."""
        texts = self.model_dump(exclude={"revision", "note"})
        return texts | {
            "unit": DepartmentId(self.unit) if self.unit else None,
            "helpers": tuple(DepartmentId(each) for each in self.helpers),
            "funds_yuan": amount(self.funds_yuan),
            "deadline": date.fromisoformat(self.deadline) if self.deadline else None,
            "progress_pct": int(self.progress_pct) if self.progress_pct else None,
        }


def amount(text: str) -> float | None:
    """Return an amount as it was typed; None of nothing. Raises ValueError."""
    return float(text.replace(",", "").replace("，", "")) if text.strip() else None


@router.post("/plan/{item}/sheet")
def write_sheet(visit: ActingVisit, item: str, form: Annotated[SheetForm, Form()]) -> Response:
    """Write the sheet of an item."""
    path = f"/plan/{item}"
    try:
        changes = form.changes()
    except ValueError:
        return RedirectResponse(with_query(path, refused="sheet_invalid"), HTTPStatus.SEE_OTHER)

    def work(tx: RecordsTransaction) -> object:
        return edit_sheet(visit.services, tx, item, changes, revision=form.revision, actor=visit.actor, note=form.note)

    return returned(visit, path, "sheet", work)


@router.post("/plan/{item}/progress")
def write_progress(visit: ActingVisit, item: str, note: Note = "", progress_pct: Figure = "") -> Response:
    """Write how far the work is."""
    path = f"/plan/{item}"
    if progress_pct and not (progress_pct.isascii() and progress_pct.isdigit() and int(progress_pct) <= 100):  # noqa: PLR2004 - a percentage
        return RedirectResponse(with_query(path, refused="sheet_invalid"), HTTPStatus.SEE_OTHER)

    def work(tx: RecordsTransaction) -> object:
        share = int(progress_pct) if progress_pct else None
        return note_progress(tx, item, actor=visit.actor, clock=visit.services.clock, note=note, progress_pct=share)

    return returned(visit, path, "progress", work)


@router.post("/plan/{item}/evidence")
def send_evidence(
    visit: ActingVisit,
    item: str,
    file: UploadFile,
    shows: Annotated[Shows, Form()] = Shows.AFTER,
    note: Note = "",
) -> Response:
    """Send a file as evidence."""

    def work() -> object:
        return take_in(visit.services, item, sent_file(file, shows, note), actor=visit.actor)

    return answered(f"/plan/{item}", "attached", work)


@router.post("/plan/{item}/evidence/{file}/remove")
def remove_evidence(visit: ActingVisit, item: str, file: str, note: Note = "") -> Response:
    """Take a file away."""

    def work() -> object:
        return take_away(visit.services, item, file, actor=visit.actor, note=note)

    return answered(f"/plan/{item}", "detached", work)


@router.post("/plan/{item}/repairs")
def ask_repair(visit: ActingVisit, item: str, what: Text = "") -> Response:
    """Ask for a repair."""

    def work(tx: RecordsTransaction) -> object:
        return report_repair_of(tx, item, what=what, actor=visit.actor, clock=visit.services.clock)

    return returned(visit, f"/plan/{item}", "repair", work)


@router.post("/repairs/{repair}/{step}")
def step_repair(
    visit: ActingVisit,
    repair: str,
    step: Literal["order", "finish", "cancel"],
    contractor: Line = "",
    result: Text = "",
    cost_yuan: Figure = "",
    note: Note = "",
) -> Response:
    """Take a repair one step on, and go back to its item."""
    visit.actor.must(Permission.WORK_ON_ITEM)
    with visit.services.records.reading() as tx:
        found = existing_repair(tx, repair)
    path = f"/plan/{found.item_id}" if found.item_id else "/plan"
    try:
        cost = amount(cost_yuan)
    except ValueError:
        return RedirectResponse(with_query(path, refused="sheet_invalid"), HTTPStatus.SEE_OTHER)
    actor, clock = visit.actor, visit.services.clock

    def work(tx: RecordsTransaction) -> Repair:
        if step == "order":
            return order_repair(tx, repair, contractor=contractor, cost_yuan=cost, actor=actor, clock=clock, note=note)
        if step == "finish":
            return finish_repair(tx, repair, result=result, cost_yuan=cost, actor=actor, clock=clock, note=note)
        return cancel_repair(tx, repair, actor=actor, clock=clock, note=note)

    return returned(visit, path, "repair", work)


@router.post("/plan/{item}/look-back")
def write_look_back(visit: ActingVisit, item: str, note: Note = "") -> Response:
    """Write that somebody looked again, and it holds."""

    def work(tx: RecordsTransaction) -> object:
        return look_back(tx, item, actor=visit.actor, clock=visit.services.clock, note=note)

    return returned(visit, f"/plan/{item}", "look_back", work)


@router.post("/plan/{item}/recur")
def write_recurrence(visit: ActingVisit, item: str, note: Note = "") -> Response:
    """Open a linked draft for what is broken again."""

    def work(tx: RecordsTransaction) -> object:
        services = visit.services
        return open_recurrence(tx, item, actor=visit.actor, clock=services.clock, deadline=services.deadline, note=note)

    return returned(visit, f"/plan/{item}", "recur", work)


@router.post("/plan/{item}/seen")
def see_notices(visit: ActingVisit, item: str) -> Response:
    """Put aside what the reader was told of an item."""
    visit.actor.must(Permission.READ)

    def work(tx: RecordsTransaction) -> object:
        return tx.see_item_notices(visit.actor.id, item_id=item, at=visit.services.clock.now())

    return returned(visit, f"/plan/{item}", "seen", work)
