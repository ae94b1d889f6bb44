"""The table of states: every pair of state and action is either a step or refused, and a real fire has fewer steps."""

from itertools import product

import pytest

from alerts.alarms import ALARMS
from alerts.commands import alert_of, step
from alerts.model import (
    ACTIVE_STATES,
    NEVER_FOR_FIRE,
    OPEN_STATES,
    TRANSITIONS,
    AlertAction,
    AlertState,
    IllegalAlertStepError,
    is_real_fire,
    is_real_fire_alert,
)
from sensors.alarms import Alarm, AlarmKind
from sensors.events import EventType
from sensors.verdicts import Severity
from tests.alerts.factories import raised
from tests.alerts.signals import signal_of
from tests.memory_records import HandClock, MemoryRecords
from tests.people import OFFICER
from tests.storage.records.stores import alert

PAIRS = list(product(AlertState, AlertAction))
NOT_FIRE = {"event": "leak"}


@pytest.mark.parametrize(("state", "action"), PAIRS)
def test_every_step_follows_the_table_or_is_refused(state: AlertState, action: AlertAction) -> None:
    tx = MemoryRecords()
    kept = alert(state=state, parameters=NOT_FIRE, severity=Severity.ORANGE)
    tx.alert_rows[kept.id] = kept
    if (state, action) in TRANSITIONS:
        moved = step(tx, kept.id, action, actor=OFFICER, clock=HandClock(), note=" why ", on_behalf_of="Li")
        assert moved.state is TRANSITIONS[state, action]
        [taken] = tx.alert_log
        assert (taken.action, taken.state, taken.actor_id, taken.note, taken.on_behalf_of) == (
            *(action, moved.state),
            *(OFFICER.id, "why", "Li"),
        )
    else:
        with pytest.raises(IllegalAlertStepError):
            step(tx, kept.id, action, actor=OFFICER, clock=HandClock())
        assert tx.alert_log == []


@pytest.mark.parametrize(("state", "action"), sorted(NEVER_FOR_FIRE & set(TRANSITIONS)))
def test_real_fire_is_never_put_aside_unseen(state: AlertState, action: AlertAction) -> None:
    tx = MemoryRecords()
    kept = alert(state=state, parameters={"event": "fire"})
    tx.alert_rows[kept.id] = kept
    with pytest.raises(IllegalAlertStepError):
        step(tx, kept.id, action, actor=OFFICER, clock=HandClock())


def test_real_fire_that_a_person_saw_may_be_shelved() -> None:
    tx = MemoryRecords()
    kept = alert(state=AlertState.ACKNOWLEDGED, parameters={"event": "fire"})
    tx.alert_rows[kept.id] = kept
    assert step(tx, kept.id, AlertAction.SHELVE, actor=OFFICER, clock=HandClock()).state is AlertState.SHELVED


def test_whatever_is_held_back_can_end_and_come_back() -> None:
    for state in (AlertState.SHELVED, AlertState.SUPPRESSED, AlertState.OUT_OF_SERVICE):
        after = {TRANSITIONS[state, action] for action in AlertAction if (state, action) in TRANSITIONS}
        assert {AlertState.RAISED, AlertState.CLEARED} <= after


def test_what_does_not_ring_is_open_all_the_same() -> None:
    assert {AlertState.SHELVED, AlertState.SUPPRESSED, AlertState.OUT_OF_SERVICE} < ACTIVE_STATES < OPEN_STATES


@pytest.mark.parametrize("event", list(Alarm))
@pytest.mark.parametrize("severity", list(Severity))
def test_signal_and_alert_agree_on_what_is_a_real_fire(event: Alarm, severity: Severity) -> None:
    told = signal_of(event, severity=severity)
    always = event in {Alarm.FIRE, Alarm.SMOKE, Alarm.HEAT, Alarm.EXIT_LOCKED}
    expected = always or (severity is Severity.RED and ALARMS[event].kind is AlarmKind.FIRE)
    assert is_real_fire(told) is is_real_fire_alert(alert_of(told)) is expected


def test_test_of_a_fire_is_no_real_fire() -> None:
    assert not is_real_fire(raised(EventType.FIRE, test=True))


def test_red_alert_of_another_version_counts_as_fire() -> None:
    assert is_real_fire_alert(alert(parameters={"event": "explosion"}))
    assert not is_real_fire_alert(alert(parameters={"event": "explosion"}, severity=Severity.YELLOW))
