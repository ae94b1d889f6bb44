"""What a site has: whether a subject is there, and what stands in it."""

from collections.abc import Collection, Mapping

from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry


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
