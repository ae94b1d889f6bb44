"""The demo's past: 35 days of a simulated building, with the daily jobs and what people did, under a simulated clock.

It goes straight into the stores: history raises no alert and notifies nobody.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from analytics.calendar import BUILT_IN_HOLIDAYS, ChineseHolidays
from analytics.ports import AnalysisStore
from analytics.runs import Request
from api.security.accounts import demo_account
from premises.demo.people import MANAGER, PEOPLE, TECHNICIAN
from premises.demo.rounds import Rounds
from premises.home import Home
from premises.jobs.analysis_jobs import Job
from premises.jobs.daily_jobs import DailyJobs
from premises.jobs.rollup_job import roll_up
from premises.outputs import USE, outputs
from premises.simulated.simulated_history import store_history
from premises.stores.records import open_records
from premises.watched import analyse
from rectification.commands import assign, report_done, start
from rectification.model import Item, ItemState
from sensors.subjects import Subject
from sensors.topology import Registry
from simulators import registry_text
from simulators.building import office_building
from simulators.faults import Fault, FaultKind
from simulators.scenarios import scenario
from simulators.world import World
from storage.readings.duckdb import DuckDBReadingStore
from storage.records import SqlRecords

DAYS, ROOMS, SEED = 35, 12, 1
JUDGED_FROM_DAY = 5
"""Before, no rule has enough to go by."""

EVERY_NIGHTS, EVERY_NIGHT_SINCE_DAY = 3, 29
"""A run judges a week, so the older past is told by every third night's run alone, and is there in half the time."""

DAILY_RUN = timedelta(hours=1, minutes=30)
OFFICE_OPENS, GOING_ROUND, WORK_DONE = timedelta(hours=9), timedelta(hours=14), timedelta(hours=16)

Say = Callable[[str], None]


@dataclass(slots=True)
class SetClock:
    """A clock that shows what it was set to."""

    time: datetime

    def now(self) -> datetime:
        """Return the time that it was set to."""
        return self.time


@dataclass(frozen=True, slots=True)
class LocalAnalyses:
    """Runs analyses in this process, over a store that it owns."""

    registry: Registry
    store: AnalysisStore

    def run(self, job: Job) -> Mapping[str, Any]:
        """Return what the job made, by name."""
        found = analyse(
            registry=self.registry,
            holidays=BUILT_IN_HOLIDAYS[self.registry.site.calendar],
            store=self.store,
            request=Request(
                rules=tuple(job.rules),
                first=job.first,
                last=job.last,
                now_ms=job.now_ms,
                utilisation=USE in job.want,
            ),
        )
        return outputs(found, job.want, "zh")


@dataclass(slots=True)
class DemoHistory:
    """A home that is filled day by day; afterwards `world` stands at the present and can go on live."""

    home: Home
    now: datetime
    said: Say
    registry: Registry = field(init=False)
    world: World = field(init=False)
    faults: tuple[Fault, ...] = field(init=False)
    start: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Build the site and write its registry into the home."""
        calendar = "cn" if ChineseHolidays.last_year() >= self.now.year else "none"
        first = (self.now - timedelta(days=DAYS)).date()
        self.registry = office_building(ROOMS, start=first, calendar=calendar)
        self.home.registry.write_text(registry_text(self.registry), encoding="utf-8")
        bare = World(self.registry, SEED, self.now)
        local = self.now.astimezone(bare.zone)
        self.start = datetime.combine(local.date() - timedelta(days=DAYS), time(), tzinfo=bare.zone)
        self.faults = scenario("demo", self.registry, start=self.start, days=DAYS)
        self.world = World(self.registry, SEED, self.start, self.faults)

    def fill(self) -> None:
        """Bring the stores up to the present."""
        with (
            closing(DuckDBReadingStore(self.home.readings)) as store,
            closing(open_records(self.home, clock=(clock := SetClock(self.start)))) as records,
        ):
            jobs = DailyJobs(
                home=self.home,
                analyses=LocalAnalyses(self.registry, store),
                records=records,
                registry=lambda: self.registry,
                clock=clock,
            )
            people = People(records, clock, self._mended())
            rounds = Rounds(records, self.registry, jobs.building().calendar, clock)
            people.arrive()
            for day in range(1, DAYS + 1):
                midnight = self.start + timedelta(days=day)
                store_history(self.world, store, midnight)
                if is_lived_through(day):
                    self._live_through(_Steps(jobs, people, rounds, day), clock, midnight)
            self.said("bringing the building up to the present")
            store_history(self.world, store, self.now)
            clock.time = self.now
            jobs.daily()
            rounds.bring_up_to_now()
            roll_up(store, jobs.building())

    def _live_through(self, steps: "_Steps", clock: SetClock, midnight: datetime) -> None:
        """Run the night's job, then let people do their day's work, as far as it is past."""
        for after, work in steps.of_the_day():
            moment = (midnight + after).astimezone(UTC)
            if moment < self.now:
                clock.time = moment
                work()

    def _mended(self) -> Mapping[Subject, datetime]:
        return {
            fault.subject: fault.mended
            for fault in self.faults
            if fault.kind is FaultKind.LOAD_LEFT_ON and fault.mended is not None
        }


@dataclass(frozen=True, slots=True)
class _Steps:
    """What one day consists of."""

    jobs: DailyJobs
    people: "People"
    rounds: Rounds
    day: int

    def of_the_day(self) -> tuple[tuple[timedelta, Callable[[], object]], ...]:
        """Return what is done, how long after midnight, in order."""
        return (
            (DAILY_RUN, self.jobs.judge),
            (OFFICE_OPENS, self.people.morning),
            (GOING_ROUND, lambda: self.rounds.on(self.day)),
            (WORK_DONE, self.people.done),
        )


def is_lived_through(day: int) -> bool:
    """Say whether people come to work in the simulation of a day."""
    if day >= EVERY_NIGHT_SINCE_DAY:
        return True
    return day >= JUDGED_FROM_DAY and day % EVERY_NIGHTS == JUDGED_FROM_DAY % EVERY_NIGHTS


@dataclass(frozen=True, slots=True)
class People:
    """What the demo's people do with the items: one is worked off, one is being worked on, the others wait."""

    records: SqlRecords
    clock: SetClock
    mended: Mapping[Subject, datetime]

    def arrive(self) -> None:
        """Make the accounts."""
        with self.records.transaction() as tx:
            for actor in PEOPLE:
                demo_account(tx, actor, now=self.clock.now())

    def morning(self) -> None:
        """Give out what the technician can mend."""
        with self.records.transaction() as tx:
            for item in tx.items(open_only=True):
                if item.state is ItemState.DRAFT and item.rule == "E05":
                    assign(tx, item.id, responsible=TECHNICIAN.id, actor=MANAGER, clock=self.clock)
                    start(tx, item.id, actor=TECHNICIAN, clock=self.clock)

    def done(self) -> None:
        """Report what is mended."""
        with self.records.transaction() as tx:
            for item in tx.items(open_only=True):
                if item.state is ItemState.IN_PROGRESS and self._is_mended(item):
                    report_done(tx, item.id, actor=TECHNICIAN, clock=self.clock)

    def _is_mended(self, item: Item) -> bool:
        mended = self.mended.get(item.subject)
        return mended is not None and mended <= self.clock.now()
