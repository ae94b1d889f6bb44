"""Laying faults out over a building and some days: which rooms and devices there are, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sensors.errors import InputFault
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitItem, Device, Direction, OpeningKind, Placement, Registry, Room, RoomCategory
from simulators.days import workdays_of
from simulators.faults import Fault, FaultKind
from simulators.places import openings_watched


class ScenarioTooSmallError(InputFault):
    """The building or the time is too small for a scenario."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A building to lay faults over, and the days: `start` is a local midnight."""

    registry: Registry
    start: datetime
    days: int

    @property
    def end(self) -> datetime:
        """Return when the last day is over."""
        return self.at(self.days)

    def at(self, day: float) -> datetime:
        """Return the moment so many days after the start."""
        return self.start + timedelta(days=day)

    @property
    def offices(self) -> list[Room]:
        """Return the ordinary offices that somebody holds."""
        offices = (room for room in self.registry.rooms.values() if room.category is RoomCategory.OFFICE)
        return [room for room in offices if room.subtype != "shared" and not room.restricted and room.holders]

    @property
    def shared(self) -> list[Room]:
        """Return the shared offices."""
        return [room for room in self.registry.rooms.values() if room.subtype == "shared"]

    @property
    def meeting_rooms(self) -> list[Room]:
        """Return the meeting rooms."""
        return [room for room in self.registry.rooms.values() if room.is_meeting_room]

    @property
    def building(self) -> Subject:
        """Return the first building."""
        return Subject(SubjectKind.BUILDING, next(iter(self.registry.buildings)))

    @property
    def site(self) -> Subject:
        """Return the site."""
        return Subject(SubjectKind.SITE, self.registry.site.id)

    @property
    def rooms_with_windows(self) -> list[Room]:
        """Return the offices with a window that has a contact."""
        return [
            room
            for room in self.offices
            if openings_watched(self.registry, Subject(SubjectKind.ROOM, room.id), OpeningKind.WINDOW)
        ]

    def first_workday(self, day: int) -> int:
        """Return the number of the first workday from one on."""
        is_workday, zone = workdays_of(self.registry.site), ZoneInfo(self.registry.site.timezone)
        while not is_workday(self.at(day).astimezone(zone).date()):
            day += 1
        return day

    @property
    def main(self) -> Subject:
        """Return the main circuit."""
        mains = (c for c in self.registry.circuits.values() if c.item is CircuitItem.TOTAL and c.parent is None)
        return Subject(SubjectKind.CIRCUIT, next(mains).id)

    @property
    def panel(self) -> Subject:
        """Return the fire panel."""
        panels = (device.id for device in self.registry.devices.values() if device.id.startswith("panel"))
        return Subject(SubjectKind.DEVICE, next(panels))

    @property
    def door(self) -> Subject:
        """Return the first controlled door."""
        doors = (o.id for o in self.registry.openings.values() if o.kind is OpeningKind.ACCESS)
        return Subject(SubjectKind.OPENING, next(doors))

    @property
    def gates(self) -> list[Subject]:
        """Return the doors that have a reader on the way out."""
        readers = (device for device in self.registry.devices.values() if device.direction is Direction.OUT)
        places = (reader.placements[-1].opening for reader in readers)
        return [Subject(SubjectKind.OPENING, opening) for opening in places if opening is not None]

    def doors_showing(self, metric: str) -> list[Subject]:
        """Return the doors that a fire releases, as far as a device there shows a metric."""
        places = [d.placements[-1].opening for d in self.registry.devices.values() if metric in d.metrics]
        released = (o.id for o in self.registry.openings.values() if o.release_on_fire and o.id in places)
        return [Subject(SubjectKind.OPENING, door) for door in released]

    @property
    def fire_doors(self) -> list[Subject]:
        """Return the doors that must be shut."""
        doors = (o for o in self.registry.openings.values() if o.kind is OpeningKind.FIRE_CLOSED)
        return [Subject(SubjectKind.OPENING, door.id) for door in doors]

    def sensor(self, room: Room, metric: str) -> Subject | None:
        """Return the device in a room that shows a metric."""
        place = Placement(room=room.id)
        found = (d for d in self.registry.devices.values() if place in d.placements and metric in d.metrics)
        device = next(found, None)
        return None if device is None else Subject(SubjectKind.DEVICE, device.id)

    def air_sensor(self, room: Room) -> Subject:
        """Return the device that measures a room's CO2. Raises ScenarioTooSmallError where there is none."""
        sensor = self.sensor(room, "co2_ppm")
        if sensor is None:
            msg = f"room {room.id} has no CO2 sensor, which the faults need; take --faults none"
            raise ScenarioTooSmallError(msg)
        return sensor

    def circuits_showing(self, metric: str, *, rated: bool = False) -> list[Subject]:
        """Return the circuits whose meter shows a metric, main last; `rated` asks for a rated current."""
        devices = [d for d in self.registry.devices.values() if metric in d.metrics]
        circuits = [place.circuit for device in devices for place in device.placements[-1:] if place.circuit]
        known = self.registry.circuits
        found = [
            Subject(SubjectKind.CIRCUIT, circuit)
            for circuit in dict.fromkeys(circuits)
            if not rated or known[circuit].rated_a is not None
        ]
        return sorted(found, key=lambda subject: subject == self.main)

    def detectors(self, words: str) -> list[Subject]:
        """Return the devices whose id begins so."""
        found: list[Device] = [device for device in self.registry.devices.values() if device.id.startswith(words)]
        return [Subject(SubjectKind.DEVICE, device.id) for device in found]

    def gateway_of(self, room: Room) -> Subject:
        """Return the gateway that speaks for a room's sensors."""
        device = self.registry.devices[self.air_sensor(room).id]  # type: ignore[index] # a subject's id is a device's
        return Subject(SubjectKind.GATEWAY, device.gateway or "")

    def fault(
        self,
        kind: FaultKind,
        subject: Room | Subject,
        first: float,
        last: float | None = None,
        *,
        severity: float = 1.5,
        mended: bool = False,
    ) -> Fault:
        """Return a fault from one day to another, or for good; a severity below 1 makes a near miss."""
        about = Subject(SubjectKind.ROOM, subject.id) if isinstance(subject, Room) else subject
        over = None if last is None else self.at(last)
        return Fault(
            kind=kind,
            subject=about,
            start=self.at(first),
            end=None if mended else over,
            mended=over if mended else None,
            severity=severity,
            near_miss=severity < 1,
        )

    def needs(self, name: str, *, days: int, offices: int = 0, shared: int = 0) -> None:
        """Refuse a building or a time too small for a scenario. Raises ScenarioTooSmallError."""
        if self.days < days:
            msg = f"the faults {name!r} need {days} days; simulate more, or take --faults none"
            raise ScenarioTooSmallError(msg)
        if len(self.offices) < offices or len(self.shared) < shared:
            rooms = offices + 3
            msg = f"the faults {name!r} need more rooms: simulate at least {rooms}, or take --faults none"
            raise ScenarioTooSmallError(msg)
