"""The same figures with non-routine events taken out of both periods, and each event's size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from analytics.savings.baseline import Baseline, fit_table
from analytics.savings.events import LEAST_SHARE, days_of_rows, found, not_of_the_calendar
from analytics.savings.result import Figures, NonRoutineEvent
from analytics.savings.spread import figures
from analytics.savings.terms import DAYS_A_YEAR, Interval, Period

LEAST_BASELINE_DAYS = DAYS_A_YEAR // 2
"""Left without events: fewer do not carry a year. The project's own choice."""
LEAST_REPORTING_DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What was found, and the figures without it; None where too little is left, or nothing was found."""

    events: tuple[NonRoutineEvent, ...]
    figures: Figures | None


def adjustment(baseline: Baseline, reporting: pl.DataFrame, confidence: float) -> Adjustment:
    """Return the events of both periods and the figures with their days taken out."""
    if baseline.tables.interval is Interval.MONTHLY:
        return Adjustment(events=(), figures=None)
    before, after = found(days_of_rows(baseline, baseline.table)), found(days_of_rows(baseline, reporting))
    own, theirs = not_of_the_calendar(before, after), not_of_the_calendar(after, before)
    if not own and not theirs:
        return Adjustment(events=(), figures=None)
    left = baseline.table.filter(~_inside(own))
    cleaner = fit_table(baseline.tables, left) if own else baseline
    is_enough = cleaner is not None and left["day"].n_unique() >= LEAST_BASELINE_DAYS
    known = cleaner if cleaner is not None and is_enough else baseline
    rest = reporting.filter(~_inside(theirs))
    events = (
        *_sized(known, baseline.table, own, factor=1.0, name="baseline"),
        *_sized(known, reporting, theirs, factor=_level(known, rest), name="reporting"),
    )
    can_say = is_enough and rest["day"].n_unique() >= LEAST_REPORTING_DAYS
    return Adjustment(events=events, figures=figures(known, rest, confidence) if can_say else None)


def _sized(
    baseline: Baseline, table: pl.DataFrame, events: Sequence[Period], *, factor: float, name: str
) -> Iterator[NonRoutineEvent]:
    """Yield the events with their energy: actual less what the rest of the period lets expect; large ones alone."""
    whole = float(table["kwh"].sum())
    for event in events:
        rows = table.filter(_inside([event]))
        expected = float(baseline.expected(rows) @ rows["span"].to_numpy())
        kwh = float(rows["kwh"].sum()) - factor * expected
        if abs(kwh) >= LEAST_SHARE * whole:
            yield NonRoutineEvent(start=event.first, end=event.last, kwh=kwh, in_period=name)


def _level(baseline: Baseline, rest: pl.DataFrame) -> float:
    """Return actual over expected of the days without events: what the measure left."""
    expected = float(baseline.expected(rest) @ rest["span"].to_numpy())
    return float(rest["kwh"].sum()) / expected if expected > 0 else 1.0


def _inside(events: Sequence[Period]) -> pl.Expr:
    none = pl.lit(value=False)
    return pl.any_horizontal(none, *(pl.col("day").is_between(event.first, event.last) for event in events))
