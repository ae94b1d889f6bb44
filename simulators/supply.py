"""The supply of a site on a day: its circuits, and what faults of the load ask and do about them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sensors.topology import BuildingId, CircuitItem
from simulators.arithmetic import Floats
from simulators.circuits import Branch, Circuits
from simulators.electricity import LOSSES
from simulators.use_effects import House


@dataclass(frozen=True, slots=True)
class Supply:
    """The circuits of a site on a day, and what each building's working hours took on the last workday, W."""

    circuits: Circuits
    house: House
    worked: bool
    working_w: Mapping[BuildingId, float]


def mean(values: Floats) -> float:
    """Return the mean, 0 of nothing; added up in order, for the same bits everywhere."""
    return float(np.cumsum(values)[-1]) / len(values) if len(values) else 0.0


def across(use: Floats) -> Floats:
    """Return the sum over circuits, in order: the same bits everywhere."""
    return np.cumsum(use, axis=1)[:, -1] if use.shape[1] else np.zeros(len(use))


def is_pv(branch: Branch) -> bool:
    """Say whether a circuit is that of solar panels."""
    return branch.circuit.item is CircuitItem.PV


def mains(building: BuildingId, circuits: Circuits) -> list[Branch]:
    """Return the circuits through which a building is supplied."""
    return [
        branch
        for branch in circuits.branches
        if branch.building == building and branch.circuit.item is CircuitItem.TOTAL and branch.circuit.parent is None
    ]


def load(power_w: Floats, building: BuildingId, circuits: Circuits) -> Floats:
    """Return what a building takes: import + PV − export."""
    pv = [branch.column for branch in circuits.branches if branch.building == building and is_pv(branch)]
    supplies = [branch.column for branch in mains(building, circuits)]
    taken: Floats = across(power_w[:, supplies]) - across(power_w[:, pv])
    return taken


def plant(circuits: Circuits, building: BuildingId) -> Branch:
    """Return the circuit of the building's own plant, or its main where there is none."""
    own = [b for b in circuits.branches if b.building == building and b.is_leaf and not len(b.rooms) and not is_pv(b)]
    power = [branch for branch in own if branch.circuit.item is CircuitItem.POWER]
    return (power or own or mains(building, circuits) or list(circuits.branches))[0]


def add(power_w: Floats, branch: Branch, extra_w: Floats, circuits: Circuits) -> None:
    """Add power to a circuit and to those above it, with the main meter's losses; `extra_w` is what the main sees."""
    above = [branch]
    while (parent := above[-1].circuit.parent) is not None:
        above.append(circuits.branches[circuits.column[parent]])
    lost = 1.0 + LOSSES if len(above) > 1 and above[-1].circuit.item is CircuitItem.TOTAL else 1.0
    for each in above:
        power_w[:, each.column] += extra_w if each is above[-1] else extra_w / lost
