"""Why an inferred occupancy is not to be relied on, and what in it is not believed."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np

from analytics.occupancy_chain import Floats
from analytics.occupancy_evidence import SIGNALS

LEAST_H = 24.0
"""A room's quiet is not known from less than a day and night of it."""
TELLS = 1.0
"""From here on a signal tells occupied from empty: its likelihood ratio differs e-fold between the two."""
ENDLESS_H = 36.0
"""Nobody is in a room for so long without a break: what says so is stuck. The project's own choice."""


class Doubt(StrEnum):
    """What makes an inferred occupancy unsure."""

    NO_SIGNAL = "no_signal"
    SHORT = "short"
    NO_CONTRAST = "no_contrast"
    WEAK_SIGNALS = "weak_signals"
    THINGS_ONLY = "things_only"
    SILENT_SIGNALS = "silent_signals"
    STUCK_OCCUPIED = "stuck_occupied"


DETAILS: Mapping[Doubt, str] = {
    Doubt.NO_SIGNAL: "no row has a value that tells of people",
    Doubt.SHORT: "less than a day of data: what the empty room is like had to be assumed",
    Doubt.NO_CONTRAST: "no signal tells occupied from empty: the room was always the one or always the other",
    Doubt.WEAK_SIGNALS: "only warmth or moisture tell, and these move with sun, weather and heating too",
    Doubt.THINGS_ONLY: "only lamps or sockets tell: what is left on looks like people",
    Doubt.SILENT_SIGNALS: "half of the signals or more say nothing of people here",
    Doubt.STUCK_OCCUPIED: "occupied for longer than anybody stays: not believed there",
}


def doubts_of(spoken: Mapping[str, float], *, hours: float) -> tuple[Doubt, ...]:
    """Return what speaks against relying on an inference from so many hours, in which signals told so much."""
    strong = {name: value for name, value in spoken.items() if not SIGNALS[name].weak}
    telling = {name for name, value in strong.items() if value >= TELLS}
    found: list[Doubt] = []
    if hours == 0:
        return (Doubt.NO_SIGNAL,)
    if hours < LEAST_H:
        found.append(Doubt.SHORT)
    if not strong:
        found.append(Doubt.WEAK_SIGNALS)
    elif not telling:
        found.append(Doubt.NO_CONTRAST)
    elif all(SIGNALS[name].thing for name in telling):
        found.append(Doubt.THINGS_ONLY)
    if telling and len(telling) * 2 < len(strong):
        found.append(Doubt.SILENT_SIGNALS)
    return tuple(found)


def without_endless(probability: Floats, step_min: float) -> Floats:
    """Return the probabilities with NaN wherever occupied was likelier without a break for longer than people stay."""
    out = probability.copy()
    longest = round(ENDLESS_H * 60 / step_min)
    for row in out:
        there = np.pad(row > 0.5, 1)  # noqa: PLR2004 - one half; NaN is not there
        starts, ends = np.flatnonzero(there[1:] & ~there[:-1]), np.flatnonzero(~there[1:] & there[:-1])
        for start, end in zip(starts, ends, strict=True):
            if end - start > longest:
                row[start:end] = np.nan
    return out
