"""Where devices are and were, by the registry, for a store that writes the place beside each reading."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sensors.readings import epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, CircuitId, DeviceId, OpeningId, Placement, Registry, Room, RoomId, SiteId
from storage.ports import PlaceSpan

BEGINNING_MS = -9_223_372_036_854
"""Before everything a store can hold."""


class RegistryPlaces:
    """Keeps `storage.ports.Places` by a registry that may change; a device of another site is nowhere."""

    def __init__(self, registry: Callable[[], Registry | None]) -> None:
        """Take what gives the registry as it stands, None while there is none."""
        self._registry = registry
        self._known: tuple[Registry | None, dict[str, Sequence[PlaceSpan]]] = (None, {})

    def spans(self, site: SiteId, device: str) -> Sequence[PlaceSpan]:
        """Return a device's places in the order of time; none for a device that the registry does not know."""
        registry = self._registry()
        if registry is None or registry.site.id != site:
            return ()
        if registry is not self._known[0]:
            self._known = (registry, {})
        spans = self._known[1]
        if device not in spans:
            spans[device] = _spans(registry, device)
        return spans[device]


def place_of(registry: Registry | None, subject: Subject, time_ms: int) -> PlaceSpan:
    """Return where a subject is, of a device where it was at a time; an empty place where nothing tells."""
    nowhere = PlaceSpan(start_ms=BEGINNING_MS)
    if registry is None:
        return nowhere
    if subject.kind is SubjectKind.DEVICE:
        spans = _spans(registry, subject.id)
        return next((span for span in reversed(spans) if span.start_ms <= time_ms), nowhere)
    placement = _placement(registry, subject)
    return nowhere if placement is None else _span(registry, placement, BEGINNING_MS)


def _placement(registry: Registry, subject: Subject) -> Placement | None:
    """Return a subject as a device's place would name it; None for one that the registry does not know."""
    match subject.kind:
        case SubjectKind.ROOM if subject.id in registry.rooms:
            return Placement(room=RoomId(subject.id))
        case SubjectKind.CIRCUIT if subject.id in registry.circuits:
            return Placement(circuit=CircuitId(subject.id))
        case SubjectKind.OPENING if subject.id in registry.openings:
            return Placement(opening=OpeningId(subject.id))
        case SubjectKind.BUILDING if subject.id in registry.buildings:
            return Placement(building=BuildingId(subject.id))
        case _:
            return None


def _spans(registry: Registry, device: str) -> Sequence[PlaceSpan]:
    known = registry.devices.get(DeviceId(device))
    if known is None:
        return ()
    zone = ZoneInfo(registry.site.timezone)
    placements = sorted(known.placements, key=lambda each: each.since or date.min)
    found: list[PlaceSpan] = []
    for placement, following in zip(placements, [*placements[1:], None], strict=True):
        found.append(_span(registry, placement, _midnight_ms(placement.since, zone)))
        # Between two places a device is nowhere.
        if placement.until is not None and (following is None or following.since != placement.until):
            found.append(PlaceSpan(start_ms=_midnight_ms(placement.until, zone)))
    return found


def _span(registry: Registry, placement: Placement, start_ms: int) -> PlaceSpan:
    rooms = list(_rooms(registry, placement))
    building = placement.building or _only(room.building for room in rooms)
    if placement.circuit is not None:
        building = registry.circuit_building(placement.circuit) or building
    return PlaceSpan(
        start_ms=start_ms,
        building=building,
        floor=_only(room.floor for room in rooms),
        room=_only(room.id for room in rooms),
    )


def _rooms(registry: Registry, placement: Placement) -> Iterable[Room]:
    """Return the rooms that a placement speaks of: for a circuit those it serves."""
    if placement.room is not None:
        yield registry.rooms[placement.room]
    if placement.opening is not None and (room := registry.openings[placement.opening].room) is not None:
        yield registry.rooms[room]
    if placement.circuit is not None:
        yield from map(registry.rooms.__getitem__, registry.circuits[CircuitId(placement.circuit)].serves)


def _only(names: Iterable[str]) -> str:
    """Return the one name there is, an empty one where there are none or several."""
    found = set(names)
    return found.pop() if len(found) == 1 else ""


def _midnight_ms(day: date | None, zone: ZoneInfo) -> int:
    if day is None:
        return BEGINNING_MS
    return epoch_ms(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC))
