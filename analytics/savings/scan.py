"""Stretches of days on another level than the rest: all first and last days are tried at once.

Model: a day's residual = what weekday and weather explain + a shift on the days of a stretch + autocorrelated noise.
The shift's gain in squares over the long-run variance of the noise (Newey and West) says whether a stretch stands out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.savings.gram import Floats, Ints

Flags = NDArray[np.bool_]

LEAST_DAYS = 10
"""Shorter ones are holidays and works, which the interval covers. The project's own choice."""
MOST_SHARE = 0.9
"""Of a period: what lasts longer is how the period was. The project's own choice."""
MOST_PASSING_SHARE = 0.5
"""Of a period, for what neither begins nor ends with it: of a longer one the rest, a winter or two holidays, is the odd
part. The project's own choice."""
LEAST_FREE_DAYS = 6.0
"""Of a stretch must be left when what is known is taken out: less is a known stretch moved by a day."""
STEP_GAIN = 0.8
"""Of the most gain: a step that has so much needs no second end. The project's own choice."""
LAG_DAYS = 21
"""Lags of the long-run variance. The project's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days first to end (exclusive) by position, their shift, kWh a day, and gain over the long-run variance."""

    first: int
    end: int
    shift_kwh: float
    strength: float

    def crosses(self, first: Ints, end: Ints) -> Flags:
        """Say which stretches share days with this one, neither holding the other."""
        begins_inside = (self.first < first) & (first < self.end) & (self.end < end)
        return begins_inside | ((first < self.first) & (self.first < end) & (end < self.end))


def strongest(day_number: Floats, missed: Floats, known: Floats, taken: Sequence[Stretch] = ()) -> Stretch | None:
    """Return the stretch that explains most of what `known` columns do not; None where there are too few days.

    It may lie within one that is `taken`, or hold it, but not cross it: two that overlap are one that was dated badly.
    """
    if len(missed) < 3 * LEAST_DAYS + known.shape[1]:
        return None
    basis = np.linalg.qr(known)[0]
    rest = missed - basis @ (basis.T @ missed)
    sums = np.concatenate([[0.0], np.cumsum(rest)])
    paths = np.vstack([np.zeros(basis.shape[1]), np.cumsum(basis, axis=0)])
    squares = (paths**2).sum(axis=1)
    explained = squares[:, None] + squares[None, :] - 2 * paths @ paths.T
    count = np.arange(len(rest) + 1)
    length = count[None, :] - count[:, None]
    free = length - explained
    allowed = _allowed(day_number, length) & (free >= LEAST_FREE_DAYS)
    for stretch in taken:
        allowed &= ~stretch.crosses(count[:, None], count[None, :])
    gain = np.where(allowed, (sums[None, :] - sums[:, None]) ** 2, 0.0) / np.maximum(free, LEAST_FREE_DAYS)
    first, end = _simplest(gain)
    if gain[first, end] <= 0:
        return None
    shift = float((sums[end] - sums[first]) / free[first, end])
    inside = np.zeros(len(rest))
    inside[first:end] = 1.0
    noise = rest - shift * (inside - basis @ (basis.T @ inside))
    return Stretch(first=first, end=end, shift_kwh=shift, strength=float(gain[first, end] / long_run_variance(noise)))


def _simplest(gain: Floats) -> tuple[int, int]:
    """Return the stretch of most gain, or the step, which has one end only, that gains nearly as much."""
    first, end = (int(at) for at in np.unravel_index(np.argmax(gain), gain.shape))
    up_to, since = int(np.argmax(gain[0])), int(np.argmax(gain[:, -1]))
    step = (0, up_to) if gain[0, up_to] >= gain[since, -1] else (since, len(gain) - 1)
    return step if gain[step] >= STEP_GAIN * gain[first, end] else (first, end)


def long_run_variance(noise: Floats) -> float:
    """Return the variance of the mean of many days times their number (Newey and West 1987, Bartlett's weights)."""
    lags = np.arange(1, min(LAG_DAYS, len(noise) - 1) + 1)
    own = float(noise @ noise)
    crossed = sum((1 - lag / (LAG_DAYS + 1)) * float(noise[lag:] @ noise[:-lag]) for lag in lags)
    # a negative sum of lags says no more than independence does
    return max(own + 2 * crossed, own) / len(noise) + float(np.finfo(float).tiny)


def _allowed(day_number: Floats, length: Ints) -> Flags:
    """Return which pairs of first and end leave a stretch long enough, and a rest to compare it with."""
    edges = np.append(day_number, day_number[-1] + 1)
    lasting = edges[None, :] - edges[:, None]
    whole = edges[-1] - edges[0]
    most = np.full(lasting.shape, MOST_PASSING_SHARE * whole)
    most[0, :] = most[:, -1] = MOST_SHARE * whole
    return np.asarray((length >= LEAST_DAYS) & (lasting >= LEAST_DAYS) & (lasting <= most))
