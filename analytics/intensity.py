"""Electricity of twelve months per gross area, server rooms, kitchens and charging apart: from meters, else bills."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.energy_history import DAY, IMPORT, Days, day_edges, flows, last_whole_day, summed
from analytics.frame import RunData
from analytics.rules.base_load import mains
from sensors.bills import Bill, Utility
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building, Circuit, CircuitItem, Registry

APART = frozenset({CircuitItem.SERVER_ROOM, CircuitItem.KITCHEN, CircuitItem.CHARGING})
APART_ROOMS = frozenset({"server", "server_room", "kitchen", "canteen"})
"""Rooms whose use does not count; without a meter of their own nobody knows how much that is."""
TWELVE_MONTHS = "12 months of meters or bills"
BILLS_LATE = timedelta(days=92)
"""Bills that end longer ago say nothing of today. The project's own choice."""
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What was used over some days, kWh, and the part of it that was spread over gaps."""

    days: Days
    kwh: float
    estimated_kwh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intensity:
    """The intensity of a building over a year; `unmetered` names what ought to be apart and has no meter."""

    days: Days
    kwh: float
    apart_kwh: float
    area_m2: float
    source: str
    unmetered: tuple[str, ...] = ()

    @property
    def kwh_m2(self) -> float:
        """Return kWh per m² of gross area in the year."""
        return (self.kwh - self.apart_kwh) / self.area_m2


def intensity(data: RunData, building: Building, coverage: float) -> Intensity | None:
    """Return the intensity of the last twelve months that are known; None where neither meters nor bills tell them.

    A year is known to meters where at most 1 − `coverage` of the energy had to be estimated.
    """
    if building.gross_area_m2 is None:
        return None
    metered = _metered(data, mains(data.registry, building), _year_to(last_whole_day(data)), coverage)
    billed = None if metered else _billed(data, building)
    total = metered or billed
    if total is None:
        return None
    known, unknown = 0.0, list(_rooms_without(data.registry, building))
    for circuit in apart_circuits(data.registry, building):
        use = _metered(data, [circuit], total.days, coverage)
        known += use.kwh if use else 0.0
        unknown += [] if use else [f"meter on circuit {circuit.id}"]
    return Intensity(
        days=total.days,
        kwh=total.kwh,
        apart_kwh=known,
        area_m2=building.gross_area_m2,
        source="meters" if metered else "bills",
        unmetered=tuple(unknown),
    )


def apart_circuits(registry: Registry, building: Building) -> list[Circuit]:
    """Return the topmost circuits of a building whose use does not count as its offices'."""
    return [
        circuit
        for circuit in registry.circuits.values()
        if circuit.item in APART
        and registry.circuit_building(circuit.id) == building.id
        and not any(above.item in APART for above in registry.above(circuit.id))
    ]


def can_be_known(data: RunData, building: Building) -> bool:
    """Say whether a register or a bill tells of a building at all."""
    supplies = [Subject(SubjectKind.CIRCUIT, circuit.id) for circuit in mains(data.registry, building)]
    metered = bool(supplies) and all(data.has_points(each, (IMPORT,)) for each in supplies)
    return metered or any(_is_of(bill, data.registry, building) for bill in data.energy.bills())


def _year_to(last: date) -> Days:
    return Days(first=last - (YEAR_DAYS - 1) * DAY, last=last)


def _metered(data: RunData, circuits: Sequence[Circuit], days: Days, coverage: float) -> Use | None:
    extent = data.analyst.source.extent(data.registry.site.id)
    if not circuits or extent is None or extent[0] > data.calendar.midnight_ms(days.first):
        return None
    daily = summed(flows(data, circuits, day_edges(data, days)), len(circuits)).filter("known")
    kwh, estimated = float(daily["kwh"].sum()), float(daily["estimated_kwh"].sum())
    if daily.height < days.count or estimated > (1 - coverage) * kwh:
        return None
    return Use(days=days, kwh=kwh, estimated_kwh=estimated)


def _billed(data: RunData, building: Building) -> Use | None:
    """Return the last year that bills tell without a gap, each bill spread evenly over its days."""
    bills = [bill for bill in data.energy.bills() if _is_of(bill, data.registry, building)]
    told = [bill for bill in bills if bill.last <= data.window.last]
    if not told:
        return None
    days = _year_to(max(bill.last for bill in told))
    if data.window.last - days.last > BILLS_LATE:
        return None
    sources = [str(Subject(SubjectKind.BUILDING, building.id))]
    if not any(str(bill.subject) in sources for bill in told):
        sources = [str(Subject(SubjectKind.CIRCUIT, circuit.id)) for circuit in mains(data.registry, building)]
    kwh = 0.0
    for source in sources:
        parts = [(_shared(bill, days), bill) for bill in told if str(bill.subject) == source]
        if sum(shared for shared, _ in parts) < days.count:
            return None
        kwh += sum(bill.quantity * shared / bill.days for shared, bill in parts)
    return Use(days=days, kwh=kwh)


def _is_of(bill: Bill, registry: Registry, building: Building) -> bool:
    own = {str(Subject(SubjectKind.BUILDING, building.id))}
    own |= {str(Subject(SubjectKind.CIRCUIT, circuit.id)) for circuit in mains(registry, building)}
    return bill.utility is Utility.ELECTRICITY and str(bill.subject) in own


def _shared(bill: Bill, days: Days) -> int:
    """Return how many of the days a bill is of."""
    return max((min(bill.last, days.last) - max(bill.first, days.first)).days + 1, 0)


def _rooms_without(registry: Registry, building: Building) -> Iterator[str]:
    served = {room for circuit in apart_circuits(registry, building) for room in circuit.serves}
    for room in registry.rooms.values():
        if room.building == building.id and room.subtype in APART_ROOMS and room.id not in served:
            yield f"a circuit of its own for room {room.id}"
