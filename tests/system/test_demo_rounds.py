"""What the demo's people did with checklists, sheets and a plan, as a newcomer finds it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from analytics.calendar import BUILT_IN_HOLIDAYS, WorkCalendar
from api.security.accounts import demo_account
from premises.demo.history import DAYS, SetClock, is_lived_through
from premises.demo.people import MANAGER, PEOPLE
from premises.demo.rounds import PAST, Rounds
from premises.home import Home
from premises.stores.records import open_records
from rectification.commands import propose
from rectification.inspections import InspectionState
from rectification.model import ItemState
from rectification.particulars import NOTHING_WRITTEN, Source
from rectification.plans import PlanState
from sensors.subjects import Subject, SubjectKind
from simulators.building import office_building
from storage.records import SqlRecords
from tests.rectification.factories import FaultSaid

START = datetime(2026, 10, 20, tzinfo=UTC)


@contextmanager
def past(tmp_path: Path) -> Iterator[SqlRecords]:
    """Live through what people did, with two findings of energy to make a plan of."""
    registry = office_building(12, start=START.date())
    clock = SetClock(START)
    with closing(open_records(Home.find(tmp_path), clock=clock)) as records:
        rounds = Rounds(records, registry, WorkCalendar(registry.site, BUILT_IN_HOLIDAYS["cn"]), clock)
        with records.transaction() as tx:
            for actor in PEOPLE:
                demo_account(tx, actor, now=clock.now())
            for rule in ("E03", "E05"):
                building = Subject(SubjectKind.BUILDING, next(iter(registry.buildings)))
                fault = FaultSaid(site=registry.site.id, rule=rule, subject=building, started=START)
                propose(tx, fault, clock=clock, deadline=rounds.deadline)
        for day in sorted(PAST):
            clock.time = datetime.combine(START + timedelta(days=day), time(6), tzinfo=UTC)
            rounds.on(day)
        clock.time = START + timedelta(days=DAYS)
        rounds.bring_up_to_now()
        yield records


def test_newcomer_finds_a_plan_that_is_issued_with_its_items_given_out(tmp_path: Path) -> None:
    with past(tmp_path) as records, records.reading() as tx:
        (plan,) = tx.plans()
        items = tx.items_of_plan(plan.id)
        assert (plan.state, bool(plan.leader), len(plan.phases)) == (PlanState.ISSUED, True, 4)
        assert {item.rule for item in items} == {"E03", "E05"}
        assert all(item.responsible and item.deadline for item in items)


def test_newcomer_finds_a_sheet_signed_through_and_two_that_wait(tmp_path: Path) -> None:
    with past(tmp_path) as records, records.reading() as tx:
        items = [
            item for item in tx.items() if (tx.particulars(item.id) or NOTHING_WRITTEN).source is Source.INSPECTION
        ]
        states = sorted(item.state for item in items)
        assert states == [ItemState.DRAFT, ItemState.DRAFT, ItemState.SIGNED_OFF]
        (signed,) = [item for item in items if item.state is ItemState.SIGNED_OFF]
        hands = {signed.responsible, signed.signed_off_by, tx.item_steps(signed.id)[-2].actor_id}
        assert len(hands) == 3


def test_newcomer_finds_a_round_that_is_theirs_and_one_that_nobody_did(tmp_path: Path) -> None:
    with past(tmp_path) as records, records.reading() as tx:
        found = tx.inspections(states=tuple(InspectionState))
        waiting = {each.checklist: each for each in found if each.state is InspectionState.PLANNED}
        assert set(waiting) == {"cleaning", "waste-sorting"}
        assert waiting["cleaning"].overdue_item is not None
        assert waiting["waste-sorting"].assignee == MANAGER.id
        assert waiting["waste-sorting"].due >= (START + timedelta(days=DAYS)).date()


def test_everything_happens_on_days_that_the_demo_lives_through() -> None:
    assert all(is_lived_through(day) for day in PAST)
