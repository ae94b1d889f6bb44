"""A channel fails: so many attempts without a success, over so long. It is told over the others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from premises.watchdog.faults import Fault
from sensors.alarms import Alarm
from storage.spool_health import SpoolHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsWatch:
    """Ends by itself with the next success; a channel that has nothing to send is taken to work."""

    health: SpoolHealth
    failures: int
    patience: timedelta

    @property
    def alarms(self) -> frozenset[Alarm]:
        """Return its alarm."""
        return frozenset({Alarm.CHANNEL_FAILS})

    def look(self, now: datetime) -> Collection[Fault]:
        """Return the channels that fail."""
        return [
            Fault(alarm=Alarm.CHANNEL_FAILS, about=each.channel, parameters={"channel": each.channel})
            for each in self.health.failing_channels(now)
            if each.failures >= self.failures and now - each.since >= self.patience
        ]
