"""The rules over events beside ingest: durable with their events, once, and over a restart."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.watch.facts import NO_FACTS, Facts
from alerts.watch.rules.exit_locked import ExitLocked
from premises.intake.thresholds_now import Thresholds
from premises.intake.watching import Ticker, Watching
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.intake import GatewayStatus, SpoolEntry
from sensors.readings import ReadingBatch, ReadingFlag, epoch_ms
from sensors.topology import DeviceId, Registry
from storage.spool import SpoolFullError, SqliteSpool
from storage.spool_notices import UnreadableNotice
from storage.spool_outbox import SpoolOutbox
from storage.spool_watch import SpoolWatch
from tests.alerts.factories import HQ, event, registry
from tests.memory_records import NOON
from tests.servers import eventually

NOON_MS = epoch_ms(NOON)
MINUTE_MS = 60_000


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ms = NOON_MS


class Ingest:
    """A spool with the watch beside it, as ingest has it."""

    def __init__(
        self, folder: Path, clock: Clock, site: Registry | None = None, thresholds: Thresholds | None = None
    ) -> None:
        self.path = folder / "spool.db"
        self.spool = SqliteSpool(self.path, min_free_bytes=0)
        self.clock = clock
        self.site = site or registry()
        self.ticks = SpoolWatch(self.path)
        self.watching = Watching(
            self.ticks,
            registry=lambda: self.site,
            now_ms=lambda: clock.now_ms,
            facts=lambda: NO_FACTS,
            thresholds=thresholds,
        )

    def take(self, *entries: SpoolEntry) -> None:
        with self.watching.over(entries) as watched:
            self.spool.commit(entries, watched=watched)

    def fail(self, *entries: SpoolEntry) -> None:
        with self.watching.over(entries) as watched:
            assert watched.signals
            raise SpoolFullError.at(self.path)

    def told(self, at_ms: int, *events: Event) -> None:
        self.clock.now_ms = at_ms
        self.take(SpoolEntry(gateway="gw1", received_ms=at_ms, received=len(events), events=events))

    def tick(self, at_ms: int) -> None:
        self.clock.now_ms = at_ms
        self.watching.look()
        with self.watching.tick() as watched:
            if watched:
                self.ticks.commit(watched)

    def signals(self) -> list[tuple[Alarm, str, str]]:
        with closing(SpoolOutbox(self.path)) as outbox:
            waiting = outbox.to_project(limit=10_000)
        notices = [each for each in waiting if not isinstance(each, UnreadableNotice)]
        return [(each.signal.event, str(each.signal.subject), each.kind.value) for each in notices]

    def close(self) -> None:
        self.spool.close()
        self.ticks.close()


@contextmanager
def ingest(
    folder: Path, clock: Clock, site: Registry | None = None, thresholds: Thresholds | None = None
) -> Iterator[Ingest]:
    with closing(Ingest(folder, clock, site, thresholds)) as running:
        yield running


def status(state: str, at_ms: int, *, retained: bool = False) -> SpoolEntry:
    said = GatewayStatus(state=state, boot=None, interval_s=None, received_ms=at_ms, retained=retained)
    return SpoolEntry(gateway="gw1", received_ms=at_ms, received=1, status=said)


MANUAL = event(EventType.MANUAL_MODE, zone="smoke control")


def test_manual_mode_alerts_once_its_time_is_over_and_ends_with_it(tmp_path: Path) -> None:
    with ingest(tmp_path, Clock()) as running:
        running.told(NOON_MS, MANUAL)
        running.tick(NOON_MS + 5 * MINUTE_MS)
        assert running.signals() == []
        for minute in (6, 7, 8):
            running.tick(NOON_MS + minute * MINUTE_MS)
        running.told(NOON_MS + 9 * MINUTE_MS, replace(MANUAL, state=EventState.CLEARED))
        told = (Alarm.MANUAL_MODE, "device:panel1")
        assert running.signals() == [(*told, "raised"), (*told, "cleared")]


def test_restart_with_a_thousand_standing_states_neither_repeats_nor_forgets(tmp_path: Path) -> None:
    clock, count = Clock(), 1000
    zones = [replace(MANUAL, zone=f"zone {number}") for number in range(count)]
    with ingest(tmp_path, clock) as running:
        running.told(NOON_MS, *zones)
        running.tick(NOON_MS + 6 * MINUTE_MS)
        assert len(running.signals()) == count
    with ingest(tmp_path, clock) as running:
        running.tick(NOON_MS + 7 * MINUTE_MS)
        running.told(NOON_MS + 8 * MINUTE_MS, *zones)
        running.tick(NOON_MS + 20 * MINUTE_MS)
        assert len(running.signals()) == count
        running.told(NOON_MS + 21 * MINUTE_MS, *(replace(each, state=EventState.CLEARED) for each in zones))
        assert [kind for *_, kind in running.signals()].count("cleared") == count


def test_state_that_began_before_a_restart_alerts_after_it(tmp_path: Path) -> None:
    clock = Clock()
    with ingest(tmp_path, clock) as running:
        running.told(NOON_MS, MANUAL)
    with ingest(tmp_path, clock) as running:
        running.tick(NOON_MS + 6 * MINUTE_MS)
        assert [alarm for alarm, *_ in running.signals()] == [Alarm.MANUAL_MODE]


def test_commit_that_fails_changes_nothing_and_the_same_again_alerts(tmp_path: Path) -> None:
    entries = [status("lost", NOON_MS)]
    with ingest(tmp_path, Clock()) as running:
        with pytest.raises(SpoolFullError):
            running.fail(*entries)
        assert running.signals() == []
        running.take(*entries)
        assert (Alarm.GATEWAY_DOWN, "gateway:gw1", "raised") in running.signals()


def test_lost_gateway_and_the_panel_behind_it_are_told_at_once_and_end_when_it_is_back(tmp_path: Path) -> None:
    with ingest(tmp_path, Clock()) as running:
        running.take(status("lost", NOON_MS))
        running.take(status("lost", NOON_MS + 1000, retained=True))
        assert set(running.signals()) == {
            (Alarm.GATEWAY_DOWN, "gateway:gw1", "raised"),
            (Alarm.LINK_LOST, "device:panel1", "raised"),
        }
        running.take(status("ready", NOON_MS + 5000))
        assert [kind for *_, kind in running.signals()].count("cleared") == 2


def test_wrong_clock_of_a_panel_neither_delays_nor_hurries(tmp_path: Path) -> None:
    with ingest(tmp_path, Clock()) as running:
        for zone, off in (("ahead", timedelta(hours=1)), ("behind", -timedelta(hours=1))):
            running.told(NOON_MS, replace(MANUAL, zone=zone, time=NOON + off))
        running.tick(NOON_MS + 5 * MINUTE_MS)
        assert running.signals() == []
        running.tick(NOON_MS + 6 * MINUTE_MS)
        assert len(running.signals()) == 2


def test_device_that_leaves_the_registry_takes_its_alert_along(tmp_path: Path) -> None:
    with ingest(tmp_path, Clock()) as running:
        running.told(NOON_MS, MANUAL)
        running.tick(NOON_MS + 6 * MINUTE_MS)
        others = {name: each for name, each in running.site.devices.items() if name != "panel1"}
        running.site = replace(running.site, devices=others)
        running.tick(NOON_MS + 7 * MINUTE_MS)
        assert [kind for *_, kind in running.signals()] == ["raised", "cleared"]


def test_panel_that_is_known_only_by_what_it_says_is_heard_by_its_readings(tmp_path: Path) -> None:
    speaker = replace(registry().devices[DeviceId("smoke1")], interval_s=60, metrics=("voltage_v",))
    site = replace(registry(), devices={speaker.id: speaker})
    with ingest(tmp_path, Clock(), site) as running:
        running.told(NOON_MS, event(EventType.ROLL_CALL, device=speaker.id, zone="unanswered"))
        for minute in range(0, 240, 10):
            running.tick(NOON_MS + minute * MINUTE_MS)
            batch = ReadingBatch(site=HQ)
            batch.add(running.clock.now_ms, speaker.id, "voltage_v", 27.0)
            running.take(SpoolEntry(gateway="gw1", received_ms=running.clock.now_ms, received=1, readings=batch))
        assert running.signals() == []
        running.tick(NOON_MS + 400 * MINUTE_MS)
        assert [alarm for alarm, *_ in running.signals()] == [Alarm.LINK_LOST]


def test_backfill_never_alerts(tmp_path: Path) -> None:
    with ingest(tmp_path, Clock()) as running:
        running.told(NOON_MS, replace(MANUAL, flags=ReadingFlag.BACKFILL))
        running.tick(NOON_MS + 60 * MINUTE_MS)
        assert running.signals() == []


def test_what_was_concluded_before_a_rule_failed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ExitLocked, "on_tick", fail)
    with ingest(tmp_path, Clock()) as running:
        running.told(NOON_MS, MANUAL)
        running.tick(NOON_MS + 6 * MINUTE_MS)
        assert {alarm for alarm, *_ in running.signals()} == {Alarm.MANUAL_MODE, Alarm.RULE_FAILED}


def test_a_failure_is_over_once_all_rules_have_worked_for_a_while_or_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [True]

    def fail(*_: object) -> tuple[()]:
        if failing:
            raise ZeroDivisionError
        return ()

    monkeypatch.setattr(ExitLocked, "on_tick", fail)
    with ingest(tmp_path, Clock()) as running:
        running.tick(NOON_MS)
        failing.clear()
        running.tick(NOON_MS + 9 * MINUTE_MS)
        assert [kind for *_, kind in running.signals()] == ["raised"]
        running.tick(NOON_MS + 10 * MINUTE_MS)
        running.tick(NOON_MS + 20 * MINUTE_MS)
        assert [kind for *_, kind in running.signals()] == ["raised", "cleared"]
        failing.append(True)
        running.tick(NOON_MS + 30 * MINUTE_MS)
    failing.clear()
    clock = Clock()
    clock.now_ms = NOON_MS + 31 * MINUTE_MS
    with ingest(tmp_path, clock) as restarted:
        restarted.tick(NOON_MS + 42 * MINUTE_MS)
        assert [kind for *_, kind in restarted.signals()] == ["raised", "cleared"] * 2


def test_clock_is_looked_at_again_after_a_look_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = list[int]()

    def fails_at_the_second() -> Facts:
        looks.append(1)
        if len(looks) == 2:
            raise ZeroDivisionError
        return NO_FACTS

    monkeypatch.setattr("premises.intake.watching.TICK_S", 0.01)
    with ingest(tmp_path, Clock()) as running:
        watching = Watching(
            running.ticks, registry=lambda: running.site, now_ms=lambda: NOON_MS, facts=fails_at_the_second
        )
        ticker = Ticker(watching, running.path, writing=threading.Lock(), wake=lambda: None)
        ticker.start()
        try:
            eventually(lambda: len(looks) > 2, what="another look")
        finally:
            ticker.stop()


def test_heat_at_a_declared_thermometer_reaches_the_outbox_with_its_readings(tmp_path: Path) -> None:
    known = registry()
    thermometer = replace(next(iter(known.devices.values())), metrics=("temperature_c",), heat_detector=True)
    site = replace(known, devices={**known.devices, thermometer.id: thermometer})
    clock = Clock()
    with ingest(tmp_path, clock, site) as running:
        for minute, value in enumerate((24.0, 61.0, 70.0)):
            batch = ReadingBatch(site=HQ)
            clock.now_ms = NOON_MS + minute * MINUTE_MS
            batch.add(clock.now_ms, thermometer.id, "temperature_c", value)
            running.take(SpoolEntry(gateway="gw1", received_ms=clock.now_ms, received=1, readings=batch))
        assert running.signals() == [(Alarm.HEAT, f"device:{thermometer.id}", "raised")]
