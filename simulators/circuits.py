"""The meter tree of a site as columns: what each circuit feeds, and which comes after which."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.topology import BuildingId, Circuit, CircuitId, CircuitItem, Registry
from simulators.arithmetic import Floats
from simulators.rooms import Rooms

PHASES = 3
DEFAULT_RATED_A = 63.0

POWER_FACTOR: Mapping[CircuitItem, float] = {
    CircuitItem.LIGHTING: 0.95,
    CircuitItem.PLUGS: 0.93,
    CircuitItem.HVAC: 0.86,
    CircuitItem.POWER: 0.82,
    CircuitItem.SERVER_ROOM: 0.97,
    CircuitItem.CHARGING: 0.98,
}
"""cos φ of what a circuit feeds, 0.95 where nothing is said. The project's own choice of usual figures."""
OTHER_POWER_FACTOR = 0.95


@dataclass(frozen=True, slots=True)
class Branch:
    """One circuit: its column, those that hang under it, the rooms it serves, and its phase (None: all three)."""

    column: int
    circuit: Circuit
    building: BuildingId | None
    children: tuple[int, ...]
    rooms: NDArray[np.int64]
    phase: int | None

    @property
    def is_leaf(self) -> bool:
        """Say whether nothing hangs under it."""
        return not self.children


@dataclass(frozen=True, slots=True)
class Circuits:
    """The circuits of a site; `leaves_first` has each after those it feeds."""

    branches: tuple[Branch, ...]
    column: Mapping[CircuitId, int]
    leaves_first: tuple[int, ...]

    @classmethod
    def of(cls, registry: Registry, rooms: Rooms) -> "Circuits":
        """Return the tree. Circuits of rooms have one phase, in turn; the others have three."""
        column = {circuit: index for index, circuit in enumerate(registry.circuits)}
        branches = tuple(_branch(registry, rooms, column, circuit) for circuit in registry.circuits.values())
        return cls(branches, column, _leaves_first(branches))

    def __len__(self) -> int:
        """Return the number of circuits."""
        return len(self.branches)

    @property
    def rated_a(self) -> Floats:
        """Return each circuit's rated current."""
        return np.array([branch.circuit.rated_a or DEFAULT_RATED_A for branch in self.branches])


def phase_of(column: int, circuit: Circuit) -> int | None:
    """Return the phase of a circuit of rooms, in turn by its place in the registry; None for one with all three."""
    return column % PHASES if circuit.serves else None


def _branch(registry: Registry, rooms: Rooms, column: Mapping[CircuitId, int], circuit: Circuit) -> Branch:
    number = column[circuit.id]
    return Branch(
        column=number,
        circuit=circuit,
        building=registry.circuit_building(circuit.id),
        children=tuple(column[other.id] for other in registry.circuits.values() if other.parent == circuit.id),
        rooms=np.array([rooms.column[room] for room in circuit.serves], dtype=np.int64),
        phase=phase_of(number, circuit),
    )


def _leaves_first(branches: tuple[Branch, ...]) -> tuple[int, ...]:
    ordered: list[int] = []
    waiting = [branch.column for branch in branches if branch.circuit.parent is None]
    while waiting:
        column = waiting.pop()
        ordered.append(column)
        waiting += branches[column].children
    return tuple(reversed(ordered))
