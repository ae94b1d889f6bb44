"""Inspections as the console shows them: what is to be done, what was found, how it is kept up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from api.inspections import with_lines_to_prove
from api.pages.desk import Desk
from api.people import workers
from rectification.checklists import Interval, Line
from rectification.inspection_figures import ChecklistFigures, figures
from rectification.inspection_outcomes import located
from rectification.inspections import (
    OPEN_INSPECTIONS,
    Answer,
    Inspection,
    InspectionState,
    Result,
    Schedule,
)
from rectification.model import Item
from sensors.actors import Permission

SHOWN_DONE = 30
FIGURES_OVER = timedelta(days=365)

TONES: Mapping[InspectionState, str] = {
    InspectionState.PLANNED: "yellow",
    InspectionState.STARTED: "blue",
    InspectionState.SUBMITTED: "good",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRow:
    """One inspection in a list."""

    inspection: Inspection
    name: str
    place: str
    who: str
    due: str
    tone: str
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """What comes round."""

    schedule: Schedule
    name: str
    place: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a form's list."""

    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionsView:
    """The list of inspections and, for those who manage the plan, what is needed to plan more."""

    open: Sequence[InspectionRow]
    done: Sequence[InspectionRow]
    schedules: Sequence[ScheduleRow]
    figures: Sequence[ChecklistFigures]
    can_plan: bool
    checklists: Sequence[Choice]
    places: Sequence[Choice]
    people: Sequence[Choice]
    intervals: Sequence[Interval]
    today: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One line with what was found; `clause` is what it rests on."""

    line: Line
    text: str
    clause: str
    answer: Answer
    item: Item | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionView:
    """One inspection with its lines."""

    row: InspectionRow
    lines: Sequence[LineView]
    results: Sequence[Result]
    can_fill: bool
    can_correct: bool


def row(desk: Desk, inspection: Inspection) -> InspectionRow:
    """Return an inspection as a row."""
    language = desk.wording.language
    return InspectionRow(
        inspection=inspection,
        name=inspection.name.in_language(language),
        place=located(inspection.subject, inspection.floor, desk.wording.registry).in_language(language),
        who=desk.wording.who(inspection.submitted_by or inspection.assignee),
        due=desk.messages.text("inspections.due", day=desk.messages.day(inspection.due)),
        tone=TONES.get(inspection.state, "none"),
        is_overdue=inspection.state in OPEN_INSPECTIONS and desk.wording.today() > inspection.due,
    )


def open_rows(desk: Desk) -> Sequence[InspectionRow]:
    """Return the inspections that are to be done, those due first at the top."""
    found = desk.tx.inspections(states=tuple(OPEN_INSPECTIONS))
    return [row(desk, each) for each in sorted(found, key=lambda each: (each.due, each.number))]


def inspections_page(desk: Desk) -> InspectionsView:
    """Return the page of all inspections."""
    language, today = desk.wording.language, desk.wording.today()
    zone = ZoneInfo(desk.wording.registry.site.timezone)
    known = desk.services.checklists()
    due = desk.tx.inspections_due(today - FIGURES_OVER, today)
    done = desk.tx.inspections(states=(InspectionState.SUBMITTED, InspectionState.MISSED), limit=SHOWN_DONE)
    return InspectionsView(
        open=open_rows(desk),
        done=[row(desk, each) for each in done],
        schedules=[_schedule(desk, each) for each in desk.tx.schedules()],
        figures=figures(due, today=today, zone=zone),
        can_plan=desk.actor.may(Permission.MANAGE_ITEM),
        checklists=[Choice(value=each.id, text=each.name.in_language(language)) for each in known.values()],
        places=_places(desk),
        people=[Choice(value=each.id, text=each.name) for each in workers(desk.tx)],
        intervals=[each for each in Interval if each is not Interval.ONCE],
        today=today.isoformat(),
    )


def inspection_page(desk: Desk, found: Inspection) -> InspectionView:
    """Return the page of one inspection."""
    is_open = found.state in OPEN_INSPECTIONS
    shown = with_lines_to_prove(desk.services, desk.tx, found) if is_open else found
    manages = desk.actor.may(Permission.MANAGE_ITEM)
    is_own = desk.actor.id in {found.assignee, found.submitted_by}
    may_work = desk.actor.may(Permission.WORK_ON_ITEM) and (is_own or manages)
    return InspectionView(
        row=row(desk, shown),
        lines=[_line(desk, shown, line) for line in shown.lines],
        results=tuple(Result),
        can_fill=is_open and may_work,
        can_correct=found.state is InspectionState.SUBMITTED and may_work,
    )


def _line(desk: Desk, inspection: Inspection, line: Line) -> LineView:
    answer, language = inspection.answer(line.id), desk.wording.language
    cited = [line.clause.in_language(language), line.source, f"[{line.confidence.value}]"]
    return LineView(
        line=line,
        text=line.text.in_language(language),
        clause=" ".join(filter(None, cited)) if line.source else "",
        answer=answer,
        item=None if answer.item_id is None else desk.tx.item(answer.item_id),
    )


def _schedule(desk: Desk, schedule: Schedule) -> ScheduleRow:
    language = desk.wording.language
    known = desk.services.checklists().get(schedule.checklist)
    return ScheduleRow(
        schedule=schedule,
        name=schedule.checklist if known is None else known.name.in_language(language),
        place=located(schedule.subject, schedule.floor, desk.wording.registry).in_language(language),
        who=desk.wording.who(schedule.assignee),
    )


def _places(desk: Desk) -> Sequence[Choice]:
    """Return the site, buildings, then rooms that may be named."""
    registry, language = desk.wording.registry, desk.wording.language
    site = Choice(value=f"site:{registry.site.id}", text=registry.site.name.in_language(language))
    buildings = [
        Choice(value=f"building:{each.id}", text=each.name.in_language(language))
        for each in registry.buildings.values()
    ]
    rooms = [
        Choice(value=f"room:{each.id}", text=f"{desk.wording.floor(each)} {each.name.in_language(language)}")
        for each in registry.rooms.values()
        if not each.restricted
    ]
    return [site, *buildings, *rooms]


def day_of(text: str) -> date | None:
    """Return the day that a form sent; None where nothing was chosen. Raises ValueError."""
    return date.fromisoformat(text) if text else None
