"""A true load, the register that counts it, and the ways in which registers are spoilt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import floor
from random import Random

import polars as pl

from analytics.ports import READINGS_SCHEMA

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MONDAY_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What a meter said, and what had truly flowed by then."""

    times_ms: tuple[int, ...]
    said: tuple[float, ...]
    true_kwh: tuple[float, ...]
    quantum: float

    @property
    def true_total(self) -> float:
        """Return what flowed from the first reading to the last."""
        return self.true_kwh[-1] - self.true_kwh[0]

    def shows(self, kwh: float) -> float:
        """Return what a register says that has counted so much."""
        return round(floor(kwh / self.quantum + 1e-6) * self.quantum, 6)

    def saying(self, said: Sequence[float]) -> "Register":
        """Return the register as it says something else."""
        return replace(self, said=tuple(said))

    def without(self, start: int, end: int) -> "Register":
        """Return the register without the readings start to end, the last itself kept."""
        kept = [index for index in range(len(self.said)) if not start <= index < end]
        return replace(
            self,
            times_ms=tuple(self.times_ms[index] for index in kept),
            said=tuple(self.said[index] for index in kept),
            true_kwh=tuple(self.true_kwh[index] for index in kept),
        )

    def frame(self, device: str = "m") -> pl.DataFrame:
        """Return READINGS_SCHEMA."""
        size = len(self.said)
        columns = {
            "time_ms": self.times_ms,
            "device": [device] * size,
            "metric": ["energy_import_kwh"] * size,
            "phase": [""] * size,
            "value": self.said,
            "quality": [0] * size,
            "flags": [0] * size,
        }
        return pl.DataFrame(columns, schema=READINGS_SCHEMA)


def office_register(
    *, days: float = 14, step_ms: int = 15 * MINUTE_MS, quantum: float = 0.01, start_kwh: float = 5000.0, seed: int = 1
) -> Register:
    """Return the register of an office floor: 0.5 kW always, about 6 kW on workdays from 8 to 18."""
    random = Random(seed)  # noqa: S311 - a load, not a secret
    times: list[int] = []
    true: list[float] = []
    kwh = start_kwh
    for time_ms in range(MONDAY_MS, MONDAY_MS + int(days * DAY_MS) + 1, step_ms):
        times.append(time_ms)
        true.append(kwh)
        kwh += _power_kw(time_ms, random) * step_ms / HOUR_MS
    clean = Register(times_ms=tuple(times), said=(), true_kwh=tuple(true), quantum=quantum)
    return clean.saying([clean.shows(each) for each in true])


def _power_kw(time_ms: int, random: Random) -> float:
    days, hour = (time_ms - MONDAY_MS) // DAY_MS, time_ms // HOUR_MS % 24
    works = days % 7 < 5 and 8 <= hour < 18
    return random.uniform(0.4, 0.6) + (random.uniform(4.0, 8.0) if works else 0.0)
