"""Inspections as the days pass: opened when their period begins, told of when due, a finding when long overdue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rectification.checklists import Checklists, due_in, period_of
from rectification.commands import Deadlines
from rectification.inspecting import Wanted, noted, open_inspection, stepped
from rectification.inspection_outcomes import located
from rectification.inspection_ports import InspectionTransaction
from rectification.inspections import (
    OPEN_INSPECTIONS,
    Inspection,
    InspectionAction,
    Schedule,
)
from rectification.notices import NoticeKind
from rectification.particulars import Particulars, Source
from rectification.reminders import LONG_OVERDUE, IsWorkday, workdays_between
from rectification.sheets import Found, open_item
from sensors.actors import system_actor
from sensors.clock import Clock
from sensors.topology import Registry
from sensors.verdicts import Severity

ROUNDS = system_actor("inspections")
"""Who opens inspections, and misses them."""

MADE_UP_DAYS = 62
"""How far back periods are made up for that nobody opened while nothing ran. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The site's day, and what is needed to know what falls due on it."""

    day: date
    is_workday: IsWorkday
    registry: Registry
    checklists: Checklists
    clock: Clock
    language: str = "zh"


def open_rounds(tx: InspectionTransaction, today: Today) -> Sequence[Inspection]:
    """Return the inspections that begin by today and were not open yet; older ones of their rounds are missed.

    An inspection stays open, though late, until the next but one of its schedule begins.
    """
    made: list[Inspection] = []
    for schedule in tx.schedules():
        checklist = today.checklists.get(schedule.checklist)
        if checklist is None:
            continue
        wanted = Wanted(
            site=schedule.site,
            checklist=checklist,
            subject=schedule.subject,
            floor=schedule.floor,
            assignee=schedule.assignee,
        )
        for first, due in _periods(schedule, today):
            new = open_inspection(
                tx, wanted, opens=first, due=due, actor=ROUNDS, clock=today.clock, schedule_id=schedule.id
            )
            made.append(new)
            opened = replace(schedule, opened_to=first)
            tx.save_schedule(opened, action="inspection_schedule.open", actor_id=ROUNDS.id, at=today.clock.now())
        _miss_older(tx, schedule, today.clock)
    return made


def _periods(schedule: Schedule, today: Today) -> Iterator[tuple[date, date]]:
    """Yield first day and due day of each period up to today's that has no inspection yet."""
    earliest = today.day - timedelta(days=MADE_UP_DAYS)
    day = max(schedule.first, earliest)
    while day <= today.day:
        first, last = period_of(schedule.interval, day)
        due = due_in(max(first, schedule.first), last, today.is_workday)
        if due is not None and (schedule.opened_to is None or first > schedule.opened_to):
            yield first, due
        day = last + timedelta(days=1)


def _miss_older(tx: InspectionTransaction, schedule: Schedule, clock: Clock) -> None:
    is_ours = (each for each in tx.inspections(states=tuple(OPEN_INSPECTIONS)) if each.schedule_id == schedule.id)
    newest_first = sorted((each for each in is_ours if each.corrects is None), key=lambda each: each.due, reverse=True)
    for old in newest_first[2:]:
        stepped(tx, old, InspectionAction.MISS, actor=ROUNDS, clock=clock)


def overdue_workdays(inspection: Inspection, today: Today) -> int:
    """Return how many workdays have passed since the day by which an open inspection was to be done."""
    if inspection.state not in OPEN_INSPECTIONS or today.day <= inspection.due:
        return 0
    return workdays_between(inspection.due, today.day, today.is_workday)


def report_overdue(tx: InspectionTransaction, today: Today, deadline: Deadlines) -> Sequence[Inspection]:
    """Return the inspections that became items of the plan: three workdays late, and not told of so yet."""
    late = [
        each
        for each in tx.inspections(states=tuple(OPEN_INSPECTIONS))
        if each.overdue_item is None and overdue_workdays(each, today) >= LONG_OVERDUE
    ]
    return [_reported(tx, each, today, deadline) for each in late]


def _reported(tx: InspectionTransaction, inspection: Inspection, today: Today, deadline: Deadlines) -> Inspection:
    said = "检查逾期未做" if today.language == "zh" else "Inspection overdue"
    name = inspection.name.in_language(today.language)
    given = Particulars(
        source=Source.INSPECTION,
        source_ref=str(inspection.number),
        title=f"{said}: {name}"[:120],
        problem=f"{said}: {name} №{inspection.number}, {inspection.due.isoformat()}",
        category=inspection.category.in_language(today.language),
        location=located(inspection.subject, inspection.floor, today.registry).in_language(today.language),
    )
    found = Found(site=inspection.site, subject=inspection.subject, severity=Severity.YELLOW, given=given)
    item = open_item(tx, found, deadline=deadline, actor=ROUNDS, clock=today.clock)
    told = replace(inspection, overdue_item=item.id)
    return noted(tx, told, InspectionAction.REPORT_OVERDUE, actor=ROUNDS, clock=today.clock)


def remind_of_inspections(tx: InspectionTransaction, today: Today) -> Sequence[Inspection]:
    """Return the inspections of which there is something new to tell: due today, or late; each is told once."""
    due = [
        replace(each, told=kind)
        for each in tx.inspections(states=tuple(OPEN_INSPECTIONS))
        for kind in [_notice_due(each, today)]
        if kind not in {None, each.told}
    ]
    return [noted(tx, each, InspectionAction.REMIND, actor=ROUNDS, clock=today.clock) for each in due]


def _notice_due(inspection: Inspection, today: Today) -> NoticeKind | None:
    if overdue_workdays(inspection, today):
        return NoticeKind.INSPECTION_OVERDUE
    return NoticeKind.INSPECTION_DUE if today.day == inspection.due else None
