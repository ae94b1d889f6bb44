"""Incidents: what panels and doors tell over time, everyday and in trouble, as events with a sender."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sensors.events import Event, EventType
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Device, DeviceId, Registry
from simulators.alarms import TELLERS, told_of
from simulators.faults import Fault, FaultKind
from simulators.happenings import Happening
from simulators.places import devices_at
from simulators.routines import columns_of_floors, controlled_doors, doors_day, panel_day
from simulators.site_day import SiteDay
from simulators.timeline import Span

PANEL = "panel"
"""How the ids of fire panels begin."""
SILENT = frozenset({FaultKind.SILENT_DEVICE, FaultKind.SILENT_GATEWAY, FaultKind.LOST_LINK, FaultKind.SILENT_DOOR})
"""While these last, nothing everyday is heard either."""
UNNAMED_GATEWAY = "gw"
"""The gateway of devices for which the registry names none."""


@dataclass(frozen=True, slots=True)
class _Concerned:
    """When a fault is there, and whose it is."""

    span: Span
    devices: frozenset[str]

    @classmethod
    def of(cls, fault: Fault, devices: Iterable[Device]) -> "_Concerned":
        return cls(fault.span, frozenset(device.id for device in devices))

    def meets(self, bounds: Span) -> bool:
        return self.span[0] < bounds[1] and bounds[0] < self.span[1]


class Incidents:
    """The events of a site: people at its doors and the panel's routine day by day, and what faults bring."""

    def __init__(self, registry: Registry, seed: int, faults: Iterable[Fault]) -> None:
        """Lay out what the faults bring; doors without a room are the building's."""
        self._registry = registry
        self._seed = seed
        self._doors = controlled_doors(registry)
        self._panels = [device for device in registry.devices.values() if device.id.startswith(PANEL)]
        listed = tuple(faults)
        told = [fault for fault in listed if fault.kind in TELLERS]
        self._lasting = [event for fault in told for event in self._of_fault(fault)]
        self._troubled = [_Concerned.of(fault, self._telling(fault)) for fault in told]
        self._silent = [
            _Concerned.of(fault, devices_at(registry, fault.subject)) for fault in listed if fault.kind in SILENT
        ]
        self._unanswered = [fault.span for fault in listed if fault.kind is FaultKind.UNANSWERED]
        self._today: tuple[int, list[Event]] = (-1, [])

    def between(self, start_ms: int, end_ms: int, day: SiteDay) -> list[Event]:
        """Return the events of [start_ms, end_ms) of a day, in order."""
        if self._today[0] != day.grid.start_ms:
            within = (event for event in self._lasting if day.grid.start_ms <= epoch_ms(event.time) < day.grid.end_ms)
            today = sorted([*within, *self._everyday(day)], key=lambda event: (event.time, event.id or ""))
            self._today = (day.grid.start_ms, today)
        return [event for event in self._today[1] if start_ms <= epoch_ms(event.time) < end_ms]

    def _everyday(self, day: SiteDay) -> Iterator[Event]:
        """Yield what happens on any day; a panel or door that a fault tells of has no incidents beside it."""
        troubled = {each for trouble in self._troubled if trouble.meets(day.grid.bounds) for each in trouble.devices}
        floors = columns_of_floors(day.conditions.rooms)
        told = doors_day(day.people, day.grid, self._seed, self._doors, floors)
        for panel in self._panels:
            worked, quiet = bool(day.people.passages), panel.id in troubled
            told[panel.id] = list(panel_day(day.grid, self._seed, panel.id, self._zone(), worked=worked, quiet=quiet))
        for device, happenings in told.items():
            for number, happening in enumerate(happenings):
                if happening.type is EventType.DENIED and device in troubled:
                    continue
                if happening.type is EventType.ROLL_CALL and self._is_unanswered(happening.time_ms):
                    continue
                if not self._is_silent(device, happening.time_ms):
                    yield self._event(self._registry.devices[DeviceId(device)], happening, number)

    def _is_unanswered(self, moment_ms: int) -> bool:
        return any(start <= moment_ms <= end for start, end in self._unanswered)

    def _is_silent(self, device: str, moment_ms: int) -> bool:
        return any(device in each.devices and each.meets((moment_ms, moment_ms + 1)) for each in self._silent)

    def _of_fault(self, fault: Fault) -> Iterator[Event]:
        """Yield what a fault tells: by the panel or detector that it is of, or by the devices at its door."""
        for number, happening in enumerate(told_of(fault, self._zone())):
            for device in self._telling(fault):
                if happening.direction in {None, device.direction}:
                    yield self._event(device, happening, number)

    def _telling(self, fault: Fault) -> list[Device]:
        """Return who tells of a fault: of the site's own, and of a fire at a locked exit, the first panel."""
        if fault.kind in {FaultKind.EXIT_LOCKED, FaultKind.UNANSWERED}:
            return self._panels[:1]
        return devices_at(self._registry, fault.subject)

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
            received=from_epoch_ms(happening.time_ms + happening.late_ms),
            id=f"{device.id}-{happening.time_ms}-{happening.type}-{happening.state}-{number}",
            zone=happening.zone,
            test=happening.test,
            credential=happening.credential,
        )
