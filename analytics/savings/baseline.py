"""A baseline: the simplest model that foretells weeks it was not made of about as well as the best does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from analytics.calendar import Holidays
from analytics.savings.forms import Form, degree_forms, hourly_forms
from analytics.savings.gram import Floats, Ints, Solution, Sums, solved, summed
from analytics.savings.result import Candidate, ModelFit
from analytics.savings.shapes import DegreeShape, Shape, hourly_shape
from analytics.savings.slots import week_number
from analytics.savings.tables import Tables
from analytics.savings.terms import Interval, Period

BLOCKS = 13
"""Blocks of whole weeks that a baseline is divided into: four weeks each of a year. Leaving out a month, not an hour,
asks a model for what it will be asked: another season's days. The project's own choice."""
LEAST_BLOCKS = 3
MARGIN = 1.03
"""A simpler model is taken when its error on left-out weeks is at most so much of the least. Our own choice."""
BLIND_MARGIN = 1.1
"""A few weeks of mild days make weather look dispensable, and the first cold front an anomaly: who asks about single
days takes a model with weather unless its error is above the least by more than this. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A candidate that was solved: on everything, and without each block."""

    form: Form
    whole: Solution
    without: Solution
    left_out_cv_pct: float
    left_out_nmbe_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A fitted model and what it was made of."""

    tables: Tables
    shape: Shape
    trial: Trial
    table: pl.DataFrame
    block: Ints
    fit: ModelFit
    candidates: tuple[Candidate, ...]

    def expected(self, table: pl.DataFrame) -> Floats:
        """Return what is expected of each row, kWh per hour or per day."""
        form, whole = self.trial.form, self.trial.whole
        level = form.level_of[self.shape.level(table)]
        slope = self.shape.columns(table)[:, form.picked] @ whole.slopes[0]
        return np.asarray(whole.levels[0][level] + slope)

    def predict(self, weather: pl.DataFrame, days: Period) -> pl.DataFrame:
        """Return `time_ms` and the expected `kwh` of each interval of the days whose weather is known."""
        table = self.tables.of_days(weather, days)
        return table.select("time_ms", kwh=pl.Series(self.expected(table)) * table["span"])


def fit(
    meter: pl.DataFrame,
    weather: pl.DataFrame,
    *,
    interval: Interval,
    period: Period,
    zone: ZoneInfo,
    holidays: Holidays,
) -> Baseline | None:
    """Return the baseline of a period's known readings; None where they are too few for any model."""
    tables = Tables(interval=interval, zone=zone, holidays=holidays)
    return fit_table(tables, tables.known(meter, weather, period))


def fit_table(tables: Tables, table: pl.DataFrame, *, heeds_weather: bool = False) -> Baseline | None:
    """Return the baseline of rows with use and weather; None where they are too few for any model.

    One that `heeds_weather` is blind to it only where every other foretells clearly worse.
    """
    if table.height == 0:
        return None
    block = _blocks(table, tables.interval)
    if block.max() + 1 < LEAST_BLOCKS or table["kwh"].sum() <= 0:
        return None
    shape: Shape = (
        hourly_shape(table)
        if tables.interval is Interval.HOURLY
        else DegreeShape(has_workdays=tables.interval is Interval.DAILY)
    )
    sums = _sums(shape, table, block)
    trials = _trials(shape, sums)
    if not trials:
        return None
    chosen, candidates = _chosen((heeds_weather and _heeding(trials)) or trials)
    return Baseline(
        tables=tables,
        shape=shape,
        trial=chosen,
        table=table,
        block=block,
        fit=_model_fit(chosen, shape, sums, candidates),
        candidates=candidates,
    )


def sums_of(shape: Shape, table: pl.DataFrame) -> Sums:
    """Return the sums of a table as one block."""
    return _sums(shape, table, np.zeros(table.height, dtype=np.int64))


def _sums(shape: Shape, table: pl.DataFrame, block: Ints) -> Sums:
    weight = table["span"].to_numpy()
    return summed(
        level=shape.level(table),
        levels=shape.levels,
        columns=shape.columns(table),
        use=table["kwh"].to_numpy() / weight,
        weight=weight,
        block=block,
    )


