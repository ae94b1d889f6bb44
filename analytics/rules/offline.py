"""G01: a device that fell silent, or that its gateway or its last will says is offline."""

from datetime import datetime, timedelta

import polars as pl

from analytics.frame import RunData, day_start, evidence, not_applicable
from analytics.points import EVENT_HEARTBEAT_MS
from sensors.events import EventState, EventType
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device
from sensors.verdicts import Finding, Severity, Verdict

RULE = "G01"


def offline(data: RunData) -> list[Finding]:
    """Return the verdict about each device: the time since its last reading against its reporting interval.

    A device that declares no metrics and never gave a reading speaks in events only, and owes no reading. Where its
    last will, its death or its gateway says that it is offline, that counts and not its interval, after the time that
    any device may be silent: a link that comes and goes is none of this.
    """
    heard, gone = last_heard(data), told_offline(data)
    return [
        _verdict(data, device, heard.get(device.id), gone.get(device.id))
        if device.metrics or device.id in heard or device.id in gone
        else not_applicable(data, RULE, Subject(SubjectKind.DEVICE, device.id), "device.metrics")
        for device in data.registry.devices.values()
    ]


def last_heard(data: RunData) -> dict[str, datetime]:
    """Return when each device was last heard before the instant of judgement."""
    source, site, now_ms = data.analyst.source, data.registry.site.id, data.window.now_ms
    latest = source.latest(site)
    later = latest.filter(pl.col("time_ms") > now_ms)["device"].unique().to_list()
    if later:  # the window ends before the readings do: their latest says nothing of it
        start_ms = data.calendar.midnight_ms(data.window.first)
        within = source.readings(site, start_ms=start_ms, end_ms=now_ms + 1, devices=later)
        latest = pl.concat([latest.filter(pl.col("time_ms") <= now_ms), within])
    last = latest.group_by("device").agg(pl.max("time_ms"))
    return {str(device): from_epoch_ms(time_ms) for device, time_ms in last.iter_rows()}


def told_offline(data: RunData) -> dict[str, datetime]:
    """Return since when devices are offline by what was told of them in the window, and silent since."""
    start_ms, now_ms = data.calendar.midnight_ms(data.window.first), data.window.now_ms
    events = data.analyst.source.events(data.registry.site.id, start_ms=start_ms, end_ms=now_ms + 1)
    told = events.filter(pl.col("type") == EventType.OFFLINE.value, ~pl.col("test"))
    if told.is_empty():
        return {}
    last = told.sort("time_ms", maintain_order=True).group_by("device").agg(pl.last("state", "time_ms"))
    gone = last.filter(pl.col("state") == EventState.ACTIVE.value)
    since = {str(device): from_epoch_ms(time_ms) for device, time_ms in gone.select("device", "time_ms").iter_rows()}
    heard = last_heard(data)
    return {device: at for device, at in since.items() if device not in heard or heard[device] <= at}


def _verdict(data: RunData, device: Device, last_heard: datetime | None, gone: datetime | None) -> Finding:
    now = from_epoch_ms(data.window.now_ms)
    limit = _limit(data, device)
    silent_since = last_heard or day_start(data.calendar, data.window.first)
    faulty = last_heard is None or now - silent_since > limit
    if gone is not None and not (faulty and last_heard is not None):
        silent_since, limit = gone, min(limit, _shortest(data))
        faulty = now - gone > limit
    silence = now - silent_since
    return Finding(
        rule=RULE,
        subject=Subject(SubjectKind.DEVICE, device.id),
        verdict=Verdict.FAULT if faulty else Verdict.PASS,
        start=min(silent_since, now),
        end=now,
        value=None if last_heard is None and gone is None else round(silence / timedelta(minutes=1), 1),
        threshold=limit / timedelta(minutes=1),
        unit="min",
        severity=Severity.BLUE if faulty else None,
        evidence=evidence(
            last_heard=None if last_heard is None else last_heard.isoformat(),
            **({} if gone is None else {"told_offline": gone.isoformat()}),
        ),
    )


def _limit(data: RunData, device: Device) -> timedelta:
    """Return how long the device may be silent: some intervals, or its heartbeat where it reports on change."""
    if device.interval_s is None:
        heartbeat_ms = EVENT_HEARTBEAT_MS if device.heartbeat_s is None else device.heartbeat_s * 1000
        return timedelta(milliseconds=heartbeat_ms)
    return max(timedelta(seconds=device.interval_s * data.thresholds.value(RULE, "intervals")), _shortest(data))


def _shortest(data: RunData) -> timedelta:
    return timedelta(minutes=data.thresholds.value(RULE, "minimum_min"))
