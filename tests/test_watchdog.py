"""Each watcher, with its fault made for real: what begins is told once, and what is over ends by itself."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.channels.exchange import AddressError
from alerts.dispatch import Answer, Attempt, Delivery, NoticeKind
from alerts.model import alert_id
from alerts.policy import PlannedTest
from alerts.routing import Planned
from premises.watchdog.channels_watch import ChannelsWatch
from premises.watchdog.clock_watch import ClockWatch, ListeningTarget, PeerClocks, system_synchronised
from premises.watchdog.faults import Fault, Watcher
from premises.watchdog.heartbeat import Heartbeat
from premises.watchdog.jobs_watch import JobsWatch
from premises.watchdog.records_watch import RecordsWatch
from premises.watchdog.silence_watch import GONE_AFTER_S as SILENT_AFTER_S
from premises.watchdog.silence_watch import SilenceWatch
from premises.watchdog.stand_in import GONE_AFTER_S, StandIn
from premises.watchdog.tests_watch import TestsWatch
from premises.watchdog.watch import AGAIN_AFTER_S, Watch
from sensors.alarms import Alarm
from sensors.events import Event
from sensors.intake import SpoolEntry
from sensors.readings import ReadingBatch, ReadingFlag, epoch_ms
from storage.drain import drain
from storage.spool import SqliteSpool
from storage.spool_deliveries import SpoolDeliveries, Told
from storage.spool_health import SpoolHealth
from storage.spool_notices import UnreadableNotice
from storage.spool_outbox import SpoolOutbox
from tests.alerts.receiver import Reply, receiver
from tests.alerts.signals import HQ, signal_of
from tests.memory_records import NOON, HandClock

MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Seconds:
    """A clock that nobody sets, moved by hand."""

    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass(slots=True)
class Found:
    """A watcher that finds what it is told to find; None makes it blind."""

    faults: list[Fault] | None = field(default_factory=list)
    alarms: frozenset[Alarm] = frozenset({Alarm.RECORDS_AWAY})

    def look(self, now: datetime) -> list[Fault]:
        del now
        if self.faults is None:
            raise OSError
        return self.faults


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    path = tmp_path / "spool.db"
    SqliteSpool(path, min_free_bytes=0).close()
    return path


@pytest.fixture
def health(spool: Path) -> Iterator[SpoolHealth]:
    with closing(SpoolHealth(spool)) as found:
        yield found


def watch_of(spool: Path, *watchers: Watcher, steady: Callable[[], float] | None = None) -> Watch:
    return Watch(spool, watchers, site=lambda: HQ, clock=HandClock(NOON), steady=steady or Seconds())


def notices(spool: Path) -> list[tuple[NoticeKind, Alarm, str]]:
    """Return what is in the outbox, but for what is said again: kind, alarm, what it is about."""
    with closing(SpoolOutbox(spool)) as outbox:
        waiting = [each for each in outbox.to_project(limit=100) if not isinstance(each, UnreadableNotice)]
    told = [each for each in waiting if each.kind is not NoticeKind.REPEATED]
    return [(each.kind, each.signal.event, each.signal.zone) for each in told]


def planned(spool: Path, channel: str = "phone") -> None:
    """Plan what waits for one channel, at once."""
    with closing(SpoolDeliveries(spool)) as deliveries:
        waiting = deliveries.to_plan(now=NOON, limit=100)
        due = [Planned(channel=channel, level=0, due=NOON, reason="")]
        deliveries.settle(Told(notice=notice, at=NOON, planned=due) for notice in waiting)


def attempted(spool: Path, delivery: Delivery, times: int = 1, channel: str = "phone") -> None:
    """Let a channel answer so to what it is due."""
    with closing(SpoolDeliveries(spool)) as deliveries:
        for _ in range(times):
            for notice in deliveries.due(channel, now=NOON, limit=100):
                again = NOON if delivery is Delivery.RETRY else None
                attempt = Attempt(notice=notice, answer=Answer(delivery=delivery), again=again, at=NOON)
                deliveries.answered(channel, [attempt])


def alarm_told(spool: Path, zone: str = "") -> None:
    with closing(SpoolOutbox(spool)) as outbox:
        outbox.tell([signal_of(Alarm.FIRE, zone=zone)])


# What is told.


def test_what_is_wrong_is_told_once_and_ends_by_itself(spool: Path) -> None:
    found = Found([Fault(alarm=Alarm.RECORDS_AWAY)])
    with closing(watch_of(spool, found)) as watch:
        watch.look()
        watch.look()
        assert notices(spool) == [(NoticeKind.RAISED, Alarm.RECORDS_AWAY, "")]
        found.faults = []
        watch.look()
        watch.look()
    assert notices(spool)[1:] == [(NoticeKind.CLEARED, Alarm.RECORDS_AWAY, "")]


def test_what_was_told_before_a_restart_is_ended_after_it(spool: Path) -> None:
    with closing(watch_of(spool, Found([Fault(alarm=Alarm.RECORDS_AWAY)]))) as watch:
        watch.look()
    with closing(watch_of(spool, Found())) as watch:
        watch.look()
    assert [kind for kind, *_ in notices(spool)] == [NoticeKind.RAISED, NoticeKind.CLEARED]


def test_a_restart_tells_nothing_twice(spool: Path) -> None:
    for _ in range(3):
        with closing(watch_of(spool, Found([Fault(alarm=Alarm.RECORDS_AWAY)]))) as watch:
            watch.look()
    assert [kind for kind, *_ in notices(spool)] == [NoticeKind.RAISED]


def test_a_watcher_that_is_blind_ends_nothing_and_stops_no_other(spool: Path) -> None:
    blind, other = Found([Fault(alarm=Alarm.RECORDS_AWAY)]), Found(alarms=frozenset({Alarm.CLOCK_OFF}))
    with closing(watch_of(spool, blind, other)) as watch:
        watch.look()
        blind.faults, other.faults = None, [Fault(alarm=Alarm.CLOCK_OFF, about="ntp")]
        watch.look()
    assert notices(spool)[1:] == [(NoticeKind.RAISED, Alarm.CLOCK_OFF, "ntp")]


def test_what_goes_on_is_said_again_for_those_who_closed_it_too_early(spool: Path) -> None:
    steady, clock = Seconds(), HandClock(NOON)
    found = Found([Fault(alarm=Alarm.RECORDS_AWAY)])
    with closing(Watch(spool, [found], site=lambda: HQ, clock=clock, steady=steady)) as watch:
        watch.look()
        steady.now_s += AGAIN_AFTER_S
        clock.move(seconds=AGAIN_AFTER_S)
        watch.look()
    with closing(SpoolOutbox(spool)) as outbox:
        kinds = [each.kind for each in outbox.to_project(limit=9) if not isinstance(each, UnreadableNotice)]
    assert kinds == [NoticeKind.RAISED, NoticeKind.REPEATED]


# Channels.


def test_a_channel_that_fails_again_and_again_is_told_until_it_succeeds(spool: Path, health: SpoolHealth) -> None:
    channels = ChannelsWatch(health=health, failures=3, patience=2 * MINUTE)
    alarm_told(spool)
    planned(spool)
    attempted(spool, Delivery.RETRY, times=2)
    assert channels.look(NOON + 5 * MINUTE) == []
    attempted(spool, Delivery.RETRY)
    assert channels.look(NOON + MINUTE) == []
    (fault,) = channels.look(NOON + 5 * MINUTE)
    assert (fault.alarm, fault.about) == (Alarm.CHANNEL_FAILS, "phone")
    attempted(spool, Delivery.DONE)
    assert channels.look(NOON + 5 * MINUTE) == []


def test_refusals_for_good_count_as_failures(spool: Path, health: SpoolHealth) -> None:
    for zone in ("1", "2", "3"):
        alarm_told(spool, zone)
    planned(spool)
    attempted(spool, Delivery.DEAD)
    channels = ChannelsWatch(health=health, failures=3, patience=MINUTE)
    assert [fault.about for fault in channels.look(NOON + 5 * MINUTE)] == ["phone"]
    assert channels.look(NOON + timedelta(days=2)) == []


def test_a_red_that_every_channel_refused_for_good_keeps_the_heartbeat_back_until_it_is_seen(
    spool: Path, health: SpoolHealth
) -> None:
    alarm_told(spool)
    planned(spool)
    attempted(spool, Delivery.DEAD)
    assert health.oldest_unsent() == NOON
    with closing(SpoolDeliveries(spool)) as deliveries:
        deliveries.hear({alert_id(signal_of(Alarm.FIRE).mark, NOON): NOON}, up_to=1)
    assert health.oldest_unsent() is None


# Silence.


def heard(spool: Path, at: datetime) -> None:
    batch = ReadingBatch(site=HQ)
    batch.add(epoch_ms(at), "aq1", "co2_ppm", 600.0)
    with closing(SqliteSpool(spool, min_free_bytes=0)) as opened:
        opened.commit([SpoolEntry(gateway="gw1", received_ms=epoch_ms(at), received=1, readings=batch)])


def test_silence_is_told_after_its_time_and_ends_with_the_next_message(spool: Path, health: SpoolHealth) -> None:
    steady = Seconds()
    silence = SilenceWatch(health=health, patience=15 * MINUTE, runs=lambda: True, steady=steady)
    heard(spool, NOON)
    assert silence.look(NOON) == []
    steady.now_s += 14 * 60
    assert silence.look(NOON) == []
    steady.now_s += 60
    (fault,) = silence.look(NOON)
    assert (fault.alarm, fault.parameters["why"]) == (Alarm.INGEST_SILENT, "nothing_comes")
    heard(spool, NOON + MINUTE)
    assert silence.look(NOON) == []


def test_a_clock_that_is_set_makes_nobody_silent(spool: Path, health: SpoolHealth) -> None:
    silence = SilenceWatch(health=health, patience=15 * MINUTE, runs=lambda: True, steady=Seconds())
    heard(spool, NOON)
    assert [*silence.look(NOON), *silence.look(NOON + timedelta(days=9)), *silence.look(NOON - timedelta(days=9))] == []


def test_where_no_gateway_ever_spoke_nobody_is_silent(health: SpoolHealth) -> None:
    steady = Seconds()
    silence = SilenceWatch(health=health, patience=15 * MINUTE, runs=lambda: True, steady=steady)
    silence.look(NOON)
    steady.now_s += 24 * 3600
    assert silence.look(NOON) == []


def test_an_ingest_that_is_gone_is_told(spool: Path, health: SpoolHealth) -> None:
    steady = Seconds()
    heard(spool, NOON)
    silence = SilenceWatch(health=health, patience=15 * MINUTE, runs=lambda: False, steady=steady)
    assert silence.look(NOON) == []
    steady.now_s += SILENT_AFTER_S
    assert [fault.parameters["why"] for fault in silence.look(NOON)] == ["ingest_gone"]


# Records, jobs.


def test_records_that_stay_away_are_told(tmp_path: Path) -> None:
    steady, path = Seconds(), tmp_path / "records.db"
    path.touch()

    def reading() -> AbstractContextManager[object]:
        return closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True))

    records = RecordsWatch(reading=reading, patience=3 * MINUTE, steady=steady)
    assert records.look(NOON) == []
    path.unlink()
    steady.now_s += 60
    assert records.look(NOON) == []
    steady.now_s += 180
    assert [fault.alarm for fault in records.look(NOON)] == [Alarm.RECORDS_AWAY]
    path.touch()
    assert records.look(NOON) == []


def test_a_job_that_failed_is_told_until_it_succeeds() -> None:
    jobs = JobsWatch()
    jobs.ended("daily", ValueError("no such column"))
    jobs.ended("quick", None)
    assert [(fault.alarm, fault.about) for fault in jobs.look(NOON)] == [(Alarm.RULE_FAILED, "daily")]
    jobs.ended("daily", None)
    assert jobs.look(NOON) == []


# Clocks.


def clock_watch(peers: PeerClocks, *, synchronised: bool | None = None) -> ClockWatch:
    return ClockWatch(peers=peers, limit=MINUTE, synchronised=lambda: synchronised)


def told_of(peers: PeerClocks) -> list[str]:
    return [fault.about for fault in clock_watch(peers).look(NOON)]


@pytest.mark.parametrize(
    ("ahead_s", "told"),
    [
        ((-300.0, -301.0, -299.0), ["gateways"]),
        ((-300.0, 1.0, 2.0), []),
        ((-300.0, -300.0), []),
        ((300.0, 300.0, 300.0), []),
        ((3600.0, 3601.0, 3602.0), ["gateways"]),
    ],
)
def test_gateways_are_believed_together_and_may_hold_readings_back(ahead_s: Sequence[float], told: list[str]) -> None:
    peers = PeerClocks(Seconds())
    for number, each in enumerate(ahead_s):
        peers.heard(f"gw{number}", each + 100)
        peers.heard(f"gw{number}", each)
    assert told_of(peers) == told


def test_what_gateways_said_long_ago_counts_no_more() -> None:
    steady = Seconds()
    peers = PeerClocks(steady)
    for number in range(3):
        peers.heard(f"gw{number}", -300.0)
    steady.now_s += 3600
    assert told_of(peers) == []


def test_a_clock_that_nobody_keeps_right_is_told_where_that_is_known() -> None:
    peers = PeerClocks(Seconds())
    assert [fault.about for fault in clock_watch(peers, synchronised=False).look(NOON)] == ["ntp"]
    assert clock_watch(peers, synchronised=None).look(NOON) == []
    assert system_synchronised() in {True, False, None}


@dataclass(slots=True)
class Store:
    """A store that takes everything."""

    unchanged: int = 0
    refused: Sequence[object] = ()

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> "Store":
        del spool, last_entry, batches, events
        return self

    def drained_to(self, spool: str) -> int:
        del spool
        return 0


def test_the_drain_hears_that_all_gateways_are_ahead_of_us(spool: Path, health: SpoolHealth) -> None:
    peers = PeerClocks(Seconds())
    with closing(SqliteSpool(spool, min_free_bytes=0)) as opened:
        for number in range(3):
            batch = ReadingBatch(site=HQ)
            batch.add(epoch_ms(NOON + 5 * MINUTE), f"d{number}", "co2_ppm", 600.0)
            batch.add(epoch_ms(NOON - MINUTE), f"d{number}", "co2_ppm", 600.0, flags=ReadingFlag.BACKFILL)
            opened.commit([SpoolEntry(gateway="g", received_ms=epoch_ms(NOON), received=2, readings=batch)])
        target = ListeningTarget(
            target=Store(),  # type: ignore[arg-type]  # it refuses nothing
            peers=peers,
            gateway_of=lambda device: f"gw-{device}",
            oldest_entry=health.oldest_entry,
            clock=HandClock(NOON),
        )
        drain(opened, target)
    assert peers.ahead_s() == -300.0
    assert told_of(peers) == ["gateways"]


# Tests by plan.

WEEKLY = PlannedTest(name="weekly", to="guards", at=time(10), weekdays=frozenset({0}), confirm=15 * MINUTE)
MONDAY_10 = datetime(2026, 11, 23, 2, tzinfo=UTC)
"""Ten o'clock in Shanghai."""


