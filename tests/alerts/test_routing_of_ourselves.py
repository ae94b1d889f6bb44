"""Alarms about ourselves go where they can arrive."""

from alerts.dispatch import Notice, NoticeKind
from alerts.policy import tell_everybody
from alerts.routing import plan
from sensors.alarms import Alarm
from tests.alerts.signals import signal_of
from tests.memory_records import NOON


def told(alarm: Alarm, channels: tuple[str, ...], **parameters: str) -> set[str]:
    signal = signal_of(alarm, parameters=parameters)
    notice = Notice(number=1, kind=NoticeKind.RAISED, alert_id="a", signal=signal, at=NOON)
    return {each.channel for each in plan(tell_everybody(channels), notice, NOON)}


def test_that_a_channel_fails_is_told_over_the_others() -> None:
    assert told(Alarm.CHANNEL_FAILS, ("mail", "phone", "robot"), channel="phone") == {"mail", "robot"}


def test_that_the_only_channel_fails_is_tried_over_itself() -> None:
    assert told(Alarm.CHANNEL_FAILS, ("phone",), channel="phone") == {"phone"}


def test_that_a_channel_fails_hides_no_other_alarm_from_it() -> None:
    assert told(Alarm.FIRE, ("mail", "phone"), channel="phone") == {"mail", "phone"}


def test_that_a_test_was_not_confirmed_is_told_to_everybody() -> None:
    assert told(Alarm.UNCONFIRMED_TEST, ("mail", "phone"), to="phone") == {"mail", "phone"}
