"""Test alerts by plan: sent at their time like any alert, and told over all channels where nobody confirms them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.policy import PlannedTest
from premises.watchdog.faults import Fault, alert_id_of
from sensors.alarms import Alarm
from sensors.topology import SiteId
from storage.spool_health import SpoolHealth

STANDS = timedelta(hours=1)
"""How long a test stands; one that was missed by more, because nothing ran, is left out."""

REMAINS = timedelta(hours=24)
"""How long an unconfirmed test is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsWatch:
    """`tests` are those of the policy as it stands; times are local to the site."""

    __test__ = False  # pytest takes the name for one of its own

    health: SpoolHealth
    tests: Callable[[], Sequence[PlannedTest]]
    zone: Callable[[], ZoneInfo]
    site: Callable[[], SiteId]

    @property
    def alarms(self) -> frozenset[Alarm]:
        """Return its alarms."""
        return frozenset({Alarm.TEST, Alarm.UNCONFIRMED_TEST})

    def look(self, now: datetime) -> Collection[Fault]:
        """Return the tests that stand, and those that nobody confirmed in time."""
        return [fault for test in self.tests() for fault in self._of(test, now)]

    def _of(self, test: PlannedTest, now: datetime) -> Iterator[Fault]:
        due = last_due(test, now, self.zone())
        if due is None or now - due >= REMAINS:
            return
        sent = Fault(alarm=Alarm.TEST, about=test.name, since=due, parameters={"to": test.to, "test": test.name})
        number = alert_id_of(self.site(), sent, due)
        if self.health.was_acknowledged(number):
            return
        if now - due < STANDS:
            yield sent
        if now - due >= test.confirm and self.health.was_told(number):
            yield replace(sent, alarm=Alarm.UNCONFIRMED_TEST, since=due + test.confirm)


def last_due(test: PlannedTest, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the last time that the test was due, None where it was not within the last week."""
    today = now.astimezone(zone).date()
    for back in range(8):
        day = today - timedelta(days=back)
        due = datetime.combine(day, test.at, tzinfo=zone).astimezone(now.tzinfo)
        if day.weekday() in test.weekdays and due <= now:
            return due
    return None
