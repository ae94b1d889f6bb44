"""What a machine objects to as a signal, which the outbox turns into notices."""

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
        | ({"unit": edge.unit} if edge.unit else {}),
    )


def rule_failed(site: Site, received_ms: int, kind: SignalKind = SignalKind.ACTIVE) -> Signal:
    """Return that a rule failed, for what it would have said nobody knows; or that all of them work again."""
    now, subject = from_epoch_ms(received_ms), Subject(SubjectKind.SITE, site.registry.site.id)
    facts = ALARMS[Alarm.RULE_FAILED]
    return Signal(
        kind=kind,
        mark=fingerprint(site.registry.site.id, f"{facts.rule}.{Alarm.RULE_FAILED}", subject),
        site=site.registry.site.id,
        rule=facts.rule,
        event=Alarm.RULE_FAILED,
        subject=subject,
        device=DeviceId(site.registry.site.id),
        severity=facts.severity,
        time=now,
        received=now,
        parameters={"event": Alarm.RULE_FAILED.value},
    )
