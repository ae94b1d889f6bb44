"""Whether a temperature says that it burns: too hot, or rising faster than a room ever does.

As a combined heat detector does it: a fixed 57 °C (135 °F) and a rate of rise of 8.3 °C (15 °F) a minute.
Source: UL 521 and NFPA 72 (2022), 17.6 [H: check the original]. The rest is the project's own choice.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

FIXED_C = 57.0
RISE_C_PER_MIN = 8.3
RISE_FROM_C = 30.0
"""Below it a quick rise is a heater that starts, a door, or a sensor carried indoors. A fire passes it in seconds."""
SPAN_MS = 60_000
"""A rate is taken over at least so long: noise of a degree does not make one, nor a gust."""
LONGEST_MS = 600_000
"""Over more than this nothing is said of a rate."""
THIN_MS = 5_000
"""So far apart are the samples that are remembered."""
CALM_C, CALM_C_PER_MIN = 50.0, 4.0
"""Below both it is calm: between them and the limits nothing changes."""
IMPOSSIBLE_C = (-40.0, 1200.0)


class Heat(IntEnum):
    """What one sample says."""

    CALM = 0
    BETWEEN = 1
    RISING = 2
    HOT = 3


@dataclass(slots=True)
class HeatCurve:
    """What was measured lately by one sensor: `at_ms` and °C, in order of time."""

    _lately: "deque[tuple[int, float]]" = field(default_factory=deque)

    def add(self, at_ms: int, temperature_c: float) -> Heat:
        """Return what a sample says beside those before it; one out of order or impossible says nothing."""
        if not IMPOSSIBLE_C[0] <= temperature_c <= IMPOSSIBLE_C[1] or (self._lately and at_ms < self._lately[-1][0]):
            return Heat.BETWEEN
        rate = self._c_per_min(at_ms, temperature_c)
        if not self._lately or at_ms >= self._lately[-1][0] + THIN_MS:
            self._lately.append((at_ms, temperature_c))
        if temperature_c >= FIXED_C:
            return Heat.HOT
        if rate >= RISE_C_PER_MIN and temperature_c >= RISE_FROM_C:
            return Heat.RISING
        return Heat.CALM if temperature_c < CALM_C and rate < CALM_C_PER_MIN else Heat.BETWEEN

    def _c_per_min(self, at_ms: int, temperature_c: float) -> float:
        """Return the rate since the sample before the span, 0 where there is none of late."""
        while len(self._lately) > 1 and self._lately[1][0] <= at_ms - SPAN_MS:
            self._lately.popleft()
        if not self._lately:
            return 0.0
        since_ms, since_c = self._lately[0]
        passed_ms = at_ms - since_ms
        return (temperature_c - since_c) / passed_ms * 60_000 if SPAN_MS <= passed_ms <= LONGEST_MS else 0.0
