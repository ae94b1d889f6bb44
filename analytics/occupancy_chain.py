"""Two states, empty and occupied, that change seldom: what evidence at each step says of all steps together.

Every array is rooms × steps. Evidence is the logarithm of how much likelier it is in an occupied room.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]

MEAN_OCCUPIED_MIN = 90.0
MEAN_EMPTY_MIN = 240.0
"""How long a room usually stays as it is: only evidence turns it earlier. The project's own choice."""
MOST_EVIDENCE = 12.0
"""No single step says more: e to this power is certain enough, and numbers stay finite."""


@dataclass(frozen=True, slots=True)
class Turning:
    """The chance of a change within one step: to `occupied` from empty, to `empty` from occupied."""

    occupied: float
    empty: float

    @classmethod
    def of(cls, step_min: float) -> "Turning":
        """Return the chances for steps of this length."""
        return cls(1 - np.exp(-step_min / MEAN_EMPTY_MIN), 1 - np.exp(-step_min / MEAN_OCCUPIED_MIN))


def smoothed(evidence: Floats, turning: Turning) -> Floats:
    """Return the probability of occupied at each step, given the evidence before, at and after it."""
    # steps first: each turn of the loop then reads one contiguous row
    likelier = np.ascontiguousarray(np.exp(np.clip(evidence, -MOST_EVIDENCE, MOST_EVIDENCE)).T)
    odds = _forward(likelier, turning)
    odds *= _backward(likelier, turning)
    return np.ascontiguousarray((odds / (1 + odds)).T)


def _forward(likelier: Floats, turning: Turning) -> Floats:
    odds = np.empty_like(likelier)
    stay, come = 1 - turning.empty, turning.occupied
    chance = np.full(likelier.shape[1], come / (come + turning.empty))
    for step, ratio in enumerate(likelier):
        before = chance * (stay - come) + come
        odds[step] = before / (1 - before) * ratio
        chance = odds[step] / (1 + odds[step])
    return odds


def _backward(likelier: Floats, turning: Turning) -> Floats:
    ratios = np.ones_like(likelier)
    for step in range(len(likelier) - 2, -1, -1):
        later = likelier[step + 1] * ratios[step + 1]
        leaves, comes = turning.empty, turning.occupied
        ratios[step] = ((1 - leaves) * later + leaves) / (comes * later + 1 - comes)
    return ratios


def rising(evidence: Floats, weights: Floats) -> Floats:
    """Return the evidence per bin, made to rise with the bin, weighted by how often each was seen.

    Rooms × bins; the least squares answer by its max-min formula, for all rooms at once.
    """
    count = evidence.shape[1]
    total = np.cumsum(np.pad(evidence * weights, ((0, 0), (1, 0))), axis=1)
    weight = np.cumsum(np.pad(weights, ((0, 0), (1, 0))), axis=1)
    means = np.full((len(evidence), count, count), np.inf)
    for first in range(count):
        means[:, first, first:] = (total[:, first + 1 :] - total[:, first : first + 1]) / (
            weight[:, first + 1 :] - weight[:, first : first + 1]
        )
    out = np.empty_like(evidence)
    for at in range(count):
        out[:, at] = means[:, : at + 1, at:].min(axis=2).max(axis=1)
    return out


def counted(bins: Bins, share: Floats | float, count: int) -> Floats:
    """Return rooms × bins: the sum of `share` over the steps in each bin; a bin below 0 is unknown and not counted."""
    rooms = len(bins)
    # the unknown fall into one more bin in front, which is cut off: picking out the known costs more
    place = bins + (np.arange(rooms) * (count + 1) + 1)[:, None]
    weights = None if isinstance(share, float) else share.ravel()
    sums = np.bincount(place.ravel(), weights=weights, minlength=rooms * (count + 1))
    return sums.reshape(rooms, count + 1)[:, 1:].astype(np.float64)


def pooled(counts: Floats, same: Bins) -> Floats:
    """Return the counts summed over the rows with the same number."""
    sums = np.zeros((int(same.max()) + 1, counts.shape[1]))
    np.add.at(sums, same, counts)
    return sums[same]


def looked_up(table: Floats, bins: Bins) -> Floats:
    """Return each step's entry of its room's table, 0 where the bin is unknown."""
    padded = np.pad(table, ((0, 0), (1, 0)))
    place = bins + (np.arange(len(bins)) * padded.shape[1] + 1)[:, None]
    said: Floats = padded.ravel()[place]
    return said
