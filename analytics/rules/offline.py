"""G01: a device that fell silent."""

from datetime import datetime, timedelta

import polars as pl

from analytics.frame import RunData, day_start, evidence, not_applicable
from analytics.points import EVENT_HEARTBEAT_MS
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device
from sensors.verdicts import Finding, Severity, Verdict

RULE = "G01"


def offline(data: RunData) -> list[Finding]:
    """Return the verdict about each device: the time since its last reading against its reporting interval.

    A device that declares no metrics and never gave a reading speaks in events only, and owes no reading.
    """
    latest = data.analyst.source.latest(data.registry.site.id)
    heard = {
        str(device): from_epoch_ms(time_ms)
        for device, time_ms in latest.group_by("device").agg(pl.max("time_ms")).iter_rows()
    }
    return [
        _verdict(data, device, heard.get(device.id))
        if device.metrics or device.id in heard
        else not_applicable(data, RULE, Subject(SubjectKind.DEVICE, device.id), "device.metrics")
        for device in data.registry.devices.values()
    ]


def _verdict(data: RunData, device: Device, last_heard: datetime | None) -> Finding:
    now = from_epoch_ms(data.window.now_ms)
    limit = _limit(data, device)
    silent_since = last_heard or day_start(data.calendar, data.window.first)
    silence = now - silent_since
    faulty = last_heard is None or silence > limit
    return Finding(
        rule=RULE,
        subject=Subject(SubjectKind.DEVICE, device.id),
        verdict=Verdict.FAULT if faulty else Verdict.PASS,
        start=min(silent_since, now),
        end=now,
        value=None if last_heard is None else round(silence / timedelta(minutes=1), 1),
        threshold=limit / timedelta(minutes=1),
        unit="min",
        severity=Severity.BLUE if faulty else None,
        evidence=evidence(last_heard=None if last_heard is None else last_heard.isoformat()),
    )


def _limit(data: RunData, device: Device) -> timedelta:
    """Return how long the device may be silent: some intervals, or its heartbeat where it reports on change."""
    if device.interval_s is None:
        heartbeat_ms = EVENT_HEARTBEAT_MS if device.heartbeat_s is None else device.heartbeat_s * 1000
        return timedelta(milliseconds=heartbeat_ms)
    at_least = timedelta(minutes=data.thresholds.value(RULE, "minimum_min"))
    return max(timedelta(seconds=device.interval_s * data.thresholds.value(RULE, "intervals")), at_least)
