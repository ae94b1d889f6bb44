"""Deliveries in the spool: planned once, urgent first, in order, tried again, stopped, moved with the clock."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from alerts.decisions import Decision, Hold
from alerts.dispatch import Answer, Attempt, Delivery, Notice, NoticeKind
from alerts.matching import Matcher
from alerts.routing import Planned
from alerts.standing import Drill, OutOfService, Shelf, Silence, Standing
from sensors.alarms import AlarmKind
from sensors.events import EventState, EventType
from sensors.readings import epoch_ms
from sensors.signals import Signal
from sensors.verdicts import Severity
from storage.spool import SqliteSpool
from storage.spool_codec import pack_signal
from storage.spool_deliveries import Held, SpoolDeliveries, Told
from storage.spool_notices import UnreadableNotice
from tests.alerts.factories import raised
from tests.memory_records import NOON
from tests.storage.test_spool_outbox import commit

DONE = Answer(delivery=Delivery.DONE)
RETRY = Answer(delivery=Delivery.RETRY, detail="HTTP 500")
DEAD = Answer(delivery=Delivery.DEAD, detail="HTTP 400")
MINUTE = timedelta(minutes=1)
OVER = EventState.CLEARED


@contextmanager
def deliveries_in(folder: Path, *signals: Signal) -> Iterator[SpoolDeliveries]:
    commit(folder, *signals)
    with closing(SpoolDeliveries(folder / "spool.db")) as deliveries:
        yield deliveries


def new(deliveries: SpoolDeliveries, now: datetime = NOON) -> list[Notice]:
    return [each for each in deliveries.to_plan(now=now, limit=99) if isinstance(each, Notice)]


def tell(deliveries: SpoolDeliveries, *channels: str, levels: Sequence[int] = (0,)) -> list[Notice]:
    """Plan all that is new for these channels, level n after n minutes."""
    notices = new(deliveries)
    planned = [
        Planned(channel=channel, level=level, due=NOON + level * MINUTE, reason="test")
        for channel in channels
        for level in levels
    ]
    deliveries.settle([Told(notice=each, at=NOON, planned=planned) for each in notices])
    return notices


def due(deliveries: SpoolDeliveries, channel: str = "a", now: datetime = NOON) -> list[tuple[NoticeKind, int]]:
    return [(each.kind, each.level) for each in deliveries.due(channel, now=now, limit=99)]


def answer(deliveries: SpoolDeliveries, said: Answer, *, again: datetime | None = None, now: datetime = NOON) -> None:
    """Answer the first that is due on channel a."""
    notice = deliveries.due("a", now=now, limit=1)[0]
    deliveries.answered("a", [Attempt(notice=notice, answer=said, again=again, at=now)])


def test_what_is_planned_is_new_no_more_and_due_on_its_channels_alone(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        assert due(deliveries) == []
        tell(deliveries, "a")
        assert new(deliveries) == []
        assert due(deliveries) == [(NoticeKind.RAISED, 0)]
        assert due(deliveries, "b") == []


def test_a_fire_goes_before_a_thousand_leaks_and_before_tests(tmp_path: Path) -> None:
    leaks = [raised(EventType.LEAK, device=f"leak{number}") for number in range(1000)]
    with deliveries_in(tmp_path, *leaks, raised(test=True), raised(zone="2F")) as deliveries:
        assert new(deliveries)[0].signal.zone == "2F"
        tell(deliveries, "a")
        while new(deliveries):
            tell(deliveries, "a")
        assert deliveries.due("a", now=NOON, limit=1)[0].signal.zone == "2F"


def test_a_notice_that_arrived_is_not_due_again(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        tell(deliveries, "a", "b")
        answer(deliveries, DONE, now=NOON + MINUTE)
        assert due(deliveries) == []
        assert due(deliveries, "b") == [(NoticeKind.RAISED, 0)]
        (told,) = deliveries.of_alert(deliveries.due("b", now=NOON, limit=1)[0].alert_id)[:1]
        assert (told.channel, told.due) == ("a", NOON + MINUTE)


def test_a_delayed_notice_is_due_when_its_time_comes_and_counts_its_attempts(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        tell(deliveries, "a")
        answer(deliveries, RETRY, again=NOON + MINUTE)
        assert due(deliveries) == []
        (again,) = deliveries.due("a", now=NOON + MINUTE, limit=9)
        assert again.attempts == 1


def test_an_end_waits_for_its_beginning_and_other_alerts_do_not(tmp_path: Path) -> None:
    leak = raised(EventType.LEAK, device="leak1")
    with deliveries_in(tmp_path, raised(), raised(state=OVER), leak) as deliveries:
        tell(deliveries, "a")
        assert due(deliveries) == [(NoticeKind.RAISED, 0)] * 2
        answer(deliveries, RETRY, again=NOON + MINUTE)
        (other,) = deliveries.due("a", now=NOON, limit=9)
        assert other.signal == leak
        answer(deliveries, DONE)
        answer(deliveries, DONE, now=NOON + MINUTE)
        assert due(deliveries) == [(NoticeKind.CLEARED, 0)]


def test_levels_come_one_after_another_and_stop_when_somebody_has_seen_it(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        (fire,) = tell(deliveries, "a", levels=(0, 1, 3))
        answer(deliveries, DONE)
        assert due(deliveries, now=NOON + MINUTE) == [(NoticeKind.RAISED, 1)]
        answer(deliveries, DONE, now=NOON + MINUTE)
        deliveries.hear({fire.alert_id: NOON + MINUTE}, up_to=7)
        assert due(deliveries, now=NOON + 9 * MINUTE) == []
        assert deliveries.steps_heard == 7
        assert deliveries.standing().acknowledged == {fire.alert_id: NOON + MINUTE}


def test_an_acknowledgement_still_lets_the_first_word_arrive(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        (fire,) = tell(deliveries, "a", levels=(0, 1))
        answer(deliveries, RETRY, again=NOON + MINUTE)
        deliveries.hear({fire.alert_id: NOON}, up_to=1)
        assert due(deliveries, now=NOON + MINUTE) == [(NoticeKind.RAISED, 0)]


def test_levels_that_fell_due_while_an_earlier_one_was_tried_are_told_by_it(tmp_path: Path) -> None:
    late = NOON + 2 * MINUTE
    with deliveries_in(tmp_path, raised()) as deliveries:
        tell(deliveries, "a", levels=(0, 1, 2, 9))
        answer(deliveries, DONE, now=late)
        assert due(deliveries, now=late) == []
        assert due(deliveries, now=NOON + 9 * MINUTE) == [(NoticeKind.RAISED, 9)]


def test_an_end_stops_the_levels_and_goes_to_those_who_were_told(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        (fire,) = tell(deliveries, "a", levels=(0, 5))
        assert deliveries.told(fire.alert_id) == {"a"}
        commit(tmp_path, raised(state=OVER))
        tell(deliveries, "a")
        answer(deliveries, DONE)
        answer(deliveries, DONE)
        assert due(deliveries, now=NOON + 9 * MINUTE) == []


def test_a_held_notice_is_looked_at_again_when_its_time_comes(tmp_path: Path) -> None:
    decision = Decision(held=Hold.SILENCED, by="s1", look_again=NOON + MINUTE)
    with deliveries_in(tmp_path, raised(EventType.LEAK)) as deliveries:
        (leak,) = new(deliveries)
        deliveries.settle([Held(notice=leak, decision=decision)])
        assert new(deliveries) == []
        assert new(deliveries, NOON + MINUTE) == [leak]
        deliveries.settle([Held(notice=leak, decision=Decision(held=Hold.OVER))])
        assert new(deliveries, NOON + 99 * MINUTE) == []


def test_a_clock_set_back_delays_nothing_that_was_planned(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        tell(deliveries, "a", levels=(0, 1))
        deliveries.shift(-timedelta(hours=1), clock_before=NOON)
        earlier = NOON - timedelta(hours=1)
        assert due(deliveries, now=earlier) == [(NoticeKind.RAISED, 0)]
        answer(deliveries, DONE, now=earlier)
        assert due(deliveries, now=earlier + MINUTE) == [(NoticeKind.RAISED, 1)]


def test_a_clock_set_ahead_fires_no_level_early_and_keeps_what_is_due(tmp_path: Path) -> None:
    ahead = NOON + timedelta(hours=1)
    with deliveries_in(tmp_path, raised()) as deliveries:
        tell(deliveries, "a", levels=(0, 1))
        deliveries.shift(timedelta(hours=1), clock_before=NOON)
        assert due(deliveries, now=ahead) == [(NoticeKind.RAISED, 0)]
        answer(deliveries, DONE, now=ahead)
        assert due(deliveries, now=ahead) == []
        assert due(deliveries, now=ahead + MINUTE) == [(NoticeKind.RAISED, 1)]


def test_a_channel_takes_what_nobody_planned_and_the_plan_tells_it_no_second_time(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised(), raised(EventType.LEAK)) as deliveries:
        unplanned = deliveries.unplanned()
        assert len(unplanned) == 1
        deliveries.take("a", unplanned)
        answer(deliveries, DONE)
        tell(deliveries, "a", "b")
        assert [each.signal.rule for each in deliveries.due("a", now=NOON, limit=9)] == ["F12"]
        assert len(due(deliveries, "b")) == 2


def test_what_was_given_up_is_kept_and_can_be_tried_again(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        tell(deliveries, "a")
        answer(deliveries, DEAD)
        (lost,) = deliveries.dead()
        assert (lost.channel, lost.detail, lost.attempts) == ("a", "HTTP 400", 1)
        assert deliveries.figures(now=NOON).dead == 1
        assert deliveries.retry([lost.number + 1]) == 0
        assert deliveries.retry() == 1
        assert due(deliveries) == [(NoticeKind.RAISED, 0)]


def test_the_figures_name_the_oldest_red_that_nobody_was_told_of(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised(), raised(EventType.LEAK)) as deliveries:
        assert deliveries.figures(now=NOON).oldest_urgent == NOON
        tell(deliveries, "a")
        assert deliveries.figures(now=NOON).waiting == 2
        answer(deliveries, DONE)
        assert deliveries.figures(now=NOON).oldest_urgent is None


def test_what_waits_for_a_channel_that_is_gone_is_planned_anew(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        tell(deliveries, "old")
        assert deliveries.reroute(["a"]) == 1
        tell(deliveries, "a")
        assert due(deliveries) == [(NoticeKind.RAISED, 0)]
        assert deliveries.reroute(["a"]) == 0


def test_what_the_other_node_sent_is_done_here(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised()) as deliveries:
        tell(deliveries, "a", "b", levels=(0, 1))
        keys = deliveries.keys_due(now=NOON + MINUTE, limit=9)
        assert len(keys) == 4
        deliveries.sent_elsewhere([each for each in keys if each[1] == "a"])
        assert due(deliveries, "a", NOON + MINUTE) == []
        assert due(deliveries, "b", NOON + MINUTE) == [(NoticeKind.RAISED, 0)]


def test_a_notice_that_cannot_be_read_keeps_nobody_waiting(tmp_path: Path) -> None:
    with deliveries_in(tmp_path, raised(), raised(EventType.LEAK)) as deliveries:
        with closing(sqlite3.connect(tmp_path / "spool.db")) as db, db:
            db.execute("UPDATE outbox SET signal = x'00' WHERE id = 2")
        whole, broken = deliveries.to_plan(now=NOON, limit=9)
        assert isinstance(broken, UnreadableNotice)
        deliveries.settle([Told(notice=broken, at=NOON)])
        assert deliveries.to_plan(now=NOON, limit=9) == [whole]


def test_what_stands_comes_back_as_it_was_said(tmp_path: Path) -> None:
    matcher = Matcher(kinds=frozenset({AlarmKind.WATER}), severities=frozenset({Severity.ORANGE}))
    standing = Standing(
        silences=(
            Silence(
                id="s",
                matcher=matcher,
                author="a",
                comment="c",
                weekdays=frozenset({0}),
                hours=((60, 120),),
                starts=NOON,
                ends=NOON + MINUTE,
            ),
        ),
        drills=(Drill(id="d", matcher=Matcher(), author="a", comment="c", starts=NOON, ends=NOON + MINUTE),),
        shelves=(Shelf(fingerprint="f", until=NOON, author="a", comment="c"),),
        out_of_service=(OutOfService(subject="device:x", since=NOON, until=NOON, author="a", comment="c"),),
    )
    with deliveries_in(tmp_path) as deliveries:
        assert deliveries.standing() == Standing()
        deliveries.keep_standing(standing)
        assert deliveries.standing() == standing


def test_what_waited_under_the_schema_before_goes_on_waiting(tmp_path: Path) -> None:
    scripts = sorted((Path(__file__).parents[2] / "storage" / "spool_migrations").glob("000[1-5]*.sql"))
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db:
        db.executescript("".join(script.read_text(encoding="utf-8") for script in scripts))
        db.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
        db.executemany("INSERT INTO schema_version VALUES (?)", [(number,) for number in range(1, 6)])
        fire, leak = raised(), raised(EventType.LEAK)
        for number, each in enumerate((fire, leak), start=1):
            values = (number, "raised", f"alert{number}", epoch_ms(NOON), pack_signal(each))
            db.execute("INSERT INTO outbox (id, kind, alert_id, at_ms, signal) VALUES (?, ?, ?, ?, ?)", values)
        db.executemany("INSERT INTO channels VALUES (?, ?)", [("a", 0), ("late", 1)])
        db.execute("INSERT INTO sends VALUES (1, 'a', 3, 'retry', ?, 'HTTP 500')", (epoch_ms(NOON),))
        db.execute("INSERT INTO sends VALUES (2, 'a', 1, 'done', 0, '')")
        db.commit()
    SqliteSpool(tmp_path / "spool.db", min_free_bytes=0).close()
    with closing(SpoolDeliveries(tmp_path / "spool.db")) as deliveries:
        (again,) = deliveries.due("a", now=NOON, limit=9)
        assert (again.signal, again.attempts) == (fire, 3)
        assert [each.signal for each in deliveries.due("late", now=NOON, limit=9)] == [leak]
        assert new(deliveries) == []
        assert deliveries.past(NOON).edges(fire.mark, since=NOON) != []
