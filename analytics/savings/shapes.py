"""The columns and levels of a model's rows: what an hour, a day or a bill is described by."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from analytics.savings.gram import Floats, Ints
from analytics.savings.slots import DAYS_A_WEEK, FIRST_RESTDAY, HOURS_A_DAY
from analytics.savings.weather import BASES_C

HOURS_A_WEEK = DAYS_A_WEEK * HOURS_A_DAY
KNOTS_C = (0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0)
"""Where the slope by temperature may change, °C; those that the baseline's weather does not straddle are left out.
LBNL's TOWT has six equal segments; fixed ones let two years of a meter be compared."""
HEATING_BASE_C, COOLING_BASE_C = 15.0, 22.0
"""Below the one offices are heated, above the other cooled: what a few weeks can still tell. Our own choice."""
STRADDLED = 0.05
"""Of the hours must lie on either side of a knot. The project's own choice."""


DEGREES = tuple(f"{side}_{base}" for side in ("below", "above") for base in BASES_C)
"""Degrees below and above every base."""


class Shape(Protocol):
    """Describes rows of a table by a level and by columns."""

    @property
    def levels(self) -> int:
        """Return how many levels there are."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        ...

    def level(self, table: pl.DataFrame) -> Ints:
        """Return the level of each row."""
        ...

    def columns(self, table: pl.DataFrame) -> Floats:
        """Return the columns of each row."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyShape:
    """Hours of the week; temperature and its memory, piecewise linear, while occupied and while not (TOWT)."""

    knots_c: tuple[float, ...]
    occupied: tuple[bool, ...]

    @property
    def levels(self) -> int:
        """Return the hours of a week."""
        return HOURS_A_WEEK

    @property
    def names(self) -> tuple[str, ...]:
        """Return segment, temperature and the change point above which the slope is added."""
        pieces = ("all", *(f"above_{knot:g}" for knot in self.knots_c))
        degrees = (f"below_{HEATING_BASE_C:g}", f"above_{COOLING_BASE_C:g}")
        kinds = (("degrees", degrees), ("air", pieces), ("memory", pieces))
        return tuple(f"{kind}_{part}_{piece}" for kind, told in kinds for part in ("in_use", "idle") for piece in told)

    def level(self, table: pl.DataFrame) -> Ints:
        """Return the hour of the week."""
        return np.asarray((table["weekday"] * HOURS_A_DAY + table["hour"]).to_numpy(), dtype=np.int64)

    def columns(self, table: pl.DataFrame) -> Floats:
        """Return degrees, °C and °C above each change point of air and memory, for hours in use and for idle ones."""
        in_use = np.array(self.occupied, dtype=np.float64)[self.level(table)][:, None]
        air_c, memory_c = (table[name].to_numpy() for name in ("temperature_c", "memory_c"))
        parts = (_degrees(air_c), self._pieces(air_c), self._pieces(memory_c))
        return np.concatenate([part * share for part in parts for share in (in_use, 1 - in_use)], axis=1)

    def _pieces(self, air_c: Floats) -> Floats:
        return np.column_stack([air_c, *(np.maximum(air_c - knot, 0.0) for knot in self.knots_c)])


@dataclass(frozen=True, slots=True, kw_only=True)
class DegreeShape:
    """Weekdays; degrees below and above every base, on all days and, by the day, on workdays alone (change points)."""

    has_workdays: bool

    @property
    def levels(self) -> int:
        """Return the days of a week, or one level for bills."""
        return DAYS_A_WEEK if self.has_workdays else 1

    @property
    def names(self) -> tuple[str, ...]:
        """Return `below_8` … `above_26`, by the day also `workday_below_8` … and of the memory `memory_below_8` …."""
        kinds = ("", "workday_", "memory_") if self.has_workdays else ("",)
        return tuple(f"{kind}{name}" for kind in kinds for name in DEGREES)

    def level(self, table: pl.DataFrame) -> Ints:
        """Return the weekday, 0 for bills."""
        if not self.has_workdays:
            return np.zeros(table.height, dtype=np.int64)
        return np.asarray(table["weekday"].to_numpy(), dtype=np.int64)

    def columns(self, table: pl.DataFrame) -> Floats:
        """Return degree days per day of each row."""
        degrees = np.asarray(table.select(DEGREES).to_numpy(), dtype=np.float64)
        if not self.has_workdays:
            return degrees
        is_workday = (self.level(table) < FIRST_RESTDAY).astype(np.float64)
        memory = table.select(f"memory_{name}" for name in DEGREES).to_numpy()
        return np.concatenate([degrees, degrees * is_workday[:, None], memory], axis=1)


def hourly_shape(table: pl.DataFrame) -> HourlyShape:
    """Return the shape that a baseline's own hours and weather suggest."""
    air = table["temperature_c"].to_numpy()
    knots = tuple(k for k in KNOTS_C if STRADDLED <= float((air > k).mean()) <= 1 - STRADDLED)
    return HourlyShape(knots_c=knots, occupied=_occupied(table))


def _degrees(air_c: Floats) -> Floats:
    return np.column_stack([np.maximum(HEATING_BASE_C - air_c, 0.0), np.maximum(air_c - COOLING_BASE_C, 0.0)])


def _occupied(table: pl.DataFrame) -> tuple[bool, ...]:
    """Return whether each hour of the week is in use: its mean lies nearer to the high hours than to the low.

    LBNL asks whether a regression on temperature mostly misses upwards; the halfway mark finds the same segments and
    does not hang on the weather.
    """
    hours = HourlyShape(knots_c=(), occupied=()).level(table)
    used = table["kwh"].to_numpy()
    count = np.bincount(hours, minlength=HOURS_A_WEEK)
    mean = np.bincount(hours, used, HOURS_A_WEEK) / np.maximum(count, 1)
    low, high = np.percentile(mean[count > 0], [5, 95])
    return tuple(bool(high_enough) for high_enough in mean > (low + high) / 2)
