"""The records cannot be reached for minutes: alerts go out all the same, but nobody sees them in the console."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from premises.watchdog.faults import Fault
from sensors.alarms import Alarm


@dataclass(slots=True, kw_only=True)
class RecordsWatch:
    """`reading` opens the records for reading, or fails."""

    reading: Callable[[], AbstractContextManager[object]]
    patience: timedelta
    steady: Callable[[], float]
    _answered_s: float | None = field(default=None)

    @property
    def alarms(self) -> frozenset[Alarm]:
        """Return its alarm."""
        return frozenset({Alarm.RECORDS_AWAY})

    def look(self, now: datetime) -> Collection[Fault]:
        """Return that they are away, once that lasts."""
        del now
        now_s = self.steady()
        if self._answered_s is None or self._answer():
            self._answered_s = now_s
        away_s = now_s - self._answered_s
        return [Fault(alarm=Alarm.RECORDS_AWAY)] if away_s >= self.patience.total_seconds() else []

    def _answer(self) -> bool:
        try:
            with self.reading():
                return True
        except Exception:  # noqa: BLE001 - a task's boundary: away is away, whatever the reason
            return False
