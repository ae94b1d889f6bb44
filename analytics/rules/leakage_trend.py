"""L02: circuits whose residual current rises against the month before."""

import polars as pl

from analytics.frame import DayVerdicts, RunData, above, latched, not_applicable, quotient, verdict
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Finding

RULE = "L02"
RESIDUAL = "residual_current_ma"
FEATURES = ("residual_median_ma", "residual_known_h")
ENOUGH_DAYS = "enough days of residual_current_ma"


def leakage_trend(data: RunData) -> list[Finding]:
    """Return the verdict about each circuit: the median of 7 days against that of the 30 days before.

    Medians are those of the days' medians, so that a day with more samples weighs no more than another.
    """
    circuits = [Subject(SubjectKind.CIRCUIT, circuit) for circuit in data.registry.circuits]
    measured = [subject for subject in circuits if data.has_points(subject, (RESIDUAL,))]
    refused = [not_applicable(data, RULE, subject, RESIDUAL) for subject in circuits if subject not in set(measured)]
    return refused + _words(data).findings(_states(data, measured), data)


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "rise_ratio"),
        unit="ratio",
        missing=ENOUGH_DAYS,
        severity=CATALOGUE[RULE].severity,
        evidence=("median_ma", "prior_median_ma"),
        lead_days=int(data.thresholds.value(RULE, "window_days")) - 1,
    )


def _states(data: RunData, circuits: list[Subject]) -> pl.DataFrame:
    value = data.thresholds.value
    days, prior = int(value(RULE, "window_days")), int(value(RULE, "prior_days"))
    daily = data.daily(circuits, FEATURES)
    trend = daily.with_columns(
        median_ma=_median(days).over("subject"),
        share=_known_share(days).over("subject"),
        prior_median_ma=_median(prior).shift(days).over("subject"),
        prior_share=_known_share(prior).shift(days).over("subject"),
    ).with_columns(value=quotient("median_ma", "prior_median_ma"))
    enough = value(RULE, "coverage_pct") / 100
    known = (pl.col("share") >= enough) & (pl.col("prior_share") >= enough) & pl.col("value").is_not_null()
    limit, least_ma = value(RULE, "rise_ratio"), value(RULE, "minimum_ma")
    risen = above("value", limit) & above("median_ma", least_ma)
    clear = ~above("value", limit - value(RULE, "clear_margin_ratio")) | ~above("median_ma", least_ma)
    high = latched(faulty=known & risen, clear=known & clear)
    state = verdict(known=known.fill_null(value=False), fault=high)
    return trend.with_columns(state=state).filter(data.in_window())


def _median(days: int) -> pl.Expr:
    return pl.col("residual_median_ma").rolling_median(days, min_samples=1)


def _known_share(days: int) -> pl.Expr:
    known_h = pl.col("residual_known_h").fill_null(0.0).rolling_sum(days, min_samples=days)
    return known_h / pl.col("day_h").rolling_sum(days, min_samples=days)
