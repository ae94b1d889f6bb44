"""Circuits whose meters cannot be right about how much flows: they count Wh for kWh, or say kW for W."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from analytics.frame import RunData
from analytics.meter_limits import OVERLOAD, VOLTS
from analytics.power import IMPORT, POWER
from sensors.plausibility import SCALE_APART, WATTS_PER_M2_LEAST, WATTS_PER_M2_MOST, check_unit
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Circuit, CircuitItem, Registry

DENSE = frozenset({CircuitItem.SERVER_ROOM, CircuitItem.KITCHEN, CircuitItem.CHARGING, CircuitItem.POWER})
"""Items that take what no office does: of them the area tells nothing."""
RATED_SHARE_LEAST = 2e-5
"""Of what a circuit can carry, on its busiest day: half a watt at 32 A. The project's own choice."""


@dataclass(frozen=True, slots=True)
class _Load:
    """The mean power of a circuit: of its busiest day, and of all days, W."""

    busiest_w: float
    mean_w: float


def load_doubts(data: RunData, powers: Mapping[str, float]) -> dict[Subject, str]:
    """Return the circuits whose energy is in doubt, with what to check.

    It is held against what the circuit can carry by its rated current, against the area it serves, and against the
    mean active power, W, of the circuit in `powers` where its meter says that as well.
    """
    return {
        subject: told
        for circuit, load in _loads(data)
        if (told := _told(data, circuit, load, powers.get(str(subject := _subject(circuit))))) is not None
    }


def _loads(data: RunData) -> Iterator[tuple[Circuit, _Load]]:
    circuits = {str(_subject(circuit)): circuit for circuit in data.registry.circuits.values()}
    metered = [_subject(circuit) for circuit in circuits.values() if _metric(data, circuit) is not None]
    if not metered:
        return
    daily = data.daily_in_window(metered, ("energy_kwh",)).drop_nulls("energy_kwh")
    power_w = 1000 * pl.col("energy_kwh") / pl.col("day_h")
    found = daily.group_by("subject").agg(busiest=power_w.max(), mean=power_w.mean()).drop_nulls()
    for subject, busiest_w, mean_w in found.select("subject", "busiest", "mean").iter_rows():
        yield circuits[subject], _Load(busiest_w, mean_w)


def _told(data: RunData, circuit: Circuit, load: _Load, power_w: float | None) -> str | None:
    metric = _metric(data, circuit) or IMPORT
    if power_w is not None and metric == IMPORT and _are_apart(load.mean_w, abs(power_w) * circuit.ct_ratio):
        return f"{IMPORT} and {POWER} of circuit {circuit.id} are far apart: check their units"
    if _is_too_much(data.registry, circuit, load.busiest_w):
        return check_unit(metric, circuit.id, "Wh" if metric == IMPORT else "mW")
    if _is_too_little(data.registry, circuit, load.busiest_w):
        return check_unit(metric, circuit.id, "MWh" if metric == IMPORT else "kW")
    return None


def _are_apart(one: float, other: float) -> bool:
    return one > 0 and other > 0 and not 1 / SCALE_APART < one / other < SCALE_APART


def _is_too_much(registry: Registry, circuit: Circuit, busiest_w: float) -> bool:
    area_m2 = _area_m2(registry, circuit)
    by_rating = circuit.rated_a is not None and busiest_w > circuit.rated_a * VOLTS * OVERLOAD
    return by_rating or (area_m2 is not None and busiest_w > WATTS_PER_M2_MOST * area_m2)


def _is_too_little(registry: Registry, circuit: Circuit, busiest_w: float) -> bool:
    area_m2 = _area_m2(registry, circuit)
    if busiest_w <= 0:
        return False
    by_rating = circuit.rated_a is not None and busiest_w < circuit.rated_a * VOLTS * RATED_SHARE_LEAST
    return by_rating or (area_m2 is not None and busiest_w < WATTS_PER_M2_LEAST * area_m2)


def _area_m2(registry: Registry, circuit: Circuit) -> float | None:
    """Return the area that a circuit serves, None where its load has nothing to do with it."""
    if circuit.item in DENSE or circuit.always_on or circuit.item is CircuitItem.PV:
        return None
    if circuit.item is CircuitItem.TOTAL:
        building = registry.circuit_building(circuit.id)
        return None if building is None else registry.buildings[building].gross_area_m2
    return sum(registry.rooms[room].usable_area_m2 for room in circuit.serves) or None


def _metric(data: RunData, circuit: Circuit) -> str | None:
    return next((metric for metric in (IMPORT, POWER) if data.has_points(_subject(circuit), (metric,))), None)


def _subject(circuit: Circuit) -> Subject:
    return Subject(SubjectKind.CIRCUIT, circuit.id)
