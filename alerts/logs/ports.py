"""What the commands and rules of the logs need from the records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from alerts.model import Alert
from alerts.ports import AlertTransaction
from sensors.logs import AlarmCheck, DutyEntry, FireTest, Isolation, IsolationStep, KeptIsolation
from sensors.topology import SiteId


class LogReader(Protocol):
    """What was written down; corrected and struck-out entries too, which `sensors.logs.valid` leaves out."""

    def duty_entries(self, site: SiteId, *, since: datetime, until: datetime, limit: int = 2000) -> Sequence[DutyEntry]:
        """Return the newest entries about [since, until), in the order of what they tell of."""
        ...

    def duty_entry(self, entry_id: str) -> DutyEntry | None:
        """Return an entry."""
        ...

    def first_duty_entry(self, site: SiteId) -> datetime | None:
        """Return when the duty log begins, None where nothing was ever written."""
        ...

    def isolation(self, isolation_id: str) -> KeptIsolation | None:
        """Return an isolation with its steps."""
        ...

    def isolations(self, site: SiteId, *, since: datetime | None = None, limit: int = 500) -> Sequence[KeptIsolation]:
        """Return the isolations that were not over at `since`, all where it is None; the newest first."""
        ...

    def fire_test(self, test_id: str) -> FireTest | None:
        """Return a test or check."""
        ...

    def fire_tests(self, site: SiteId, *, limit: int = 500) -> Sequence[FireTest]:
        """Return tests and checks, the newest day first."""
        ...

    def alarm_check(self, check_id: str) -> AlarmCheck | None:
        """Return what was found on site."""
        ...

    def alarm_checks_of(self, alert_id: str) -> Sequence[AlarmCheck]:
        """Return what was found at one alert, in the order of writing."""
        ...

    def alarm_checks(self, site: SiteId, *, since: datetime, until: datetime) -> Sequence[AlarmCheck]:
        """Return what was found at the alerts that began in [since, until), by their onset."""
        ...

    def is_corrected(self, entry_id: str) -> bool:
        """Say whether another entry of any log names this one as wrong."""
        ...

    def alerts_begun(self, site: SiteId, *, since: datetime, until: datetime) -> Sequence[Alert]:
        """Return the alerts that began in [since, until), in order."""
        ...


class LogTransaction(LogReader, AlertTransaction, Protocol):
    """One transaction over the logs. Every write also adds a row to `changes` and to the audit log."""

    def add_duty_entry(self, entry: DutyEntry) -> None:
        """Keep an entry."""
        ...

    def add_isolation(self, isolation: Isolation) -> None:
        """Keep a request."""
        ...

    def add_isolation_step(self, step: IsolationStep) -> None:
        """Keep a step."""
        ...

    def add_fire_test(self, test: FireTest) -> None:
        """Keep a test or check."""
        ...

    def add_alarm_check(self, check: AlarmCheck) -> None:
        """Keep what was found on site."""
        ...
