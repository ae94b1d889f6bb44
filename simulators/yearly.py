"""Faults that a year shows: what a building takes for its area, beside its peers, and when it takes it.

Each day of such a fault has its share of what the year is to come to, so that any year of whole days comes to it.
"""

from collections.abc import Sequence

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.energy_terms import NO_TERMS, PEAKS
from sensors.topology import BuildingId, CircuitItem, Registry
from simulators.arithmetic import Floats
from simulators.circuits import Branch, Circuits
from simulators.electricity import LOSSES
from simulators.faults import Fault
from simulators.grid import STEP_MINUTES
from simulators.supply import Supply, across, add, is_pv, load, mains, mean, plant
from simulators.tariff import TARIFF

HOURS_A_YEAR = 8760.0
WORKDAY_SHARE, REST_SHARE = 1.25, 0.457
"""A workday's use and a day of rest's ÷ the mean of a year's 250 workdays and 115 others. The project's own choice."""
WORKDAYS_SHARE_OF_USE = 5 * WORKDAY_SHARE / (5 * WORKDAY_SHARE + 2 * REST_SHARE)
APART = frozenset({CircuitItem.SERVER_ROOM, CircuitItem.KITCHEN, CircuitItem.CHARGING})
"""What E01 and E02 leave out of a building's use."""
LEAST_SHARE_LEFT = 0.05


def high_intensity(power_w: Floats, fault: Fault, share: Floats, supply: Supply) -> None:
    """Let everything take so much that the year comes to E01's constraint times the severity."""
    registry = supply.house.registry
    building = registry.buildings[BuildingId(fault.subject.id)]
    limit = NO_TERMS.quota(registry.site, building)
    if limit is None or not building.gross_area_m2:
        return
    mean_w = limit.constraint_kwh_m2 * 1000 / HOURS_A_YEAR * building.gross_area_m2 * fault.severity
    today_w = mean_w * (WORKDAY_SHARE if supply.worked else REST_SHARE)
    _bring_to(power_w, building.id, today_w, share, supply.circuits)


def above_peers(power_w: Floats, fault: Fault, share: Floats, supply: Supply) -> None:
    """Let everything take so much that it comes to E02's ratio times the severity of what the others take."""
    registry, own = supply.house.registry, BuildingId(fault.subject.id)
    others = [_intensity_wm2(power_w, each, registry, supply.circuits) for each in _peers(registry, own)]
    area_m2 = registry.buildings[own].gross_area_m2
    if not others or not area_m2:
        return
    wanted_wm2 = sum(others) / len(others) * CATALOGUE["E02"].parameter("peer_ratio") * fault.severity
    _bring_to(power_w, own, wanted_wm2 * area_m2, share, supply.circuits)


def peak_shift(power_w: Floats, fault: Fault, share: Floats, supply: Supply) -> None:
    """Take more at peak prices on workdays: the peaks' share of all grows by E12's points times the severity."""
    if not supply.worked:
        return
    building, circuits = BuildingId(fault.subject.id), supply.circuits
    at_peak = _at_peak(supply, len(power_w))
    taken = np.maximum(load(power_w, building, circuits), 0.0)
    mean_w, peak_w = mean(taken), mean(taken * at_peak)
    if mean_w <= 0 or not at_peak.any():
        return
    points = CATALOGUE["E12"].parameter("rise_points") / 100 * fault.severity / WORKDAYS_SHARE_OF_USE
    left = max(1.0 - peak_w / mean_w - points, LEAST_SHARE_LEFT)
    extra_w = mean_w * points / left / mean(at_peak)
    add(power_w, plant(circuits, building), extra_w * at_peak * share, circuits)


def _at_peak(supply: Supply, steps: int) -> Floats:
    """Return 1 at the steps of a day that the simulated tariff calls a peak."""
    minutes = np.arange(steps) * STEP_MINUTES
    found = np.zeros(steps)
    for begin, end, period in TARIFF.parts(supply.house.grid.day, is_workday=supply.worked):
        if period in PEAKS:
            found[(begin <= minutes) & (minutes < end)] = 1.0
    return found


def _peers(registry: Registry, own: BuildingId) -> Sequence[BuildingId]:
    of_class = registry.buildings[own].energy_class
    found = [each.id for each in registry.buildings.values() if each.id != own and each.energy_class is of_class]
    return [each for each in found if registry.buildings[each].gross_area_m2]


def _intensity_wm2(power_w: Floats, building: BuildingId, registry: Registry, circuits: Circuits) -> float:
    supplies = [branch.column for branch in mains(building, circuits)]
    used_w = mean(across(power_w[:, supplies])) - _apart_w(power_w, building, circuits)
    return used_w / (registry.buildings[building].gross_area_m2 or 1.0)


def _apart_w(power_w: Floats, building: BuildingId, circuits: Circuits) -> float:
    columns = [branch.column for branch in circuits.branches if branch.building == building and _is_apart(branch)]
    return mean(across(power_w[:, columns]))


def _is_apart(branch: Branch) -> bool:
    return branch.circuit.item in APART and branch.is_leaf


def _bring_to(power_w: Floats, building: BuildingId, wanted_w: float, share: Floats, circuits: Circuits) -> None:
    """Let the building's own circuits take so much more or less that the main meter less what is apart has this.

    Rooms take what they took: their use of light and plugs is judged by itself.
    """
    leaves = [b for b in circuits.branches if b.building == building and b.is_leaf and not is_pv(b)]
    own = [branch for branch in leaves if not len(branch.rooms) and not _is_apart(branch)]
    own_w = mean(across(power_w[:, [branch.column for branch in own]]))
    all_w = mean(across(power_w[:, [branch.column for branch in leaves]]))
    # the main meter has losses over all of them, those of what is apart as well
    more_w = (wanted_w + _apart_w(power_w, building, circuits)) / (1.0 + LOSSES) - all_w
    if own_w <= 0:
        return
    factor = max(more_w / own_w, -1.0)
    for branch in own:
        add(power_w, branch, power_w[:, branch.column] * factor * (1.0 + LOSSES) * share, circuits)
