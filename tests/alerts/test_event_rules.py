"""Which events alert, under which rule, and what makes two of them the same alert."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alarms import ALARMS, OWN
from alerts.event_rules import ALARM_OF, EXIT_REQUEST_NOT_WIRED, signal
from sensors.alarms import Alarm
from sensors.catalogue import CATALOGUE
from sensors.events import VITAL_EVENTS, EventState, EventType
from sensors.readings import ReadingFlag
from sensors.signals import SignalKind
from sensors.verdicts import Severity
from tests.alerts.factories import event, raised, registry
from tests.memory_records import NOON


@pytest.mark.parametrize(
    ("kind", "device", "rule", "severity", "subject"),
    [
        (EventType.FIRE, "panel1", "F01", Severity.RED, "device:panel1"),
        (EventType.SMOKE, "smoke1", "F01", Severity.RED, "device:smoke1"),
        (EventType.LEAK, "leak1", "F12", Severity.ORANGE, "device:leak1"),
        (EventType.FORCED, "lock1", "D02", Severity.ORANGE, "opening:d-wired"),
    ],
)
def test_vital_event_becomes_a_signal_of_its_rule(
    kind: EventType, device: str, rule: str, severity: Severity, subject: str
) -> None:
    found = raised(kind, device=device)
    assert (found.kind, found.rule, found.severity, str(found.subject)) == (SignalKind.ACTIVE, rule, severity, subject)
    assert found.parameters["event"] == kind.value


def test_every_vital_event_has_a_rule_of_the_catalogue_and_a_name() -> None:
    assert ALARM_OF.keys() == VITAL_EVENTS
    assert {ALARMS[alarm].rule for alarm in ALARM_OF.values()} <= CATALOGUE.keys()


def test_every_alarm_has_a_rule_a_name_and_something_to_do() -> None:
    assert list(ALARMS) == list(Alarm)
    assert {facts.rule for facts in ALARMS.values()} <= CATALOGUE.keys() | {OWN}
    assert all(text for facts in ALARMS.values() for name in (facts.name, facts.advice) for text in (name.zh, name.en))


def test_smoke_and_fire_of_one_device_are_two_alerts() -> None:
    assert raised(EventType.SMOKE).mark != raised(EventType.FIRE).mark


def test_zones_of_one_panel_are_alerts_of_their_own() -> None:
    assert raised(zone="2F").mark != raised(zone="3F").mark


def test_a_test_is_marked_and_never_the_same_alert_as_a_real_fire() -> None:
    test = raised(test=True)
    assert test.test
    assert test.mark != raised().mark


def test_backfill_never_alerts() -> None:
    assert signal(event(flags=ReadingFlag.BACKFILL), registry()) is None


@pytest.mark.parametrize("kind", [EventType.GRANTED, EventType.FAULT, EventType.HELD, EventType.ROLL_CALL])
def test_other_events_do_not_alert(kind: EventType) -> None:
    assert signal(event(kind), registry()) is None


def test_cleared_event_clears_under_the_same_mark() -> None:
    cleared = raised(state=EventState.CLEARED)
    assert cleared.kind is SignalKind.CLEARED
    assert cleared.mark == raised().mark


@pytest.mark.parametrize("kind", [EventType.SILENCED, EventType.RESET])
def test_what_is_done_at_the_panel_is_about_its_fires(kind: EventType) -> None:
    act = raised(kind, state=EventState.MOMENTARY)
    assert (act.kind.value, act.event, act.device) == (kind.value, Alarm.FIRE, "panel1")


def test_a_forced_door_whose_exit_request_is_not_wired_is_doubted() -> None:
    assert raised(EventType.FORCED, device="lock1").doubts == ()
    assert raised(EventType.FORCED, device="lock2").doubts == (EXIT_REQUEST_NOT_WIRED,)


def test_unknown_device_alerts_with_its_doubts() -> None:
    found = raised(device="nobody", doubts=("unknown_device",))
    assert str(found.subject) == "device:nobody"
    assert found.doubts == ("unknown_device",)
    assert "room" not in found.parameters


def test_where_it_is_goes_with_the_signal() -> None:
    assert raised(EventType.SMOKE, device="smoke1").parameters["room"] == "a-201"
    assert raised().parameters["building"] == "a"


@given(
    kind=st.sampled_from(EventType),
    state=st.sampled_from(EventState),
    device=st.sampled_from(["panel1", "lock2", "nobody", ""]),
    zone=st.text(max_size=5),
    test=st.booleans(),
    flags=st.sampled_from([ReadingFlag.NONE, ReadingFlag.TIME_OF_RECEIPT, ReadingFlag.BACKFILL]),
)
def test_no_event_is_too_strange(
    kind: EventType, state: EventState, device: str, zone: str, flags: ReadingFlag, *, test: bool
) -> None:
    found = signal(event(kind, state=state, device=device, zone=zone, test=test, flags=flags), registry())
    due = kind in VITAL_EVENTS and not flags & ReadingFlag.BACKFILL
    assert not due or found is not None
    assert found == signal(
        replace(event(kind, state=state, device=device, zone=zone, test=test, flags=flags), time=NOON), registry()
    )
