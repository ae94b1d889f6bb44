"""Phases, voltage, current, power factor, residual current and cable temperature of circuits.

Figures without a source are the project's own choice of usual ones.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from sensors.topology import CircuitItem
from simulators.arithmetic import Floats, exp, relaxed
from simulators.chance import key
from simulators.circuits import OTHER_POWER_FACTOR, PHASES, POWER_FACTOR, Circuits
from simulators.grid import STEP_S, DayGrid
from simulators.weather import HOUR_MS, wandering

SUPPLY_V, SUPPLY_WANDERS_V = 227.0, 3.0
"""The supply before the building's own drop. Source of the bounds it keeps: GB/T 12325-2008, 220 V +7 −10 %."""
SUPPLY_OHM = 0.02
LEAF_RESIDUAL_MA, RESIDUAL_MA_PER_KW = 1.5, 1.2
"""What filters of electronic devices lead to earth, standing and by load."""
CABLE_RISE_K, CABLE_TIME_S = 40.0, 1500.0
"""By how much a cable warms at its rated current, and how quickly.
Source: IEC 60364-5-52, annex B: 70 °C in air of 30 °C."""
DUCT_C, DUCT_FOLLOWS = 20.0, 0.3
"""The cable duct's temperature: a mean, and the share of the weather's departure from it."""


@dataclass(frozen=True, slots=True)
class PowerQuality:
    """A day of the circuits beyond their power; phases stand beside each other, [steps, circuits × 3]."""

    voltage_v: Floats
    current_a: Floats
    power_factor: Floats
    residual_ma: Floats
    reactive_kvarh: Floats
    """At the boundaries of steps, as the next one."""
    cable_rise_k: Floats
    duct_c: Floats
    """Per step alone."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What faults add to the circuits [steps, circuits]; voltage per phase [steps, 3]."""

    residual_ma: Floats
    cable_k: Floats
    volts: Floats

    @classmethod
    def none(cls, steps: int, circuits: int) -> "Extras":
        """Return nothing."""
        return cls(np.zeros((steps, circuits)), np.zeros((steps, circuits)), np.zeros((steps, PHASES)))


def quality(
    circuits: Circuits,
    power_w: Floats,
    outdoor_c: Floats,
    *,
    grid: DayGrid,
    seed: int,
    reactive_kvarh: Floats,
    cable_rise_k: Floats,
    extras: Extras,
) -> PowerQuality:
    """Return a day's phases and what is measured of them, from what was carried over."""
    active, reactive = _phases(circuits, power_w)
    flat = (grid.steps, len(circuits) * PHASES)
    main = _main_column(circuits)
    apparent = np.sqrt(active * active + reactive * reactive)
    drop = apparent[:, main] / SUPPLY_V * SUPPLY_OHM
    voltage = _supply(grid, seed) - drop + extras.volts
    current = apparent / voltage[:, None, :]
    total_p, total_q = _over_phases(active), _over_phases(reactive)
    total_s = np.sqrt(total_p * total_p + total_q * total_q)
    load = _highest(current) / circuits.rated_a
    rise = relaxed(cable_rise_k, CABLE_RISE_K * load * load + extras.cable_k, np.full(power_w.shape, _cable_keeps()))
    counted = np.concatenate([reactive_kvarh[None, :], total_q * STEP_S / 3.6e6])
    return PowerQuality(
        voltage_v=np.broadcast_to(voltage[:, None, :], (*power_w.shape, PHASES)).reshape(flat),
        current_a=current.reshape(flat),
        power_factor=np.where(total_s > 0, np.abs(total_p) / np.where(total_s > 0, total_s, 1.0), 1.0),
        residual_ma=_residual(circuits, power_w, extras),
        reactive_kvarh=np.cumsum(counted, axis=0),
        cable_rise_k=rise,
        duct_c=DUCT_C + DUCT_FOLLOWS * (outdoor_c - DUCT_C),
    )


def _phases(circuits: Circuits, power_w: Floats) -> tuple[Floats, Floats]:
    """Return active and reactive power per step, circuit and phase; a parent has its children's, losses by power."""
    active = np.zeros((*power_w.shape, PHASES))
    reactive = np.zeros_like(active)
    for column in circuits.leaves_first:
        branch = circuits.branches[column]
        if branch.is_leaf:
            share = np.full(PHASES, 1 / PHASES) if branch.phase is None else np.eye(PHASES)[branch.phase]
            active[:, column] = power_w[:, column, None] * share
            reactive[:, column] = np.maximum(active[:, column], 0.0) * _tangent(branch.circuit.item)
        else:
            for child in branch.children:
                active[:, column] += active[:, child]
                reactive[:, column] += reactive[:, child]
            active[:, column] += ((power_w[:, column] - _over_phases(active[:, column])) / PHASES)[:, None]
    return active, reactive


def _over_phases(values: Floats) -> Floats:
    total: Floats = values[..., 0] + values[..., 1] + values[..., 2]
    return total


def _highest(values: Floats) -> Floats:
    return np.maximum(np.maximum(values[..., 0], values[..., 1]), values[..., 2])


def _tangent(item: CircuitItem) -> float:
    factor = POWER_FACTOR.get(item, OTHER_POWER_FACTOR)
    return sqrt(1 - factor * factor) / factor


def _main_column(circuits: Circuits) -> int:
    return next((b.column for b in circuits.branches if b.circuit.item is CircuitItem.TOTAL), 0)


def _supply(grid: DayGrid, seed: int) -> Floats:
    hours = grid.start_ms / HOUR_MS + grid.middle_minutes / 60
    wanders = [
        wandering(np.array([key(seed, "supply", phase)], dtype=np.uint64), hours, 3.0) for phase in range(PHASES)
    ]
    return SUPPLY_V + SUPPLY_WANDERS_V * np.stack(wanders, axis=1)


def _cable_keeps() -> float:
    return float(exp(np.array([-STEP_S / CABLE_TIME_S]))[0])


def _residual(circuits: Circuits, power_w: Floats, extras: Extras) -> Floats:
    """Return residual currents, mA: leaves by their load; a parent sees its children's added as vectors of any angle.

    What a fault adds is seen whole by every meter above it.
    """
    squares, added = np.zeros_like(power_w), np.zeros_like(power_w)
    for column in circuits.leaves_first:
        branch = circuits.branches[column]
        own = LEAF_RESIDUAL_MA + RESIDUAL_MA_PER_KW * np.abs(power_w[:, column]) / 1000
        squares[:, column] = own * own if branch.is_leaf else 0.0
        added[:, column] = extras.residual_ma[:, column]
        for child in branch.children:
            squares[:, column] += squares[:, child]
            added[:, column] += added[:, child]
    return np.sqrt(squares) + added
