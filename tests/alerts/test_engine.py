"""What is told, what is held back, by what and until when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.decisions import Decision, Hold
from alerts.dispatch import Notice, NoticeKind
from alerts.engine import decide, tell_again
from alerts.engine_rules import EngineRules, Inhibition, QuietHours
from alerts.matching import Matcher
from alerts.past import GroupPast
from alerts.standing import Drill, OutOfService, Shelf, Silence, Standing
from sensors.alarms import Alarm, AlarmKind
from sensors.hours import parse_hours
from sensors.signals import Signal
from sensors.verdicts import Severity
from tests.alerts.memory_past import MemoryPast
from tests.alerts.signals import signal_of
from tests.memory_records import NOON

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = EngineRules(zone=SHANGHAI)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
EVERYTHING = Matcher()
NOTHING = Standing()

FIRES = [
    signal_of(Alarm.FIRE),
    signal_of(Alarm.SMOKE, severity=Severity.YELLOW),
    signal_of(Alarm.EXIT_LOCKED),
    signal_of(Alarm.MANUAL_MODE),
]


def silence(**fields: object) -> Silence:
    made = Silence(id="s1", matcher=EVERYTHING, author="u", comment="c", starts=NOON - HOUR, ends=NOON + HOUR)
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def drill(**fields: object) -> Drill:
    zones = Matcher(zones=frozenset({"2F"}))
    made = Drill(id="d1", matcher=zones, author="u", comment="c", starts=NOON - HOUR, ends=NOON + HOUR)
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def out(subject: str) -> OutOfService:
    return OutOfService(subject=subject, since=NOON - HOUR, until=NOON + HOUR, author="u", comment="c")


def shelf(signal: Signal) -> Shelf:
    return Shelf(fingerprint=signal.mark, until=NOON + HOUR, author="u", comment="c")


def begun(
    signal: Signal, standing: Standing = NOTHING, *, rules: EngineRules = RULES, now: datetime | None = None
) -> Decision:
    """Return what becomes of a signal with nothing before it."""
    past = MemoryPast()
    return decide(past.raised(signal), standing, past, rules, now or signal.received)


# A real fire.


@pytest.mark.parametrize("fire", FIRES, ids=lambda fire: fire.event)
def test_nothing_that_stands_holds_a_real_fire(fire: Signal) -> None:
    standing = Standing(
        silences=[silence()], shelves=[shelf(fire)], out_of_service=[out(str(fire.subject)), out("gateway:gw1")]
    )
    rules = EngineRules(
        zone=SHANGHAI,
        settle=dict.fromkeys(Alarm, HOUR),
        quiet=QuietHours(hours=(), severities=frozenset(Severity)),
        inhibitions=(Inhibition(name="all", cause=EVERYTHING, effect=EVERYTHING, same=()),),
    )
    past = MemoryPast()
    past.raised(signal_of(Alarm.GATEWAY_DOWN, subject="gateway:gw1"))
    notice = past.raised(fire)
    assert decide(notice, standing, past, rules, NOON) == Decision()
    assert decide(past.cleared(fire, NOON), standing, past, rules, NOON) == Decision()


def test_real_fire_that_comes_and_goes_is_told_each_time() -> None:
    past = MemoryPast()
    for number in range(9):
        signal = signal_of(Alarm.FIRE, at=NOON + number * MINUTE)
        notice = past.raised(signal)
        assert decide(notice, NOTHING, past, RULES, notice.at) == Decision()
        past.tell(notice, notice.at)
        past.cleared(signal, notice.at + SECOND)


def test_test_of_the_way_is_held_by_nothing() -> None:
    rules = replace(RULES, quiet=QuietHours(hours=()))
    assert begun(signal_of(Alarm.TEST), Standing(silences=[silence()]), rules=rules) == Decision()


# What people said beforehand.


@pytest.mark.parametrize(
    ("standing", "held", "by"),
    [
        (Standing(silences=[silence()]), Hold.SILENCED, "s1"),
        (Standing(shelves=[shelf(signal_of())]), Hold.SHELVED, signal_of().mark),
        (Standing(out_of_service=[out("device:d1")]), Hold.OUT_OF_SERVICE, "device:d1"),
        (Standing(out_of_service=[out("gateway:gw1")]), Hold.OUT_OF_SERVICE, "gateway:gw1"),
        (Standing(silences=[silence()], out_of_service=[out("device:d1")]), Hold.OUT_OF_SERVICE, "device:d1"),
    ],
)
def test_what_stands_holds_until_its_end_and_is_named(standing: Standing, held: Hold, by: str) -> None:
    decision = begun(signal_of(), standing)
    assert (decision.held, decision.by, decision.look_again) == (held, by, NOON + HOUR)
    assert begun(signal_of(), standing, now=NOON + HOUR).held is None


@pytest.mark.parametrize(
    "standing",
    [
        Standing(silences=[silence(matcher=Matcher(kinds=frozenset({AlarmKind.DOOR})))]),
        Standing(silences=[silence(starts=NOON + SECOND)]),
        Standing(silences=[silence(ends=NOON)]),
        Standing(shelves=[shelf(signal_of(subject="device:d2"))]),
        Standing(out_of_service=[out("device:d2")]),
    ],
)
def test_what_means_another_thing_or_time_holds_nothing(standing: Standing) -> None:
    assert begun(signal_of(), standing).held is None


def test_what_is_over_when_its_silence_ends_is_told_to_nobody() -> None:
    past, standing = MemoryPast(), Standing(silences=[silence()])
    raised = past.raised(signal_of())
    cleared = past.cleared(signal_of(), NOON + MINUTE)
    later = NOON + 2 * HOUR
    decision = decide(raised, standing, past, RULES, later)
    assert (decision.held, decision.by, decision.look_again) == (Hold.OVER, "s1", None)
    assert decide(cleared, standing, past, RULES, later).held is Hold.OVER


def test_what_nothing_held_is_told_even_when_it_is_over_by_then() -> None:
    past = MemoryPast()
    raised = past.raised(signal_of())
    past.cleared(signal_of(), NOON + MINUTE)
    assert decide(raised, NOTHING, past, RULES, NOON + 2 * HOUR).held is None


# Drills.


@pytest.mark.parametrize(
    ("zone", "came_in", "decided", "label"),
    [
        ("2F", NOON, NOON, "d1"),
        ("3F", NOON, NOON, ""),
        ("2F", NOON - 2 * HOUR, NOON, ""),
        ("2F", NOON, NOON + HOUR, ""),
    ],
    ids=["in it", "another zone", "came before it", "told after it"],
)
def test_drill_relabels_what_is_its_own_and_holds_nothing(
    zone: str, came_in: datetime, decided: datetime, label: str
) -> None:
    decision = begun(signal_of(Alarm.FIRE, zone=zone, at=came_in), Standing(drills=[drill()]), now=decided)
    assert decision == Decision(drill=label)


def test_drill_shares_no_message_with_what_is_real() -> None:
    standing = Standing(drills=[drill()])
    assert begun(signal_of(zone="2F"), standing).group != begun(signal_of(zone="3F"), standing).group


# What explains it.


def test_gateway_that_is_down_explains_the_doors_behind_it() -> None:
    past = MemoryPast()
    down = past.raised(signal_of(Alarm.GATEWAY_DOWN, subject="gateway:gw1"))
    behind = past.raised(signal_of(Alarm.DOOR_OFFLINE))
    elsewhere = past.raised(signal_of(Alarm.DOOR_OFFLINE, subject="device:d2", parameters={"gateway": "gw2"}))
    later = NOON + 2 * MINUTE
    decision = decide(behind, NOTHING, past, RULES, later)
    assert (decision.held, decision.by, decision.look_again) == (Hold.SUPPRESSED, down.alert_id, later + MINUTE)
    assert decide(elsewhere, NOTHING, past, RULES, later).held is None
    assert decide(down, NOTHING, past, RULES, later).held is None
    past.cleared(down.signal, later)
    assert decide(behind, NOTHING, past, RULES, later).held is None


@pytest.mark.parametrize("event", [Alarm.LEAK, Alarm.FORCED, Alarm.FIRE, Alarm.RESIDUAL_CURRENT])
def test_gateway_that_is_down_explains_nothing_that_came_through_it(event: Alarm) -> None:
    past = MemoryPast()
    past.raised(signal_of(Alarm.GATEWAY_DOWN, subject="gateway:gw1"))
    assert decide(past.raised(signal_of(event)), NOTHING, past, RULES, NOON).held is None


def test_two_that_would_explain_each_other_are_both_told() -> None:
    mutual = Inhibition(name="all", cause=EVERYTHING, effect=EVERYTHING)
    rules = replace(RULES, inhibitions=(mutual,))
    past = MemoryPast()
    one, other = past.raised(signal_of(Alarm.LEAK)), past.raised(signal_of(Alarm.FORCED))
    assert decide(one, NOTHING, past, rules, NOON).held is None
    assert decide(other, NOTHING, past, rules, NOON).held is None


def test_what_names_no_gateway_is_explained_by_none() -> None:
    past = MemoryPast()
    past.raised(signal_of(Alarm.GATEWAY_DOWN, subject="gateway:gw1", parameters={"gateway": ""}))
    notice = past.raised(signal_of(Alarm.DOOR_OFFLINE, parameters={"gateway": ""}))
    assert decide(notice, NOTHING, past, RULES, NOON + 2 * MINUTE).held is None


# How it behaves.


def test_what_must_last_is_told_once_it_did() -> None:
    signal = signal_of(Alarm.GATEWAY_DOWN, subject="gateway:gw1")
    decision = begun(signal)
    assert (decision.held, decision.by, decision.look_again) == (
        Hold.SETTLING,
        "gateway_down",
        NOON + 30 * SECOND,
    )
    assert begun(signal, now=NOON + 30 * SECOND).held is None


def test_what_did_not_last_is_told_to_nobody() -> None:
    past, signal = MemoryPast(), signal_of(Alarm.GATEWAY_DOWN, subject="gateway:gw1")
    notice = past.raised(signal)
    past.cleared(signal, NOON + 10 * SECOND)
    assert decide(notice, NOTHING, past, RULES, NOON + 30 * SECOND).held is Hold.OVER


def test_end_is_told_once_it_lasts() -> None:
    past = MemoryPast()
    past.tell(past.raised(signal_of()), NOON)
    end = past.cleared(signal_of(), NOON + HOUR)
    first = decide(end, NOTHING, past, RULES, end.at)
    assert (first.held, first.look_again) == (Hold.SETTLING, end.at + MINUTE)
    assert decide(end, NOTHING, past, RULES, end.at + MINUTE).held is None


def test_end_that_does_not_last_is_no_end_and_its_return_wakes_nobody_twice() -> None:
    past = MemoryPast()
    first = past.raised(signal_of())
    past.tell(first, NOON)
    end = past.cleared(signal_of(), NOON + MINUTE)
    again = past.raised(signal_of(at=NOON + MINUTE + 5 * SECOND))
    now = NOON + 2 * MINUTE
    ended = decide(end, NOTHING, past, RULES, now)
    assert (ended.held, ended.by) == (Hold.OVER, again.alert_id)
    back = decide(again, NOTHING, past, RULES, now)
    assert (back.held, back.by, back.look_again) == (Hold.SETTLING, first.alert_id, NOON + 15 * MINUTE)
    assert decide(again, NOTHING, past, RULES, NOON + 15 * MINUTE).held is None


def chattering(past: MemoryPast, times: int) -> list[Notice]:
    """Return the notices of something that is on for a second of each minute."""
    notices = []
    for number in range(times):
        signal = signal_of(at=NOON + number * MINUTE)
        notices += [past.raised(signal), past.cleared(signal, signal.received + SECOND)]
    return notices


def test_what_comes_and_goes_is_told_at_first_and_once_as_such() -> None:
    past, told = MemoryPast(), []
    for number in range(8):
        signal = signal_of(at=NOON + number * MINUTE)
        notice = past.raised(signal)
        decision = decide(notice, NOTHING, past, RULES, notice.at)
        if decision.held is None:
            past.tell(notice, notice.at)
            told.append((number, decision.flapping))
        past.cleared(signal, notice.at + SECOND)
    assert told == [(0, False), (2, True)]


def test_what_stays_after_it_came_and_went_is_told() -> None:
    past = MemoryPast()
    notices = chattering(past, 4)
    past.tell(notices[4], notices[4].at)
    lasting = past.raised(signal_of(at=NOON + 4 * MINUTE))
    held = decide(lasting, NOTHING, past, RULES, lasting.at)
    assert (held.held, held.look_again) == (Hold.FLAPPING, lasting.at + 10 * MINUTE)
    # Nobody has answered the first telling in time, and it is still on.
    assert decide(lasting, NOTHING, past, RULES, NOON + 20 * MINUTE) == replace(begun(signal_of()), flapping=False)


def test_end_of_what_came_and_went_is_told_when_it_stays_quiet() -> None:
    past = MemoryPast()
    notices = chattering(past, 3)
    past.tell(notices[4], notices[4].at)
    end = notices[5]
    held = decide(end, NOTHING, past, RULES, end.at)
    assert (held.held, held.look_again) == (Hold.FLAPPING, end.at + 10 * MINUTE)
    assert decide(end, NOTHING, past, RULES, end.at + 10 * MINUTE).held is None


# Hours.


@pytest.mark.parametrize("severity", list(Severity))
def test_quiet_hours_hold_no_red_and_only_what_they_name(severity: Severity) -> None:
    rules = replace(RULES, quiet=QuietHours(hours=parse_hours("22:00-24:00,00:00-07:00")))
    night = datetime(2026, 11, 23, 23, 30, tzinfo=SHANGHAI)
    decision = begun(signal_of(Alarm.INGEST_SILENT, severity=severity, at=night), rules=rules)
    if severity in {Severity.YELLOW, Severity.BLUE}:
        morning = datetime(2026, 11, 24, 7, tzinfo=SHANGHAI)
        assert (decision.held, decision.by, decision.look_again) == (Hold.QUIET, "quiet_hours", morning)
    else:
        assert decision.held is None


def test_quiet_hours_for_every_severity_do_not_hold_red() -> None:
    rules = replace(RULES, quiet=QuietHours(hours=(), severities=frozenset(Severity)))
    assert begun(signal_of(Alarm.INGEST_SILENT), rules=rules).held is None


def test_silence_that_recurs_holds_on_its_days_and_hours_only() -> None:
    weekly = silence(
        starts=NOON - 30 * 24 * HOUR,
        ends=NOON + 300 * 24 * HOUR,
        weekdays=frozenset({0}),
        hours=parse_hours("12:00-13:00"),
    )
    standing = Standing(silences=[weekly])
    held = begun(signal_of(at=NOON), standing)  # noon in UTC+8, a Monday
    assert (held.held, held.look_again) == (Hold.SILENCED, NOON + HOUR)
    assert begun(signal_of(at=NOON + HOUR), standing).held is None
    assert begun(signal_of(at=NOON + 24 * HOUR), standing).held is None


# Groups.


def test_first_of_an_orange_group_waits_for_nobody_and_the_next_a_little() -> None:
    assert begun(signal_of()).group_until is None
    past = MemoryPast()
    group = begun(signal_of()).group
    past.groups[group] = GroupPast(last_told=NOON - 10 * SECOND)
    notice = past.raised(signal_of(subject="device:d2"))
    assert decide(notice, NOTHING, past, RULES, NOON).group_until == NOON + 20 * SECOND


def test_group_of_lesser_things_waits_from_its_first() -> None:
    past = MemoryPast()
    notice = past.raised(signal_of(Alarm.DENIALS))
    first = decide(notice, NOTHING, past, RULES, NOON)
    assert first.group_until == NOON + 30 * SECOND
    past.groups[first.group] = GroupPast(waiting_since=NOON)
    other = past.raised(signal_of(Alarm.DENIALS, subject="device:d2"))
    assert decide(other, NOTHING, past, RULES, NOON + 20 * SECOND).group_until == NOON + 30 * SECOND
    assert decide(other, NOTHING, past, RULES, NOON + 30 * SECOND).group_until is None


def test_red_is_told_by_itself() -> None:
    decision = begun(signal_of(Alarm.INGEST_SILENT))
    assert (decision.group, decision.group_until) == ("", None)


def test_groups_are_by_what_the_site_says() -> None:
    rules = replace(RULES, grouping=replace(RULES.grouping, by=("gateway",)))
    one, other = signal_of(Alarm.LEAK), signal_of(Alarm.FORCED)
    assert begun(one).group != begun(other).group
    assert begun(one, rules=rules).group == begun(other, rules=rules).group


def test_open_alert_that_nobody_saw_is_told_again_after_a_while() -> None:
    past = MemoryPast()
    notice = past.raised(signal_of())
    assert tell_again(notice, NOTHING, past, RULES) is None
    past.tell(notice, NOON)
    assert tell_again(notice, NOTHING, past, RULES) == NOON + 4 * HOUR
    assert tell_again(notice, Standing(acknowledged={notice.alert_id: NOON}), past, RULES) is None
    past.cleared(signal_of(), NOON + MINUTE)
    assert tell_again(notice, NOTHING, past, RULES) is None


# Clocks.


def set_back(past: MemoryPast, notice: Notice) -> None:
    past.tell(notice, NOON)


def flap(past: MemoryPast, notice: Notice) -> None:
    del notice
    chattering(past, 5)


@pytest.mark.parametrize("before", [set_back, flap])
def test_clock_that_was_set_back_holds_nothing(before: Callable[[MemoryPast, Notice], None]) -> None:
    past = MemoryPast()
    before(past, past.raised(signal_of()))
    notice = past.raised(signal_of(Alarm.LEAK, at=NOON + SECOND))
    assert decide(notice, NOTHING, past, RULES, NOON - 24 * HOUR).held is None


@pytest.mark.parametrize("kind", [NoticeKind.REPEATED, NoticeKind.ACKNOWLEDGED])
def test_what_is_told_to_nobody_anyway_is_not_held(kind: NoticeKind) -> None:
    past = MemoryPast()
    notice = replace(past.raised(signal_of()), kind=kind)
    assert decide(notice, Standing(silences=[silence()]), past, RULES, NOON) == Decision()
