"""What the demo's people do beside the readings: rounds by checklist, a sheet signed through, a plan that is issued."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from analytics.calendar import WorkCalendar
from premises.demo.people import INSPECTOR, LEADER, MANAGER, TECHNICIAN
from premises.jobs.daily import workday_deadlines
from premises.jobs.reminders import is_workday
from rectification import commands
from rectification.checklists import Interval
from rectification.commands import Deadlines
from rectification.grouping import Group, groups
from rectification.inspecting import Wanted, Written, plan_once, plan_rounds, save
from rectification.inspection_outcomes import Submission, lines_to_prove, submit
from rectification.inspection_rounds import Today, open_rounds, report_overdue
from rectification.inspections import Inspection, Result
from rectification.model import Item, ItemState
from rectification.particulars import Source
from rectification.planning import PlanText, create_plan, issue_plan, usual_phases
from sensors.actors import Actor
from sensors.catalogue.model import Family
from sensors.clock import Clock
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry
from storage.checklists_file import built_in
from storage.records import SqlRecords
from storage.records.transaction import RecordsTransaction

PLAN_LASTS = timedelta(days=30)
"""At least, from the day it is issued."""

TIME_TO_INSPECT = timedelta(days=1)
UNTIL_THE_VISITOR = timedelta(days=4)
"""From the day on which a weekly round is planned to the demo's present: the first one is the visitor's."""

TITLES: Mapping[str, str] = MappingProxyType(
    {
        Family.ENERGY: "办公楼节能整改方案 Energy plan of the building",
        Family.DATA: "监测设备整改方案 Plan for the monitoring equipment",
    }
)
OTHER_TITLE = "办公楼整改方案 Plan of the building"


@dataclass(frozen=True, slots=True)
class Rounds:
    """What happens on some days of the demo's past; whoever mends, looks and signs are three people."""

    records: SqlRecords
    registry: Registry
    calendar: WorkCalendar
    clock: Clock

    def on(self, day: int) -> None:
        """Do what people did on a day of the past."""
        work = PAST.get(day)
        if work is not None:
            with self.records.transaction() as tx:
                work(_AtWork(self, tx))

    def bring_up_to_now(self) -> None:
        """Open what comes round now, and tell of what was to be done and was not."""
        today = Today(
            day=self.day,
            is_workday=lambda day: is_workday(self.calendar, day),
            registry=self.registry,
            checklists=built_in(),
            clock=self.clock,
        )
        with self.records.transaction() as tx:
            open_rounds(tx, today)
            report_overdue(tx, today, self.deadline)

    @property
    def deadline(self) -> Deadlines:
        """Return what proposes deadlines."""
        return workday_deadlines(self.calendar)

    @property
    def day(self) -> date:
        """Return the site's day."""
        return self.clock.now().astimezone(self.calendar.zone).date()


