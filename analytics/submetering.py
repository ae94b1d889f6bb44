"""Sub-metering (分户、分区、分项): what a site's electricity went to, by unit, zone or item, to the last Wh.

What a circuit took and no meter below it saw is its own rest. At a main circuit that is unmetered; at others it is what
the circuit is for. Whole Wh are given out, so that sums are kept exactly.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sensors.topology import Building, Circuit, CircuitId, CircuitItem, DepartmentId, Registry, Room, RoomId

APART = frozenset({CircuitItem.SERVER_ROOM, CircuitItem.KITCHEN, CircuitItem.CHARGING})
"""What counts apart from the load of offices."""


class By(StrEnum):
    """How it is divided. 分户、分区、分项."""

    UNIT = "unit"
    ZONE = "zone"
    ITEM = "item"


class Basis(StrEnum):
    """How a figure came about."""

    MEASURED = "measured"
    BY_AREA = "by_area"
    """Apportioned by the usable area of the rooms."""
    BY_SHARES = "by_shares"
    """Apportioned by the registry's shares of the building."""
    UNMETERED = "unmetered"
    """Main less what meters below it saw; below zero where they saw more than it."""


COMMON, UNMETERED = "common", "unmetered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the whole: `key` is a unit's id, `building/floor`, an item, `common` or `unmetered`."""

    key: str
    basis: Basis
    wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """The whole and its parts; they add up to it exactly.

    `load_wh` is what came from outside and from PV less what was given back. `over` names circuits whose sub-meters saw
    more than they did, with by how much; `unknown` those without an amount.
    """

    by: By
    load_wh: int
    pv_wh: int
    parts: tuple[Part, ...]
    over: tuple[tuple[CircuitId, int], ...] = ()
    unknown: tuple[CircuitId, ...] = ()

    @property
    def unmetered_wh(self) -> int:
        """Return what no sub-meter saw, however it is apportioned in the view by unit."""
        return sum(part.wh for part in self.parts if part.basis is Basis.UNMETERED)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What a circuit took that no meter below it saw."""

    circuit: Circuit
    wh: int
    is_unmetered: bool


def divided(registry: Registry, amounts_wh: Mapping[CircuitId, int], by: By) -> Divided:
    """Return what flowed in a period, divided. `amounts_wh` is what each circuit took, of PV what it gave."""
    rests = list(_rests(registry, amounts_wh))
    divide: Mapping[By, Callable[[Registry, _Rest], Iterator[Part]]] = {
        By.ITEM: _by_item,
        By.ZONE: _by_zone,
        By.UNIT: _by_unit,
    }
    parts = [part for rest in rests for part in divide[by](registry, rest)]
    pv = [c for c in registry.circuits.values() if c.item is CircuitItem.PV]
    return Divided(
        by=by,
        load_wh=sum(rest.wh for rest in rests),
        pv_wh=sum(amounts_wh.get(circuit.id, 0) for circuit in pv),
        parts=_joined(parts),
        over=tuple((rest.circuit.id, -rest.wh) for rest in rests if rest.wh < 0),
        unknown=tuple(c for c in registry.circuits if c not in amounts_wh),
    )


def apportioned(wh: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Return whole Wh in proportion to weights, which add up to `wh`: the largest remainders get what is left over."""
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    exact = {key: abs(wh) * weight / whole for key, weight in weights.items()}
    given = {key: int(share) for key, share in exact.items()}
    left = abs(wh) - sum(given.values())
    order = sorted(exact, key=lambda key: (given[key] - exact[key], key))
    for step in range(abs(left)):
        given[order[step % len(order)]] += 1 if left > 0 else -1
    sign = -1 if wh < 0 else 1
    return {key: sign * share for key, share in given.items()}


def _rests(registry: Registry, amounts_wh: Mapping[CircuitId, int]) -> Iterator[_Rest]:
    """Yield the rest of every circuit with an amount; those of a tree add up to its top, PV below it added."""
    below: dict[CircuitId, int] = {}
    for circuit in registry.circuits.values():
        if circuit.id not in amounts_wh:
            continue
        above = _known_above(registry, circuit, amounts_wh)
        if above is None:
            continue
        fed = -1 if circuit.item is CircuitItem.PV else 1
        below[above] = below.get(above, 0) + fed * amounts_wh[circuit.id]
    for circuit in registry.circuits.values():
        if circuit.id in amounts_wh and circuit.item is not CircuitItem.PV:
            wh = amounts_wh[circuit.id] - below.get(circuit.id, 0)
            yield _Rest(circuit, wh, is_unmetered=wh < 0 or circuit.item is CircuitItem.TOTAL)


def _known_above(registry: Registry, circuit: Circuit, amounts_wh: Mapping[CircuitId, int]) -> CircuitId | None:
    """Return the nearest circuit above with an amount: what lies between has no meter."""
    return next((above.id for above in registry.above(circuit.id) if above.id in amounts_wh), None)


