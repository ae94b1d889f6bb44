"""What was saved, and how sure that is: the one function behind the command, the API and the verification of items."""

from dataclasses import replace

import numpy as np
import polars as pl

from analytics.savings import sufficiency
from analytics.savings.adjusting import adjustment
from analytics.savings.baseline import Baseline, fit_table
from analytics.savings.clean import clean_meter, clean_weather
from analytics.savings.result import POINTS_SCHEMA, Conclusion, Lack, Savings, Shortfall
from analytics.savings.spread import figures, students_t
from analytics.savings.tables import Tables
from analytics.savings.terms import SavingsRequest


def savings(request: SavingsRequest) -> Savings:
    """Return the savings of the reporting period, or what the data lack for a number.

    A positive figure is energy not used. Method: IPMVP option C; LBNL's TOWT by the hour, change points by the day and
    by bills; the interval is derived in `spread`.
    """
    meter, weather = clean_meter(request.meter, request.interval), clean_weather(request.weather)
    lacks = (*meter.told, *weather.told, *sufficiency.of_periods(request))
    lacks += tuple(sufficiency.of_steps(meter.frame, request.interval))
    if _is_fatal(lacks):
        return _no_number(request, lacks)
    asked = replace(request, meter=meter.frame, weather=weather.frame)
    lacks += (*sufficiency.of_coverage(asked), *sufficiency.of_holidays(asked))
    return _no_number(request, lacks) if _is_fatal(lacks) else _modelled(asked, lacks)


def _modelled(request: SavingsRequest, lacks: tuple[Shortfall, ...]) -> Savings:
    tables = Tables(interval=request.interval, zone=request.zone, holidays=request.holidays)
    baseline = fit_table(tables, tables.known(request.meter, request.weather, request.baseline))
    if baseline is None:
        return _no_number(request, (*lacks, Shortfall(code=Lack.NO_MODEL, is_fatal=True)))
    reporting = tables.known(request.meter, request.weather, request.reporting)
    lacks += tuple(sufficiency.of_model(baseline, reporting))
    if _is_fatal(lacks):
        return replace(_no_number(request, lacks), model=baseline.fit, candidates=baseline.candidates)
    return _answer(request, baseline, reporting, lacks)


def _answer(
    request: SavingsRequest, baseline: Baseline, reporting: pl.DataFrame, lacks: tuple[Shortfall, ...]
) -> Savings:
    plain = figures(baseline, reporting, request.confidence)
    adjusted = adjustment(baseline, reporting, request.confidence)
    return Savings(
        interval=request.interval,
        model=baseline.fit,
        adjusted_baseline_kwh=plain.adjusted_baseline_kwh,
        actual_kwh=plain.actual_kwh,
        savings_kwh=plain.savings_kwh,
        savings_pct=plain.savings_pct,
        ci90_kwh=plain.ci90_kwh,
        ci90_pct=plain.ci90_pct,
        conclusion=plain.conclusion,
        non_routine_events=adjusted.events,
        adjusted=adjusted.figures,
        sufficiency=lacks,
        candidates=baseline.candidates,
        points=_points(baseline, reporting, request.confidence),
    )


def _points(baseline: Baseline, reporting: pl.DataFrame, confidence: float) -> pl.DataFrame:
    span = reporting["span"].to_numpy()
    expected = baseline.expected(reporting) * span
    mean = float(baseline.table["kwh"].sum()) / float(baseline.table["span"].sum())
    error = baseline.fit.out_of_sample_cv_rmse_pct / 100 * mean * span
    band = students_t(confidence, baseline.table.height) * error
    columns = {
        "time_ms": reporting["time_ms"],
        "actual_kwh": reporting["kwh"],
        "baseline_kwh": expected,
        "low_kwh": np.maximum(expected - band, 0.0),
        "high_kwh": expected + band,
    }
    return pl.DataFrame(columns, schema=POINTS_SCHEMA)


def _is_fatal(lacks: tuple[Shortfall, ...]) -> bool:
    return any(lack.is_fatal for lack in lacks)


def _no_number(request: SavingsRequest, lacks: tuple[Shortfall, ...]) -> Savings:
    return Savings(
        interval=request.interval,
        model=None,
        adjusted_baseline_kwh=None,
        actual_kwh=None,
        savings_kwh=None,
        savings_pct=None,
        ci90_kwh=None,
        ci90_pct=None,
        conclusion=Conclusion.NO_NUMBER,
        non_routine_events=(),
        adjusted=None,
        sufficiency=lacks,
        candidates=(),
        points=pl.DataFrame(schema=POINTS_SCHEMA),
    )