def weekly_watch(health: SpoolHealth) -> TestsWatch:
    return TestsWatch(health=health, tests=lambda: [WEEKLY], zone=lambda: ZoneInfo("Asia/Shanghai"), site=lambda: HQ)


def looked(spool: Path, health: SpoolHealth, at: datetime) -> list[tuple[NoticeKind, Alarm, str]]:
    """Return everything told so far, after a look at this time by a process that has just started."""
    with closing(Watch(spool, [weekly_watch(health)], site=lambda: HQ, clock=HandClock(at))) as watch:
        watch.look()
    return notices(spool)


def test_a_test_is_sent_at_its_time_and_told_to_others_where_nobody_confirms(spool: Path, health: SpoolHealth) -> None:
    assert looked(spool, health, MONDAY_10 - MINUTE) == []
    sent = (NoticeKind.RAISED, Alarm.TEST, "weekly")
    assert looked(spool, health, MONDAY_10 + MINUTE) == [sent]
    assert looked(spool, health, MONDAY_10 + 14 * MINUTE) == [sent]
    assert looked(spool, health, MONDAY_10 + 15 * MINUTE)[1:] == [(NoticeKind.RAISED, Alarm.UNCONFIRMED_TEST, "weekly")]


def test_a_confirmed_test_ends_and_troubles_nobody(spool: Path, health: SpoolHealth) -> None:
    looked(spool, health, MONDAY_10)
    with closing(SpoolOutbox(spool)) as outbox:
        (notice,) = outbox.to_project(limit=9)
    assert not isinstance(notice, UnreadableNotice)
    with closing(SpoolDeliveries(spool)) as deliveries:
        deliveries.hear({notice.alert_id: MONDAY_10 + MINUTE}, up_to=1)
    told = looked(spool, health, MONDAY_10 + 30 * MINUTE)
    assert [kind for kind, *_ in told] == [NoticeKind.RAISED, NoticeKind.CLEARED]
    assert looked(spool, health, MONDAY_10 + 40 * MINUTE) == told


