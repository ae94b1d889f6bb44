"""What a machine objects to as a signal, which the outbox turns into notices."""

from collections.abc import Mapping

from alerts.alarms import ALARMS
from alerts.event_rules import places_of
from alerts.model import fingerprint
from alerts.watch.model import Edge
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.catalogue import CATALOGUE
from sensors.readings import from_epoch_ms
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import OVERRIDDEN
from sensors.topology import DeviceId
from sensors.verdicts import Severity


def signals_of(edge: Edge, site: Site, received_ms: int) -> list[Signal]:
    """Return what people are to see of an edge; nothing of what an event tells by itself.

    What got graver is an alert of its own, for who has seen the milder one must see that; both end together.
    """
    if edge.spoken:
        return []
    if edge.severity is not None:
        return [_signal(edge, site, received_ms, SignalKind.ACTIVE, edge.severity)]
    return [_signal(edge, site, received_ms, SignalKind.CLEARED, severity) for severity in TIERS.get(edge.alarm, _ONE)]


_ONE = (None,)
TIERS: dict[Alarm, tuple[Severity | None, ...]] = {
    Alarm.ISOLATED: (Severity.YELLOW, Severity.ORANGE),
    Alarm.FIRE_DOOR_OPEN: (Severity.YELLOW, Severity.ORANGE),
    Alarm.RESIDUAL_CURRENT: (Severity.ORANGE, Severity.RED),
}
"""Alarms that may get graver while they last."""


def _signal(edge: Edge, site: Site, received_ms: int, kind: SignalKind, severity: Severity | None) -> Signal:
    tier = f".{severity}" if edge.alarm in TIERS else ""
    rule = ALARMS[edge.alarm].rule
    place = site.place(edge.device, received_ms)
    known = site.device(edge.device)
    named = {"event": edge.alarm.value, "device": edge.device, "gateway": (known.gateway if known else None) or ""}
    figures = {"value": edge.value, "threshold": edge.threshold}
    if edge.alarm is Alarm.GATEWAY_DOWN:
        named["gateway"] = edge.device
    return Signal(
        kind=kind,
        mark=fingerprint(site.registry.site.id, f"{rule}.{edge.alarm}{tier}", edge.subject, edge.zone),
        site=site.registry.site.id,
        rule=rule,
        event=edge.alarm,
        subject=edge.subject,
        device=DeviceId(edge.device),
        severity=severity or CATALOGUE[rule].severity,
        time=from_epoch_ms(edge.since_ms),
        received=from_epoch_ms(received_ms),
        zone=edge.zone,
        doubts=edge.doubts,
        parameters=named
        | places_of(place, site.registry)
        | {name: f"{figure:g}" for name, figure in figures.items() if figure is not None}
        | ({"unit": edge.unit} if edge.unit else {})
        | ({OVERRIDDEN: edge.overridden} if edge.overridden else {}),
    )


def rule_failed(site: Site, received_ms: int, kind: SignalKind = SignalKind.ACTIVE) -> Signal:
    """Return that a rule failed, for what it would have said nobody knows; or that all of them work again."""
    return _of_ourselves(Alarm.RULE_FAILED, site, received_ms, kind, {})


def thresholds_refused(site: Site, received_ms: int, detail: str) -> Signal:
    """Return that the site's thresholds cannot be used, and why; or, without a detail, that they can."""
    kind = SignalKind.ACTIVE if detail else SignalKind.CLEARED
    return _of_ourselves(Alarm.THRESHOLDS_REFUSED, site, received_ms, kind, {"detail": detail} if detail else {})


def _of_ourselves(
    alarm: Alarm, site: Site, received_ms: int, kind: SignalKind, parameters: Mapping[str, str]
) -> Signal:
    now, subject = from_epoch_ms(received_ms), Subject(SubjectKind.SITE, site.registry.site.id)
    facts = ALARMS[alarm]
    return Signal(
        kind=kind,
        mark=fingerprint(site.registry.site.id, f"{facts.rule}.{alarm}", subject),
        site=site.registry.site.id,
        rule=facts.rule,
        event=alarm,
        subject=subject,
        device=DeviceId(site.registry.site.id),
        severity=facts.severity,
        time=now,
        received=now,
        parameters={"event": alarm.value, **parameters},
    )
