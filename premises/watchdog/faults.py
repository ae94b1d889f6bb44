"""What a watcher finds wrong with ourselves, and the signal that it becomes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from alerts.alarms import ALARMS
from alerts.model import alert_id, fingerprint
from sensors.alarms import Alarm
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject, SubjectKind
from sensors.topology import DeviceId, SiteId
from sensors.verdicts import Severity

OURSELVES = DeviceId("premises")
"""The device by which alarms about the program itself speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is wrong now. `about` tells apart what shares an alarm: the name of a channel, of a test.

    Without a subject it is about the site, without a severity it has its alarm's.
    """

    alarm: Alarm
    about: str = ""
    since: datetime | None = None
    """When it began, where that is known; else it began when it was first seen."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    subject: Subject | None = None
    severity: Severity | None = None


class Watcher(Protocol):
    """Looks at one matter. It owns its alarms: what it does not find any more is over."""

    @property
    def alarms(self) -> frozenset[Alarm]:
        """Return the alarms that it tells."""
        ...

    def look(self, now: datetime) -> Collection[Fault]:
        """Return all that is wrong now. An exception says that it cannot tell: nothing begins or ends by it."""
        ...


def mark_of(site: SiteId, fault: Fault) -> str:
    """Return what makes two signals the same alert."""
    rule = f"{ALARMS[fault.alarm].rule}.{fault.alarm}"
    return fingerprint(site, rule, _subject(site, fault), fault.about)


def alert_id_of(site: SiteId, fault: Fault, onset: datetime) -> str:
    """Return the id of the alert that a fault is from an instant on."""
    return alert_id(mark_of(site, fault), onset)


def signal_of(site: SiteId, fault: Fault, kind: SignalKind, now: datetime) -> Signal:
    """Return the signal that says so."""
    facts = ALARMS[fault.alarm]
    return Signal(
        kind=kind,
        mark=mark_of(site, fault),
        site=site,
        rule=facts.rule,
        event=fault.alarm,
        subject=_subject(site, fault),
        device=OURSELVES,
        severity=fault.severity or facts.severity,
        time=fault.since or now,
        received=now,
        zone=fault.about,
        parameters={"event": fault.alarm.value, "device": OURSELVES, **fault.parameters},
    )


def _subject(site: SiteId, fault: Fault) -> Subject:
    return fault.subject or Subject(SubjectKind.SITE, site)
