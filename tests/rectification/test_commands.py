"""Items move by legal steps only; nobody accepts what they worked on; a recurrence opens a linked item."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rectification import commands
from rectification.commands import (
    NoteMissingError,
    NotResponsibleError,
    ProofByReadingsError,
    SameHandsError,
    StepRefusedError,
    UnknownItemError,
)
from rectification.model import (
    ENDED_STATES,
    TRANSITIONS,
    IllegalItemStepError,
    Item,
    ItemAction,
    ItemState,
    measure_of,
)
from sensors.actors import Actor, NotPermittedError, Permission, Role, system_actor
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.people import MANAGER, OFFICER, OTHER_MANAGER, VIEWER
from tests.rectification.factories import FaultSaid, brought_to, drafted, in_days

PEOPLE = [MANAGER, OTHER_MANAGER, OFFICER]


def test_a_fault_becomes_a_draft_with_a_deadline_and_the_catalogues_measure() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    assert (item.state, item.number, item.severity) == (ItemState.DRAFT, 1, Severity.BLUE)
    assert item.deadline == (NOON + timedelta(days=30)).date()
    assert measure_of(item) == CATALOGUE["E05"].measure
    (step,) = tx.item_log
    assert (step.action, step.actor_id) == (ItemAction.PROPOSE, "system:planning")
    assert json.loads(step.evidence)["finding"] == "finding-1"


def test_one_item_is_open_for_a_rule_and_subject() -> None:
    tx, clock = MemoryRecords(), HandClock()
    assert drafted(tx, clock) == drafted(tx, clock, FaultSaid(id="finding-2"))
    other = drafted(tx, clock, FaultSaid(subject=Subject(SubjectKind.ROOM, "a-202")))
    assert [item.number for item in tx.items()] == [2, 1]
    assert other.number == 2


def test_an_item_runs_its_course_and_each_step_names_its_actor() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.SIGNED_OFF, tx, clock)
    assert item.signed_off_by == MANAGER.id
    assert [step.actor_id for step in tx.item_steps(item.id)] == [
        "system:planning",
        MANAGER.id,
        OFFICER.id,
        OFFICER.id,
        "system:verification",
        MANAGER.id,
    ]


def test_assigning_takes_over_deadline_and_measure_where_given() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    moved = commands.assign(tx, item.id, responsible=OFFICER.id, actor=MANAGER, clock=clock, measure="装定时器")
    assert (moved.responsible, moved.deadline, measure_of(moved).en) == (OFFICER.id, item.deadline, "装定时器")


def test_only_who_answers_for_it_or_manages_the_plan_works_on_it() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.ASSIGNED, tx, clock)
    stranger = Actor(id="u-x", name="X", roles=frozenset({Role.SAFETY_OFFICER}))
    with pytest.raises(NotResponsibleError, match=f"{OFFICER.id} answers for item 1"):
        commands.start(tx, item.id, actor=stranger, clock=clock)
    assert commands.start(tx, item.id, actor=MANAGER, clock=clock).state is ItemState.IN_PROGRESS


@pytest.mark.parametrize("hand", [OFFICER, MANAGER], ids=["responsible", "started it"])
def test_nobody_accepts_what_they_had_a_hand_in(hand: Actor) -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.ASSIGNED, tx, clock)
    commands.start(tx, item.id, actor=MANAGER, clock=clock)
    commands.report_done(tx, item.id, actor=OFFICER, clock=clock)
    commands.verify(tx, item.id, evidence="{}", clock=clock)
    with pytest.raises(SameHandsError, match="somebody else must"):
        commands.sign_off(tx, item.id, actor=hand, clock=clock)
    with pytest.raises(SameHandsError):
        commands.reject(tx, item.id, actor=hand, clock=clock, note="no")
    assert commands.sign_off(tx, item.id, actor=OTHER_MANAGER, clock=clock).state is ItemState.SIGNED_OFF


def test_the_program_never_signs_off() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.VERIFIED, tx, clock)
    with pytest.raises(SameHandsError):
        commands.sign_off(tx, item.id, actor=system_actor("analysis"), clock=clock)


def test_nothing_is_signed_off_before_it_is_verified() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.REPORTED_DONE, tx, clock)
    with pytest.raises(IllegalItemStepError, match="sign off is not possible for an item that is reported_done"):
        commands.sign_off(tx, item.id, actor=MANAGER, clock=clock)


def test_a_refuted_item_goes_back_to_work_and_forgets_the_report() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.REPORTED_DONE, tx, clock)
    back = commands.refute(tx, item.id, evidence="{}", clock=clock)
    assert (back.state, back.reported_done, back.reported_by) == (ItemState.IN_PROGRESS, None, None)


@pytest.mark.parametrize("act", [commands.reject, commands.cancel])
def test_sending_back_and_giving_up_need_a_reason(act: Callable[..., Item]) -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.VERIFIED if act is commands.reject else ItemState.ASSIGNED, tx, clock)
    with pytest.raises(NoteMissingError, match="needs a reason"):
        act(tx, item.id, actor=MANAGER, clock=clock, note=" ")
    assert act(tx, item.id, actor=MANAGER, clock=clock, note="because").state is not item.state


def test_a_person_vouches_only_where_the_catalogue_asks_for_a_record() -> None:
    tx, clock = MemoryRecords(), HandClock()
    by_readings = brought_to(ItemState.REPORTED_DONE, tx, clock)
    with pytest.raises(ProofByReadingsError, match="decided by the readings"):
        commands.verify_by_hand(tx, by_readings.id, actor=MANAGER, clock=clock, note="looks good")
    by_record = brought_to(ItemState.REPORTED_DONE, tx, clock, FaultSaid(rule="S07"))
    with pytest.raises(SameHandsError):
        commands.verify_by_hand(tx, by_record.id, actor=OFFICER, clock=clock, note="room measured")
    proven = commands.verify_by_hand(tx, by_record.id, actor=MANAGER, clock=clock, note="room measured")
    assert proven.state is ItemState.VERIFIED


def test_a_fault_after_signing_off_opens_a_linked_item_and_leaves_the_signed_one_alone() -> None:
    tx, clock = MemoryRecords(), HandClock()
    signed = brought_to(ItemState.SIGNED_OFF, tx, clock)
    clock.move(days=20)
    again = drafted(tx, clock, FaultSaid(id="finding-2", started=clock.now()))
    assert (again.recurrence_of, again.number, again.state) == (signed.id, 2, ItemState.DRAFT)
    assert tx.item(signed.id) == signed


def test_a_fault_after_giving_up_is_no_recurrence() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = drafted(tx, clock)
    commands.cancel(tx, item.id, actor=MANAGER, clock=clock, note="house to be pulled down")
    assert drafted(tx, clock, FaultSaid(id="finding-2")).recurrence_of is None


def test_a_fault_while_its_item_waits_to_be_signed_off_sends_it_back() -> None:
    tx, clock = MemoryRecords(), HandClock()
    item = brought_to(ItemState.VERIFIED, tx, clock)
    clock.move(days=1)
    back = drafted(tx, clock, FaultSaid(id="finding-2", started=clock.now()))
    assert (back.id, back.state) == (item.id, ItemState.IN_PROGRESS)
    assert tx.item_log[-1].actor_id == "system:verification"


def test_unknown_item_is_named() -> None:
    with pytest.raises(UnknownItemError, match="'nothing'"):
        commands.start(MemoryRecords(), "nothing", actor=MANAGER, clock=HandClock())


@pytest.mark.parametrize(
    ("act", "permission"),
    [
        (
            lambda tx, clock: commands.assign(tx, "x", responsible="y", actor=VIEWER, clock=clock),
            Permission.MANAGE_ITEM,
        ),
        (lambda tx, clock: commands.cancel(tx, "x", actor=VIEWER, clock=clock, note="n"), Permission.MANAGE_ITEM),
        (lambda tx, clock: commands.start(tx, "x", actor=VIEWER, clock=clock), Permission.WORK_ON_ITEM),
        (lambda tx, clock: commands.report_done(tx, "x", actor=VIEWER, clock=clock), Permission.WORK_ON_ITEM),
        (lambda tx, clock: commands.sign_off(tx, "x", actor=VIEWER, clock=clock), Permission.SIGN_OFF_ITEM),
        (lambda tx, clock: commands.reject(tx, "x", actor=VIEWER, clock=clock, note="n"), Permission.SIGN_OFF_ITEM),
        (
            lambda tx, clock: commands.propose(tx, FaultSaid(), clock=clock, deadline=in_days, actor=VIEWER),
            Permission.MANAGE_ITEM,
        ),
    ],
)
def test_every_act_asks_for_its_permission(
    act: Callable[[MemoryRecords, HandClock], Item], permission: Permission
) -> None:
    with pytest.raises(NotPermittedError) as refused:
        act(MemoryRecords(), HandClock())
    assert refused.value.permission is permission


class Plan(RuleBasedStateMachine):
    """Whatever anybody tries, in any order: legal transitions only, and the verifier is never the fixer."""

    @initialize(state=st.sampled_from([state for state in ItemState if state is not ItemState.CANCELLED]))
    def begin(self, state: ItemState) -> None:
        self.tx = MemoryRecords()
        self.clock = HandClock()
        self.found = 0
        brought_to(state, self.tx, self.clock)

    @rule()
    def fault(self) -> None:
        self.found += 1
        self.clock.move(hours=1)
        drafted(self.tx, self.clock, FaultSaid(id=f"finding-{self.found}", started=self.clock.now()))

    @rule(actor=st.sampled_from(PEOPLE), responsible=st.sampled_from(PEOPLE))
    def assign(self, actor: Actor, responsible: Actor) -> None:
        self._try(
            ItemAction.ASSIGN,
            lambda item: commands.assign(self.tx, item.id, responsible=responsible.id, actor=actor, clock=self.clock),
        )

    @rule(actor=st.sampled_from(PEOPLE))
    def start(self, actor: Actor) -> None:
        self._try(ItemAction.START, lambda item: commands.start(self.tx, item.id, actor=actor, clock=self.clock))

    @rule(actor=st.sampled_from(PEOPLE))
    def report_done(self, actor: Actor) -> None:
        self._try(
            ItemAction.REPORT_DONE, lambda item: commands.report_done(self.tx, item.id, actor=actor, clock=self.clock)
        )

    @rule()
    def verify(self) -> None:
        self._try(ItemAction.VERIFY, lambda item: commands.verify(self.tx, item.id, evidence="{}", clock=self.clock))

    @rule()
    def refute(self) -> None:
        self._try(ItemAction.REFUTE, lambda item: commands.refute(self.tx, item.id, evidence="{}", clock=self.clock))

    @rule(actor=st.sampled_from(PEOPLE))
    def sign_off(self, actor: Actor) -> None:
        self._try(ItemAction.SIGN_OFF, lambda item: commands.sign_off(self.tx, item.id, actor=actor, clock=self.clock))

    @rule(actor=st.sampled_from(PEOPLE))
    def reject(self, actor: Actor) -> None:
        self._try(
            ItemAction.REJECT, lambda item: commands.reject(self.tx, item.id, actor=actor, clock=self.clock, note="n")
        )

    @rule(actor=st.sampled_from(PEOPLE))
    def cancel(self, actor: Actor) -> None:
        self._try(
            ItemAction.CANCEL, lambda item: commands.cancel(self.tx, item.id, actor=actor, clock=self.clock, note="n")
        )

    def _try(self, action: ItemAction, act: Callable[[Item], Item]) -> None:
        newest = next(iter(self.tx.items()), None)
        if newest is None:
            return
        legal = TRANSITIONS.get((newest.state, action))
        try:
            moved = act(newest)
        except IllegalItemStepError:
            assert legal is None
        except (StepRefusedError, NotPermittedError):
            assert self.tx.item(newest.id) == newest
        else:
            assert moved.state is legal

    @invariant()
    def steps_follow_the_table(self) -> None:
        for item in getattr(self, "tx", MemoryRecords()).items():
            steps = self.tx.item_steps(item.id)
            assert steps[0].action is ItemAction.PROPOSE
            for before, after in pairwise(steps):
                assert TRANSITIONS[before.state, after.action] is after.state
            assert steps[-1].state is item.state

    @invariant()
    def the_verifier_is_never_the_fixer(self) -> None:
        for item in getattr(self, "tx", MemoryRecords()).items():
            if item.state is ItemState.SIGNED_OFF:
                assert item.signed_off_by not in commands.hands_on(self.tx, item)

    @invariant()
    def one_item_is_open(self) -> None:
        states = [item.state for item in getattr(self, "tx", MemoryRecords()).items()]
        assert sum(state not in ENDED_STATES for state in states) <= 1


TestPlan = Plan.TestCase
TestPlan.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
