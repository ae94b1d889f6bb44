"""Whether rooms were occupied, inferred without labels from what changes when people are there.

Each signal's numbers (analytics.occupancy_evidence) fall into bins. What a bin says is learnt from the room itself by
expectation maximisation over a chain of two states (analytics.occupancy_chain), from a beginning that physics gives:
more breath, light, power, noise and devices mean people, never fewer. A signal that goes its own way says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.occupancy_chain import Bins, Floats, Turning, counted, looked_up, pooled, rising, smoothed
from analytics.occupancy_evidence import SIGNALS, evidence

EDGES = np.array([-4.0, -1.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0])
"""Where bins begin, in units of the room's own quiet. The project's own choice, as all that follows."""
SEED = np.array([-1.5, -1.5, -1.2, -1.0, -0.6, -0.2, 0.2, 0.6, 1.0, 1.3, 1.5, 1.8, 2.0])
"""What a bin says before anything is known of the room."""
QUIET_BINS = 4
"""So many of the first bins are the room's quiet: they never speak for people."""
SEED_MIN = 12 * 60.0
"""The seed weighs as much as so many minutes of the room's own data in each state."""
WEAK = 0.3
"""What a weak signal's seed counts for."""
MOST_OF_THINGS = 0.8
"""Lamps and sockets stay on when people leave: where phones or motion tell of the people themselves, all things that
are on say together no more than this for them."""
ROUNDS = 4
CALM = 0.6
"""Signals are not independent, and what one says now it says again at the next step: their sum counts so much."""
ROOMS_AT_ONCE = 128
"""Arrays of so many rooms stay near the processor, and the loops over time pay."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """Rooms × steps: the probability of occupied, and where any signal was heard at all.

    `spoken` is how far each signal tells occupied from empty in each room: the mean of what it says in the one less
    that in the other, 0 for a signal that says nothing.
    """

    probability: Floats
    heard: NDArray[np.bool_]
    spoken: Mapping[str, Floats]
    known: Mapping[str, NDArray[np.bool_]]
    """Whether each signal was heard in each room at all."""


def infer(metrics: Mapping[str, Floats], step_min: float, same: Bins | None = None) -> Inferred:
    """Return the probability that each room was occupied at each step of `step_min` minutes.

    `metrics` are rooms × steps by name, NaN where unknown. Rows with the same number in `same` are stretches of one
    room: each has its own base and standby, and they learn together what the signals say.
    """
    rows = len(next(iter(metrics.values())))
    if same is not None or rows <= ROOMS_AT_ONCE:
        return _infer(metrics, step_min, np.arange(rows) if same is None else same)
    parts = [
        _infer({name: values[at : at + ROOMS_AT_ONCE] for name, values in metrics.items()}, step_min, None)
        for at in range(0, rows, ROOMS_AT_ONCE)
    ]
    return Inferred(
        np.concatenate([part.probability for part in parts]),
        np.concatenate([part.heard for part in parts]),
        {name: np.concatenate([part.spoken[name] for part in parts]) for name in parts[0].spoken},
        {name: np.concatenate([part.known[name] for part in parts]) for name in parts[0].known},
    )


def _infer(metrics: Mapping[str, Floats], step_min: float, same: Bins | None) -> Inferred:
    shape = next(iter(metrics.values())).shape
    bins = _quick_first({name: _binned(values) for name, values in evidence(metrics, step_min).items()})
    turning = Turning.of(step_min)
    tables = {name: np.tile(_seed(name), (shape[0], 1)) for name in bins}
    limited = _limited(bins, shape)
    probability = smoothed(_sum(tables, bins, limited), turning)
    for _round in range(ROUNDS):
        tables = {name: _learnt(name, of, probability, step_min, same) for name, of in bins.items()}
        probability = smoothed(_sum(tables, bins, limited), turning)
    heard = np.any([of >= 0 for of in bins.values()], axis=0) if bins else np.zeros(shape, dtype=bool)
    spoken = {name: _spoken(tables[name], of, probability) for name, of in bins.items()}
    known = {name: np.asarray((of >= 0).any(axis=1)) for name, of in bins.items()}
    return Inferred(probability, heard, spoken, known)


def _quick_first(bins: dict[str, Bins]) -> dict[str, Bins]:
    """Return the bins with the weak signals unknown in rooms where a quick one is known."""
    quick = [(of >= 0).any(axis=1) for name, of in bins.items() if SIGNALS[name].quick]
    hidden = np.any(quick, axis=0)[:, None] if quick else np.array([[False]])
    return {name: np.where(hidden, -1, of) if SIGNALS[name].weak else of for name, of in bins.items()}


def _binned(values: Floats) -> Bins:
    return np.where(np.isnan(values), -1, np.searchsorted(EDGES, values, side="right"))


def _seed(name: str) -> Floats:
    signal = SIGNALS[name]
    return np.clip(SEED * (WEAK if signal.weak else 1.0), signal.least, signal.most)


def _limited(bins: Mapping[str, Bins], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where a signal of the people themselves is heard, promptly enough to gainsay the things."""
    prompt = [of >= 0 for name, of in bins.items() if SIGNALS[name].quick and not SIGNALS[name].thing]
    return np.any(prompt, axis=0) if prompt else np.zeros(shape, dtype=bool)


def _sum(tables: Mapping[str, Floats], bins: Mapping[str, Bins], limited: NDArray[np.bool_]) -> Floats:
    """Return what all signals say together."""
    things, people = np.zeros(limited.shape), np.zeros(limited.shape)
    for name, of in bins.items():
        said = looked_up(tables[name], of)
        if SIGNALS[name].thing:
            things += said
        else:
            people += said
    return CALM * (people + np.where(limited, np.minimum(things, MOST_OF_THINGS), things))


def _learnt(name: str, bins: Bins, probability: Floats, step_min: float, same: Bins | None) -> Floats:
    """Return what each bin says: the share of occupied time spent in it ÷ that of empty time, as a logarithm."""
    count, signal = len(EDGES) + 1, SIGNALS[name]
    prior, share = SEED_MIN / step_min, np.exp(_seed(name) / 2)
    occupied = counted(bins, probability, count)
    empty = counted(bins, 1.0, count) - occupied
    if same is not None:
        occupied, empty = pooled(occupied, same), pooled(empty, same)
    occupied = occupied + prior * share / share.sum()
    empty = np.maximum(empty, 0) + prior / share / (1 / share).sum()
    ratio = np.log(occupied / occupied.sum(axis=1, keepdims=True)) - np.log(empty / empty.sum(axis=1, keepdims=True))
    most = np.where(np.arange(count) < QUIET_BINS, 0.0, signal.most)
    return np.clip(rising(ratio, occupied + empty), signal.least, most)


def _spoken(table: Floats, bins: Bins, probability: Floats) -> Floats:
    count = len(EDGES) + 1
    occupied = counted(bins, probability, count)
    empty = np.maximum(counted(bins, 1.0, count) - occupied, 0)
    return _weighted(table, occupied) - _weighted(table, empty)


def _weighted(table: Floats, weights: Floats) -> Floats:
    total = weights.sum(axis=1)
    mean: Floats = np.divide((table * weights).sum(axis=1), total, out=np.zeros(len(total)), where=total > 0)
    return mean
