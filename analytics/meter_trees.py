"""Main and sub meters: what each circuit gave on, and how much of it no meter below has seen."""

from collections.abc import Mapping, Sequence

import polars as pl

from sensors.topology import Circuit, CircuitId, CircuitItem, Registry

TREE_SCHEMA = pl.Schema(
    {
        "circuit": pl.String(),
        "amount": pl.Float64(),
        "below": pl.Float64(),
        "unmetered": pl.Float64(),
        "unmetered_pct": pl.Float64(),
        "missing": pl.List(pl.String()),
    }
)
"""One row for each circuit with others right below it: what flowed through it, the sum of those below, what is left
over (below zero where they say more than it), and that as a share of what flowed. `missing` names circuits right below
whose amount is not known: then no sum is said, for what they took would pass for unmetered."""


def circuits_below(registry: Registry) -> Mapping[CircuitId, Sequence[Circuit]]:
    """Return the circuits right below each circuit that has any, in the registry's order."""
    below: dict[CircuitId, list[Circuit]] = {}
    for circuit in registry.circuits.values():
        if circuit.parent is not None:
            below.setdefault(circuit.parent, []).append(circuit)
    return below


def tree_balance(registry: Registry, amounts: Mapping[CircuitId, float]) -> pl.DataFrame:
    """Return TREE_SCHEMA from what flowed through each circuit over one period.

    PV below a circuit feeds it: it is added to what the circuit gave on, and is no load.
    """
    rows = [
        _row(registry.circuits[main], children, amounts)
        for main, children in circuits_below(registry).items()
        if registry.circuits[main].item is not CircuitItem.PV
    ]
    return pl.DataFrame(rows, schema=TREE_SCHEMA, orient="row")


def _row(main: Circuit, children: Sequence[Circuit], amounts: Mapping[CircuitId, float]) -> tuple[object, ...]:
    missing = [str(child.id) for child in children if child.id not in amounts]
    own = amounts.get(main.id)
    if own is None or missing:
        return (main.id, own, None, None, None, missing)
    generated = sum(amounts[child.id] for child in children if child.item is CircuitItem.PV)
    below = sum(amounts[child.id] for child in children if child.item is not CircuitItem.PV)
    given = own + generated
    unmetered = given - below
    return (main.id, given, below, unmetered, 100 * unmetered / given if given > 0 else None, missing)
