"""Faults of a building's load: each adds power to circuits of a day when all else that they carry is known.

What is added flows through the meters above it too. Shares are of the load: import + PV − export.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.topology import BuildingId, CircuitId, CircuitItem
from simulators.arithmetic import Floats
from simulators.circuits import Circuits
from simulators.electricity import LOSSES
from simulators.faults import Fault, FaultKind
from simulators.grid import DayGrid, step_means
from simulators.supply import Supply, across, add, is_pv, load, mean, plant
from simulators.yearly import above_peers, high_intensity, peak_shift

NIGHT_PLANT_OFF_MIN = (6 * 60 + 30, 19 * 60 + 30)
"""By day the plant that was left in hand does what it is for, and is part of the building's load."""


def burden(power_w: Floats, faults: Iterable[Fault], supply: Supply) -> None:
    """Add to the power of circuits [steps, circuits] what the faults take, in place."""
    for fault in faults:
        burdens = BURDENS.get(fault.kind)
        if burdens is not None and (share := supply.house.grid.share_of_steps(fault.span)).any():
            burdens(power_w, fault, share, supply)


def working_w(power_w: Floats, supply: Supply) -> dict[BuildingId, float]:
    """Return what each building took in working hours beyond what is always on, mean W; on a day of rest, as before."""
    if not supply.worked:
        return dict(supply.working_w)
    at_work = _working(supply) > 0
    return {
        building: mean(_discretionary(power_w, building, supply.circuits)[at_work])
        for building in supply.house.registry.buildings
    }


def _working(supply: Supply) -> Floats:
    grid: DayGrid = supply.house.grid
    return step_means(grid.minutes_in(list(supply.house.work))) if supply.worked else np.zeros(grid.steps)


def _night_plant(power_w: Floats, fault: Fault, share: Floats, supply: Supply) -> None:
    """Lift the night by plant left in hand to E03's limit times the severity of the last working hours."""
    building, circuits = BuildingId(fault.subject.id), supply.circuits
    now = _discretionary(power_w, building, circuits)
    by_day = step_means(supply.house.grid.minutes_in([NIGHT_PLANT_OFF_MIN] if supply.worked else []))
    today = working_w(power_w, supply).get(building, 0.0)
    until_evening = np.arange(len(now)) < len(now) // 2
    reference = np.where(until_evening, supply.working_w.get(building, today), today)
    wanted = CATALOGUE["E03"].parameter("night_ratio") * fault.severity * reference
    add(power_w, plant(circuits, building), np.maximum(wanted - now, 0.0) * share * (1 - by_day), circuits)


def _after_hours(power_w: Floats, fault: Fault, share: Floats, supply: Supply) -> None:
    """Let everything take, outside working hours, E04's limit times the severity more than in order."""
    building = BuildingId(fault.subject.id)
    rise = CATALOGUE["E04"].parameter("rise_pct") / 100 * fault.severity
    extra = rise * np.maximum(load(power_w, building, supply.circuits), 0.0) * share * (1 - _working(supply))
    add(power_w, plant(supply.circuits, building), extra, supply.circuits)


def _extra_use(power_w: Floats, fault: Fault, share: Floats, supply: Supply) -> None:
    """Let everything take E10's limit times the severity more than in order."""
    building = BuildingId(fault.subject.id)
    rise = CATALOGUE["E10"].parameter("excess_pct") / 100 * fault.severity
    extra = rise * np.maximum(load(power_w, building, supply.circuits), 0.0) * share
    add(power_w, plant(supply.circuits, building), extra, supply.circuits)


def _tap(power_w: Floats, fault: Fault, share: Floats, supply: Supply) -> None:
    """Take power between the meter and those below it: E11's limit times the severity, in points of share."""
    circuits = supply.circuits
    main = circuits.branches[circuits.column[CircuitId(fault.subject.id)]]
    pv = [child for child in main.children if is_pv(circuits.branches[child])]
    given = power_w[:, main.column] - across(power_w[:, pv])
    metered = across(power_w[:, [child for child in main.children if child not in pv]])
    points = CATALOGUE["E11"].parameter("unmetered_change_points") / 100 * fault.severity
    share_left = LOSSES_LEFT if main.circuit.item is CircuitItem.TOTAL else 1.0
    wanted = metered / (share_left - points)
    add(power_w, main, np.maximum(wanted - given, 0.0) * share, circuits)


LOSSES_LEFT = 1.0 / (1.0 + LOSSES)
"""The share of what a main meter counts that the meters below it count, while all is in order."""


def _discretionary(power_w: Floats, building: BuildingId, circuits: Circuits) -> Floats:
    always = [branch.column for branch in circuits.branches if branch.building == building and branch.circuit.always_on]
    found: Floats = load(power_w, building, circuits) - across(power_w[:, always])
    return found


Burden = Callable[[Floats, Fault, Floats, Supply], None]
BURDENS: Mapping[FaultKind, Burden] = MappingProxyType(
    {
        FaultKind.BASE_LOAD: _night_plant,
        FaultKind.AFTER_HOURS: _after_hours,
        FaultKind.EXTRA_USE: _extra_use,
        FaultKind.HIGH_INTENSITY: high_intensity,
        FaultKind.ABOVE_PEERS: above_peers,
        FaultKind.PEAK_SHIFT: peak_shift,
        FaultKind.UNMETERED_TAP: _tap,
    }
)
"""What a kind adds to the load."""
