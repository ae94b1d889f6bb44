"""The same figures as if non-routine events had not been, and each event's size.

An event's days are compared with the days beside it, so that a building's slow drift is not taken for it. In the
baseline they are lifted to that level, by the hour, workdays and days off apart. What began there and lasts belongs to
the reporting period too: the days before it are lifted, so that the model expects it from then on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from analytics.savings.baseline import Baseline, fit_table
from analytics.savings.events import Shift, days_of_rows, found, not_of_the_calendar
from analytics.savings.result import Figures, NonRoutineEvent
from analytics.savings.slots import FIRST_RESTDAY
from analytics.savings.spread import figures_without
from analytics.savings.terms import DAYS_A_YEAR, Interval

LEAST_BASELINE_DAYS = DAYS_A_YEAR // 2
"""Outside events that pass: fewer do not carry a year. The project's own choice."""
LEAST_REPORTING_DAYS = 28
FLANK_DAYS = 56
"""On either side of an event that passes: their level is what its own days would have had. The project's own choice."""
LEAST_FLANK_DAYS = 14
TIMES_FITTED = 3
"""Model and shift are found in turn; more changes nothing that is told."""
LEAST_KWH = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What was found, and the figures without it; None where too little is left, or nothing was found."""

    events: tuple[NonRoutineEvent, ...]
    figures: Figures | None


NOTHING = Adjustment(events=(), figures=None)


def adjustment(baseline: Baseline, reporting: pl.DataFrame, confidence: float) -> Adjustment:
    """Return the events of both periods and the figures as if they had not been."""
    if baseline.tables.interval is Interval.MONTHLY:
        return NOTHING
    before, after = found(days_of_rows(baseline, baseline.table)), found(days_of_rows(baseline, reporting))
    own = not_of_the_calendar(before, after)
    mended = _without(baseline, own)
    known = mended or baseline
    if own and mended is not None:
        # a model with an event in it misses the other period where that resembles the event's days
        after = found(days_of_rows(mended, reporting))
    theirs = not_of_the_calendar(after, before)
    if not own and not theirs:
        return NOTHING
    of_reporting = [_sized(known, reporting, shift, theirs, "reporting") for shift in theirs]
    events = (*(_sized(known, baseline.table, shift, own, "baseline") for shift in own), *of_reporting)
    if mended is None or _days_outside(reporting, theirs) < LEAST_REPORTING_DAYS:
        return Adjustment(events=events, figures=None)
    return Adjustment(events=events, figures=figures_without(of_reporting, mended, reporting, confidence))


def _without(baseline: Baseline, events: Sequence[Shift]) -> Baseline | None:
    """Return the baseline as if its events had not been, or had always been; None where too little is left."""
    if _days_outside(baseline.table, [event for event in events if not event.lasts]) < LEAST_BASELINE_DAYS:
        return None
    known: Baseline | None = baseline
    for _ in range(TIMES_FITTED if events else 0):
        table = baseline.table
        for event in events:
            table = _lifted(known, table, event) if known is not None else table
        known = fit_table(baseline.tables, table)
    return known


def _lifted(baseline: Baseline, table: pl.DataFrame, event: Shift) -> pl.DataFrame:
    """Return the table with the days of an event that passes, or those before one that lasts, on the others' level."""
    day, kind = pl.col("day"), ("hour", "rest")
    is_odd = day < event.days.first if event.lasts else _inside([event])
    flank = timedelta(days=FLANK_DAYS)
    is_near = event.lasts | day.is_between(event.days.first - flank, event.days.last + flank)
    told = table.with_columns(
        missed=pl.Series(table["kwh"].to_numpy() - baseline.expected(table)), rest=pl.col("weekday") >= FIRST_RESTDAY
    )
    missed = pl.col("missed")
    shift = (missed.filter(~is_odd).mean() - missed.filter(is_odd).mean()).alias("shift")
    joined = told.join(told.filter(is_near).group_by(kind).agg(shift), on=kind, how="left", maintain_order="left")
    lifted = (pl.col("kwh") + pl.col("shift").fill_null(0.0)).clip(lower_bound=LEAST_KWH)
    return joined.with_columns(kwh=pl.when(is_odd).then(lifted).otherwise("kwh")).select(table.columns)


def _sized(
    baseline: Baseline, table: pl.DataFrame, event: Shift, events: Sequence[Shift], name: str
) -> NonRoutineEvent:
    """Return the event with its energy: actual less what the days beside it let expect."""
    told = table.with_columns(expected=pl.Series(baseline.expected(table)) * table["span"])
    inner = [other for other in events if event.holds(other)]
    inside = told.filter(_inside([event]))
    own = inside.filter(~_inside(inner))
    kwh = float(own["kwh"].sum()) - _level(told, event, events) * float(own["expected"].sum())
    share = inside["day"].n_unique() / max(own["day"].n_unique(), 1)
    return NonRoutineEvent(
        start=event.days.first, end=event.days.last, kwh=share * kwh, in_period=name, lasts=event.lasts
    )


def _level(told: pl.DataFrame, event: Shift, events: Sequence[Shift]) -> float:
    """Return actual over expected beside an event: the mean of both sides, where they have enough days."""
    day, flank = pl.col("day"), timedelta(days=DAYS_A_YEAR if event.lasts else FLANK_DAYS)
    beside = ~_inside([other for other in events if not other.holds(event)])
    for around in events:
        beside &= _inside([around]) if around.holds(event) else pl.lit(value=True)
    first, last = event.days.first, event.days.last
    sides = (day.is_between(first - flank, first, closed="left"), day.is_between(last, last + flank, closed="right"))
    rows = [told.filter(beside & side) for side in sides]
    levels = [_ratio(side) for side in rows if side["day"].n_unique() >= LEAST_FLANK_DAYS]
    return sum(levels) / len(levels) if levels else 1.0


def _ratio(rows: pl.DataFrame) -> float:
    expected = float(rows["expected"].sum())
    return float(rows["kwh"].sum()) / expected if expected > 0 else 1.0


def _days_outside(table: pl.DataFrame, events: Sequence[Shift]) -> int:
    return table.filter(~_inside(events))["day"].n_unique()


def _inside(events: Sequence[Shift]) -> pl.Expr:
    none = pl.lit(value=False)
    spans = (event.days for event in events)
    return pl.any_horizontal(none, *(pl.col("day").is_between(span.first, span.last) for span in spans))
