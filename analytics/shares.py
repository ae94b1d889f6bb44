"""A large site in shares: what belongs together is judged together, so that no run holds the readings of all rooms.

Two places belong together where one circuit serves both, one device was at both, or one is an opening of the other.
Rules that look at readings judge each share as if it were the whole site; sensors outdoors are lent to all of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil

import polars as pl

from analytics.frame import RunData
from sensors.subjects import SubjectKind
from sensors.topology import Device, DeviceId, Placement, Registry

MOST_READINGS = 1_500_000
"""How many readings at once a share is made up to: they take about a tenth of a gigabyte. The project's own choice."""
USUAL_INTERVAL_S = 300.0
"""For devices that report on change, and those whose interval nobody wrote down."""
S_PER_DAY = 86_400
LENIENCE = 1.1
"""A share may be so much larger before there is one more: each costs time of its own, however small."""

Place = tuple[SubjectKind, str]


@dataclass(frozen=True, slots=True)
class Share:
    """One share: the run's data of its places alone, and the devices whose readings belong to it; None is all."""

    data: RunData
    devices: Collection[str] | None = None


def shares(data: RunData, days: float, *, at_once: float = MOST_READINGS) -> list[Share]:
    """Return the shares of a site for a look at so many days; one with everything where that is small enough."""
    registry, most = data.registry, at_once / days
    devices = {device.id: device for device in registry.devices.values()}
    sizes = {name: _readings_a_day(devices.get(DeviceId(name)), series) for name, series in data.analyst.series.items()}
    total = sum(sizes.values())
    if total <= most:
        return [Share(data)]
    joined = _joined(registry)
    groups = _together(registry, joined, sizes)
    count = ceil(total / (LENIENCE * most))
    return [_share(data, joined, names) for names in _filled(groups, sizes, count)]


def _readings_a_day(device: Device | None, series: int) -> float:
    interval_s = USUAL_INTERVAL_S if device is None or device.interval_s is None else device.interval_s
    return series * S_PER_DAY / max(interval_s, 1.0)


@dataclass(slots=True)
class _Joined:
    """Sets of places, joined pair by pair."""

    _above: dict[Place, Place] = field(default_factory=dict)

    def join(self, one: Place, other: Place) -> None:
        self._above[self.root(one)] = self.root(other)

    def root(self, place: Place) -> Place:
        while (above := self._above.get(place, place)) != place:
            self._above[place] = self._above.get(above, above)
            place = above
        return place


def _together(registry: Registry, joined: _Joined, devices: Collection[str]) -> list[tuple[str, ...]]:
    """Return the devices that must be judged together, in the order of the registry; those it does not know last."""
    groups = defaultdict[Place, list[str]](list)
    for device in registry.devices.values():
        if device.id in devices:
            places = list(_places(device))
            groups[joined.root(places[0] if places else (SubjectKind.DEVICE, device.id))].append(device.id)
    unknown = sorted(name for name in devices if name not in registry.devices)
    return [tuple(members) for members in groups.values()] + [(name,) for name in unknown]


def _joined(registry: Registry) -> _Joined:
    joined = _Joined()
    for circuit in registry.circuits.values():
        for room in circuit.serves:
            joined.join((SubjectKind.CIRCUIT, circuit.id), (SubjectKind.ROOM, room))
    for opening in registry.openings.values():
        if opening.room is not None:
            joined.join((SubjectKind.OPENING, opening.id), (SubjectKind.ROOM, opening.room))
    for device in registry.devices.values():
        places = list(_places(device))
        for place in places[1:]:
            joined.join(place, places[0])
    return joined


def _places(device: Device) -> Iterator[Place]:
    for placement in device.placements:
        yield from _place(placement)


def _place(placement: Placement) -> Iterator[Place]:
    """Yield the room, circuit, opening or building of a placement: it has one, or none."""
    for kind, name in (
        (SubjectKind.ROOM, placement.room),
        (SubjectKind.CIRCUIT, placement.circuit),
        (SubjectKind.OPENING, placement.opening),
        (SubjectKind.BUILDING, placement.building),
    ):
        if name is not None:
            yield kind, name


def _filled(groups: Iterable[tuple[str, ...]], sizes: Mapping[str, float], count: int) -> Iterator[tuple[str, ...]]:
    """Yield the devices of each of about `count` shares: groups one after another, in shares of much the same size."""
    left = sum(sizes.values())
    taken: list[str] = []
    size = 0.0
    for group in groups:
        more = sum(sizes[name] for name in group)
        if taken and size + more / 2 > left / count:
            yield tuple(taken)
            left, count = left - size, max(count - 1, 1)
            taken, size = [], 0.0
        taken += group
        size += more
    yield tuple(taken)


def _share(data: RunData, joined: _Joined, names: tuple[str, ...]) -> Share:
    registry = _part(data.registry, joined, frozenset(names))
    known = pl.Series([*registry.devices], dtype=pl.String)
    rows = data.analyst.point_rows.filter(pl.col("device").is_in(known.implode()))
    analyst = replace(data.analyst, registry=registry, point_rows=rows)
    return Share(replace(data, registry=registry, analyst=analyst), names)


def _part(registry: Registry, joined: _Joined, names: Collection[str]) -> Registry:
    """Return the registry with these devices and their places, and whatever else those speak of."""
    own = {name: device for name, device in registry.devices.items() if name in names}
    lent = {name: device for name, device in registry.devices.items() if device.outdoor}
    roots = {joined.root(place) for device in own.values() for place in _places(device)}
    circuits = [each for each in registry.circuits.values() if joined.root((SubjectKind.CIRCUIT, each.id)) in roots]
    tree = {each.id: each for circuit in circuits for each in (circuit, *registry.above(circuit.id))}
    served = {room for circuit in tree.values() for room in circuit.serves}
    return replace(
        registry,
        devices=own | lent,
        rooms={
            name: room
            for name, room in registry.rooms.items()
            if name in served or joined.root((SubjectKind.ROOM, name)) in roots
        },
        circuits=tree,
        openings={
            name: opening
            for name, opening in registry.openings.items()
            if joined.root((SubjectKind.OPENING, name)) in roots
        },
    )
