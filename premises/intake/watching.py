"""The rules over events and readings in the ingest process: they see every entry before its commit, and the clock.

What they conclude is durable in the transaction of the entries behind it. Both committers call `over` while they hold
the lock for writing; a thread of its own looks at the time once a second.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from alerts.watch.facts import NO_FACTS, Facts
from alerts.watch.machines import LIVE
from alerts.watch.model import Edge, Sample
from alerts.watch.site import Site
from alerts.watch.told import rule_failed, signals_of, thresholds_refused
from alerts.watch.watcher import Watcher
from premises.intake.thresholds_now import CatalogueOnly, Thresholds
from sensors.intake import SpoolEntry
from sensors.readings import Quality, ReadingBatch, ReadingFlag
from sensors.signals import Signal, SignalKind
from sensors.topology import Registry
from storage.spool_watch import SpoolWatch, Watched

TICK_S = 1.0
STOP_S = 5.0
FACTS_EVERY_MS = 60_000
WORKS_AGAIN_MS = 10 * 60_000
"""So long after the last failure of a rule it counts as mended. Our own choice."""
OWN_TIME_MS = 10 * 60_000
"""A device's time that lies further back than this, or ahead, is no clock to judge by: the receipt serves."""


class Watching:
    """Owns the machines. Whoever calls it holds the lock for writing."""

    def __init__(
        self,
        spool: SpoolWatch,
        *,
        registry: Callable[[], Registry],
        now_ms: Callable[[], int],
        facts: Callable[[], Facts] = lambda: NO_FACTS,
        thresholds: Thresholds | None = None,
    ) -> None:
        """Remember what the spool holds; a restart neither repeats nor forgets."""
        self._registry, self._now_ms, self._facts = registry, now_ms, facts
        self._thresholds = thresholds or CatalogueOnly()
        used = registry()
        self._thresholds.look(used, now_ms())
        self._used: Registry | None = used
        self._watcher = Watcher(LIVE, Site(used, live=True, facts=facts(), overrides=self._thresholds.overrides))
        # Not known to be said: an alert of before the start may still stand.
        self._refused: str | None = None
        self._watcher.load(spool.load())
        self._facts_ms = 0
        # An alert of before the start may still stand.
        self._failed_ms: int | None = now_ms()
        self._log = structlog.get_logger(__name__)
        self._look_at_devices(used)

    @contextmanager
    def over(self, entries: Sequence[SpoolEntry]) -> Iterator[Watched]:
        """Yield what becomes of entries that are about to be committed; a commit that fails changes nothing."""
        signals = [each for entry in entries for each in self._entry(entry)]
        with self._committing([*self._follow(), *signals]) as watched:
            yield watched

    def look(self) -> None:
        """Look at what files say; nobody need hold the lock."""
        self._thresholds.look(self._registry(), self._now_ms())

    @contextmanager
    def tick(self) -> Iterator[Watched]:
        """Yield what became due by the clock."""
        now_ms = self._now_ms()
        signals = [*self._follow(), *self._hold(now_ms), *self._told(self._watcher.tick(now_ms), now_ms)]
        if now_ms - self._facts_ms >= FACTS_EVERY_MS or self._facts() is not self._watcher.site.facts:
            self._facts_ms, self._watcher.site.facts = now_ms, self._facts()
            signals += self._told(self._watcher.facts(now_ms), now_ms)
            if self._used is not None and self._watcher.heeded != self._heeded:
                self._look_at_devices(self._used)
        signals += self._recovered(now_ms)
        with self._committing(signals) as watched:
            yield watched

    @contextmanager
    def _committing(self, signals: Sequence[Signal]) -> Iterator[Watched]:
        try:
            yield Watched(signals=signals, spells=self._watcher.changes())
        except BaseException:
            self._watcher.undo()
            self._used, self._refused = None, None
            raise
        self._watcher.keep()

    # What comes in.

    def _entry(self, entry: SpoolEntry) -> Iterator[Signal]:
        watcher, received_ms = self._watcher, entry.received_ms
        if entry.status is not None and "/" not in entry.gateway:
            lost = entry.status.state == "lost"
            yield from self._told(watcher.status(entry.gateway, received_ms, lost=lost), received_ms)
        for event in entry.events:
            if not event.flags & ReadingFlag.BACKFILL:
                yield from self._told(watcher.event(event, received_ms), received_ms)
        if entry.readings is not None:
            if watcher.is_back(entry.gateway, received_ms):
                yield from self._told(watcher.status(entry.gateway, received_ms, lost=False), received_ms)
            if not self._devices.isdisjoint(entry.readings.device):
                yield from self._batch(entry.readings, received_ms)

    def _batch(self, batch: ReadingBatch, received_ms: int) -> Iterator[Signal]:
        """Yield what the readings of a batch change, in order of time."""
        wanted = [index for index, device in enumerate(batch.device) if device in self._devices]
        wanted = [index for index in wanted if not batch.flags[index] & ReadingFlag.BACKFILL]
        for device in {batch.device[index] for index in wanted} & self._heard:
            yield from self._told(self._watcher.heard(device, received_ms), received_ms)
        for sample in sorted(_samples(batch, wanted, self._watcher.metrics, received_ms), key=lambda each: each.at_ms):
            yield from self._told(self._watcher.sample(sample), received_ms)

    def _told(self, changes: Iterable[Edge], received_ms: int) -> list[Signal]:
        """Return what people are to see of a change. A rule that fails is told, and stops nothing.

        What others said before it failed is told too: they remember it as told.
        """
        site, told = self._watcher.site, list[Signal]()
        try:
            for edge in changes:
                told += signals_of(edge, site, received_ms)
        except Exception:  # noqa: BLE001 - a task's boundary: no rule may keep what came in from being committed
            self._log.exception("watch_failed")
            self._failed_ms = self._now_ms()
            told.append(rule_failed(site, received_ms))
        return told

    def _recovered(self, now_ms: int) -> list[Signal]:
        """Return that all rules work again, once none has failed for a while."""
        if self._failed_ms is None or now_ms - self._failed_ms < WORKS_AGAIN_MS:
            return []
        self._failed_ms = None
        return [rule_failed(self._watcher.site, now_ms, SignalKind.CLEARED)]

    def _follow(self) -> list[Signal]:
        """Return what ends because the registry was altered."""
        registry = self._registry()
        if registry is self._used:
            return []
        self._used, now_ms = registry, self._now_ms()
        told = self._told(self._watcher.use(registry, now_ms), now_ms)
        self._look_at_devices(registry)
        return told

    def _hold(self, now_ms: int) -> list[Signal]:
        """Take over the site's thresholds where they changed, and return that they cannot be used, or can again."""
        if self._thresholds.overrides is not self._watcher.site.overrides:
            self._watcher.hold(self._thresholds.overrides)
        if self._thresholds.refused == self._refused:
            return []
        self._refused = self._thresholds.refused
        return [thresholds_refused(self._watcher.site, now_ms, self._thresholds.refused)]

    def _look_at_devices(self, registry: Registry) -> None:
        """Note the devices that any rule watches: those of all others cost a look into a set."""
        devices, self._heeded = registry.devices, self._watcher.heeded
        self._devices = frozenset(each for each in devices if self._watcher.is_interested(each))
        self._heard = frozenset(each for each in devices if self._watcher.heeds(each))


