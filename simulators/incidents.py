"""Incidents: what panels and doors tell over time, as events with a sender."""

from collections.abc import Iterable, Iterator

from sensors.events import Event
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Device, Registry
from simulators.alarms import told_of
from simulators.doors import passages
from simulators.faults import Fault
from simulators.happenings import Happening
from simulators.places import devices_at
from simulators.site_day import SiteDay

UNNAMED_GATEWAY = "gw"
"""The gateway of devices for which the registry names none."""


class Incidents:
    """The events of a site: people at its entrance day by day, fires and forced doors from its faults."""

    def __init__(self, registry: Registry, seed: int, faults: Iterable[Fault]) -> None:
        """Lay out what the faults bring; doors without a room are entrances."""
        self._registry = registry
        self._seed = seed
        self._doors = [
            (device, place.opening)
            for device in registry.devices.values()
            for place in device.placements[-1:]
            if place.opening is not None
        ]
        self._lasting = [event for fault in faults for event in self._of_fault(fault)]
        self._today: tuple[int, list[Event]] = (-1, [])

    def between(self, start_ms: int, end_ms: int, day: SiteDay) -> list[Event]:
        """Return the events of [start_ms, end_ms) of a day, in order."""
        if self._today[0] != day.grid.start_ms:
            within = (event for event in self._lasting if day.grid.start_ms <= epoch_ms(event.time) < day.grid.end_ms)
            today = sorted([*within, *self._passages(day)], key=lambda event: (event.time, event.id or ""))
            self._today = (day.grid.start_ms, today)
        return [event for event in self._today[1] if start_ms <= epoch_ms(event.time) < end_ms]

    def _passages(self, day: SiteDay) -> Iterator[Event]:
        for device, opening in self._doors:
            if self._registry.openings[opening].room is None:
                for number, happening in enumerate(passages(day.people, day.grid, self._seed, device.id)):
                    yield self._event(device, happening, number)

    def _of_fault(self, fault: Fault) -> Iterator[Event]:
        """Yield what a fault tells: by the panel or detector that it is of, or by the devices at its door."""
        for number, happening in enumerate(told_of(fault, self._zone())):
            for device in devices_at(self._registry, fault.subject):
                yield self._event(device, happening, number)

    def _zone(self) -> str:
        """Return the zone that burns: the floor of the first room."""
        return next((f"{room.floor}F" for room in self._registry.rooms.values()), "")

    def _event(self, device: Device, happening: Happening, number: int = 0) -> Event:
        time = from_epoch_ms(happening.time_ms)
        return Event(
            site=self._registry.site.id,
            gateway=device.gateway or UNNAMED_GATEWAY,
            device=device.id,
            type=happening.type,
            state=happening.state,
            time=time,
            received=time,
            id=f"{device.id}-{happening.time_ms}-{happening.type}-{happening.state}-{number}",
            zone=happening.zone,
            test=happening.test,
        )
