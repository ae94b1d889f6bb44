"""What is answered: figures with an interval, the model behind them, events, and what the data lack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import polars as pl

from analytics.savings.terms import Interval

POINTS_SCHEMA = pl.Schema(
    {
        "time_ms": pl.Int64,
        "actual_kwh": pl.Float64,
        "baseline_kwh": pl.Float64,
        "low_kwh": pl.Float64,
        "high_kwh": pl.Float64,
    }
)
"""Each known interval of the reporting period: measured, expected, and the band one interval is expected in."""

Range = tuple[float, float]


class Conclusion(StrEnum):
    """What may be said of a figure and its interval."""

    SAVED = "saved"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"
    NO_NUMBER = "no_number"


class Lack(StrEnum):
    """What can be wrong with the data, as a code that pages translate."""

    PERIOD_EMPTY = "period_empty"
    PERIODS_OVERLAP = "periods_overlap"
    REPORTING_BEFORE_BASELINE = "reporting_before_baseline"
    BASELINE_SHORT = "baseline_short"
    NO_METER = "no_meter"
    NO_WEATHER = "no_weather"
    WEATHER_SHORT = "weather_short"
    WEATHER_UNIT = "weather_unit"
    WEATHER_STUCK = "weather_stuck"
    WEATHER_JUMP = "weather_jump"
    MISSING_DAYS = "missing_days"
    MONTH_COVERAGE = "month_coverage"
    MIXED_INTERVALS = "mixed_intervals"
    REPEATED_TIMES = "repeated_times"
    ZEROS = "zeros"
    NEGATIVE = "negative"
    STUCK = "stuck"
    SPIKES = "spikes"
    EXTRAPOLATION = "extrapolation"
    UNKNOWN_HOLIDAYS = "unknown_holidays"
    NO_MODEL = "no_model"
    POOR_MODEL = "poor_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """One thing the data lack: `params` say how much and where; a fatal one allows no number."""

    code: Lack
    params: Mapping[str, str | int | float] = field(default_factory=dict)
    is_fatal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model that was tried: its error on weeks it was not made of, and why it was taken or left."""

    name: str
    out_of_sample_cv_rmse_pct: float
    passed: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit:
    """The chosen model and its errors, % of the mean use."""

    name: str
    parameters: int
    cv_rmse_pct: float
    nmbe_pct: float
    r2: float
    out_of_sample_cv_rmse_pct: float
    out_of_sample_nmbe_pct: float
    why_chosen: str
    coefficients: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class NonRoutineEvent:
    """A shift that is not the measure: days both inclusive; kWh above what was expected, negative for less."""

    start: date
    end: date
    kwh: float
    in_period: str
    """`baseline` or `reporting`."""
    lasts: bool = False
    """Whether it goes on at the period's end: in the reporting period it may then be a measure; a person decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Adjusted baseline less actual, with its interval; negative savings are an increase.

    Without events, the actual use is that of the reporting period as if they had not been.
    """

    adjusted_baseline_kwh: float
    actual_kwh: float
    savings_kwh: float
    savings_pct: float
    ci90_kwh: Range
    ci90_pct: Range
    conclusion: Conclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """The answer. Figures are None where a fatal shortfall allows no number.

    `ci90_*` is the interval at the confidence asked for, 90 % unless told.
    `adjusted` holds the same figures as if the events had not been; None where there are none, or too little is left.
    """

    interval: Interval
    model: ModelFit | None
    adjusted_baseline_kwh: float | None
    actual_kwh: float | None
    savings_kwh: float | None
    savings_pct: float | None
    ci90_kwh: Range | None
    ci90_pct: Range | None
    conclusion: Conclusion
    non_routine_events: tuple[NonRoutineEvent, ...]
    adjusted: Figures | None
    sufficiency: tuple[Shortfall, ...]
    candidates: tuple[Candidate, ...]
    points: pl.DataFrame
