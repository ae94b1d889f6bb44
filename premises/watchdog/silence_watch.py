"""Ingest falls silent: it does not run, or nothing at all comes although there are gateways."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from premises.watchdog.faults import Fault
from sensors.alarms import Alarm
from storage.spool_health import SpoolHealth

GONE_AFTER_S = 60.0
"""An ingest that does not run for so long is not about to be started again. The project's own choice."""


@dataclass(slots=True, kw_only=True)
class SilenceWatch:
    """Counts its own patience by a clock that nobody sets, from its own start on."""

    health: SpoolHealth
    patience: timedelta
    runs: Callable[[], bool]
    steady: Callable[[], float]
    _heard: tuple[datetime | None, float] | None = field(default=None)
    _ran_s: float | None = field(default=None)

    @property
    def alarms(self) -> frozenset[Alarm]:
        """Return its alarm."""
        return frozenset({Alarm.INGEST_SILENT})

    def look(self, now: datetime) -> Collection[Fault]:
        """Return that nothing comes in, and why as far as we see."""
        del now
        now_s, running, last = self.steady(), self.runs(), self.health.last_heard()
        if self._heard is None or last != self._heard[0]:
            self._heard = last, now_s
        if self._ran_s is None or running:
            self._ran_s = now_s
        if last is None:
            # Nobody ever spoke: it may be a home for imported readings only.
            return []
        if now_s - self._ran_s >= GONE_AFTER_S:
            return [_silent("ingest_gone")]
        if self.patience and now_s - self._heard[1] >= self.patience.total_seconds():
            return [_silent("nothing_comes")]
        return []


def _silent(why: str) -> Fault:
    return Fault(alarm=Alarm.INGEST_SILENT, parameters={"why": why})
