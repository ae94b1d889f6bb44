"""Thresholds that a site, building, room or thing has of its own: who chose them, why, and what they hold for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sensors.catalogue import CATALOGUE
from sensors.catalogue.model import Parameter
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, DeviceId, OpeningId, Registry, RoomId


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A parameter of a rule that has another value for a subject and all that is in it.

    It holds for analyses of days from `since` on.
    """

    rule: str
    parameter: str
    subject: Subject
    value: float
    by: str
    why: str
    since: date

    @property
    def catalogued(self) -> Parameter:
        """Return what the catalogue says of the parameter."""
        return next(each for each in CATALOGUE[self.rule].parameters if each.name == self.parameter)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a site has overridden; the nearest to a subject counts, over the site's down to the thing's own."""

    entries: tuple[Override, ...] = ()

    def on(self, day: date) -> "Overrides":
        """Return those that hold on a day."""
        return Overrides(tuple(each for each in self.entries if each.since <= day))

    def of_rules(self, rules: frozenset[str]) -> "Overrides":
        """Return those of some rules."""
        return Overrides(tuple(each for each in self.entries if each.rule in rules))

    def holding(self, subject: Subject, registry: Registry) -> tuple[Override, ...]:
        """Return what holds for a subject: of each parameter the nearest."""
        near = {each: rank for rank, each in enumerate(around(subject, registry))}
        nearest: dict[tuple[str, str], Override] = {}
        for each in self.entries:
            key = each.rule, each.parameter
            known = nearest.get(key)
            if each.subject in near and (known is None or near[each.subject] < near[known.subject]):
                nearest[key] = each
        return tuple(nearest[key] for key in sorted(nearest))


NO_OVERRIDES = Overrides()


def around(subject: Subject, registry: Registry) -> Iterator[Subject]:
    """Yield a subject and what it is in, the nearest first: its room, its building, the site."""
    yield subject
    if subject.kind is not SubjectKind.SITE:
        yield from _places(subject, registry)
        yield Subject(SubjectKind.SITE, registry.site.id)


def _places(subject: Subject, registry: Registry) -> Iterator[Subject]:
    match subject.kind:
        case SubjectKind.ROOM:
            yield from _building(registry.rooms[RoomId(subject.id)].building if subject.id in registry.rooms else None)
        case SubjectKind.CIRCUIT if subject.id in registry.circuits:
            yield from _building(registry.circuit_building(CircuitId(subject.id)))
        case SubjectKind.OPENING if subject.id in registry.openings:
            room = registry.openings[OpeningId(subject.id)].room
            yield from _room(room, registry)
        case SubjectKind.DEVICE if subject.id in registry.devices:
            yield from _of_device(DeviceId(subject.id), registry)
        case _:
            return


def _of_device(device: DeviceId, registry: Registry) -> Iterator[Subject]:
    placements = registry.devices[device].placements
    if not placements:
        return
    place = placements[-1]
    if place.circuit is not None:
        yield Subject(SubjectKind.CIRCUIT, place.circuit)
    if place.opening is not None:
        yield Subject(SubjectKind.OPENING, place.opening)
        yield from _room(registry.openings[place.opening].room, registry)
    elif place.room is not None:
        yield from _room(place.room, registry)
    else:
        yield from _building(registry.building_of(place))


def _room(room: RoomId | None, registry: Registry) -> Iterator[Subject]:
    if room is not None:
        yield Subject(SubjectKind.ROOM, room)
        yield from _building(registry.rooms[room].building)


def _building(building: str | None) -> Iterator[Subject]:
    if building is not None:
        yield Subject(SubjectKind.BUILDING, building)


def subjects_of(registry: Registry) -> Iterator[Subject]:
    """Yield everything in a registry that a rule may speak of."""
    yield Subject(SubjectKind.SITE, registry.site.id)
    kinds = (
        (SubjectKind.BUILDING, registry.buildings),
        (SubjectKind.ROOM, registry.rooms),
        (SubjectKind.CIRCUIT, registry.circuits),
        (SubjectKind.OPENING, registry.openings),
        (SubjectKind.DEVICE, registry.devices),
        (SubjectKind.GATEWAY, sorted({each.gateway for each in registry.devices.values() if each.gateway})),
    )
    for kind, ids in kinds:
        yield from (Subject(kind, identifier) for identifier in ids)
