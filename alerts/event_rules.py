"""Events to signals: which events alert, under which rule, how gravely, and what makes two of them the same alert."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo

from alerts.model import fingerprint
from sensors.catalogue import CATALOGUE
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingFlag
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, Name, Placement, Registry

RULES: Mapping[EventType, str] = MappingProxyType(
    {
        EventType.FIRE: "F01",
        EventType.SMOKE: "F01",
        EventType.LEAK: "F12",
        EventType.FORCED: "D02",
    }
)
"""Events that alert on arrival, with the rule of the catalogue that they fall under."""

NAMES: Mapping[EventType, Name] = MappingProxyType(
    {
        EventType.FIRE: Name(zh="火警", en="Fire alarm"),
        EventType.SMOKE: Name(zh="烟感报警", en="Smoke detector alarm"),
        EventType.LEAK: Name(zh="漏水", en="Water leak"),
        EventType.FORCED: Name(zh="强行开门", en="Door forced"),
    }
)
"""What an alert is called, for receivers that have no catalogue of messages."""

PANEL_ACTS: Mapping[EventType, SignalKind] = MappingProxyType(
    {EventType.SILENCED: SignalKind.SILENCED, EventType.RESET: SignalKind.RESET}
)
"""What a person does at a panel: silencing it acknowledges its fires (F01), resetting it ends them."""

EXIT_REQUEST_NOT_WIRED = "exit_request_not_wired"
"""A controller says `forced` of a door whose exit request is not wired: it may have been somebody leaving."""


def signal(event: Event, registry: Registry) -> Signal | None:
    """Return what the event asks people to see; None where it alerts nobody. Raises nothing.

    What was sent afterwards (`hist`) never alerts. A lasting event that says neither active nor cleared is active.
    A test is a signal of its own, so that a test left open never hides a real alarm.
    """
    if event.flags & ReadingFlag.BACKFILL:
        return None
    if event.type in PANEL_ACTS:
        return _signal(event, registry, EventType.FIRE, PANEL_ACTS[event.type])
    if event.type not in RULES:
        return None
    kind = SignalKind.CLEARED if event.state is EventState.CLEARED else SignalKind.ACTIVE
    return _signal(event, registry, event.type, kind)


def _signal(event: Event, registry: Registry, alerting: EventType, kind: SignalKind) -> Signal:
    rule = RULES[alerting]
    device = registry.devices.get(event.device)
    place = (
        None if device is None else _place(device, event.received.astimezone(ZoneInfo(registry.site.timezone)).date())
    )
    subject = _subject(event, alerting, place)
    told = f"{rule}.{alerting}.test" if event.test else f"{rule}.{alerting}"
    return Signal(
        kind=kind,
        mark=fingerprint(event.site, told, subject, event.zone),
        site=event.site,
        rule=rule,
        event=alerting,
        subject=subject,
        device=event.device,
        severity=CATALOGUE[rule].severity,
        time=event.time,
        received=event.received,
        zone=event.zone,
        test=event.test,
        doubts=(*event.doubts, *_own_doubts(alerting, place, registry)),
        parameters=_parameters(event, alerting, place),
    )


def _place(device: Device, day: date) -> Placement | None:
    """Return where the device is on a local day: the placement that holds then, the newest of several."""
    holding = [
        each
        for each in device.placements
        if (each.since is None or each.since <= day) and (each.until is None or day < each.until)
    ]
    return holding[-1] if holding else None


def _subject(event: Event, alerting: EventType, place: Placement | None) -> Subject:
    """Return the door that was forced where it is known, else the device that speaks."""
    if alerting is EventType.FORCED and place is not None and place.opening is not None:
        return Subject(SubjectKind.OPENING, place.opening)
    return Subject(SubjectKind.DEVICE, event.device)


def _own_doubts(alerting: EventType, place: Placement | None, registry: Registry) -> tuple[str, ...]:
    if alerting is not EventType.FORCED or place is None or place.opening is None:
        return ()
    opening = registry.openings.get(place.opening)
    return () if opening is None or opening.rex_wired else (EXIT_REQUEST_NOT_WIRED,)


def _parameters(event: Event, alerting: EventType, place: Placement | None) -> dict[str, str]:
    named = {"event": alerting.value, "device": event.device, "gateway": event.gateway}
    if place is None:
        return named
    places = {"room": place.room, "opening": place.opening, "circuit": place.circuit, "building": place.building}
    return named | {name: identifier for name, identifier in places.items() if identifier is not None}
