"""What a registry can say field by field and still not mean: each check yields every fault it finds."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from sensors.catalogue.figures import AREA_QUOTAS, area_quota, rank_level
from sensors.documents import DocumentFault, NodePath
from sensors.topology import (
    Building,
    Circuit,
    Department,
    Device,
    Name,
    Opening,
    OpeningId,
    Person,
    Placement,
    Registry,
    Room,
    RoomId,
    Site,
)

SECTIONS = ("departments", "people", "buildings", "rooms", "circuits", "openings", "devices")
_ROUNDING = 1e-6
PLACES = ("room", "circuit", "opening", "building")
"""The fields of a placement that say where a device is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryDraft:
    """The entries of a registry by their position in its lists, not yet checked against each other.

    An empty id stands for one that could not be read; the checks leave it alone.
    """

    site: Site
    departments: Mapping[int, Department] = field(default_factory=dict)
    people: Mapping[int, Person] = field(default_factory=dict)
    buildings: Mapping[int, Building] = field(default_factory=dict)
    rooms: Mapping[int, Room] = field(default_factory=dict)
    circuits: Mapping[int, Circuit] = field(default_factory=dict)
    openings: Mapping[int, Opening] = field(default_factory=dict)
    devices: Mapping[int, Device] = field(default_factory=dict)

    def ids(self, section: str) -> dict[int, str]:
        """Return position to id of one section, without those that could not be read."""
        entries: Mapping[int, Room] = getattr(self, section)
        return {position: entry.id for position, entry in entries.items() if entry.id}

    def registry(self) -> Registry:
        """Return the registry; only a draft without faults makes one."""
        return Registry(
            site=self.site,
            departments={entry.id: entry for entry in self.departments.values()},
            people={entry.id: entry for entry in self.people.values()},
            buildings={entry.id: entry for entry in self.buildings.values()},
            rooms={entry.id: entry for entry in self.rooms.values()},
            circuits={entry.id: entry for entry in self.circuits.values()},
            openings={entry.id: entry for entry in self.openings.values()},
            devices={entry.id: entry for entry in self.devices.values()},
        )


def registry_faults(draft: RegistryDraft) -> list[DocumentFault]:
    """Return every fault between the entries of a draft."""
    return [fault for check in CHECKS for fault in check(draft)]


