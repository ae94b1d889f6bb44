"""Signals of any alarm, for tests of what becomes of them."""

from collections.abc import Mapping
from datetime import datetime

from alerts.alarms import ALARMS
from alerts.model import fingerprint
from sensors.alarms import Alarm
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject
from sensors.topology import DeviceId, SiteId
from sensors.verdicts import Severity
from tests.memory_records import NOON

HQ = SiteId("hq")


def signal_of(
    event: Alarm = Alarm.LEAK,
    *,
    at: datetime = NOON,
    severity: Severity | None = None,
    subject: str = "device:d1",
    zone: str = "",
    test: bool = False,
    kind: SignalKind = SignalKind.ACTIVE,
    parameters: Mapping[str, str] | None = None,
) -> Signal:
    """Return a signal about a device of gateway gw1 in building a."""
    about = Subject.parse(subject)
    rule = ALARMS[event].rule
    return Signal(
        kind=kind,
        mark=fingerprint(HQ, f"{rule}.{event}", about, zone),
        site=HQ,
        rule=rule,
        event=event,
        subject=about,
        device=DeviceId(about.id),
        severity=severity or ALARMS[event].severity,
        time=at,
        received=at,
        zone=zone,
        test=test,
        parameters={"event": event.value, "gateway": "gw1", "building": "a"} | dict(parameters or {}),
    )