def _by_item(_registry: Registry, rest: _Rest) -> Iterator[Part]:
    if rest.is_unmetered:
        yield Part(key=UNMETERED, basis=Basis.UNMETERED, wh=rest.wh)
    else:
        yield Part(key=rest.circuit.item.value, basis=Basis.MEASURED, wh=rest.wh)


def _by_zone(registry: Registry, rest: _Rest) -> Iterator[Part]:
    rooms = _served(registry, rest.circuit)
    building = registry.circuit_building(rest.circuit.id)
    if rest.is_unmetered or not rooms:
        basis = Basis.UNMETERED if rest.is_unmetered else Basis.MEASURED
        yield Part(key=f"{building or ''}/", basis=basis, wh=rest.wh)
        return
    weights = _areas(rooms, lambda room: f"{room.building}/{room.floor}")
    basis = Basis.MEASURED if len(weights) == 1 else Basis.BY_AREA
    for key, wh in apportioned(rest.wh, weights).items():
        yield Part(key=key, basis=basis, wh=wh)


def _by_unit(registry: Registry, rest: _Rest) -> Iterator[Part]:
    """Yield the units of a rest: the circuit's own, else those of its rooms, else those that share the building."""
    unit = _unit_of(registry, rest.circuit)
    if rest.is_unmetered and unit is None:
        yield from _shared(registry, rest, Basis.UNMETERED)
    elif unit is not None:
        yield Part(key=unit, basis=Basis.MEASURED, wh=rest.wh)
    elif rest.circuit.item in APART:
        yield Part(key=rest.circuit.item.value, basis=Basis.MEASURED, wh=rest.wh)
    else:
        yield from _by_rooms(registry, rest)


def _by_rooms(registry: Registry, rest: _Rest) -> Iterator[Part]:
    rooms = _served(registry, rest.circuit)
    weights = _areas(rooms, lambda room: room.department or COMMON)
    if set(weights) <= {COMMON}:
        yield from _shared(registry, rest, None)
        return
    basis = Basis.MEASURED if len(weights) == 1 else Basis.BY_AREA
    for key, wh in apportioned(rest.wh, weights).items():
        yield Part(key=key, basis=basis, wh=wh)


def _shared(registry: Registry, rest: _Rest, basis: Basis | None) -> Iterator[Part]:
    """Yield what a building's units have in common, by its shares, else by their area; unmetered stays one part."""
    where = registry.circuit_building(rest.circuit.id)
    building = None if where is None else registry.buildings.get(where)
    if basis is Basis.UNMETERED or building is None:
        key = UNMETERED if basis is Basis.UNMETERED else COMMON
        yield Part(key=key, basis=basis or Basis.MEASURED, wh=rest.wh)
        return
    weights, how = _common_weights(registry, building)
    if not weights:
        yield Part(key=COMMON, basis=Basis.MEASURED, wh=rest.wh)
    for key, wh in apportioned(rest.wh, weights).items():
        yield Part(key=key, basis=how, wh=wh)


def _common_weights(registry: Registry, building: Building) -> tuple[dict[str, float], Basis]:
    if building.shares:
        weights: dict[str, float] = {share.department: share.share for share in building.shares}
        left = 1.0 - sum(weights.values())
        return weights | ({COMMON: left} if left > SHARE_TOLERANCE else {}), Basis.BY_SHARES
    rooms = [room for room in registry.rooms.values() if room.building == building.id and room.department]
    return _areas(rooms, lambda room: room.department or COMMON), Basis.BY_AREA


SHARE_TOLERANCE = 1e-6
"""Shares that were written with a few decimals add up to 1."""


def _unit_of(registry: Registry, circuit: Circuit) -> DepartmentId | None:
    """Return the unit that a circuit is of: its own, or the nearest one above it."""
    return next((each.department for each in (circuit, *registry.above(circuit.id)) if each.department), None)


def _served(registry: Registry, circuit: Circuit) -> list[Room]:
    return [registry.rooms[RoomId(room)] for room in circuit.serves]


def _areas(rooms: Sequence[Room], key: Callable[[Room], str]) -> dict[str, float]:
    areas: dict[str, float] = {}
    for room in rooms:
        areas[key(room)] = areas.get(key(room), 0.0) + room.usable_area_m2
    return areas


def _joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts with those of one key and basis added up, the largest first."""
    sums: dict[tuple[str, Basis], int] = {}
    for part in parts:
        sums[part.key, part.basis] = sums.get((part.key, part.basis), 0) + part.wh
    joined = [Part(key=key, basis=basis, wh=wh) for (key, basis), wh in sums.items()]
    return tuple(sorted(joined, key=lambda part: (-part.wh, part.key, part.basis)))