def _samples(batch: ReadingBatch, wanted: Iterable[int], metrics: frozenset[str], received_ms: int) -> Iterator[Sample]:
    for index in wanted:
        if batch.metric[index] in metrics and batch.quality[index] <= Quality.ESTIMATED:
            time_ms = batch.time_ms[index]
            trusted = received_ms - OWN_TIME_MS <= time_ms <= received_ms
            yield Sample(
                at_ms=time_ms if trusted else received_ms,
                device=batch.device[index],
                metric=batch.metric[index],
                value=batch.value[index],
                phase=batch.phase[index],
            )


class Ticker(threading.Thread):
    """Looks at the clock once a second, whether anything comes in or not."""

    def __init__(self, watching: Watching, path: Path, *, writing: threading.Lock, wake: Callable[[], None]) -> None:
        """Prepare; `wake` is called when there is something for people."""
        super().__init__(name="watch", daemon=True)
        self._watching, self._path, self._writing, self._wake = watching, path, writing, wake
        self._stopping = threading.Event()
        self._log = structlog.get_logger(__name__)

    def stop(self) -> None:
        """Begin nothing new and wait for what is under way."""
        self._stopping.set()
        self.join(STOP_S)

    def run(self) -> None:
        """Tick until told to stop; what cannot be written now is concluded again at the next tick."""
        spool = SpoolWatch(self._path)
        try:
            while not self._stopping.wait(TICK_S):
                try:
                    self._watching.look()
                    self._tick(spool)
                except sqlite3.Error as exc:
                    self._log.warning("watch_not_written", reason=str(exc))
                except Exception:  # noqa: BLE001 - a task's boundary: a rule that never looks again would be silent for good
                    self._log.exception("watch_not_looked")
        finally:
            spool.close()

    def _tick(self, spool: SpoolWatch) -> None:
        with self._writing, self._watching.tick() as watched:
            if watched:
                spool.commit(watched)
        if watched.signals:
            self._wake()
