"""The site as the machines see it: where devices are, who passed its doors, where a fire is confirmed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from alerts.event_rules import place_at
from alerts.watch.facts import NO_FACTS, Facts
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import NO_OVERRIDES, Limits, Overrides
from sensors.topology import Device, DeviceId, Opening, OpeningId, OpeningKind, Placement, Registry

PANEL = "panel"
"""A device is taken for a fire panel where its id or model says so, or once it says what only panels do."""


class Site:
    """What all machines share. `live` is set where people are told; what is past is judged with all facts at hand."""

    def __init__(
        self, registry: Registry, *, live: bool, facts: Facts = NO_FACTS, overrides: Overrides = NO_OVERRIDES
    ) -> None:
        """Look at this registry."""
        self.live = live
        self.facts = facts
        self.overrides = overrides
        self.passed_ms: dict[str, int] = {}
        """When a card or the exit button was last used at a door, by place."""
        self.confirmed_ms: dict[str, int] = {}
        """Since when a fire is confirmed, by building; empty for one whose building nobody knows."""
        self.use(registry)

    def use(self, registry: Registry) -> None:
        """Look at another registry from now on."""
        self.registry = registry
        self.limits = Limits(self.overrides, registry)
        self._zone = ZoneInfo(registry.site.timezone)
        self._places: dict[tuple[str, int], Placement | None] = {}

    def hold(self, overrides: Overrides) -> None:
        """Judge by these thresholds from now on."""
        self.overrides = overrides
        self.limits = Limits(overrides, self.registry)

    def limit_ms(self, rule: str, parameter: str, unit_ms: int, device: str) -> int:
        """Return a rule's threshold for a device as milliseconds."""
        return round(self.limits.value(rule, parameter, device) * unit_ms)

    def device(self, device: str) -> Device | None:
        """Return a device of the registry."""
        return self.registry.devices.get(DeviceId(device))

    def place(self, device: str, at_ms: int) -> Placement | None:
        """Return where a device was at an instant."""
        day = from_epoch_ms(at_ms).astimezone(self._zone).date()
        number = day.toordinal()
        if (device, number) not in self._places:
            known = self.device(device)
            if len(self._places) > 10 * len(self.registry.devices):
                self._places.clear()
            self._places[device, number] = None if known is None else place_at(known, day)
        return self._places[device, number]

    def opening(self, device: str, at_ms: int) -> Opening | None:
        """Return the door or window that a device is at."""
        place = self.place(device, at_ms)
        return None if place is None or place.opening is None else self.registry.openings.get(place.opening)

    def door(self, device: str, at_ms: int, kind: OpeningKind) -> Opening | None:
        """Return the door that a device is at, where it is of this kind."""
        opening = self.opening(device, at_ms)
        return opening if opening is not None and opening.kind is kind else None

    def subject(self, device: str, at_ms: int) -> Subject:
        """Return what a device speaks of: its opening or circuit, else itself."""
        place = self.place(device, at_ms)
        if place is not None and place.opening is not None:
            return Subject(SubjectKind.OPENING, place.opening)
        if place is not None and place.circuit is not None:
            return Subject(SubjectKind.CIRCUIT, place.circuit)
        return Subject(SubjectKind.DEVICE, device)

    def building(self, device: str, at_ms: int) -> str:
        """Return the building a device is in, empty where nobody knows."""
        place = self.place(device, at_ms)
        return "" if place is None else self.registry.building_of(place) or ""

    def is_sampled(self, device: str) -> bool:
        """Say whether a device reports in turn, so that between two reports nothing is known of what it measures."""
        known = self.device(device)
        return known is not None and known.interval_s is not None

    def is_released(self, opening: OpeningId, device: str, at_ms: int) -> bool:
        """Say whether a confirmed fire is to have released this door."""
        known = self.registry.openings.get(opening)
        return (
            known is not None and known.release_on_fire and self.confirmed_at(self.building(device, at_ms)) is not None
        )

    def confirmed_at(self, building: str) -> int | None:
        """Return since when a fire that concerns a building is confirmed; one of unknown place concerns all."""
        times = [at for where, at in self.confirmed_ms.items() if not building or where in {building, ""}]
        return min(times, default=None)


def is_panel(device: Device) -> bool:
    """Say whether the registry makes a device known as a fire panel."""
    return PANEL in device.id.lower() or PANEL in (device.model or "").lower() or "clock_offset_s" in device.metrics


def devices_by_opening(registry: Registry) -> Mapping[str, tuple[Device, ...]]:
    """Return the devices now at each opening."""
    found: defaultdict[str, list[Device]] = defaultdict(list)
    for device in registry.devices.values():
        for place in device.placements[-1:]:
            if place.opening is not None:
                found[place.opening].append(device)
    return {opening: tuple(devices) for opening, devices in found.items()}


def devices_behind(registry: Registry, gateway: str) -> Iterator[Device]:
    """Yield the devices that a gateway speaks for."""
    return (device for device in registry.devices.values() if device.gateway == gateway)
