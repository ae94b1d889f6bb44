"""What each rule over events and readings says, and when."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from alerts.watch.facts import NO_FACTS, Facts
from alerts.watch.rules.isolated import APPROVAL_UNKNOWN
from sensors.events import EventType
from sensors.logs import Isolation, IsolationAction, IsolationStep, KeptIsolation
from sensors.subjects import Subject
from sensors.verdicts import Severity
from tests.alerts.factories import HQ
from tests.memory_records import NOON
from tests.watch.machines import Told

ORANGE, RED, YELLOW, BLUE, OVER = Severity.ORANGE, Severity.RED, Severity.YELLOW, Severity.BLUE, None
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(("zone", "severity"), [("1.1/10-2 hall", ORANGE), ("1.1 mains", RED), ("", RED)])
def test_fault_left_open_for_a_day_is_red_where_it_is_the_panel(zone: str, severity: Severity) -> None:
    told = Told()
    told.event(0, EventType.FAULT, zone=zone)
    told.tick(DAY)
    assert told.said("F03") == []
    told.tick(DAY + 1)
    told.event(2 * DAY, EventType.FAULT, zone=zone, over=True)
    assert told.said("F03") == [severity, OVER]


def test_fire_door_left_open_gets_graver_once_and_ends_when_it_is_shut() -> None:
    told = Told()
    told.sample(0, "fire1", {"open": 1})
    for second in (60, 61, 200, 300, 301, 900):
        told.tick(second)
    told.sample(1000, "fire1", {"open": 0})
    assert told.said("F09") == [YELLOW, ORANGE, OVER]


def test_door_opened_without_a_card_is_forced_and_with_one_is_not() -> None:
    told = Told()
    told.sample(0, "contact1", {"open": 0})
    told.event(20, EventType.GRANTED, "lock1")
    told.sample(22, "contact1", {"open": 1})
    told.sample(25, "contact1", {"open": 0})
    told.tick(30)
    assert told.said("D02") == []
    told.sample(60, "contact1", {"open": 1})
    told.tick(70)
    told.sample(90, "contact1", {"open": 0})
    assert told.said("D02") == [ORANGE, OVER]


def test_card_whose_message_comes_after_the_contacts_still_opens_the_door() -> None:
    told = Told()
    told.sample(0, "contact1", {"open": 0})
    told.sample(20, "contact1", {"open": 1})
    told.event(21, EventType.GRANTED, "lock1")
    told.tick(40)
    assert told.said("D02") == []


def test_door_is_held_from_the_last_who_passed_and_not_where_it_was_forced() -> None:
    told = Told()
    told.event(0, EventType.GRANTED, "lock1")
    told.sample(1, "contact1", {"open": 1})
    told.event(25, EventType.GRANTED, "lock1")
    told.tick(50)
    assert told.said("D01") == []
    told.tick(56)
    told.sample(80, "contact1", {"open": 0})
    told.sample(200, "contact1", {"open": 1})
    told.tick(400)
    assert told.said("D01") == [BLUE, OVER]


def test_door_that_its_controller_calls_held_was_open_for_the_limit_at_least() -> None:
    told = Told()
    told.event(25, EventType.HELD, "lock1")
    (edge,) = (each for each in told.edges if each.rule == "D01")
    assert (edge.value, edge.threshold, edge.unit) == (30, 30, "s")


def fires(told: Told, zones: Sequence[str]) -> None:
    for zone in zones:
        told.event(10, EventType.FIRE, zone=zone)


@pytest.mark.parametrize(
    ("zones", "said"), [(["2F"], []), (["2F", "3F"], [RED]), (["1.0 manual_call"], [RED]), (["2F手报"], [RED])]
)
def test_exit_that_stays_locked_is_told_after_a_confirmed_fire_only(zones: list[str], said: list[Severity]) -> None:
    told = Told()
    told.sample(0, "exit1", {"locked": 1})
    fires(told, zones)
    told.tick(20)
    assert told.said("F10") == []
    told.tick(21)
    assert told.said("F10") == said


def test_exit_that_is_released_in_time_is_no_alert_and_open_doors_are_none_either() -> None:
    told = Told()
    told.sample(0, "exit1", {"locked": 1, "open": 0})
    fires(told, ["2F", "3F"])
    told.sample(15, "exit1", {"locked": 0, "open": 1})
    told.tick(200)
    assert [told.said(rule) for rule in ("F10", "D01", "D02")] == [[], [], []]


def test_residual_current_on_the_edge_is_one_alert_and_a_lone_peak_is_none() -> None:
    told = Told()
    for number in range(60):
        told.sample(number, "meter1", {"residual_current_ma": 2000 if number == 5 else 100})
    told.tick(60)
    assert told.said("L01") == []
    for number in range(1, 40):
        told.sample(number * MINUTE, "meter1", {"residual_current_ma": 303 if number % 2 else 297})
    told.sample(41 * MINUTE, "meter1", {"residual_current_ma": 500})
    told.sample(42 * MINUTE, "meter1", {"residual_current_ma": 100})
    told.tick(43 * MINUTE)
    told.tick(60 * MINUTE)
    assert told.said("L01") == [ORANGE, RED, OVER]


def test_fifth_refusal_in_a_row_alerts_and_a_card_that_opens_ends_it() -> None:
    told = Told()
    for number in range(4):
        told.event(number, EventType.DENIED, "lock1")
    told.event(5, EventType.GRANTED, "lock1")
    for number in range(10, 16):
        told.event(number, EventType.DENIED, "lock1")
    told.event(20, EventType.GRANTED, "lock1")
    assert told.said("D03") == [YELLOW, OVER]


def test_silent_door_alerts_after_its_heartbeat_and_late_events_do_as_well() -> None:
    told = Told()
    told.event(0, EventType.GRANTED, "contact1", late_s=6)
    assert told.said("D04") == [YELLOW]
    told.tick(HOUR)
    assert told.said("D04") == [YELLOW]
    told.tick(HOUR + 1)
    told.event(HOUR + 60, EventType.GRANTED, "contact1")
    assert told.said("D04") == [YELLOW, YELLOW, OVER, OVER]


def test_slow_relay_is_judged_by_the_panels_known_clock_only() -> None:
    told = Told()
    told.event(0, EventType.FIRE, zone="1F", late_s=60)
    assert told.said("F02") == []
    told.sample(1, "panel1", {"clock_offset_s": -60})
    told.event(2, EventType.FIRE, zone="2F", late_s=65)
    assert told.said("F02") == []
    told.event(3, EventType.FIRE, zone="3F", late_s=71)
    assert told.said("F02") == [ORANGE]


def approved(hours: float) -> Facts:
    step = IsolationStep(isolation_id="i1", action=IsolationAction.APPROVE, actor_id="boss", at=NOON)
    planned = Isolation(
        id="i1",
        site=HQ,
        subject=Subject.parse("device:panel1"),
        reason="painting",
        starts=NOON,
        planned_end=NOON + timedelta(hours=hours),
        applicant="anna",
        entered=NOON,
    )
    return Facts(known=True, isolations=(KeptIsolation(isolation=planned, steps=(step,)),))


def test_isolation_without_approval_alerts_until_somebody_approves_it() -> None:
    told = Told(Facts(known=True))
    told.event(0, EventType.ISOLATION, zone="2F")
    told.tick(10 * MINUTE + 1)
    told.facts(20 * MINUTE, approved(8))
    assert told.said("F05") == [ORANGE, OVER]
    told.tick(9 * HOUR)
    assert told.said("F05") == [ORANGE, OVER, YELLOW]
    told.tick(25 * HOUR)
    assert told.said("F05")[-1] is ORANGE


def test_isolation_alerts_with_a_doubt_while_nobody_can_say_whether_it_was_approved() -> None:
    told = Told(NO_FACTS)
    told.event(0, EventType.ISOLATION, zone="2F")
    told.tick(11 * MINUTE)
    assert [edge.doubts for edge in told.edges if edge.rule == "F05"] == [(APPROVAL_UNKNOWN,)]


def test_nobody_answering_for_two_hours_is_a_gap_until_somebody_does() -> None:
    told = Told()
    told.event(0, EventType.ROLL_CALL, zone="answered")
    told.event(HOUR, EventType.ROLL_CALL, zone="unanswered")
    told.tick(2 * HOUR + 1)
    told.event(3 * HOUR, EventType.ROLL_CALL, zone="answered")
    assert told.said("F07") == [ORANGE, OVER]


def test_gas_in_manual_has_more_time_and_alerts_where_nobody_knows_who_is_in_the_room() -> None:
    told = Told()
    told.event(0, EventType.MANUAL_MODE, zone="gas 13.0")
    told.tick(29 * MINUTE)
    assert told.said("F06") == []
    told.tick(31 * MINUTE)
    assert told.said("F06") == [RED]


def test_a_panel_that_is_told_to_be_offline_is_a_lost_line_until_it_is_heard() -> None:
    told = Told()
    told.event(0, EventType.MANUAL_MODE, over=True)
    told.event(60, EventType.OFFLINE)
    assert told.said("F08") == [ORANGE]
    told.event(120, EventType.OFFLINE, over=True)
    assert told.said("F08") == [ORANGE, OVER]


def test_another_device_that_is_told_to_be_offline_is_no_lost_line() -> None:
    told = Told()
    told.event(0, EventType.OFFLINE, "contact1")
    assert told.said("F08") == []
