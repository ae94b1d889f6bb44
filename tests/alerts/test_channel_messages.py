"""Messages say what, where, since when and what to do, are short, and name no person."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from alerts.dispatch import NoticeKind
from alerts.messages import COLOURS, LONGEST_ZONE, SHORT_CHARS, Wording
from sensors.alarms import Alarm
from sensors.events import EventType
from sensors.topology import PersonId, Registry, RoomId
from sensors.verdicts import Severity
from tests.alerts.factories import raised, registry
from tests.alerts.told import CODE, notice, wording


def test_an_sms_in_chinese_says_all_that_counts_in_seventy_characters() -> None:
    short = wording().message(notice()).short
    assert short == "【烟感报警】主楼2层201，12:00起。立即到场查看，属实拨119。回复493021确认"
    assert len(short) <= SHORT_CHARS


@pytest.mark.parametrize("alarm", Alarm)
def test_every_alerts_sms_in_chinese_fits_into_one(alarm: Alarm) -> None:
    told = notice(replace(raised(EventType.SMOKE, device="smoke1"), event=alarm))
    assert len(wording(origin="").message(told).short) <= SHORT_CHARS


def test_a_message_in_english_says_the_same_with_a_link() -> None:
    told = wording("en").message(notice())
    assert told.text.splitlines() == [
        "[Smoke detector alarm] Main floor 2 201, since 12:00",
        "Go and look at once; if it burns, call 119",
        f"Code to acknowledge: {CODE}",
        f"More: https://p.cn/alerts/{notice().alert_id}",
    ]


def test_an_end_is_told_with_its_span_and_asks_for_nothing() -> None:
    told = wording(origin="").message(notice(kind=NoticeKind.CLEARED, minutes=31))
    assert told.text == "【已解除·烟感报警】主楼2层201，12:00至12:31"
    assert told.code == ""


def test_a_test_and_a_doubt_are_said() -> None:
    told = wording().message(notice(raised(device="nobody", test=True, doubts=("unknown_device",))))
    assert told.text.startswith("【测试·火警】设备nobody，12:00起（存疑，请核实）")


def test_a_drill_is_told_as_one_and_a_further_level_says_that_nobody_answered() -> None:
    assert wording().message(replace(notice(), drill="d1")).title.startswith("【演练·烟感报警】")
    again = wording().message(replace(notice(), level=2))
    assert again.title.startswith("【无人确认·烟感报警】")
    assert again.key.endswith(":2")


def test_yesterdays_onset_is_told_with_its_day() -> None:
    at = notice().at.replace(day=22)
    assert "11-22 12:00起" in wording().message(notice(raised(EventType.SMOKE, device="smoke1", at=at))).text


def test_the_panels_zone_is_said_without_what_is_no_text_and_cut() -> None:
    text = wording().message(notice(raised(zone="3F\n\x1b东" + "x" * 99))).text
    assert f"主楼{('3F东' + 'x' * 99)[:LONGEST_ZONE]}区" in text


def personal(there: Registry) -> Registry:
    room = there.rooms[RoomId("a-201")]
    return replace(there, rooms={room.id: replace(room, holders=(PersonId("p1"),))})


def restricted(there: Registry) -> Registry:
    room = there.rooms[RoomId("a-201")]
    return replace(there, rooms={room.id: replace(room, restricted=True)})


@pytest.mark.parametrize("changed", [personal, restricted])
def test_of_a_personal_or_restricted_room_only_the_floor_is_said(changed: Callable[[Registry], Registry]) -> None:
    there = changed(registry())
    told = Wording(language="zh", registry=lambda: there).message(notice(raised(device="smoke1", zone="201王")))
    assert told.title == "【火警】主楼2层"
    assert "201" not in told.text


def test_a_digest_counts_the_colours_gravest_first_and_says_where_to_look() -> None:
    leaks = [notice(raised(EventType.LEAK, device="leak1", zone=f"{n}")) for n in range(7)]
    told = wording().digest([*leaks, notice()])
    lines = told.text.splitlines()
    assert lines[0] == "【汇总】8条告警，红 1，橙 7"
    assert lines[1] == "【烟感报警】主楼2层201"
    assert lines[-3:] == ["等", "请到控制台逐条确认", "详情 https://p.cn/alerts"]
    assert (told.severity, told.code) == (Severity.RED, "")
    assert len(told.short) <= SHORT_CHARS


def test_every_colour_has_a_word() -> None:
    assert COLOURS.keys() == set(Severity)
