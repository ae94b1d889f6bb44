"""Who would be called when: a question about the policy, without an alert."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from alerts.alarms import ALARMS
from alerts.dispatch import Notice, NoticeKind
from alerts.escalation import IsWorkday
from alerts.model import alert_id, fingerprint
from alerts.policy import Policy
from alerts.routing import plan, quiet_until
from premises.clock import SystemClock
from sensors.alarms import Alarm, AlarmKind
from sensors.errors import InputFault
from sensors.fields import one_of
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject, SubjectKind
from sensors.topology import DeviceId, SiteId
from sensors.verdicts import Severity

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked about; None stands for what is usual."""

    kind: str | None
    severity: str | None
    building: str
    at: datetime


def instant(text: str | None, timezone: str) -> datetime:
    """Return a time as it is written, local to the site where it names no offset; now where nothing is written.

    Raises InputFault.
    """
    if text is None:
        return SystemClock().now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        msg = f"--at {text!r} is no time; write it like 2026-11-23T02:00"
        raise InputFault(msg) from exc
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def who_is_called(policy: Policy, asked: Asked, *, site: SiteId, is_workday: IsWorkday) -> Iterator[str]:
    """Yield a line for each level: when, over which channels, by whose name. Raises InputFault."""
    signal = _signal(asked, site)
    notice = Notice(
        number=0,
        kind=NoticeKind.RAISED,
        alert_id=alert_id(signal.mark, signal.time),
        signal=signal,
        at=asked.at,
    )
    zone = ZoneInfo(policy.timezone)
    start = quiet_until(policy, signal, asked.at) or asked.at
    if start != asked.at:
        yield f"quiet hours hold it until {_local(start, zone)}"
    planned = plan(policy, notice, start, is_workday=is_workday)
    if not planned:
        yield "nobody: there is no channel under [alerts] in premises.toml"
    for level, group in groupby(planned, key=lambda each: each.level):
        tellings = list(group)
        due = tellings[0].due
        channels = ", ".join(each.channel for each in tellings)
        yield f"level {level}  {_local(due, zone)}  +{_short(due - start)}  {channels}  ({tellings[0].reason})"


def _signal(asked: Asked, site: SiteId) -> Signal:
    event = _alarm(asked)
    severity = ALARMS[event].severity if asked.severity is None else _read("severity", Severity, asked.severity)
    device = DeviceId("asked")
    subject = Subject(SubjectKind.DEVICE, device)
    parameters = {"event": event.value, "device": device}
    return Signal(
        kind=SignalKind.ACTIVE,
        mark=fingerprint(site, f"{ALARMS[event].rule}.{event}", subject),
        site=site,
        rule=ALARMS[event].rule,
        event=event,
        subject=subject,
        device=device,
        severity=severity,
        time=asked.at,
        received=asked.at,
        parameters=parameters | ({"building": asked.building} if asked.building else {}),
    )


def _alarm(asked: Asked) -> Alarm:
    """Return the first alarm of the kind, of the colour where one has it."""
    kind = AlarmKind.FIRE if asked.kind is None else _read("kind", AlarmKind, asked.kind)
    alarms = [alarm for alarm, facts in ALARMS.items() if facts.kind is kind and alarm is not Alarm.TEST]
    coloured = [alarm for alarm in alarms if ALARMS[alarm].severity == asked.severity]
    return (coloured or alarms)[0]


def _read(option: str, kinds: type[E], text: str) -> E:
    try:
        return one_of(kinds)(text)
    except ValueError as exc:
        msg = f"--{option} {exc}"
        raise InputFault(msg) from exc


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S")


def _short(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"
