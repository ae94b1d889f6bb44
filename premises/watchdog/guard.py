"""The table of watchers, and what runs beside them: heartbeat and stand-in. `serve` owns it, for ingest may be dead."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from alerts.policy import PlannedTest
from premises.home import Home
from premises.intake.ingest_report import read as read_ingest_report
from premises.notices.loop import Loop
from premises.processes.locks import holder
from premises.readiness import broker_reason, ingest_reason
from premises.settings import read_secret
from premises.watchdog.channels_watch import ChannelsWatch
from premises.watchdog.clock_watch import ClockWatch, ListeningTarget, PeerClocks, system_synchronised
from premises.watchdog.faults import Watcher
from premises.watchdog.findings_watch import FindingsWatch, OpenFindings
from premises.watchdog.heartbeat import Heartbeat
from premises.watchdog.jobs_watch import JobsWatch
from premises.watchdog.records_watch import RecordsWatch
from premises.watchdog.silence_watch import SilenceWatch
from premises.watchdog.stand_in import Sending, StandIn
from premises.watchdog.tests_watch import TestsWatch
from premises.watchdog.watch import Watch
from premises.watchdog_settings import WatchdogSettings
from sensors.clock import Clock
from sensors.readings import epoch_ms
from sensors.topology import DeviceId, Registry
from sensors.verdicts import Severity
from storage.drain import Target
from storage.spool import SqliteSpool
from storage.spool_health import SpoolHealth

UNSENT = timedelta(minutes=2)
"""A red alert that no channel took for so long means that sending is not well. The project's own choice."""

STOP_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the watchers look at, and who sends in ingest's place."""

    home: Home
    settings: WatchdogSettings
    registry: Callable[[], Registry]
    clock: Clock
    reading_records: Callable[[], AbstractContextManager[OpenFindings]]
    stand_in: Callable[[], Sending]
    tests: Callable[[], Sequence[PlannedTest]] = tuple
    findings: Callable[[], frozenset[Severity]] = frozenset


class Guard:
    """Owns three threads at most. `jobs` hears of jobs, `listening` wraps the store that the drain writes to."""

    def __init__(self, around: Around) -> None:
        """Prepare; makes the spool where nobody has yet. Raises SecretError."""
        with closing(SqliteSpool(around.home.spool, min_free_bytes=0)):
            self._health = SpoolHealth(around.home.spool)
        self._drained = SpoolHealth(around.home.spool)
        self._around = around
        self.jobs = JobsWatch()
        self._peers = PeerClocks(time.monotonic)
        watch = Watch(around.home.spool, self.watchers(), site=lambda: around.registry().site.id, clock=around.clock)
        heartbeat = self._heartbeat()
        self._loops = [
            Loop("watch", watch),
            Loop("stand-in", StandIn(self._ingest_runs, around.stand_in)),
            *([] if heartbeat is None else [Loop("heartbeat", heartbeat)]),
        ]

    def watchers(self) -> Sequence[Watcher]:
        """Return every watcher of this installation."""
        around, given = self._around, self._around.settings
        return (
            ChannelsWatch(
                health=self._health,
                failures=given.channel_failures,
                patience=timedelta(minutes=given.channel_minutes),
            ),
            SilenceWatch(
                health=self._health,
                patience=timedelta(minutes=given.silent_minutes),
                runs=self._ingest_runs,
                steady=time.monotonic,
            ),
            RecordsWatch(
                reading=around.reading_records,
                patience=timedelta(minutes=given.records_minutes),
                steady=time.monotonic,
            ),
            ClockWatch(
                peers=self._peers,
                limit=timedelta(seconds=given.clock_s),
                synchronised=system_synchronised if given.expects_ntp else lambda: None,
            ),
            TestsWatch(
                health=self._health,
                tests=around.tests,
                zone=lambda: ZoneInfo(around.registry().site.timezone),
                site=lambda: around.registry().site.id,
            ),
            FindingsWatch(
                reading=around.reading_records,
                colours=around.findings,
                registry=around.registry,
                steady=time.monotonic,
            ),
            self.jobs,
        )

    def listening(self, target: Target) -> Target:
        """Return a store that also compares our clock with those of the gateways."""
        return ListeningTarget(
            target=target,
            peers=self._peers,
            gateway_of=self._gateway_of,
            oldest_entry=self._drained.oldest_entry,
            clock=self._around.clock,
        )

    def start(self) -> None:
        """Begin to watch."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Watch no more."""
        for loop in self._loops:
            loop.ask_to_stop()
        for loop in self._loops:
            loop.join(STOP_S)
        self._health.close()
        self._drained.close()

    def ailing(self) -> str:
        """Return what is not well, so that no heartbeat goes out; empty where all is."""
        now, report = self._around.clock.now(), read_ingest_report(self._around.home)
        running = self._ingest_runs()
        reason = ingest_reason(running=running, report=report, now_ms=epoch_ms(now))
        reason = reason or broker_reason(running=running, report=report)
        if reason:
            return reason
        with closing(SpoolHealth(self._around.home.spool)) as health:
            unsent = health.oldest_unsent()
        return "a red alert was taken by no channel" if unsent is not None and now - unsent > UNSENT else ""

    def _heartbeat(self) -> Heartbeat | None:
        given = self._around.settings
        if given.heartbeat_url_file is None:
            return None
        url = read_secret(given.heartbeat_url_file)
        return Heartbeat(url=url, every_s=given.heartbeat_s, ailing=self.ailing, method=given.heartbeat_method)

    def _ingest_runs(self) -> bool:
        return holder(self._around.home.run / "ingest.lock") is not None

    def _gateway_of(self, device: str) -> str | None:
        known = self._around.registry().devices.get(DeviceId(device))
        return None if known is None else known.gateway
