"""What of a site somebody with limits sees: the rooms, meters, doors and devices of their buildings and departments."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sensors.actors import Limit, LimitKind
from sensors.subjects import Subject, SubjectKind
from sensors.topology import (
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    Department,
    DepartmentId,
    Device,
    DeviceId,
    OpeningId,
    Person,
    PersonId,
    Placement,
    Registry,
    Room,
    RoomId,
    Share,
)

Places = Collection[Limit]


@dataclass(frozen=True, slots=True)
class Reach:
    """What lies within all of several sets of places; within a set any place will do, so an empty set reaches nothing.

    What cannot be said to lie within is out of reach: a device that no registry places, the site as a whole.
    """

    registry: Registry
    within: Collection[Places]

    def sees(self, subject: Subject) -> bool:
        """Say whether a subject lies within."""
        if subject.kind is SubjectKind.GATEWAY:
            devices = [each for each in self.registry.devices.values() if each.gateway == subject.id]
            return bool(devices) and all(self._sees_device(each) for each in devices)
        if subject.kind is SubjectKind.DEVICE:
            device = self.registry.devices.get(DeviceId(subject.id))
            return device is not None and self._sees_device(device)
        if subject.kind is SubjectKind.ROOM:
            return self._sees_room(self.registry.rooms.get(RoomId(subject.id)))
        if subject.kind is SubjectKind.CIRCUIT:
            return self._sees_circuit(self.registry.circuits.get(CircuitId(subject.id)))
        if subject.kind is SubjectKind.OPENING:
            opening = self.registry.openings.get(OpeningId(subject.id))
            return opening is not None and self._sees_room(self.registry.rooms.get(opening.room or RoomId("")))
        building = subject.id if subject.kind is SubjectKind.BUILDING else None
        return self._holds(building=building, departments=())

    def narrowed(self) -> Registry:
        """Return the registry of what lies within; every reference in it still resolves."""
        registry = self.registry
        rooms = {key: each for key, each in registry.rooms.items() if self._sees_room(each)}
        circuits = {key: each for key, each in registry.circuits.items() if self._sees_circuit(each)}
        openings = {key: each for key, each in registry.openings.items() if each.room in rooms}
        devices = {key: each for key, each in registry.devices.items() if self._sees_device(each)}
        return Registry(
            site=registry.site,
            departments=self._departments(rooms.values()),
            people=self._people(rooms.values()),
            buildings=self._buildings(rooms.values()),
            rooms=rooms,
            circuits={key: self._cut(each, circuits, rooms) for key, each in circuits.items()},
            openings=openings,
            devices={key: replace(each, placements=self._placements(each)) for key, each in devices.items()},
        )

    def _holds(self, *, building: str | None, departments: Collection[str | None]) -> bool:
        """Say whether every set of places has one that holds the building, or all of the departments."""
        return all(any(self._is_in(place, building, departments) for place in places) for places in self.within)

    def _is_in(self, place: Limit, building: str | None, departments: Collection[str | None]) -> bool:
        if place.kind is LimitKind.SITE:
            return place.id == self.registry.site.id
        if place.kind is LimitKind.BUILDING:
            return place.id == building
        return bool(departments) and set(departments) == {place.id}

    def _sees_room(self, room: Room | None) -> bool:
        return room is not None and self._holds(building=room.building, departments=[room.department])

    def _sees_circuit(self, circuit: Circuit | None) -> bool:
        if circuit is None:
            return False
        served = [self.registry.rooms[room].department for room in circuit.serves]
        departments = served if circuit.department is None else [circuit.department, *served]
        return self._holds(building=self.registry.circuit_building(circuit.id), departments=departments)

    def _sees_device(self, device: Device) -> bool:
        return bool(device.placements) and self._sees_placement(device.placements[-1])

    def _sees_placement(self, place: Placement) -> bool:
        if place.circuit is not None:
            return self._sees_circuit(self.registry.circuits.get(place.circuit))
        opening = None if place.opening is None else self.registry.openings.get(place.opening)
        room = self.registry.rooms.get(place.room or (opening.room if opening and opening.room else RoomId("")))
        departments = () if room is None else [room.department]
        return self._holds(building=self.registry.building_of(place), departments=departments)

    def _placements(self, device: Device) -> tuple[Placement, ...]:
        return tuple(place for place in device.placements if self._sees_placement(place))

    def _buildings(self, rooms: Collection[Room]) -> Mapping[BuildingId, Building]:
        """Return the buildings that lie within, and those in which a room does, without their figures."""
        shown = {room.building for room in rooms}
        kept = {}
        for key, each in self.registry.buildings.items():
            if self._holds(building=key, departments=()):
                kept[key] = replace(each, shares=self._shares(each, rooms))
            elif key in shown:
                kept[key] = Building(id=each.id, name=each.name, energy_class=each.energy_class)
        return kept

    def _shares(self, building: Building, rooms: Collection[Room]) -> tuple[Share, ...]:
        known = self._departments(rooms)
        return tuple(share for share in building.shares if share.department in known)

    def _departments(self, rooms: Collection[Room]) -> Mapping[DepartmentId, Department]:
        shown = {room.department for room in rooms} | {
            DepartmentId(place.id) for places in self.within for place in places if place.kind is LimitKind.DEPARTMENT
        }
        return {key: each for key, each in self.registry.departments.items() if key in shown}

    def _people(self, rooms: Collection[Room]) -> Mapping[PersonId, Person]:
        known = self._departments(rooms)
        holders = {holder for room in rooms for holder in room.holders}
        return {
            key: each if each.department in known else replace(each, department=None)
            for key, each in self.registry.people.items()
            if key in holders
        }

    def _cut(self, circuit: Circuit, circuits: Collection[CircuitId], rooms: Collection[RoomId]) -> Circuit:
        return replace(
            circuit,
            building=self.registry.circuit_building(circuit.id),
            parent=circuit.parent if circuit.parent in circuits else None,
            serves=tuple(room for room in circuit.serves if room in rooms),
        )
