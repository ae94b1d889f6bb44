"""Whether the lamps of a room are on, from its light: lamps come and go in steps of one size, daylight drifts.

A lamp's step is found by itself: among the clean steps of the light (flat before, flat after) one size returns. Clouds
make steps too, of every size and seldom flat on both sides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analytics.occupancy_chain import Floats

SIDE_MIN = 5.0
"""A clean step is flat for so long on both sides."""
LEAST_STEP_LUX = 25.0
LEAST_SHARE_OF_TOP = 0.05
"""A step is looked at only from this share of the room's brightest light on."""
LEAST_CLEAN = 0.3
"""How flat its sides must be: 1 less what the light moved on both sides ÷ the step."""
SPREAD = 0.15
"""Within how much of each other, as a logarithm, steps of the same lamps are."""
SAME, ALIKE = 1.5, 0.3
"""A step of just the lamps' size matches by at most 1; at a third more or less it matches half, further off less."""
DARK_SHARE = 0.6
"""Below this share of their step the lamps cannot be on."""
LEAST_STEPS = 3
"""So many steps of one size make lamps; two may be a cloud."""
LEAST_SHARE = 0.5
"""So much of all the light's clean steps, by size, must be of the one size."""

TURN_COST, AGAINST, DARK_COST, START_COST = 1.3, 2.0, 0.6, 0.1
"""What it costs to believe: a turn, one that no step shows, lamps that are too dark, lamps lit from the beginning."""


@dataclass(frozen=True, slots=True)
class Lamps:
    """Rooms × steps: 1 lit, 0 dark, NaN where unknown; and per room what the lamps add, lux (NaN: none found)."""

    lit: Floats
    step_lux: Floats


def lamps(light_lux: Floats, step_min: float) -> Lamps:
    """Return when the lamps of each room were on; NaN throughout for a room in whose light no lamps were found."""
    filled = _filled(light_lux)
    sizes, clean = _steps(filled, max(2, round(SIDE_MIN / step_min)))
    top = np.nanpercentile(filled, 99.5, axis=1, keepdims=True) if filled.size else np.zeros((len(filled), 1))
    sizes = np.where(clean & (np.abs(sizes) > np.maximum(LEAST_STEP_LUX, LEAST_SHARE_OF_TOP * top)), sizes, 0.0)
    step_lux = np.array([_usual(row[row != 0]) for row in sizes])
    found = ~np.isnan(step_lux)
    lit = np.full(light_lux.shape, np.nan)
    if found.any():
        lit[found] = _lit(filled[found], sizes[found], step_lux[found])
    lit[np.isnan(light_lux)] = np.nan
    return Lamps(lit, step_lux)


def _filled(light_lux: Floats) -> Floats:
    """Return the light with the last value in place of gaps; a step over a gap is none."""
    known = ~np.isnan(light_lux)
    last = np.maximum.accumulate(np.where(known, np.arange(light_lux.shape[1]), 0), axis=1)
    filled = np.take_along_axis(light_lux, last, axis=1)
    return np.where(np.isnan(filled), 0.0, filled)


def _steps(light: Floats, side: int) -> tuple[Floats, "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"]:
    """Return the step of the light at each instant, after less before, and whether it is clean and the largest near."""
    padded = np.pad(light, ((0, 0), (side, side - 1)), mode="edge")
    windows = sliding_window_view(padded, 2 * side, axis=1)
    before, after = windows[..., :side], windows[..., side:]
    size = np.median(after, axis=2) - np.median(before, axis=2)
    moved = np.ptp(after, axis=2) + np.ptp(before, axis=2)
    flat = 1 - moved / np.maximum(np.abs(size), 1e-6)
    standing = np.abs(size) * np.clip(flat + 0.35, 0, 1)
    largest = np.ones(light.shape, dtype=bool)
    for off in range(1, side + 1):
        largest[:, off:] &= standing[:, off:] >= standing[:, :-off]
        largest[:, :-off] &= standing[:, :-off] > standing[:, off:]
    return size, largest & (flat > LEAST_CLEAN)


def _usual(steps: Floats) -> float:
    """Return the size that returns among the steps, NaN where none does."""
    if len(steps) < LEAST_STEPS:
        return float("nan")
    sizes = np.abs(steps)
    apart = np.log(sizes)[:, None] - np.log(sizes)[None, :]
    crowd = (sizes[None, :] * np.exp(-0.5 * (apart / SPREAD) ** 2)).sum(axis=1)
    near = np.abs(apart[crowd.argmax()]) < 2 * SPREAD
    if near.sum() < LEAST_STEPS or sizes[near].sum() < LEAST_SHARE * sizes.sum():
        return float("nan")
    return float(np.exp(np.average(np.log(sizes[near]), weights=sizes[near])))


def _lit(light: Floats, sizes: Floats, step_lux: Floats) -> Floats:
    """Return the cheapest history of lamps turned on and off: 1 lit, 0 dark."""
    with np.errstate(divide="ignore"):
        off_by = np.abs(np.log(np.abs(sizes) / step_lux[:, None]))
    match = np.where(sizes == 0, -AGAINST, np.clip(SAME - off_by / ALIKE, -1, 1))
    up, down = np.where(sizes > 0, match, -AGAINST), np.where(sizes < 0, match, -AGAINST)
    unexplained = np.maximum(match, 0)
    dark_cost = np.where(light < DARK_SHARE * step_lux[:, None], DARK_COST, 0.0)
    return _traced(unexplained.T, TURN_COST - up.T, TURN_COST - down.T, dark_cost.T)


def _traced(stay_cost: Floats, on_cost: Floats, off_cost: Floats, lit_cost: Floats) -> Floats:
    """Return the path of least cost through dark and lit (Viterbi), rooms × steps; the costs are steps × rooms."""
    steps, rooms = stay_cost.shape
    came_from_lit, came_from_dark = np.zeros((steps, rooms), bool), np.zeros((steps, rooms), bool)
    dark, lit = np.zeros(rooms), START_COST + 5 * lit_cost[0]
    for at in range(steps):
        dark_stays, lit_stays = dark + stay_cost[at], lit + stay_cost[at]
        turns_off, turns_on = lit + off_cost[at], dark + on_cost[at]
        came_from_lit[at], came_from_dark[at] = turns_off < dark_stays, turns_on < lit_stays
        dark = np.minimum(dark_stays, turns_off)
        lit = np.minimum(lit_stays, turns_on) + lit_cost[at]
    state = lit < dark
    path = np.empty((steps, rooms))
    for at in range(steps - 1, -1, -1):
        path[at] = state
        state = np.where(state, ~came_from_dark[at], came_from_lit[at])
    return np.ascontiguousarray(path.T)
