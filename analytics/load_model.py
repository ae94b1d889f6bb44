"""How much a building uses in an hour by the time of the week and the weather: a small model that knows its error.

Hours of workdays and of other days have a mean each, and degrees beyond two bases add to it, by day and by
night. Its error is found on weeks that it was not made of.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOURS_SCHEMA = pl.Schema(
    {
        "time_ms": pl.Int64,
        "day": pl.Date,
        "hour": pl.Int64,
        "is_workday": pl.Boolean,
        "outdoor_c": pl.Float64,
        "kwh": pl.Float64,
    }
)
"""Hours of which load and weather are known, in order."""

HEATING_BASE_C, COOLING_BASE_C = 15.0, 22.0
"""Below the one buildings are heated, above the other cooled. The project's own choice."""
DAYTIME = (7, 19)
HOURS_A_DAY, KINDS, FOLDS = 24, 2, 2
REACH_K = 3.0
"""Weather so far beyond what the model was made of is another building's. The project's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A model and its error on weeks it was not made of, %."""

    coefficients: Floats
    coldest_c: float
    warmest_c: float
    cv_rmse_pct: float
    nmbe_pct: float

    def predict(self, hours: pl.DataFrame) -> Floats:
        """Return what is expected of each hour, kWh."""
        return np.maximum(_design(hours) @ self.coefficients, 0.0)

    def reaches(self, hours: pl.DataFrame) -> bool:
        """Say whether the weather of these hours is like that of the model's."""
        seen = hours["outdoor_c"].to_numpy()
        return bool(seen.min() >= self.coldest_c - REACH_K and seen.max() <= self.warmest_c + REACH_K)


class LoadModel(Protocol):
    """Makes a fit of hours (HOURS_SCHEMA)."""

    def __call__(self, hours: pl.DataFrame) -> Fit | None:
        """Return the fit, None where the hours do not suffice for one."""
        ...


def time_of_week(hours: pl.DataFrame) -> Fit | None:
    """Return the fit by least squares, with its error from leaving out every other week; None for too few hours."""
    design, used = _design(hours), hours["kwh"].to_numpy()
    weeks = hours["day"].dt.epoch("d").to_numpy() // 7
    if len(used) < FOLDS * design.shape[1] or used.mean() <= 0:
        return None
    errors = np.zeros_like(used)
    for fold in range(FOLDS):
        left_out = weeks % FOLDS == fold
        if left_out.all() or not left_out.any():
            return None
        errors[left_out] = used[left_out] - np.maximum(
            design[left_out] @ _least_squares(design[~left_out], used[~left_out]), 0.0
        )
    weather = hours["outdoor_c"].to_numpy()
    return Fit(
        coefficients=_least_squares(design, used),
        coldest_c=float(weather.min()),
        warmest_c=float(weather.max()),
        cv_rmse_pct=float(100 * np.sqrt((errors**2).mean()) / used.mean()),
        nmbe_pct=float(100 * errors.mean() / used.mean()),
    )


def _least_squares(design: Floats, used: Floats) -> Floats:
    return np.asarray(np.linalg.lstsq(design, used, rcond=None)[0], dtype=np.float64)


def _design(hours: pl.DataFrame) -> Floats:
    """Return a column per hour of a workday and of another day, and degrees beyond the bases by day and night."""
    hour = hours["hour"].to_numpy() % HOURS_A_DAY
    workday = hours["is_workday"].to_numpy().astype(np.int64)
    weather = hours["outdoor_c"].to_numpy()
    by_time = np.zeros((len(hour), KINDS * HOURS_A_DAY))
    by_time[np.arange(len(hour)), workday * HOURS_A_DAY + hour] = 1.0
    in_use = ((hour >= DAYTIME[0]) & (hour < DAYTIME[1]) & (workday == 1)).astype(np.float64)
    below, above = np.maximum(HEATING_BASE_C - weather, 0.0), np.maximum(weather - COOLING_BASE_C, 0.0)
    by_weather = np.column_stack([below * in_use, below * (1 - in_use), above * in_use, above * (1 - in_use)])
    return np.concatenate([by_time, by_weather], axis=1)
