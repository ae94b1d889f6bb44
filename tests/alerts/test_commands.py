"""Alerts move by legal steps only, by people who may, and are raised once."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.commands import DETECTION, UnknownAlertError, acknowledge, alert_of, clear, message_id, raise_alert
from alerts.model import TRANSITIONS, AlertAction, AlertState, IllegalAlertStepError
from sensors.actors import Actor, NotPermittedError
from sensors.events import EventType
from tests.alerts.factories import raised
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.people import MANAGER, OFFICER, VIEWER

CLOCK = HandClock()


def test_a_signal_raises_one_alert_however_often_it_is_taken() -> None:
    tx = MemoryRecords()
    first = raise_alert(tx, raised(), clock=CLOCK)
    assert raise_alert(tx, raised(), clock=CLOCK) == first
    assert [(step.action, step.actor_id) for step in tx.alert_log] == [(AlertAction.RAISE, "system:detection")]


def test_a_repeated_signal_of_an_open_alert_is_no_new_alert() -> None:
    tx = MemoryRecords()
    first = raise_alert(tx, raised(), clock=CLOCK)
    acknowledge(tx, first.id, actor=OFFICER, clock=CLOCK)
    assert raise_alert(tx, raised(at=NOON + timedelta(minutes=1)), clock=CLOCK).id == first.id
    assert len(tx.alert_rows) == 1


def test_the_same_thing_after_its_end_is_a_new_alert() -> None:
    tx = MemoryRecords()
    first = raise_alert(tx, raised(), clock=CLOCK)
    clear(tx, first.id, actor=DETECTION, clock=CLOCK)
    second = raise_alert(tx, raised(at=NOON + timedelta(minutes=1)), clock=CLOCK)
    assert second.id != first.id
    assert tx.alert_rows[first.id].state is AlertState.CLEARED_UNACKNOWLEDGED


def test_an_old_signal_taken_again_does_not_wake_its_cleared_alert() -> None:
    tx = MemoryRecords()
    first = raise_alert(tx, raised(), clock=CLOCK)
    clear(tx, first.id, actor=DETECTION, clock=CLOCK)
    assert raise_alert(tx, raised(), clock=CLOCK).state is AlertState.CLEARED_UNACKNOWLEDGED


def test_each_step_names_who_when_and_why() -> None:
    tx = MemoryRecords()
    alert = raise_alert(tx, raised(), clock=CLOCK)
    acknowledge(tx, alert.id, actor=OFFICER, clock=CLOCK, note=" burnt toast ")
    step = tx.alert_steps(alert.id)[-1]
    assert (step.actor_id, step.at, step.note, step.state) == (
        OFFICER.id,
        NOON,
        "burnt toast",
        AlertState.ACKNOWLEDGED,
    )


def test_who_may_only_read_cannot_acknowledge_or_clear() -> None:
    tx = MemoryRecords()
    alert = raise_alert(tx, raised(), clock=CLOCK)
    for command in (acknowledge, clear):
        with pytest.raises(NotPermittedError):
            command(tx, alert.id, actor=VIEWER, clock=CLOCK)


def test_second_acknowledgement_is_illegal() -> None:
    tx = MemoryRecords()
    alert = raise_alert(tx, raised(), clock=CLOCK)
    acknowledge(tx, alert.id, actor=OFFICER, clock=CLOCK)
    with pytest.raises(IllegalAlertStepError, match="acknowledge is not possible for an alert that is acknowledged"):
        acknowledge(tx, alert.id, actor=MANAGER, clock=CLOCK)


def test_unknown_alert_is_named() -> None:
    with pytest.raises(UnknownAlertError, match="'nothing'"):
        acknowledge(MemoryRecords(), "nothing", actor=OFFICER, clock=CLOCK)


def test_smoke_has_a_message_of_its_own() -> None:
    assert message_id(alert_of(raised(EventType.SMOKE))) == "alert.smoke"
    assert message_id(replace(alert_of(raised()), parameters={})) == "alert.F01"


class Alerts(RuleBasedStateMachine):
    """Whatever is tried, in any order: states follow the table and the log tells the same."""

    @initialize()
    def begin(self) -> None:
        self.tx = MemoryRecords()
        self.clock = HandClock()
        self.identifier = ""

    @rule()
    def raised(self) -> None:
        self.clock.move(minutes=1)
        self.identifier = raise_alert(self.tx, raised(at=self.clock.now()), clock=self.clock).id

    @rule()
    def acknowledged(self) -> None:
        self._try(AlertAction.ACKNOWLEDGE, OFFICER)

    @rule()
    def cleared(self) -> None:
        self._try(AlertAction.CLEAR, DETECTION)

    def _try(self, action: AlertAction, actor: Actor) -> None:
        before = self.tx.alert(self.identifier)
        if before is None:
            return
        command = acknowledge if action is AlertAction.ACKNOWLEDGE else clear
        legal = TRANSITIONS.get((before.state, action))
        if legal is None:
            with pytest.raises(IllegalAlertStepError):
                command(self.tx, before.id, actor=actor, clock=self.clock)
        else:
            assert command(self.tx, before.id, actor=actor, clock=self.clock).state is legal

    @invariant()
    def the_log_leads_to_the_state(self) -> None:
        for alert in getattr(self, "tx", MemoryRecords()).alert_rows.values():
            steps = self.tx.alert_steps(alert.id)
            assert steps[0].action is AlertAction.RAISE
            for before, after in pairwise(steps):
                assert TRANSITIONS[before.state, after.action] is after.state
            assert steps[-1].state is alert.state

    @invariant()
    def one_alert_of_a_kind_is_live(self) -> None:
        live = [
            alert
            for alert in getattr(self, "tx", MemoryRecords()).alert_rows.values()
            if alert.state in {AlertState.RAISED, AlertState.ACKNOWLEDGED}
        ]
        assert len(live) <= 1


TestAlerts = Alerts.TestCase
TestAlerts.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