def repeated_ids(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find ids used twice in a list; devices are looked at with their places."""
    for section in SECTIONS[:-1]:
        for position, first in _repeats(draft.ids(section).items()):
            yield DocumentFault(
                path=(section, position, "id"),
                reason=f"{section}: id {draft.ids(section)[position]} is used twice; give each its own",
                other=(section, first, "id"),
            )


def repeated_devices(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find devices with two entries, and tell those that are in two rooms at once."""
    for position, first in _repeats(draft.ids("devices").items()):
        device, earlier = draft.devices[position], draft.devices[first]
        rooms = _rooms_at_once(earlier, device)
        problem = f"is in two rooms at once, {rooms[0]} and {rooms[1]}" if rooms else "is listed twice"
        yield DocumentFault(
            path=("devices", position, "id"),
            reason=f"device {device.id} {problem}; keep one entry, with `places` if it moved",
            other=("devices", first, "id"),
        )


def repeated_room_names(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find rooms on one floor of a building that have one name, in either language."""
    seen: dict[tuple[str, str, str], int] = {}
    for position, room in draft.rooms.items():
        keys = [(room.building, room.floor, name) for name in _spoken(room.name) if room.building and room.floor]
        first = next((seen[key] for key in keys if key in seen), None)
        if first is not None and draft.rooms[first].id != room.id:
            floor = f"floor {room.floor} of {room.building}"
            yield DocumentFault(
                path=("rooms", position, "name"),
                reason=f"rooms {draft.rooms[first].id} and {room.id} on {floor} have one name, {room.name.zh}; "
                "rename one",
                other=("rooms", first, "name"),
            )
        seen |= {key: position for key in keys if key not in seen}


def unknown_references(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find ids that an entry names and no list holds."""
    known = {section: set(draft.ids(section).values()) for section in SECTIONS}
    for path, section, target in _references(draft):
        if target and target not in known[section]:
            yield DocumentFault(
                path=path,
                reason=f"{_label(draft, path)} names {target}, which is not in {section}; list it there or mend the id",
            )


def meter_tree_loops(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find circuits fed by themselves, over however many others; each loop is told once."""
    parents: dict[str, str] = {circuit.id: circuit.parent for circuit in draft.circuits.values() if circuit.parent}
    done: set[str] = set()
    for position, circuit in draft.circuits.items():
        walk: list[str] = []
        place: str | None = circuit.id
        while place is not None and place not in done and place not in walk:
            walk.append(place)
            place = parents.get(place)
        if place in walk:
            loop = [*walk[walk.index(place) :], place]
            yield DocumentFault(
                path=("circuits", position, "parent"),
                reason=f"circuits feed each other in a loop, {' → '.join(loop)}; the topmost has no parent",
            )
        done.update(walk)


def overlapping_places(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find devices that stay in two places at once, of one kind or of two."""
    for position, device in draft.devices.items():
        placed = [(nth, place, kinds[0]) for nth, place in enumerate(device.placements) if (kinds := _kinds(place))]
        for (one, first, kind), (two, second, other) in combinations(placed, 2):
            if _overlap(first, second):
                yield DocumentFault(
                    path=("devices", position, "places", two, other),
                    reason=f"device {device.id} {_at_once(first, kind, second, other)}; "
                    "end the first (`until`) where the second starts (`since`)",
                    other=("devices", position, "places", one, kind),
                )


def inverted_places(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find stays that end before they start."""
    for position, device in draft.devices.items():
        for nth, place in enumerate(device.placements):
            if place.since and place.until and place.until <= place.since:
                yield DocumentFault(
                    path=("devices", position, "places", nth, "until"),
                    reason=f"device {device.id}: until {place.until} is not after since {place.since}; "
                    "`until` is the first day it is no longer there",
                )


def crowded_places(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find places that are several: a room beside a circuit, an opening or a building."""
    for path, device, place in _placements(draft):
        kinds = _kinds(place)
        if len(kinds) > 1:
            named = ", ".join(f"{kind} {getattr(place, kind)}" for kind in kinds)
            yield DocumentFault(
                path=(*path, kinds[1]),
                reason=f"device {device.id} is at {named}; a device has one place at a time: keep the one that it "
                "measures",
            )


def devices_in_restricted_rooms(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find devices in restricted rooms (机要, 保密), at their doors and windows too."""
    restricted = {room.id for room in draft.rooms.values() if room.restricted}
    rooms_of_openings = {opening.id: opening.room for opening in draft.openings.values()}
    for path, device, place in _placements(draft):
        kind, room = _room_behind(place, rooms_of_openings)
        if room in restricted:
            yield DocumentFault(
                path=(*path, kind),
                reason=f"device {device.id} is in {room}, which is restricted; such rooms take no devices: move it",
            )


def inverted_absences(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find absences that end before their first day."""
    for position, person in draft.people.items():
        for nth, absence in enumerate(person.absences):
            if absence.last < absence.first:
                yield DocumentFault(
                    path=("people", position, "absences", nth, "last"),
                    reason=f"person {person.id}: the absence ends {absence.last}, before {absence.first}; "
                    "write its first and last day",
                )


def shares_above_one(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find buildings of which the units use more than there is."""
    for position, building in draft.buildings.items():
        total = sum(share.share for share in building.shares)
        if total > 1 + _ROUNDING:
            yield DocumentFault(
                path=("buildings", position, "shares"),
                reason=f"building {building.id}: the shares make {total:g}; together they are at most 1",
            )


def toilets_above_their_room(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find rooms whose toilet is as large as the room."""
    for position, room in draft.rooms.items():
        if room.toilet_m2 >= room.usable_area_m2:
            yield DocumentFault(
                path=("rooms", position, "toilet_m2"),
                reason=f"room {room.id}: toilet_m2 {room.toilet_m2:g} is a part of usable_area_m2 "
                f"{room.usable_area_m2:g}; mend one of them",
            )


def unknown_ranks(draft: RegistryDraft) -> Iterator[DocumentFault]:
    """Find ranks that have no quota at their level, where rank (`县级/正科级`) or site says which it is."""
    for position, person in draft.people.items():
        level = None if person.rank is None else rank_level(person.rank, draft.site.organ_level)
        known = [quota.rank for quota in AREA_QUOTAS if quota.level is level]
        if person.rank is not None and known and area_quota(person.rank, level) is None:
            yield DocumentFault(
                path=("people", position, "rank"),
                reason=f"person {person.id}: rank {person.rank!r} has no quota at level {level}; "
                f"write one of {', '.join(known)}",
            )


CHECKS: tuple[Callable[[RegistryDraft], Iterator[DocumentFault]], ...] = (
    repeated_ids,
    repeated_devices,
    repeated_room_names,
    unknown_references,
    meter_tree_loops,
    overlapping_places,
    inverted_places,
    crowded_places,
    devices_in_restricted_rooms,
    inverted_absences,
    shares_above_one,
    toilets_above_their_room,
    unknown_ranks,
)


def _repeats(ids: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int]]:
    first: dict[str, int] = {}
    for position, identifier in ids:
        if identifier in first:
            yield position, first[identifier]
        first.setdefault(identifier, position)


def _spoken(name: Name) -> set[str]:
    return {" ".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in (name.zh, name.en) if text}


def _label(draft: RegistryDraft, path: NodePath) -> str:
    section, position = str(path[0]), path[1]
    identifier = draft.ids(section).get(int(position), "")
    return f"{section.removesuffix('s') if section != 'people' else 'person'} {identifier}".strip()


def _references(draft: RegistryDraft) -> Iterator[tuple[NodePath, str, str | None]]:
    for position, person in draft.people.items():
        yield ("people", position, "department"), "departments", person.department
    for position, building in draft.buildings.items():
        for nth, share in enumerate(building.shares):
            yield ("buildings", position, "shares", nth, "department"), "departments", share.department
    for position, room in draft.rooms.items():
        yield ("rooms", position, "building"), "buildings", room.building
        yield ("rooms", position, "department"), "departments", room.department
        yield from _each(("rooms", position, "holders"), "people", room.holders)
    for position, circuit in draft.circuits.items():
        yield ("circuits", position, "building"), "buildings", circuit.building
        yield ("circuits", position, "parent"), "circuits", circuit.parent
        yield ("circuits", position, "department"), "departments", circuit.department
        yield from _each(("circuits", position, "serves"), "rooms", circuit.serves)
    for position, opening in draft.openings.items():
        yield ("openings", position, "room"), "rooms", opening.room
    for path, _, place in _placements(draft):
        for kind in PLACES:
            yield (*path, kind), f"{kind}s", getattr(place, kind)


def _each(path: NodePath, section: str, targets: Collection[str]) -> Iterator[tuple[NodePath, str, str]]:
    for nth, target in enumerate(targets):
        yield (*path, nth), section, target


def _placements(draft: RegistryDraft) -> Iterator[tuple[NodePath, Device, Placement]]:
    for position, device in draft.devices.items():
        for nth, place in enumerate(device.placements):
            yield ("devices", position, "places", nth), device, place


def _kinds(place: Placement) -> list[str]:
    return [kind for kind in PLACES if getattr(place, kind)]


def _at_once(first: Placement, kind: str, second: Placement, other: str) -> str:
    one, two = getattr(first, kind), getattr(second, other)
    if kind == other:
        return f"is in two {kind}s at once, {one} and {two}"
    return f"is in two places at once, {kind} {one} and {other} {two}"


def _overlap(one: Placement, two: Placement) -> bool:
    return _starts_before(one.since, two.until) and _starts_before(two.since, one.until)


def _starts_before(since: date | None, until: date | None) -> bool:
    return since is None or until is None or since < until


def _rooms_at_once(one: Device, two: Device) -> tuple[RoomId, RoomId] | None:
    for first in one.placements:
        for second in two.placements:
            if first.room and second.room and first.room != second.room and _overlap(first, second):
                return first.room, second.room
    return None


def _room_behind(place: Placement, rooms_of_openings: Mapping[OpeningId, RoomId | None]) -> tuple[str, RoomId | None]:
    if place.room is None and place.opening is not None:
        return "opening", rooms_of_openings.get(place.opening)
    return "room", place.room
