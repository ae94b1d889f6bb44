"""Alerts of events long past: from when until when each lasted, without anybody being told."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.event_rules import signal
from sensors.events import Event
from sensors.readings import ReadingFlag
from sensors.signals import Signal, SignalKind
from sensors.topology import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPeriod:
    """One alert: what raised it, when somebody at the panel saw it, when it was over; None where that never came."""

    raised: Signal
    acknowledged: datetime | None = None
    ended: datetime | None = None


def alert_periods(events: Iterable[Event], registry: Registry) -> list[AlertPeriod]:
    """Return the alerts that these events raise, in order of their beginning; what was sent afterwards counts too."""
    open_now: dict[str, AlertPeriod] = {}
    over: list[AlertPeriod] = []
    for event in sorted(events, key=lambda each: each.time):
        told = signal(replace(event, flags=event.flags & ~ReadingFlag.BACKFILL), registry)
        if told is None or told.test:
            continue
        if told.kind is SignalKind.ACTIVE:
            open_now.setdefault(told.mark, AlertPeriod(raised=told))
        else:
            over += _answered(open_now, told)
    return sorted([*over, *open_now.values()], key=lambda period: period.raised.time)


def _answered(open_now: dict[str, AlertPeriod], told: Signal) -> list[AlertPeriod]:
    """Note what a panel's act or the end of an alert means; return the alerts that are over."""
    concerned = (
        [told.mark] if told.kind is SignalKind.CLEARED else [m for m, p in open_now.items() if _of_panel(p, told)]
    )
    over = []
    for mark in concerned:
        period = open_now.get(mark)
        if period is None:
            continue
        if told.kind is SignalKind.SILENCED:
            open_now[mark] = replace(period, acknowledged=period.acknowledged or told.time)
        else:
            over.append(replace(open_now.pop(mark), ended=told.time))
    return over


def _of_panel(period: AlertPeriod, told: Signal) -> bool:
    return period.raised.device == told.device and period.raised.event is told.event