def test_a_test_that_was_missed_by_hours_is_left_out(spool: Path, health: SpoolHealth) -> None:
    assert looked(spool, health, MONDAY_10 + timedelta(hours=3)) == []


# The heartbeat and the stand-in.


def test_the_heartbeat_goes_out_only_while_all_is_well() -> None:
    ailing = [""]
    with receiver() as there:
        beat = Heartbeat(url=there.url, every_s=60, ailing=lambda: ailing[0])
        assert beat.beat()
        ailing[0] = "ingest does not run"
        assert not beat.beat()
        ailing[0] = ""
        there.replies = [Reply(status=500)]
        assert not beat.beat()
        assert len(there.posts) == 2


def test_the_heartbeat_keeps_its_time() -> None:
    steady, beats = Seconds(), list[float]()

    def ill() -> str:
        beats.append(steady())
        return "ill"

    beat = Heartbeat(url="http://127.0.0.1:1/x", every_s=60, ailing=ill, steady=steady)
    for _ in range(3):
        beat.pass_once(lambda: False)
    steady.now_s += 60
    beat.pass_once(lambda: False)
    assert len(beats) == 2


def test_an_address_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(AddressError):
        Heartbeat(url="ftp://x", every_s=60, ailing=str)


@dataclass(slots=True)
class Sends:
    said: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.said.append("start")

    def stop(self) -> None:
        self.said.append("stop")


def test_serve_sends_while_ingest_is_gone_and_no_longer() -> None:
    steady, sends, runs = Seconds(), Sends(), [True]
    stand_in = StandIn(lambda: runs[0], lambda: sends, steady)
    for runs[0], pause_s in ((True, 1.0), (False, GONE_AFTER_S - 1), (False, 1.0), (False, 9.0), (True, 0.0)):
        steady.now_s += pause_s
        stand_in.pass_once(lambda: False)
    assert sends.said == ["start", "stop"]


def test_a_stand_in_that_could_not_begin_is_made_anew() -> None:
    steady, sends, fails = Seconds(), Sends(), [True, False]

    @dataclass(slots=True)
    class FailsOnce(Sends):
        def start(self) -> None:
            if fails.pop(0):
                raise OSError
            sends.start()

    stand_in = StandIn(lambda: False, FailsOnce, steady)
    stand_in.pass_once(lambda: False)
    steady.now_s += GONE_AFTER_S
    with pytest.raises(OSError, match=r"^$"):
        stand_in.pass_once(lambda: False)
    stand_in.pass_once(lambda: False)
    assert sends.said == ["start"]