@dataclass(frozen=True, slots=True)
class _AtWork:
    """The people at work, within one transaction."""

    of: Rounds
    tx: RecordsTransaction

    def inspect_wiring(self) -> None:
        """Find a fault of the wiring."""
        note = "203 室插座面板有过热痕迹。Room 203: an outlet shows traces of heat."
        self._look_round("wiring", {"heat-marks": note})

    def mend(self) -> None:
        """Give out what the inspection found, and mend it."""
        clock = self.of.clock
        for item in self._inspected(ItemState.DRAFT):
            commands.assign(self.tx, item.id, responsible=TECHNICIAN.id, actor=MANAGER, clock=clock)
            commands.start(self.tx, item.id, actor=TECHNICIAN, clock=clock)
            note = "已更换插座面板并紧固接线。Outlet replaced, wires fastened."
            commands.report_done(self.tx, item.id, actor=TECHNICIAN, clock=clock, note=note)

    def inspect_again(self) -> None:
        """Prove what was mended; give out a round of cleaning that nobody does."""
        self._look_round("wiring", {})
        self._planned("cleaning", TECHNICIAN)

    def sign(self) -> None:
        """Sign what the inspection proved."""
        note = "现场核查合格，同意销号。Checked on site; closed."
        for item in self._inspected(ItemState.VERIFIED):
            commands.sign_off(self.tx, item.id, actor=LEADER, clock=self.of.clock, note=note)

    def inspect_fire_equipment(self) -> None:
        """Find a fault that waits for a decision, and let a round begin that is the visitor's."""
        note = "2 层东侧灭火器压力不足。Floor 2, east: pressure of an extinguisher too low."
        self._look_round("fire-equipment", {"extinguishers": note})
        wanted, first = self._wanted("waste-sorting", MANAGER), self.of.day + UNTIL_THE_VISITOR
        plan_rounds(self.tx, wanted, interval=Interval.WEEKLY, first=first, actor=MANAGER, clock=self.of.clock)

    def issue_plan(self) -> None:
        """Make a plan of the items that save energy, else of the largest group, and issue it."""
        items = self.tx.items(open_only=True)
        found = groups(items, self.tx.particulars_of([item.id for item in items]), self.of.registry)
        group = next((each for each in found if each.cause.family == Family.ENERGY), next(iter(found), None))
        if group is None:
            return
        clock = self.of.clock
        for item in group.items:
            if item.responsible is None:
                commands.assign(self.tx, item.id, responsible=TECHNICIAN.id, actor=MANAGER, clock=clock)
        plan = create_plan(
            self.tx,
            self._plan_text(group),
            site=self.of.registry.site.id,
            items=[item.id for item in group.items],
            cause=str(group.cause),
            actor=MANAGER,
            clock=clock,
        )
        issue_plan(self.tx, plan.id, actor=MANAGER, clock=clock)

    def _plan_text(self, group: Group) -> PlanText:
        first = self.of.day
        last = max([first + PLAN_LASTS, *(item.deadline for item in group.items if item.deadline is not None)])
        title = TITLES.get(group.cause.family, OTHER_TITLE)
        return PlanText(title=title, first=first, last=last, leader=LEADER.id, phases=usual_phases(first, last))

    def _look_round(self, checklist: str, faults: Mapping[str, str]) -> None:
        """Have an inspection planned, filled in with what was found, by line, and submitted."""
        opened, clock = self._planned(checklist, INSPECTOR), self.of.clock
        more = lines_to_prove(self.tx, opened, self.of.registry)
        written = {
            line.id: Written(result=Result.FAULT if line.id in faults else Result.OK, note=faults.get(line.id, ""))
            for line in (*opened.lines, *more)
        }
        saved = save(self.tx, opened.id, written, revision=opened.revision, actor=INSPECTOR, clock=clock, lines=more)
        by = Submission(registry=self.of.registry, deadline=self.of.deadline, actor=INSPECTOR, clock=clock)
        submit(self.tx, saved.id, revision=saved.revision, by=by)

    def _planned(self, checklist: str, assignee: Actor) -> Inspection:
        opens = self.of.day
        wanted, due = self._wanted(checklist, assignee), opens + TIME_TO_INSPECT
        return plan_once(self.tx, wanted, opens=opens, due=due, actor=MANAGER, clock=self.of.clock)

    def _wanted(self, checklist: str, assignee: Actor) -> Wanted:
        registry = self.of.registry
        return Wanted(
            site=registry.site.id,
            checklist=built_in()[checklist],
            subject=Subject(SubjectKind.BUILDING, next(iter(registry.buildings))),
            floor="",
            assignee=assignee.id,
        )

    def _inspected(self, state: ItemState) -> Sequence[Item]:
        """Return the items in a state that an inspection found."""
        items = [item for item in self.tx.items(open_only=True) if item.state is state]
        given = self.tx.particulars_of([item.id for item in items])
        return [item for item in items if item.id in given and given[item.id].source is Source.INSPECTION]


PAST: Mapping[int, Callable[[_AtWork], None]] = MappingProxyType(
    {
        20: _AtWork.inspect_wiring,
        23: _AtWork.mend,
        26: _AtWork.inspect_again,
        29: _AtWork.sign,
        31: _AtWork.inspect_fire_equipment,
        32: _AtWork.issue_plan,
    }
)
"""By day of the demo's past, each one that is lived through."""
