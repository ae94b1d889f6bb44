"""Who is told when: by route, roster and level; a hole falls to the default contact, and what is red is always told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.commands import alert_of
from alerts.dispatch import Notice, NoticeKind
from alerts.escalation import MOST_LEVELS, ClockName, clocks_of, cycle, later, levels
from alerts.model import AlertAction, AlertState, AlertStep
from alerts.policy import EVERYBODY, Contact, Escalation, Lapse, Policy, Rung, Shift, tell_everybody
from alerts.rosters import first_hole, on_duty
from alerts.routing import plan, plan_end
from sensors.events import EventType
from sensors.signals import Signal
from storage.policy_file import parse_policy
from tests.alerts.factories import raised
from tests.alerts.test_policy_file import GROUND, WHOLE
from tests.memory_records import NOON

MINUTE = timedelta(minutes=1)
GUARDS, DUTY, BOSS = "dingtalk:guards:1", "sms:duty:2", "sms:boss:3"
NIGHT = datetime(2026, 11, 25, 2, tzinfo=UTC)


def site_policy(text: str = WHOLE) -> Policy:
    policy, faults = parse_policy(text.encode(), GROUND)
    assert policy is not None, faults
    return policy


def notice(signal: Signal | None = None, at: datetime = NOON) -> Notice:
    found = signal or raised()
    return Notice(number=1, kind=NoticeKind.RAISED, alert_id=alert_of(found).id, signal=found, at=at)


def told(policy: Policy, signal: Signal | None = None, at: datetime = NOON) -> list[tuple[str, int, float]]:
    planned = plan(policy, notice(signal, at), at, is_workday=lambda _: False)
    return [(each.channel, each.level, (each.due - at) / MINUTE) for each in planned]


def test_without_a_file_everybody_is_told_and_red_again_after_1_and_3_minutes_and_each_10() -> None:
    found = told(tell_everybody(("a", "b")))
    assert found[:6] == [("a", 0, 0), ("b", 0, 0), ("a", 1, 1), ("b", 1, 1), ("a", 2, 3), ("b", 2, 3)]
    assert [when for channel, _, when in found if channel == "a"][3:] == [3 + 10 * number for number in range(1, 13)]


def test_without_a_file_orange_is_told_again_after_15_minutes_and_an_hour() -> None:
    assert told(tell_everybody(("a",)), raised(EventType.LEAK)) == [("a", 0, 0), ("a", 1, 15), ("a", 2, 60)]


def test_a_test_is_told_once() -> None:
    assert told(tell_everybody(("a",)), raised(test=True)) == [("a", 0, 0)]


def test_the_first_route_that_matches_wins_and_leads_on_into_another_escalation() -> None:
    assert told(site_policy(), at=NIGHT)[:5] == [
        (GUARDS, 0, 0),
        (DUTY, 0, 0),
        (GUARDS, 1, 1),
        (DUTY, 1, 1),
        (BOSS, 2, 3),
    ]


def test_what_no_route_takes_goes_to_the_default_contact() -> None:
    assert {channel for channel, _, _ in told(site_policy(), raised(EventType.LEAK))} == {GUARDS, DUTY}


def test_a_hole_that_an_absence_makes_falls_to_the_default_contact_and_says_so() -> None:
    away = datetime(2026, 11, 24, 9, tzinfo=UTC)
    text = WHOLE.replace("workday: false, ", "").replace('hours: "20:00-08:00", escalation', "escalation")
    planned = [each for each in plan(site_policy(text), notice(at=away), away) if each.level == 1]
    assert {each.channel for each in planned} == {GUARDS, DUTY}
    assert all(each.stands_in and "night" in each.reason for each in planned)


def test_an_exception_takes_the_place_of_the_week() -> None:
    roster = site_policy().rosters["night"]
    assert on_duty(roster, datetime(2026, 10, 2, 3)) == ("boss",)  # noqa: DTZ001 - local to the site
    assert on_duty(roster, datetime(2026, 10, 5, 3)) == ("room",)  # noqa: DTZ001


def test_a_contact_without_channels_leaves_it_to_everybody() -> None:
    policy = replace(site_policy(), default_contact="boss", contacts={"boss": Contact(name="boss", channels=())})
    assert {channel for channel, _, _ in told(policy)} == set(GROUND.channels)


def test_an_end_goes_only_to_those_who_were_told() -> None:
    assert [each.channel for each in plan_end({"b", "a"}, NOON)] == ["a", "b"]
    assert plan_end(set(), NOON) == []


def test_a_further_level_of_what_is_not_red_waits_for_the_end_of_quiet_hours() -> None:
    text = WHOLE.replace("severities: [blue]", "severities: [orange]")
    late = datetime(2026, 11, 23, 21, 50, tzinfo=UTC)
    planned = plan(site_policy(text), notice(raised(EventType.LEAK), late), late)
    assert {each.due for each in planned if each.level == 1} == {datetime(2026, 11, 24, 7, tzinfo=UTC)}


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6), st.integers(0, 10**6))
def test_every_red_alert_is_told_at_once_to_somebody_whatever_the_policy_says(names: Sequence[str], times: int) -> None:
    escalation = Escalation(
        name="e", rungs=tuple(Rung(to=(name,), after=Lapse(time=MINUTE)) for name in names), every=MINUTE, times=times
    )
    policy = Policy(channels=("x",), contacts={"a": Contact(name="a", channels=("x",))}, escalations={"e": escalation})
    planned = plan(policy, notice(), NOON)
    assert planned[0].due == NOON
    assert len(planned) <= MOST_LEVELS


def test_a_loop_is_named_and_cannot_run_away() -> None:
    loop = {name: Escalation(name=name, rungs=(Rung(), Rung(escalation=other))) for name, other in ("ab", "ba")}
    assert cycle(loop) == ("a", "b", "a")
    assert 0 < len(levels(loop, "a")) <= MOST_LEVELS


def test_who_goes_on_with_the_same_escalation_many_times_over_keeps_nobody_waiting() -> None:
    deep = 50
    doubled = {f"e{n}": Escalation(name=f"e{n}", rungs=(Rung(escalation=f"e{n + 1}"),) * 2) for n in range(deep)}
    doubled[f"e{deep}"] = Escalation(name=f"e{deep}", rungs=(Rung(to=(EVERYBODY,)),))
    assert cycle(doubled) == ()
    assert [rung.to for rung in levels(doubled, "e0")] == [(EVERYBODY,)] * MOST_LEVELS


@pytest.mark.parametrize(
    ("shifts", "hole"),
    [
        ([(range(7), 0, 1440)], None),
        ([(range(7), 1200, 720), (range(7), 480, 720)], None),
        ([(range(5), 0, 1440)], (5 * 1440, 7 * 1440)),
        ([(range(1, 7), 0, 1440)], (0, 1440)),
        ([], (0, 7 * 1440)),
    ],
)
def test_the_first_hole_of_a_week(shifts: list[tuple[range, int, int]], hole: tuple[int, int] | None) -> None:
    made = [Shift(weekdays=frozenset(days), start=at, minutes=long, contacts=("a",)) for days, at, long in shifts]
    assert first_hole(made) == hole


def test_a_workday_ends_at_the_same_hour_of_the_next_one() -> None:
    friday = datetime(2026, 11, 20, 9, tzinfo=UTC)
    due = later(friday, Lapse(workdays=1), timezone="Asia/Shanghai", is_workday=lambda day: day.weekday() < 5)
    assert due == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_clocks_run_from_receipt_and_stop_with_their_steps() -> None:
    alert = replace(alert_of(raised()), state=AlertState.ACKNOWLEDGED)
    seen = AlertStep(
        alert_id=alert.id, action=AlertAction.ACKNOWLEDGE, state=alert.state, actor_id="a", at=NOON + 2 * MINUTE
    )
    acknowledge, verify, _ = clocks_of(tell_everybody(()), alert, [seen])
    assert (acknowledge.name, acknowledge.is_late(NOON), acknowledge.done) == (ClockName.ACKNOWLEDGE, True, seen.at)
    assert (verify.due, verify.is_late(NOON + 4 * MINUTE)) == (NOON + 3 * MINUTE, True)
