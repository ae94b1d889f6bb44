"""Events to signals: which events alert, under which rule, how gravely, and what makes two of them the same alert."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo

from alerts.alarms import ALARMS
from alerts.model import fingerprint
from sensors.alarms import Alarm
from sensors.catalogue import CATALOGUE
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingFlag
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, Placement, Registry

ALARM_OF: Mapping[EventType, Alarm] = MappingProxyType(
    {
        EventType.FIRE: Alarm.FIRE,
        EventType.SMOKE: Alarm.SMOKE,
        EventType.LEAK: Alarm.LEAK,
        EventType.FORCED: Alarm.FORCED,
    }
)
"""Events that alert on arrival."""

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
        return _signal(event, registry, Alarm.FIRE, PANEL_ACTS[event.type])
    if event.type not in ALARM_OF:
        return None
    kind = SignalKind.CLEARED if event.state is EventState.CLEARED else SignalKind.ACTIVE
    return _signal(event, registry, ALARM_OF[event.type], kind)


def _signal(event: Event, registry: Registry, alerting: Alarm, kind: SignalKind) -> Signal:
    rule = ALARMS[alerting].rule
    device = registry.devices.get(event.device)
    place = (
        None if device is None else place_at(device, event.received.astimezone(ZoneInfo(registry.site.timezone)).date())
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
        parameters=_parameters(event, alerting, place, registry),
    )


def place_at(device: Device, day: date) -> Placement | None:
    """Return where the device is on a local day: the placement that holds then, the newest of several."""
    holding = [
        each
        for each in device.placements
        if (each.since is None or each.since <= day) and (each.until is None or day < each.until)
    ]
    return holding[-1] if holding else None


def _subject(event: Event, alerting: Alarm, place: Placement | None) -> Subject:
    """Return the door that was forced where it is known, else the device that speaks."""
    if alerting is Alarm.FORCED and place is not None and place.opening is not None:
        return Subject(SubjectKind.OPENING, place.opening)
    return Subject(SubjectKind.DEVICE, event.device)


def _own_doubts(alerting: Alarm, place: Placement | None, registry: Registry) -> tuple[str, ...]:
    if alerting is not Alarm.FORCED or place is None or place.opening is None:
        return ()
    opening = registry.openings.get(place.opening)
    return () if opening is None or opening.rex_wired else (EXIT_REQUEST_NOT_WIRED,)


def _parameters(event: Event, alerting: Alarm, place: Placement | None, registry: Registry) -> dict[str, str]:
    named = {"event": alerting.value, "device": event.device, "gateway": event.gateway}
    return named | places_of(place, registry)


def places_of(place: Placement | None, registry: Registry) -> dict[str, str]:
    """Return what of a place is known, as the parameters of a signal name it."""
    if place is None:
        return {}
    building = registry.building_of(place)
    places = {"room": place.room, "opening": place.opening, "circuit": place.circuit, "building": building}
    return {name: identifier for name, identifier in places.items() if identifier is not None}
