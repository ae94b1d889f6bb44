"""What formats call metrics, and how exactly they write them."""

from collections.abc import Mapping
from typing import NamedTuple

Raw = bool | int | float


class Key(NamedTuple):
    """A name, and how a value is written under it: so many digits behind the point, None as it is.

    `scale` is what is written for 1 of the metric's own unit: 1000 for kWh in Wh. `is_flag` writes true and false,
    `is_inverted` the other way round.
    """

    name: str
    digits: int | None = None
    scale: float = 1.0
    is_flag: bool = False
    is_inverted: bool = False

    def written(self, value: float) -> Raw:
        """Return what stands in a message for a value."""
        if self.is_flag:
            return bool(value) is not self.is_inverted
        scaled = value * self.scale
        if self.digits is None:
            return scaled
        return round(scaled) if self.digits == 0 else round(scaled, self.digits)

    @property
    def step(self) -> float:
        """Return the least difference that can be told, in the metric's own unit; 0 is any."""
        return 0.0 if self.digits is None or self.is_flag else 10.0**-self.digits / self.scale


Keys = Mapping[tuple[str, str], Key]
"""By metric and phase."""

PHASES = ("L1", "L2", "L3")


def by_phase(metric: str, *names: str, digits: int | None = None, scale: float = 1.0) -> Keys:
    """Return the keys of L1, L2 and L3."""
    return {(metric, phase): Key(name, digits, scale) for phase, name in zip(PHASES, names, strict=True)}
