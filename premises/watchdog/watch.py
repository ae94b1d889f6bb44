"""One thread asks every watcher, and tells what began and what is over: into the spool, from where it is sent."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from premises.watchdog.faults import Watcher, mark_of, signal_of
from sensors.alarms import Alarm
from sensors.clock import Clock
from sensors.signals import Signal, SignalKind
from sensors.topology import SiteId
from storage.spool_health import SpoolHealth
from storage.spool_outbox import SpoolOutbox

LOOK_EVERY_S = 5.0
AGAIN_AFTER_S = 600.0
"""What goes on is said again after so long, so that an alert that a person closed too early comes back."""


class Watch:
    """Work for a `premises.notices.loop.Loop`; what was told before a restart is known by the spool."""

    def __init__(
        self,
        spool: Path,
        watchers: Sequence[Watcher],
        *,
        site: Callable[[], SiteId],
        clock: Clock,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell into the spool of this path, which must have been made."""
        self._spool = spool
        self._watchers = watchers
        self._site = site
        self._clock = clock
        self._steady = steady
        self._next_s = float("-inf")
        self._told_s: dict[str, float] = {}
        self._open: dict[str, Signal] | None = None
        self._outbox: SpoolOutbox | None = None
        self._log = structlog.get_logger(__name__)

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Look, when it is time, and tell."""
        if stopping() or self._steady() < self._next_s:
            return False
        self._next_s = self._steady() + LOOK_EVERY_S
        self.look()
        return False

    def look(self) -> None:
        """Ask every watcher now and tell what changed."""
        now = self._clock.now()
        open_now = self._known()
        signals = [signal for watcher in self._watchers for signal in self._changes(watcher, open_now, now)]
        if not signals:
            return
        if self._outbox is None:
            self._outbox = SpoolOutbox(self._spool)
        self._outbox.tell(signals)
        for signal in signals:
            self._remember(open_now, signal)

    def close(self) -> None:
        """Let go of the spool."""
        if self._outbox is not None:
            self._outbox.close()

    def _changes(self, watcher: Watcher, open_now: Mapping[str, Signal], now: datetime) -> Sequence[Signal]:
        try:
            faults = watcher.look(now)
        except Exception:  # noqa: BLE001 - a task's boundary: a watcher that is blind neither begins nor ends anything
            self._log.exception("watcher_failed", watcher=type(watcher).__name__)
            return []
        site = self._site()
        found = {mark_of(site, fault): fault for fault in faults}
        ours = [mark for mark, signal in open_now.items() if signal.event in watcher.alarms]
        over = [self._ended(open_now[mark], now) for mark in ours if mark not in found]
        return [*over, *(signal_of(site, found[mark], SignalKind.ACTIVE, now) for mark in found if self._is_due(mark))]

    def _is_due(self, mark: str) -> bool:
        told_s = self._told_s.get(mark)
        return told_s is None or self._steady() - told_s >= AGAIN_AFTER_S

    def _ended(self, signal: Signal, now: datetime) -> Signal:
        return replace(signal, kind=SignalKind.CLEARED, time=now, received=now)

    def _remember(self, open_now: dict[str, Signal], signal: Signal) -> None:
        if signal.kind is SignalKind.CLEARED:
            open_now.pop(signal.mark, None)
            self._told_s.pop(signal.mark, None)
        else:
            open_now[signal.mark] = signal
            self._told_s[signal.mark] = self._steady()
        self._log.warning("about_ourselves", alarm=signal.event.value, kind=signal.kind.value, about=signal.zone)

    def _known(self) -> dict[str, Signal]:
        """Return what is open; at the first look as the spool has it."""
        if self._open is None:
            health = SpoolHealth(self._spool)
            try:
                alarms = frozenset[Alarm]().union(*(watcher.alarms for watcher in self._watchers))
                self._open = {signal.mark: signal for signal in health.open_signals(alarms)}
            finally:
                health.close()
        return self._open
