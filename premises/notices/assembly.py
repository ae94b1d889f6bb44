"""The alert path of a home put together: channels, policy, records, and whose turn it is where there are two nodes."""

import socket
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.escalation import monday_to_friday
from premises.clock import SystemClock
from premises.home import Home
from premises.notices.alerting import Alerting
from premises.notices.channels import channels_of
from premises.notices.leases import Leases
from premises.notices.policy_now import PolicyFile
from premises.settings import Settings
from premises.watchdog.faults import Fault, signal_of
from sensors.alarms import Alarm
from sensors.clock import Clock
from sensors.signals import Signal, SignalKind
from sensors.topology import Registry
from storage.policy_file import Ground
from storage.spool_outbox import SpoolOutbox

if TYPE_CHECKING:
    from storage.records import SqlRecords

RECORDS_BUSY_S = 5.0
"""How long the projection of an alert waits for another writer before it tries anew."""

LONGEST_DETAIL = 300


def alerting_of(home: Home, settings: Settings, *, registry: Callable[[], Registry]) -> Alerting:
    """Return what plans, sends and projects for a home; nothing runs yet. Raises SettingsError, SecretError."""
    clock = SystemClock()
    channels = channels_of(settings, home, registry=registry)
    site = registry().site
    ground = Ground(channels=tuple(each.name for each in channels), timezone=site.timezone)
    policy = policy_file(home, ground, registry=registry, clock=clock)
    leases = None
    if settings.records.url is not None:
        # Records on a server may be shared; a file on this machine has one node.
        node = f"{socket.gethostname()}:{home.root}"
        leases = Leases(home.spool, records=lambda: open_home_records(home), site=site.id, node=node, clock=clock)
    return Alerting(
        home.spool,
        channels=channels,
        records=lambda: open_home_records(home),
        clock=clock,
        policy=policy.now,
        is_workday=workdays(site.calendar),
        leases=leases,
    )


def open_home_records(home: Home) -> "SqlRecords":
    """Return the records, in the thread that needs them: opening them takes longer than all of ingest's own start."""
    from premises.stores.records import open_records  # noqa: PLC0415

    return open_records(home, busy_s=RECORDS_BUSY_S)


def policy_file(home: Home, ground: Ground, *, registry: Callable[[], Registry], clock: Clock) -> PolicyFile:
    """Return the policy of a home, which alerts where its file is refused."""

    def refused(detail: str) -> None:
        kind = SignalKind.ACTIVE if detail else SignalKind.CLEARED
        parameters = {"detail": detail[:LONGEST_DETAIL]}
        fault = Fault(alarm=Alarm.POLICY_REFUSED, about=home.policy.name, parameters=parameters)
        _tell(home.spool, signal_of(registry().site.id, fault, kind, clock.now()))

    return PolicyFile(home.policy, ground, refused=refused)


def workdays(calendar: str) -> Callable[[date], bool]:
    """Return what says which local days are worked: by China's holidays where the site goes by them."""
    return _worked_in_china if calendar == "cn" else monday_to_friday


def _worked_in_china(day: date) -> bool:
    import chinese_calendar  # noqa: PLC0415 - only where a workday is asked for

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return monday_to_friday(day)


def _tell(spool: Path, signal: Signal) -> None:
    with closing(SpoolOutbox(spool)) as outbox:
        outbox.tell([signal])
