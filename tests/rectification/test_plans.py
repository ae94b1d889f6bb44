"""Plans: grouped by a rule one can state, taken by a person, issued when ready, closed when all has ended; repairs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rectification import commands
from rectification.grouping import Cause, cause_of, groups
from rectification.mending import (
    RepairRefusedError,
    UnknownRepairError,
    cancel_repair,
    finish_repair,
    order_repair,
    report_repair_of,
)
from rectification.model import IllegalItemStepError, Item, ItemState
from rectification.particulars import NOTHING_WRITTEN, Particulars
from rectification.planning import (
    Lack,
    PlanRefusedError,
    PlanText,
    StalePlanError,
    UnknownPlanError,
    add_items,
    close_plan,
    create_plan,
    edit_plan,
    issue_plan,
    lacks,
    remove_items,
    set_apart,
    usual_phases,
    withdraw_plan,
)
from rectification.plans import IllegalPlanStepError, Phase, Plan, PlanAction, PlanState
from rectification.repairs import IllegalRepairStepError, RepairState
from sensors.actors import NotPermittedError
from sensors.subjects import Subject
from sensors.topology import Building, BuildingId, Circuit, CircuitId, CircuitItem, Device, DeviceId, Name, Registry
from tests.api.bench import registry as building
from tests.memory_records import HandClock, MemoryRecords
from tests.people import MANAGER, OFFICER
from tests.rectification.factories import HQ, FaultSaid, brought_to, drafted


def house() -> Registry:
    """Two buildings; main c-main of a over the chiller c-ahu with its pump c-pump; two sensors behind gateway gw1."""
    a, other = BuildingId("a"), BuildingId("b")
    circuits = (
        Circuit(id=CircuitId("c-main"), item=CircuitItem.TOTAL, building=a),
        Circuit(id=CircuitId("c-ahu"), item=CircuitItem.HVAC, parent=CircuitId("c-main")),
        Circuit(id=CircuitId("c-pump"), item=CircuitItem.HVAC, parent=CircuitId("c-ahu")),
    )
    devices = (
        Device(id=DeviceId("aq1"), gateway="gw1", placements=()),
        Device(id=DeviceId("aq2"), gateway="gw1", placements=()),
    )
    named = Building(id=other, name=Name(zh="副楼", en="Annex"))
    return replace(
        building(),
        buildings={**building().buildings, other: named},
        circuits={each.id: each for each in circuits},
        devices={each.id: each for each in devices},
    )


def item_about(tx: MemoryRecords, clock: HandClock, rule: str, subject: str) -> Item:
    return drafted(tx, clock, FaultSaid(rule=rule, subject=Subject.parse(subject)))


def causes(tx: MemoryRecords) -> list[tuple[str, list[int]]]:
    found = groups(tx.items(), tx.particulars_rows, house())
    return [(str(group.cause), [item.number for item in group.items]) for group in found]


def planned(tx: MemoryRecords, clock: HandClock, items: Sequence[Item]) -> Plan:
    text = PlanText(title="节能整改", leader="u-manager", first=date(2026, 11, 23), last=date(2027, 1, 31))
    return create_plan(tx, text, site=HQ, items=[item.id for item in items], actor=MANAGER, clock=clock)


def test_rooms_of_a_building_with_one_family_are_one_group() -> None:
    tx, clock = MemoryRecords(), HandClock()
    for rule, subject in (("A01", "room:a-201"), ("A05", "room:a-202"), ("E05", "room:a-201"), ("A01", "building:b")):
        item_about(tx, clock, rule, subject)
    assert causes(tx) == [
        ("air@building:a", [1, 2]),
        ("air@building:b", [4]),
        ("energy@building:a", [3]),
    ]


def test_circuits_are_grouped_by_the_branch_below_the_mains() -> None:
    tx, clock = MemoryRecords(), HandClock()
    for subject in ("circuit:c-ahu", "circuit:c-pump", "circuit:c-main"):
        item_about(tx, clock, "E03", subject)
    assert causes(tx) == [("energy@circuit:c-ahu", [1, 2]), ("energy@circuit:c-main", [3])]


def test_sensors_are_grouped_by_their_gateway() -> None:
    tx, clock = MemoryRecords(), HandClock()
    for rule, subject in (("G01", "device:aq1"), ("G02", "device:aq2"), ("G04", "gateway:gw1")):
        item_about(tx, clock, rule, subject)
    [(cause, numbers)] = causes(tx)
    assert (cause, sorted(numbers)) == ("data@gateway:gw1", [1, 2, 3])


def test_what_people_found_goes_with_the_family_that_its_category_names() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = replace(item_about(tx, clock, "E05", "room:a-201"), rule="")
    assert cause_of(item, Particulars(category="消防安全"), house()).family == "fire"
    assert cause_of(item, NOTHING_WRITTEN, house()).family == ""


def test_a_thing_that_the_registry_forgot_is_the_sites() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = item_about(tx, clock, "G01", "device:gone")
    assert str(cause_of(item, NOTHING_WRITTEN, house())) == "data@site:hq"


@pytest.mark.parametrize("written", ["energy@building:a", "@site:hq", "data@gateway:gw1"])
def test_a_cause_is_read_as_it_is_written(written: str) -> None:
    assert str(Cause.parse(written)) == written


@pytest.mark.parametrize("written", ["", "energy", "warmth@building:a", "energy@nowhere"])
def test_what_is_no_cause_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"not a (cause|subject)"):
        Cause.parse(written)


def test_a_person_takes_a_part_of_a_group_and_drops_another() -> None:
    tx, clock = MemoryRecords(), HandClock()
    taken, dropped, left = (item_about(tx, clock, "A01", f"room:a-20{number}") for number in (1, 2, 3))
    planned(tx, clock, [taken])
    set_apart(tx, [dropped.id], actor=MANAGER, clock=clock)
    assert causes(tx) == [("air@building:a", [left.number])]


def test_a_plan_is_issued_when_it_lacks_nothing() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    bare = create_plan(tx, PlanText(title="x"), site=HQ, actor=MANAGER, clock=clock)
    assert lacks(bare, ()) == (Lack.ITEMS, Lack.LEADER, Lack.PERIOD)
    plan = planned(tx, clock, [item])
    assert lacks(plan, tx.items_of_plan(plan.id)) == (Lack.RESPONSIBLE,)
    with pytest.raises(PlanRefusedError, match="responsible"):
        issue_plan(tx, plan.id, actor=MANAGER, clock=clock)
    commands.assign(tx, item.id, responsible=OFFICER.id, actor=MANAGER, clock=clock)
    issued = issue_plan(tx, plan.id, actor=MANAGER, clock=clock)
    assert (issued.state, issued.issued_by) == (PlanState.ISSUED, MANAGER.id)


def issued_plan(tx: MemoryRecords, clock: HandClock) -> tuple[Plan, Item]:
    item = brought_to(ItemState.ASSIGNED, tx, clock)
    plan = planned(tx, clock, [item])
    return issue_plan(tx, plan.id, actor=MANAGER, clock=clock), tx.item_rows[item.id]


def test_an_issued_plan_is_not_rewritten_but_takes_what_turns_up() -> None:
    tx, clock = MemoryRecords(), HandClock()
    plan, item = issued_plan(tx, clock)
    with pytest.raises(IllegalPlanStepError):
        edit_plan(tx, plan.id, PlanText(title="y"), revision=plan.revision, actor=MANAGER, clock=clock)
    with pytest.raises(IllegalPlanStepError):
        remove_items(tx, plan.id, [item.id], actor=MANAGER, clock=clock)
    late = item_about(tx, clock, "A01", "room:a-202")
    add_items(tx, plan.id, [late.id], actor=MANAGER, clock=clock)
    assert [each.number for each in tx.items_of_plan(plan.id)] == [item.number, late.number]


def test_a_plan_is_closed_only_when_all_its_items_have_ended() -> None:
    tx, clock = MemoryRecords(), HandClock()
    plan, item = issued_plan(tx, clock)
    with pytest.raises(PlanRefusedError, match=f"#{item.number}"):
        close_plan(tx, plan.id, actor=MANAGER, clock=clock)
    commands.cancel(tx, item.id, actor=MANAGER, clock=clock, note="sold")
    assert close_plan(tx, plan.id, actor=MANAGER, clock=clock).state is PlanState.CLOSED


def test_an_item_leaves_a_draft_for_another_plan_and_no_issued_one() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.ASSIGNED, tx, clock)
    first = planned(tx, clock, [item])
    second = planned(tx, clock, [item])
    assert not tx.items_of_plan(first.id)
    assert [step.action for step in tx.plan_steps(first.id)] == [PlanAction.CREATE, PlanAction.ADD, PlanAction.REMOVE]
    issue_plan(tx, second.id, actor=MANAGER, clock=clock)
    with pytest.raises(IllegalPlanStepError):
        add_items(tx, first.id, [item.id], actor=MANAGER, clock=clock)


def test_a_withdrawn_draft_lets_its_items_go() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    plan = planned(tx, clock, [item])
    with pytest.raises(commands.NoteMissingError):
        withdraw_plan(tx, plan.id, actor=MANAGER, clock=clock, note="")
    assert withdraw_plan(tx, plan.id, actor=MANAGER, clock=clock, note="two of one").state is PlanState.WITHDRAWN
    assert tx.item_rows[item.id].plan_id is None


def test_an_ended_item_comes_into_no_plan() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.SIGNED_OFF, tx, clock)
    with pytest.raises(IllegalItemStepError):
        planned(tx, clock, [item])


def test_the_second_of_two_writers_of_a_plan_is_refused() -> None:
    tx, clock = MemoryRecords(), HandClock()
    plan = planned(tx, clock, [])
    edit_plan(tx, plan.id, PlanText(title="one"), revision=plan.revision, actor=MANAGER, clock=clock)
    with pytest.raises(StalePlanError, match="changed meanwhile"):
        edit_plan(tx, plan.id, PlanText(title="two"), revision=plan.revision, actor=MANAGER, clock=clock)
    assert "one" in tx.plan_log[-1].detail


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PlanText(title=" "), "title"),
        (PlanText(title="x", first=date(2027, 1, 2), last=date(2027, 1, 1)), "before it begins"),
        (PlanText(title="x", funds_yuan=-1), "less than nothing"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(text: PlanText, said: str) -> None:
    with pytest.raises(PlanRefusedError, match=said):
        create_plan(MemoryRecords(), text, site=HQ, actor=MANAGER, clock=HandClock())


def test_only_who_manages_makes_plans_and_unknown_ones_are_told() -> None:
    tx, clock = MemoryRecords(), HandClock()
    with pytest.raises(NotPermittedError):
        create_plan(tx, PlanText(title="x"), site=HQ, actor=OFFICER, clock=clock)
    with pytest.raises(UnknownPlanError):
        issue_plan(tx, "none", actor=MANAGER, clock=clock)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 800))
def test_the_phases_cover_the_period_in_their_order(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    phases = usual_phases(first, last)
    assert [each.phase for each in phases] == list(Phase)
    assert (phases[0].first, phases[-1].last) == (first, last)
    assert all(each.first is not None and each.last is not None and each.first <= each.last for each in phases)


def test_a_repair_is_reported_ordered_and_done_at_a_cost() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.IN_PROGRESS, tx, clock)
    repair = report_repair_of(tx, item.id, what="更换接触器", actor=OFFICER, clock=clock)
    assert (repair.state, repair.item_id, repair.subject) == (RepairState.REPORTED, item.id, item.subject)
    order_repair(tx, repair.id, contractor="某电气公司", cost_yuan=800, actor=OFFICER, clock=clock)
    done = finish_repair(tx, repair.id, result="已更换", cost_yuan=760, actor=OFFICER, clock=clock)
    assert (done.state, done.contractor, done.cost_yuan) == (RepairState.DONE, "某电气公司", 760)
    with pytest.raises(IllegalRepairStepError):
        cancel_repair(tx, repair.id, actor=OFFICER, clock=clock, note="late")


def test_a_repair_says_what_by_whom_and_what_was_done() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    with pytest.raises(RepairRefusedError, match="to be mended"):
        report_repair_of(tx, item.id, what=" ", actor=OFFICER, clock=clock)
    repair = report_repair_of(tx, item.id, what="灯", actor=OFFICER, clock=clock)
    with pytest.raises(RepairRefusedError, match="contractor"):
        order_repair(tx, repair.id, contractor="", actor=OFFICER, clock=clock)
    with pytest.raises(RepairRefusedError, match="cost"):
        order_repair(tx, repair.id, contractor="x", cost_yuan=float("nan"), actor=OFFICER, clock=clock)
    with pytest.raises(RepairRefusedError, match="was done"):
        finish_repair(tx, repair.id, result="", actor=OFFICER, clock=clock)
    with pytest.raises(RepairRefusedError, match="why"):
        cancel_repair(tx, repair.id, actor=OFFICER, clock=clock, note="")
    with pytest.raises(UnknownRepairError):
        cancel_repair(tx, "none", actor=OFFICER, clock=clock, note="x")
