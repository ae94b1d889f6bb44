"""Fires that could be taken for one that is known already, or that stand behind a damaged row: they are told."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts.commands import acknowledge
from alerts.dispatch import Answer, Delivery, Notice, project
from alerts.model import Alert, AlertState, AlertStep, alert_id
from alerts.policy import Contact, Policy, tell_everybody
from premises.notices.projector import PROJECTED_AT_ONCE, Projector
from premises.notices.router import Clocks, Router
from premises.notices.sender import UNPLANNED_S, Sender
from sensors.alarms import Alarm
from sensors.events import EventState, EventType
from sensors.signals import Signal
from sensors.verdicts import Severity
from storage.spool_deliveries import DeliveryState, SpoolDeliveries
from storage.spool_health import SpoolHealth
from storage.spool_outbox import ANOTHER_FIRE_AFTER_MS, SpoolOutbox
from storage.spool_restart import SpoolRestart
from storage.spool_stand_in import UNREADABLE
from tests.alerts.factories import raised
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.people import OFFICER
from tests.storage.test_spool_outbox import commit
from tests.test_alert_router import AlertPath, Hears, Steady, path_in

LONG_AFTER = NOON + timedelta(milliseconds=ANOTHER_FIRE_AFTER_MS, days=20)


class FailsOverOne:
    """A channel that cannot put the notice of one zone into words."""

    name = "a"

    def send(self, notice: Notice) -> Answer:
        if notice.signal.zone == "1F":
            raise RecursionError
        return Answer(delivery=Delivery.DONE)


class TakesNothing:
    """A channel whose receiver is away."""

    name = "a"

    def send(self, _: Notice) -> Answer:
        return Answer(delivery=Delivery.RETRY)


@dataclass(slots=True)
class Takes:
    """A channel that keeps the levels that it told."""

    name: str = "a"
    levels: list[int] = field(default_factory=list)

    def send(self, notice: Notice) -> Answer:
        self.levels.append(notice.level)
        return Answer(delivery=Delivery.DONE)


def at(instant: datetime, signal: Signal, *, onset: datetime | None = None) -> Signal:
    return replace(signal, received=instant, time=onset or instant)


def project_all(folder: Path, records: MemoryRecords) -> None:
    with closing(SpoolOutbox(folder / "spool.db")) as outbox:
        for notice in sorted(outbox.to_project(limit=100), key=lambda each: each.number):
            assert isinstance(notice, Notice)
            with records.transaction() as tx:
                project(tx, notice)
            outbox.projected(notice.number)


def test_a_fire_behind_one_whose_end_was_never_heard_is_told_and_is_an_alert_of_its_own(tmp_path: Path) -> None:
    records, later = MemoryRecords(), at(LONG_AFTER, raised())
    first, second = (alert_id(raised().mark, each) for each in (NOON, LONG_AFTER))
    with path_in(tmp_path, raised()) as path:
        assert path.run() == ["raised"]
        project_all(tmp_path, records)
        acknowledge(records, first, actor=OFFICER, clock=HandClock(NOON))
        path.wait(hours=3)
        path.clock.instant = LONG_AFTER
        commit(tmp_path, later)
        assert path.run() == ["raised"]
    project_all(tmp_path, records)
    found = {alert: records.alert(alert) for alert in (first, second)}
    assert {key: each.state for key, each in found.items() if each} == {
        first: AlertState.CLEARED,
        second: AlertState.RAISED,
    }


def test_a_fire_that_goes_on_being_said_is_told_once(tmp_path: Path) -> None:
    with path_in(tmp_path, raised()) as path:
        assert path.run() == ["raised"]
        for minutes in range(0, 300, 50):
            commit(tmp_path, at(NOON + timedelta(minutes=minutes), raised()))
        commit(tmp_path, at(LONG_AFTER, raised(), onset=NOON))
        assert path.run() == []


def test_a_second_fire_with_the_onset_of_the_first_is_told(tmp_path: Path) -> None:
    soon = NOON + timedelta(minutes=1)
    with path_in(tmp_path, raised()) as path:
        assert path.run() == ["raised"]
        commit(tmp_path, at(soon, raised(state=EventState.CLEARED), onset=NOON))
        assert path.run() == ["cleared"]
        commit(tmp_path, at(soon, raised(), onset=NOON))
        assert path.run() == ["raised"]


def newer(folder: Path) -> None:
    """Let the first row be one of a version that knows more alarms."""
    with closing(sqlite3.connect(folder / "spool.db")) as db, db:
        db.execute("UPDATE outbox SET signal = CAST(replace(signal, '\"fire\"', '\"quench\"') AS BLOB) WHERE id = 1")


def test_what_is_urgent_and_cannot_be_read_is_told_as_a_fire_with_a_doubt(tmp_path: Path) -> None:
    with path_in(tmp_path, raised(zone="2F"), raised(zone="3F")) as path:
        newer(tmp_path)
        with closing(SpoolHealth(tmp_path / "spool.db")) as health:
            path.router.pass_once(lambda: False)
            assert health.oldest_unsent() is not None
            with closing(SpoolDeliveries(tmp_path / "spool.db")) as deliveries:
                told, other = deliveries.due("a", now=NOON, limit=9)
            assert (told.signal.event, told.signal.severity, told.signal.doubts) == (
                Alarm.FIRE,
                Severity.RED,
                (UNREADABLE,),
            )
            assert (str(told.signal.subject), told.signal.zone, other.signal.zone) == ("device:panel1", "2F", "3F")
            assert path.run() == ["raised", "raised"]
            assert health.oldest_unsent() is None
        assert path.wait(minutes=1) == ["raised:1", "raised:1"]


def test_what_cannot_be_read_is_told_to_all_whatever_the_routes_say(tmp_path: Path) -> None:
    contact = Contact(name="boss", channels=("b",))
    policy = Policy(channels=("a", "b"), default_contact="boss", contacts={"boss": contact})
    with path_in(tmp_path, raised(), policy=lambda: policy) as path:
        newer(tmp_path)
        assert path.run() == ["raised"]


def test_what_cannot_be_read_stands_in_the_records_and_its_end_is_told(tmp_path: Path) -> None:
    records = MemoryRecords()
    with path_in(tmp_path, raised()) as path:
        newer(tmp_path)
        path.run()
        project_all(tmp_path, records)
        (alert,) = records.alert_rows.values()
        assert (alert.id, alert.doubts) == (alert_id(raised().mark, NOON), (UNREADABLE,))
        commit(tmp_path, raised(state=EventState.CLEARED))
        assert path.run() == ["cleared"]


@pytest.mark.parametrize(
    "damage",
    ["kind = 'unheard_of'", "signal = CAST(signal AS TEXT)", "at_ms = 1e300", "at_ms = 9e17", "signal = x'00'"],
)
def test_a_damaged_row_is_told_and_keeps_no_other_fire_from_people(tmp_path: Path, damage: str) -> None:
    with path_in(tmp_path, raised(zone="1F")) as path:
        with closing(sqlite3.connect(tmp_path / "spool.db")) as db:
            db.execute(f"UPDATE outbox SET {damage}")  # noqa: S608 - the words are ours
            db.commit()
        commit(tmp_path, raised(zone="2F"))
        assert path.run() == ["raised", "raised"]
        assert path.wait(seconds=2 * UNPLANNED_S) == []


def test_a_notice_that_a_channel_fails_over_keeps_no_other_from_people(tmp_path: Path) -> None:
    with path_in(tmp_path, raised(zone="1F")) as path:
        path.sender = Sender(tmp_path / "spool.db", FailsOverOne(), path.clock)
        path.run()
        commit(tmp_path, raised(zone="2F"))
        path.run()
        with closing(SpoolDeliveries(tmp_path / "spool.db")) as deliveries:
            told = {
                each.notice.signal.zone: each.state
                for zone in ("1F", "2F")
                for each in deliveries.of_alert(alert_id(raised(zone=zone).mark, NOON))
                if each.level == 0
            }
        path.sender.close()
    assert told == {"1F": DeliveryState.RETRY, "2F": DeliveryState.DONE}


def test_a_clock_that_was_ahead_before_a_restart_puts_off_no_fire(tmp_path: Path) -> None:
    with path_in(tmp_path, raised()) as path:
        path.clock.move(days=400)
        path.router.pass_once(lambda: False)
        path.sender = Sender(tmp_path / "spool.db", TakesNothing(), path.clock)
        path.sender.pass_once(lambda: False)
        path.sender.close()
    levels = told_after_a_restart(tmp_path, HandClock(NOON))
    assert levels == [0]


def test_a_clock_set_ahead_forgets_nothing_that_nobody_was_told_of(tmp_path: Path) -> None:
    with path_in(tmp_path, raised()) as path, closing(SpoolOutbox(tmp_path / "spool.db")) as outbox:
        path.sender = Sender(tmp_path / "spool.db", TakesNothing(), path.clock)
        path.run()
        project_all(tmp_path, MemoryRecords())
        path.clock.move(days=365 * 26)
        outbox.forget_old(path.clock.now())
        path.sender.close()
        levels = told_after_a_restart(tmp_path, path.clock)
    assert levels[0] == 0


def told_after_a_restart(folder: Path, clock: HandClock) -> list[int]:
    """Return the levels of a fire that one pass of a sender tells."""
    with closing(SpoolRestart(folder / "spool.db")) as restart:
        restart.bring_near(clock.now())
    takes = Takes()
    with closing(Sender(folder / "spool.db", takes, clock)) as sender:
        sender.pass_once(lambda: False)
    return takes.levels


def test_levels_planned_by_a_clock_that_was_ahead_come_in_their_time(tmp_path: Path) -> None:
    with path_in(tmp_path, raised()) as path:
        path.clock.move(days=400)
        assert path.run() == ["raised"]
    clock, steady = HandClock(NOON), Steady()
    with closing(SpoolRestart(tmp_path / "spool.db")) as restart:
        restart.bring_near(clock.now())
    router = Router(
        tmp_path / "spool.db",
        policy=lambda: tell_everybody(("a",)),
        clocks=Clocks(wall=clock, steady=steady),
        planned=lambda: None,
    )
    takes = Takes()
    with closing(router), closing(Sender(tmp_path / "spool.db", takes, clock)) as sender:
        restarted = AlertPath(router, sender, Hears(), clock, steady)
        restarted.wait(seconds=59)
        assert takes.levels == []
        restarted.wait(seconds=2)
        assert takes.levels == [1]


class Picky(MemoryRecords):
    """Records that refuse the alerts of some zones."""

    def save_alert(self, alert: Alert, step: AlertStep) -> None:
        if alert.zone.startswith("refused"):
            raise ValueError(alert.zone)
        super().save_alert(alert, step)


def test_what_the_records_refuse_steps_back_for_what_came_later(tmp_path: Path) -> None:
    refused = [raised(zone=f"refused {n}") for n in range(2 * PROJECTED_AT_ONCE)]
    commit(tmp_path, *refused, raised(EventType.LEAK, zone="cellar"), raised(zone="2F"))
    records = Picky()
    with closing(Projector(tmp_path / "spool.db", lambda: records, HandClock())) as projector:
        for _ in range(4):
            projector.pass_once(lambda: False)
    assert [each.zone for each in records.alert_rows.values()] == ["2F", "cellar"]
