"""Faults that are nothing but entries of the registry: offices too large, not vacated, let out; papers that are absent.

The registry is taken as it stands when the simulation ends, so that what is mended before leaves no entry.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import cycle
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sensors.catalogue import CATALOGUE
from sensors.catalogue.figures import area_quota
from sensors.topology import BuildingId, Exemption, Registry, Room, RoomId, Tenure
from simulators.faults import Fault, FaultKind

RANK = "县级/副科级"
"""The rank of whoever holds an office that is judged by its area."""
ALLOWED_M2 = 12.0
"""So much too large is an office that somebody allowed."""
PAPERS = 3
OTHER_HANDS = (Tenure.LET, Tenure.LENT, Tenure.ENTERPRISE)

Entry = Callable[[Registry, Fault], Registry]


def written(registry: Registry, faults: Iterable[Fault], end: datetime | None = None) -> Registry:
    """Return the registry with the entries of all faults that stand at the end of a simulation."""
    for fault in faults:
        entry = ENTRIES.get(fault.kind)
        if entry is not None and stands(fault, end):
            registry = entry(registry, fault)
    return registry


def stands(fault: Fault, end: datetime | None) -> bool:
    """Say whether a fault is still there when the simulation ends."""
    return fault.over is None or (end is not None and fault.over >= end)


def _oversized(registry: Registry, fault: Fault) -> Registry:
    """Make an office larger than its holders' quotas together by S07's tolerance times the severity."""
    return _sized(registry, fault, CATALOGUE["S07"].parameter("tolerance_m2") * fault.severity)


def _exempted(registry: Registry, fault: Fault) -> Registry:
    sized = _sized(registry, fault, ALLOWED_M2)
    allowed = Exemption(reason="兼作会客", approved_by="机关事务管理局")
    return _with_room(sized, replace(_room(sized, fault), exemption=allowed))


def _sized(registry: Registry, fault: Fault, excess_m2: float) -> Registry:
    room = _room(registry, fault)
    quota = area_quota(RANK)
    if quota is None or not room.holders:
        return registry
    people = {**registry.people, **{each: replace(registry.people[each], rank=RANK) for each in room.holders}}
    area_m2 = round(quota.area_m2 * len(room.holders) + excess_m2, 3)
    return _with_room(replace(registry, people=people), replace(room, usable_area_m2=area_m2))


def _not_vacated(registry: Registry, fault: Fault) -> Registry:
    """Let the first holder have left when the fault began; as a near miss the office was vacated in time."""
    room = _room(registry, fault)
    if not room.holders:
        return registry
    first = room.holders[0]
    left = fault.start.astimezone(ZoneInfo(registry.site.timezone)).date()
    gone = replace(registry, people={**registry.people, first: replace(registry.people[first], left=left)})
    return _with_room(gone, replace(room, holders=room.holders[1:])) if fault.near_miss else gone


def _papers_absent(registry: Registry, fault: Fault) -> Registry:
    """Write down a building's papers; of a fault one is absent, and a gross one lacks them all."""
    building = registry.buildings[BuildingId(fault.subject.id)]
    lacking = 0 if fault.near_miss else min(int(fault.severity), PAPERS)
    title, land, owner = ("" if number < lacking else "有" for number in range(PAPERS))
    told = replace(building, title_certificate=title, land_certificate=land, owner=owner)
    return replace(registry, buildings={**registry.buildings, building.id: told})


def _let_out(registry: Registry, fault: Fault) -> Registry:
    """Write down in whose hands a room is: one of the three that S10 knows, in turn by room; its own as a near miss."""
    hands = dict(zip(registry.rooms, cycle(OTHER_HANDS), strict=False))
    room = _room(registry, fault)
    return _with_room(registry, replace(room, tenure=Tenure.OWN if fault.near_miss else hands[room.id]))


def _room(registry: Registry, fault: Fault) -> Room:
    return registry.rooms[RoomId(fault.subject.id)]


def _with_room(registry: Registry, room: Room) -> Registry:
    return replace(registry, rooms={**registry.rooms, room.id: room})


ENTRIES: Mapping[FaultKind, Entry] = MappingProxyType(
    {
        FaultKind.OVERSIZED_OFFICE: _oversized,
        FaultKind.EXEMPTED: _exempted,
        FaultKind.NOT_VACATED: _not_vacated,
        FaultKind.PAPERS_ABSENT: _papers_absent,
        FaultKind.LET_OUT: _let_out,
    }
)
"""What a kind writes into the registry."""
