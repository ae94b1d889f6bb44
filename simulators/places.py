"""What a site has: whether a subject is there, and what stands in it."""

from collections.abc import Collection, Mapping

from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, Direction, Opening, OpeningId, OpeningKind, Registry


def ids_of(registry: Registry) -> Mapping[SubjectKind, Collection[str]]:
    """Return the ids that a site has, by what they are."""
    return {
        SubjectKind.ROOM: registry.rooms,
        SubjectKind.BUILDING: registry.buildings,
        SubjectKind.DEVICE: registry.devices,
        SubjectKind.OPENING: registry.openings,
        SubjectKind.CIRCUIT: registry.circuits,
        SubjectKind.SITE: (registry.site.id,),
        SubjectKind.GATEWAY: {device.gateway for device in registry.devices.values() if device.gateway is not None},
    }


def has_subject(registry: Registry, subject: Subject) -> bool:
    """Say whether the registry has this room, device, gateway, circuit, opening, building or site."""
    return subject.id in ids_of(registry)[subject.kind]


def devices_at(registry: Registry, subject: Subject) -> list[Device]:
    """Return the devices that a subject means: itself, those of a gateway, or those now placed there."""
    if subject.kind is SubjectKind.DEVICE:
        return [device for device in registry.devices.values() if device.id == subject.id]
    if subject.kind is SubjectKind.GATEWAY:
        return [device for device in registry.devices.values() if device.gateway == subject.id]
    return [device for device in registry.devices.values() if subject.id in _places(device, subject.kind)]


def shown_at(registry: Registry, subject: Subject) -> frozenset[str]:
    """Return the metrics that are shown of a subject."""
    return frozenset(metric for device in devices_at(registry, subject) for metric in device.metrics)


def has_both_sides(registry: Registry, opening: Subject) -> bool:
    """Say whether readers tell of what lies behind an opening who goes in and who comes out, at one door or several."""
    behind = _behind(registry.openings[OpeningId(opening.id)])
    doors = {each.id for each in registry.openings.values() if _behind(each) == behind}
    readers = [each for each in registry.devices.values() if each.placements and each.placements[-1].opening in doors]
    return {reader.direction for reader in readers} >= set(Direction)


def _behind(opening: Opening) -> str:
    return opening.room or opening.id


def openings_of(registry: Registry, subject: Subject, kind: OpeningKind) -> list[Opening]:
    """Return the openings of a kind that a room has."""
    return [each for each in registry.openings.values() if each.kind is kind and each.room == subject.id]


def openings_watched(registry: Registry, subject: Subject, kind: OpeningKind) -> list[Opening]:
    """Return those of a room's openings of a kind of which a device shows whether they are open."""
    found = openings_of(registry, subject, kind)
    return [each for each in found if "open" in shown_at(registry, Subject(SubjectKind.OPENING, each.id))]


def _places(device: Device, kind: SubjectKind) -> tuple[str | None, ...]:
    if not device.placements:
        return ()
    place = device.placements[-1]
    named = {
        SubjectKind.ROOM: place.room,
        SubjectKind.CIRCUIT: place.circuit,
        SubjectKind.OPENING: place.opening,
        SubjectKind.BUILDING: place.building,
    }
    return (named.get(kind),)
