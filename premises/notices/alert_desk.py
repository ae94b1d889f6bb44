"""The deliveries as the console and the API see them, read from the spool that ingest sends from."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import structlog

from alerts.escalation import IsWorkday
from alerts.policy import EVERYBODY, Policy
from alerts.routing import plan, still_to_come
from api.alert_ports import Call, CallState, Telling
from premises.home import Home
from premises.notices.assembly import workdays
from premises.notices.channels import channels_of
from premises.notices.policy_now import PolicyFile
from premises.settings import Settings
from sensors.clock import Clock
from sensors.errors import NotNowError
from sensors.topology import Registry
from storage.policy_file import Ground
from storage.spool_decided import SpoolDecided
from storage.spool_deliveries import Climb, DeliveryState, Sent, SpoolDeliveries
from storage.spool_told import UNPLANNED, SpoolTold

File = TypeVar("File", SpoolDecided, SpoolDeliveries, SpoolTold)

STATES: Mapping[DeliveryState, CallState] = {
    DeliveryState.WAITING: CallState.TRYING,
    DeliveryState.RETRY: CallState.TRYING,
    DeliveryState.DONE: CallState.ARRIVED,
    DeliveryState.DEAD: CallState.FAILED,
    DeliveryState.STOPPED: CallState.SPARED,
}
"""What waits and is not due is planned."""

NOT_MADE = 0
"""The number of a call that is only planned."""


class SpoolAlertDesk:
    """Keeps `api.alert_ports.AlertDesk`; any thread may ask. A spool that is away hides calls, and no alert."""

    def __init__(self, spool: Path, *, policy: Callable[[], Policy], is_workday: IsWorkday, clock: Clock) -> None:
        """Ask the spool of this path, opened for each question."""
        self._spool = spool
        self._policy = policy
        self._is_workday = is_workday
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    def policy(self) -> Policy:
        """Return who is told of what, as it stands."""
        return self._policy()

    def is_workday(self, day: date) -> bool:
        """Say whether a local day is worked."""
        return self._is_workday(day)

    def tellings(self, alert_ids: Collection[str]) -> Mapping[str, Telling]:
        """Return what was decided of these alerts; nothing while the spool cannot be read."""
        try:
            with self._opened(SpoolDecided) as decided:
                found = decided.decided(alert_ids)
        except sqlite3.Error as exc:
            self._log.warning("deliveries_unreadable", reason=str(exc))
            return {}
        return {
            alert_id: Telling(held=each.held, by=each.by, until=each.until, drill=each.drill, flapping=each.flapping)
            for alert_id, each in found.items()
        }

    def calls(self, alert_id: str) -> Sequence[Call]:
        """Return every call of an alert in the order in which they are due; none while the spool cannot be read."""
        try:
            with self._opened(SpoolDeliveries) as deliveries:
                found, climb = deliveries.of_alert(alert_id), deliveries.climbing(alert_id)
        except sqlite3.Error as exc:
            self._log.warning("deliveries_unreadable", reason=str(exc))
            return ()
        now = self._clock.now()
        calls = [call_of(sent, now) for sent in found]
        if climb is not None:
            calls += self._still_to_come(climb)
        return sorted(calls, key=lambda call: (call.due, call.level, call.number))

    def _still_to_come(self, climb: Climb) -> Iterator[Call]:
        """Yield the calls of levels that are not due yet, by the policy as it stands."""
        planned = plan(self._policy(), climb.notice, climb.start, is_workday=self._is_workday)
        for each in still_to_come(planned, level=climb.level, since=climb.due):
            yield Call(
                number=NOT_MADE,
                alert_id=climb.notice.alert_id,
                kind=climb.notice.kind,
                channel=each.channel,
                level=each.level,
                state=CallState.PLANNED,
                due=each.due,
                why=each.reason,
            )

    def undelivered(self, *, limit: int = 100) -> Sequence[Call]:
        """Return the calls that were given up, the newest first; none while the spool cannot be read."""
        try:
            with self._opened(SpoolDeliveries) as deliveries:
                return [call_of(sent, self._clock.now()) for sent in deliveries.dead(limit=limit)]
        except sqlite3.Error as exc:
            self._log.warning("deliveries_unreadable", reason=str(exc))
            return ()

    def retry(self, numbers: Collection[int] | None = None) -> int:
        """Make calls that were given up once more; return how many. Raises NotNowError while the spool is away."""
        try:
            with self._opened(SpoolDeliveries) as deliveries:
                return deliveries.retry(numbers)
        except sqlite3.Error as exc:
            msg = "the spool cannot be written now; try again"
            raise NotNowError(msg) from exc

    def told(self, *, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        """Return when each contact was told that an alert began; nothing while the spool cannot be read."""
        try:
            with self._opened(SpoolTold) as spool:
                return spool.told(since=since, until=until, shared=(EVERYBODY, UNPLANNED))
        except sqlite3.Error as exc:
            self._log.warning("deliveries_unreadable", reason=str(exc))
            return {}

    @contextmanager
    def _opened(self, kind: type[File]) -> Iterator[File]:
        if not self._spool.exists():
            msg = "no spool yet"
            raise sqlite3.OperationalError(msg)
        with closing(kind(self._spool)) as opened:
            yield opened


def alert_desk_of(home: Home, settings: Settings, *, registry: Callable[[], Registry], clock: Clock) -> SpoolAlertDesk:
    """Return the desk over a home's spool. Raises SettingsError, SecretError."""
    site = registry().site
    channels = tuple(channel.name for channel in channels_of(settings, home, registry=registry))
    # That the file is refused is for the process to tell that sends by it.
    policy = PolicyFile(home.policy, Ground(channels=channels, timezone=site.timezone), refused=lambda _: None)
    return SpoolAlertDesk(home.spool, policy=policy.now, is_workday=workdays(site.calendar), clock=clock)


def call_of(sent: Sent, now: datetime) -> Call:
    """Return a telling as people see it: what is not due yet is planned."""
    planned = sent.state is DeliveryState.WAITING and sent.due > now
    return Call(
        number=sent.number,
        alert_id=sent.notice.alert_id,
        kind=sent.notice.kind,
        channel=sent.channel,
        level=sent.level,
        state=CallState.PLANNED if planned else STATES[sent.state],
        due=sent.due,
        attempts=sent.attempts,
        why=sent.reason,
        detail=sent.detail,
    )
