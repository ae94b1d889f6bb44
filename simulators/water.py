"""Water: what people draw, and what runs by itself."""

import numpy as np

from simulators.arithmetic import Floats
from simulators.chance import Keys, uniform
from simulators.grid import STEP_S, DayGrid

USES_PER_PERSON_HOUR = 0.6
"""How often one person goes to the toilet or washes hands. The project's own choice."""
USE_M3 = 0.008
"""One use; with the above about 40 L for a day at work. Source: GB 50015-2019 gives offices 30 to 50 L (recalled)."""


def registers(start_m3: Floats, people: Floats, running_m3s: Floats, of: Keys, grid: DayGrid) -> Floats:
    """Return the water meters at the boundaries of steps [steps + 1, buildings], m³.

    Uses are whole: their number in a step is the expected one, rounded up or down by chance.
    """
    expected = people * USES_PER_PERSON_HOUR * STEP_S / 3600
    uses = np.floor(expected + uniform(of[None, :], grid.step_starts_ms[:, None]))
    drawn = np.where(people > 0, uses * USE_M3, 0.0)
    return np.cumsum(np.concatenate([start_m3[None, :], drawn + running_m3s * STEP_S]), axis=0)