def _blocks(table: pl.DataFrame, interval: Interval) -> Ints:
    if interval is Interval.MONTHLY:
        return np.arange(table.height)
    weeks = week_number(table["day"])
    weeks -= weeks.min()
    length = max(1, round((int(weeks.max()) + 1) / BLOCKS))
    return np.unique(weeks // length, return_inverse=True)[1]


def _trials(shape: Shape, sums: Sums) -> list[Trial]:
    total = sums.total()
    forms: Sequence[Form] = degree_forms(shape, total) if isinstance(shape, DegreeShape) else hourly_forms(shape.names)
    rows = float(total.weight.sum())
    return [_tried(form, sums, total) for form in forms if form.parameters < rows / 2]


def _tried(form: Form, sums: Sums, total: Sums) -> Trial:
    own = sums.narrowed(form.level_of, form.picked)
    without = solved(own.without_each())
    used = float(total.use.sum())
    weight = float(total.weight.sum())
    error = float(np.sqrt(without.squared_error(own).sum() / weight)) * weight / used
    return Trial(
        form=form,
        whole=solved(own.total()),
        without=without,
        left_out_cv_pct=100 * error,
        left_out_nmbe_pct=100 * (used - float(without.expected(own).sum())) / used,
    )


def _heeding(trials: Sequence[Trial]) -> list[Trial]:
    """Return those with weather in them whose error on left-out weeks is not clearly above the least."""
    limit = BLIND_MARGIN * min(trial.left_out_cv_pct for trial in trials)
    return [trial for trial in trials if trial.form.picked.size and trial.left_out_cv_pct <= limit]


def _chosen(trials: Sequence[Trial]) -> tuple[Trial, tuple[Candidate, ...]]:
    best = min(trial.left_out_cv_pct for trial in trials)
    simple = sorted(trials, key=lambda trial: (trial.form.parameters, trial.left_out_cv_pct))
    chosen = next(trial for trial in simple if trial.left_out_cv_pct <= MARGIN * best)
    told = (
        Candidate(
            name=trial.form.name,
            out_of_sample_cv_rmse_pct=trial.left_out_cv_pct,
            passed=trial.left_out_cv_pct <= MARGIN * best,
            why=_why(trial, chosen, best),
        )
        for trial in simple
    )
    return chosen, tuple(told)


def _why(trial: Trial, chosen: Trial, best: float) -> str:
    if trial is chosen:
        return "least_error" if trial.left_out_cv_pct <= best else "simplest_within_margin"
    return "not_the_simplest" if trial.left_out_cv_pct <= MARGIN * best else "error_too_large"


def _model_fit(trial: Trial, shape: Shape, sums: Sums, candidates: Sequence[Candidate]) -> ModelFit:
    own = sums.narrowed(trial.form.level_of, trial.form.picked).total()
    weight = float(own.weight.sum())
    mean = float(own.use.sum()) / weight
    squares = float(trial.whole.squared_error(own)[0])
    spread = float(own.squares[0]) - weight * mean**2
    freedom = max(weight - trial.form.parameters, 1.0)
    return ModelFit(
        name=trial.form.name,
        parameters=trial.form.parameters,
        cv_rmse_pct=100 * float(np.sqrt(squares / freedom)) / mean,
        nmbe_pct=100 * float(own.use.sum() - trial.whole.expected(own)[0]) / (freedom * mean),
        r2=1 - squares / spread if spread > 0 else 0.0,
        out_of_sample_cv_rmse_pct=trial.left_out_cv_pct,
        out_of_sample_nmbe_pct=trial.left_out_nmbe_pct,
        why_chosen=next(told.why for told in candidates if told.name == trial.form.name),
        coefficients=_coefficients(trial, shape),
    )


def _coefficients(trial: Trial, shape: Shape) -> Mapping[str, float]:
    levels = {f"level_{index}": float(value) for index, value in enumerate(trial.whole.levels[0])}
    slopes = zip(trial.form.picked, trial.whole.slopes[0], strict=True)
    return levels | {shape.names[int(index)]: float(value) for index, value in slopes}
