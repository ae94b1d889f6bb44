"""The alert path of one process through hours and restarts, by clocks moved by hand: no red alert stays unsent."""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from alerts.dispatch import Answer, Delivery, Notice, dispatch
from alerts.policy import Policy, tell_everybody
from premises.notices.alerting import Alerting, Records
from premises.notices.router import Clocks, Router
from sensors.events import EventState
from sensors.intake import SpoolEntry
from sensors.readings import epoch_ms
from sensors.signals import Signal
from storage.spool import SqliteSpool
from storage.spool_deliveries import SpoolDeliveries
from storage.spool_health import SpoolHealth
from tests.alerts.factories import raised
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.servers import eventually

CHANNEL = "phone"
OPEN = 1_000


@dataclass(slots=True)
class Phone:
    """A channel that answers as it is told and keeps what it took."""

    answer: Delivery = Delivery.DONE
    name: str = CHANNEL
    tried: int = 0
    taken: list[str] = field(default_factory=list)

    def send(self, notice: Notice) -> Answer:
        self.tried += 1
        if self.answer is Delivery.DONE:
            self.taken.append(notice.key)
        return Answer(delivery=self.answer)


def commit(spool: Path, signals: Sequence[Signal] = (), *, at: datetime = NOON) -> None:
    with closing(SqliteSpool(spool, min_free_bytes=0)) as opened:
        opened.commit([SpoolEntry(gateway="gw1", received_ms=epoch_ms(at), received=1, signals=signals)])


def oldest_unsent(spool: Path) -> datetime | None:
    with closing(SpoolHealth(spool)) as health:
        return health.oldest_unsent()


def only_phone() -> Policy:
    return tell_everybody((CHANNEL,))


def router_of(spool: Path, wall: HandClock, steady: Callable[[], float]) -> Router:
    return Router(spool, policy=only_phone, clocks=Clocks(wall=wall, steady=steady), planned=lambda: None)


def test_a_channel_that_is_down_for_an_hour_tells_everything_afterwards(tmp_path: Path) -> None:
    spool, clock, phone = tmp_path / "spool.db", HandClock(), Phone(Delivery.RETRY)
    commit(spool, [raised(zone=str(zone)) for zone in range(5)])
    seconds = [0.0]
    with closing(router_of(spool, clock, lambda: seconds[0])) as router, closing(SpoolDeliveries(spool)) as deliveries:
        router.pass_once(lambda: False)
        for _ in range(60):
            dispatch(deliveries, phone, clock=clock)
            clock.move(minutes=1)
            seconds[0] += 60
        assert phone.taken == []
        assert phone.tried < 5 * 60
        assert oldest_unsent(spool) == NOON
        phone.answer = Delivery.DONE
        clock.move(minutes=5)
        dispatch(deliveries, phone, clock=clock)
    assert len({key.split(":")[1] for key in phone.taken}) == 5
    assert oldest_unsent(spool) is None


def test_fires_are_told_whichever_way_the_clock_is_set(tmp_path: Path) -> None:
    spool, clock, phone, seconds = tmp_path / "spool.db", HandClock(), Phone(), [0.0]
    commit(spool)
    with closing(router_of(spool, clock, lambda: seconds[0])) as router, closing(SpoolDeliveries(spool)) as deliveries:
        for zone, step in enumerate((0, 86_400, -2 * 86_400, 3_600, -3_600)):
            clock.move(seconds=step)
            commit(spool, [raised(zone=str(zone), at=clock.now())], at=clock.now())
            router.pass_once(lambda: False)
            dispatch(deliveries, phone, clock=clock)
            seconds[0] += 1
    assert len([key for key in phone.taken if key.count(":") == 1]) == 5
    assert oldest_unsent(spool) is None


def test_what_waits_to_be_tried_again_does_not_wait_for_a_clock_that_was_set_back(tmp_path: Path) -> None:
    spool, clock, phone, seconds = tmp_path / "spool.db", HandClock(), Phone(Delivery.RETRY), [0.0]
    commit(spool, [raised()])
    with closing(router_of(spool, clock, lambda: seconds[0])) as router, closing(SpoolDeliveries(spool)) as deliveries:
        router.pass_once(lambda: False)
        dispatch(deliveries, phone, clock=clock)
        clock.move(days=-1)
        router.pass_once(lambda: False)
        phone.answer = Delivery.DONE
        clock.move(seconds=30)
        seconds[0] += 30
        dispatch(deliveries, phone, clock=clock)
    assert len(phone.taken) == 1
    assert oldest_unsent(spool) is None


@dataclass(slots=True)
class Running:
    """An alerting that is started and stopped as a process is."""

    alerting: Alerting

    def __enter__(self) -> Alerting:
        self.alerting.start()
        return self.alerting

    def __exit__(self, *_: object) -> None:
        self.alerting.stop()


def running(spool: Path, phone: Phone, records: Callable[[], Records]) -> AbstractContextManager[Alerting]:
    return Running(Alerting(spool, channels=[phone], records=records, clock=HandClock(), policy=only_phone))


def test_a_restart_with_a_thousand_open_alerts_repeats_nothing_and_forgets_nothing(tmp_path: Path) -> None:
    spool, phone, records = tmp_path / "spool.db", Phone(), MemoryRecords()
    fires = [raised(zone=str(zone)) for zone in range(OPEN)]
    commit(spool, fires)
    with running(spool, phone, lambda: records):
        eventually(lambda: len(phone.taken) == OPEN, what="all are told", seconds=60)
    again = NOON + timedelta(minutes=1)
    with running(spool, phone, lambda: records) as alerting:
        commit(spool, [raised(zone=str(zone), at=again) for zone in range(OPEN)], at=again)
        commit(spool, [raised(zone=str(zone), state=EventState.CLEARED, at=again) for zone in range(OPEN)], at=again)
        alerting.wake()
        eventually(lambda: len(phone.taken) >= 2 * OPEN, what="all are told to be over", seconds=60)
    kinds = [key.split(":")[0] for key in phone.taken]
    assert (kinds.count("raised"), kinds.count("cleared")) == (OPEN, OPEN)
    assert oldest_unsent(spool) is None


def test_records_that_hang_hold_up_no_fire(tmp_path: Path) -> None:
    spool, phone, back = tmp_path / "spool.db", Phone(), threading.Event()
    records = MemoryRecords()

    def hanging() -> Records:
        back.wait(30)
        return records

    commit(spool, [raised()])
    with running(spool, phone, hanging):
        try:
            eventually(lambda: len(phone.taken) == 1, what="the fire is told")
            assert records.alert_rows == {}
        finally:
            back.set()
    assert oldest_unsent(spool) is None
