"""Levels are written when they fall due, and what is held is decided anew when what held it is gone."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.commands import raise_alert, step
from alerts.decisions import Decision
from alerts.dispatch import Notice, NoticeKind, project
from alerts.matching import Matcher
from alerts.model import AlertAction, AlertState, alert_id
from alerts.past import GroupPast, Past
from alerts.policy import EVERYBODY, Escalation, Lapse, Policy, Route, Rung
from alerts.routing import Planned, still_to_come
from alerts.standing import Silence, Standing
from premises.notices.explained import Explained
from premises.notices.judging import Foreseen
from premises.notices.mirror import Mirror
from premises.notices.sender import UNPLANNED_S
from sensors.alarms import Alarm
from sensors.events import EventState, EventType
from sensors.signals import Signal, SignalKind
from storage.spool_deliveries import SpoolDeliveries
from storage.spool_outbox import SpoolOutbox
from storage.spool_plans import Told
from tests.alerts.factories import raised
from tests.alerts.memory_past import MemoryPast
from tests.alerts.memory_standing import MemoryStanding
from tests.alerts.signals import signal_of
from tests.memory_records import NOON, MemoryRecords
from tests.people import OFFICER
from tests.storage.test_spool_outbox import commit
from tests.test_alert_router import AlertPath, path_in

MINUTE = timedelta(minutes=1)


def tellings(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "spool.db")) as db:
        return int(db.execute("SELECT count(*) FROM tellings").fetchone()[0])


def test_a_red_alert_begins_with_its_first_word_alone(tmp_path: Path) -> None:
    with path_in(tmp_path, raised()) as path:
        path.run()
        assert tellings(tmp_path) == 1
        path.wait(minutes=1)
        assert tellings(tmp_path) == 2


def silenced_for_an_hour() -> Silence:
    return Silence(
        id="s", matcher=Matcher(), author="a", comment="c", starts=NOON - MINUTE, ends=NOON + timedelta(hours=1)
    )


def keep(folder: Path, standing: Standing) -> None:
    with closing(SpoolDeliveries(folder / "spool.db")) as deliveries:
        deliveries.keep_standing(standing)


def test_what_a_silence_held_is_told_as_soon_as_the_silence_is_ended_early(tmp_path: Path) -> None:
    with path_in(tmp_path, raised(EventType.LEAK)) as path:
        keep(tmp_path, Standing(silences=(silenced_for_an_hour(),)))
        assert path.run() == []
        keep(tmp_path, Standing())
        assert path.run() == ["raised"]


def test_what_is_over_is_held_no_longer_and_nobody_hears_of_it(tmp_path: Path) -> None:
    with path_in(tmp_path, raised(EventType.LEAK)) as path:
        keep(tmp_path, Standing(silences=(silenced_for_an_hour(),)))
        path.run()
        commit(tmp_path, raised(EventType.LEAK, state=EventState.CLEARED))
        assert path.run() == []
        with closing(SpoolDeliveries(tmp_path / "spool.db")) as deliveries:
            assert deliveries.figures(now=NOON).held == 0


def see(folder: Path, signal: Signal) -> None:
    with closing(SpoolDeliveries(folder / "spool.db")) as deliveries:
        deliveries.hear({alert_id(signal.mark, signal.time): NOON}, up_to=1)


def test_what_a_person_saw_while_it_was_silenced_is_told_to_nobody_afterwards(tmp_path: Path) -> None:
    leak = raised(EventType.LEAK)
    with path_in(tmp_path, leak) as path:
        keep(tmp_path, Standing(silences=(silenced_for_an_hour(),)))
        assert path.run() == []
        see(tmp_path, leak)
        assert path.wait(hours=2) == []
        assert path.wait(hours=9) == []


@pytest.mark.parametrize("action", [AlertAction.SHELVE, AlertAction.TAKE_OUT])
def test_what_was_put_aside_while_it_was_silenced_is_told_once_that_is_over(
    tmp_path: Path, action: AlertAction
) -> None:
    records, leak = MemoryRecords(), raised(EventType.LEAK)
    with path_in(tmp_path, leak) as path, closing(Mirror(tmp_path / "spool.db", path.clock)) as mirror:
        step(records, raise_alert(records, leak, clock=path.clock).id, action, actor=OFFICER, clock=path.clock)
        mirror.hear(records)
        keep(tmp_path, Standing(silences=(silenced_for_an_hour(),)))
        assert path.run() == []
        assert path.wait(hours=2) == ["raised"]


def test_of_a_fire_that_a_person_saw_first_only_the_first_word_goes_out(tmp_path: Path) -> None:
    with path_in(tmp_path, raised()) as path:
        see(tmp_path, raised())
        assert path.run() == ["raised"]
        assert path.wait(hours=9) == []


def quick(*minutes: int) -> Policy:
    """Return a policy that calls everybody at these minutes."""
    rungs = tuple(Rung(after=Lapse(time=each * MINUTE), to=(EVERYBODY,)) for each in minutes)
    escalations = {"e": Escalation(name="e", rungs=rungs)}
    return Policy(channels=("a",), escalations=escalations, routes=(Route(matcher=Matcher(), escalation="e"),))


def changing(*policies: Policy) -> tuple[Callable[[], Policy], list[Policy]]:
    now = list(policies)
    return (lambda: now[0]), now


@pytest.mark.parametrize(("before", "after", "next_"), [((0, 60), (0, 5), 1), ((0, 1, 2, 3), (0, 5), 4)])
def test_who_is_not_called_yet_is_called_by_the_file_as_it_is_changed(
    tmp_path: Path, before: tuple[int, ...], after: tuple[int, ...], next_: int
) -> None:
    policy, now = changing(quick(*before), quick(*after))
    with path_in(tmp_path, raised(EventType.LEAK), policy=policy) as path:
        path.run()
        path.wait(minutes=4)
        del now[0]
        assert path.run() == []
        assert path.wait(minutes=2) == [f"raised:{next_}"]
        assert path.wait(minutes=57) == []


def test_a_changed_file_tells_nothing_once_more_by_itself(tmp_path: Path) -> None:
    policy, now = changing(quick(0), quick(0, 1), quick(0))
    with path_in(tmp_path, raised(EventType.LEAK), policy=policy) as path:
        path.run()
        path.wait(minutes=30)
        del now[:2]
        assert path.run() == []
        assert path.wait(minutes=1) == []


def test_what_nobody_has_seen_is_told_again_after_hours_and_not_while_it_is_silenced(tmp_path: Path) -> None:
    silence = Silence(
        id="s", matcher=Matcher(), author="a", comment="c", starts=NOON + 5 * MINUTE, ends=NOON + timedelta(hours=9)
    )
    with path_in(tmp_path, raised(EventType.LEAK), policy=lambda: quick(0)) as path:
        assert path.run() == ["raised"]
        assert path.wait(hours=3) == []
        assert path.wait(hours=1) == ["raised:1"]
        keep(tmp_path, Standing(silences=(silence,)))
        assert path.wait(hours=4) == []
        assert path.wait(hours=1) == ["raised:2"]
        commit(tmp_path, raised(EventType.LEAK, state=EventState.CLEARED))
        path.wait(minutes=2)
        assert path.wait(hours=5) == []


def test_a_test_is_told_once(tmp_path: Path) -> None:
    with path_in(tmp_path, raised(test=True)) as path:
        assert path.run() == ["raised"]
        assert path.wait(hours=5) == []


def only_sender(path: AlertPath, *, minutes: float = 0) -> list[str]:
    before = len(path.channel.keys)
    path.clock.move(minutes=minutes)
    for _ in range(2):
        while path.sender.pass_once(lambda: False):
            pass
        path.steady.seconds += UNPLANNED_S
    return path.channel.keys[before:]


def test_a_router_that_is_dead_leaves_no_red_level_uncalled(tmp_path: Path) -> None:
    with path_in(tmp_path, raised(), raised(EventType.LEAK)) as path:
        assert len(path.run()) == 2
        assert only_sender(path, minutes=1.5) == ["raised:1"]
        assert only_sender(path, minutes=5) == []
        assert only_sender(path, minutes=5) == ["raised:2"]


def at(level: int, minutes: int) -> Planned:
    return Planned(channel="a", level=level, due=NOON + minutes * MINUTE, reason="")


def test_of_an_unchanged_plan_the_next_levels_are_still_to_come() -> None:
    plan = [at(0, 0), at(1, 1), at(2, 3)]
    assert still_to_come(plan, level=2, since=NOON + 3 * MINUTE) == [at(2, 3)]
    assert still_to_come(plan, level=3, since=NOON + 9 * MINUTE) == []


def test_of_a_changed_plan_what_comes_later_is_numbered_on() -> None:
    assert still_to_come([at(0, 0), at(1, 30)], level=4, since=NOON + 5 * MINUTE) == [at(4, 30)]


def test_a_repeat_that_was_told_in_the_same_pass_is_held_as_if_it_were_written(tmp_path: Path) -> None:
    first, again = raised(EventType.LEAK), raised(EventType.LEAK, at=NOON + MINUTE)
    over = raised(EventType.LEAK, state=EventState.CLEARED, at=NOON + 0.5 * MINUTE)
    with path_in(tmp_path, first, over, again) as path:
        path.clock.move(minutes=1)
        assert path.run() == ["raised"]


def foreseen(past: Past) -> Foreseen:
    return Foreseen(past, NOON)


def test_what_waits_for_its_group_is_known_before_it_is_written() -> None:
    past = foreseen(MemoryPast())
    leak = signal_of(Alarm.LEAK)
    notice = Notice(number=1, kind=NoticeKind.RAISED, alert_id="x", signal=leak, at=NOON)
    assert past.group("g") == GroupPast()
    past.remember(told_in_group(notice, minutes=1))
    assert past.group("g") == GroupPast(waiting_since=NOON)
    past.remember(told_in_group(notice, minutes=0))
    assert past.group("g") == GroupPast(waiting_since=NOON, last_told=NOON)


def told_in_group(notice: Notice, *, minutes: int) -> Told:
    until = NOON + minutes * MINUTE if minutes else None
    return Told(notice=notice, at=NOON, planned=[at(0, 0)], decision=Decision(group="g", group_until=until))


def test_an_alert_that_a_gateway_explains_is_shown_so_until_the_gateway_is_back(tmp_path: Path) -> None:
    gateway, door = signal_of(Alarm.GATEWAY_DOWN, subject="device:gw1"), signal_of(Alarm.DOOR_OFFLINE)
    records = MemoryStanding()
    with path_in(tmp_path, gateway, door) as path, closing(Explained(tmp_path / "spool.db", path.clock)) as explained:
        for _ in range(2):
            path.wait(minutes=1)
        _project(tmp_path, records)
        explained.follow(records)
        states = {each.rule: each.state for each in records.alert_rows.values()}
        assert states == {"G04": AlertState.RAISED, "D04": AlertState.SUPPRESSED}
        commit(tmp_path, signal_of(Alarm.GATEWAY_DOWN, subject="device:gw1", kind=SignalKind.CLEARED))
        path.wait(minutes=2)
        explained.follow(records)
        (door_alert,) = [each for each in records.alert_rows.values() if each.rule == "D04"]
        assert door_alert.state is AlertState.RAISED
        assert [each.action for each in records.alert_steps(door_alert.id)][1:] == [
            AlertAction.SUPPRESS,
            AlertAction.RELEASE,
        ]


def _project(folder: Path, records: MemoryStanding) -> None:
    with closing(SpoolOutbox(folder / "spool.db")) as outbox:
        for notice in outbox.to_project(limit=99):
            assert isinstance(notice, Notice)
            project(records, notice)
