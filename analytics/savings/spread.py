"""How sure a sum of savings is: what the model does not know, what days scatter, and how buildings drift by themselves.

    variance = the model's (leaving out a block of weeks at a time)
             + the reporting period's own scatter (residual means of four weeks, so autocorrelation is in them)
             + drift from year to year

Drift cannot be seen within one year of baseline. A building whose residuals average out like independent days gives
no sign of any; one whose four-weekly means hardly scatter less than its days changes slowly, and will between years.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import polars as pl

from analytics.savings.baseline import Baseline, sums_of
from analytics.savings.gram import Floats, Solution
from analytics.savings.result import Conclusion, Figures, NonRoutineEvent
from analytics.savings.terms import Interval

BLOCK_DAYS = 28
LEAST_BLOCKS = 3
MS_A_YEAR = 365.25 * 24 * 3_600_000
DRIFT = 0.10
"""Standard deviation, of the mean use, of the change from one year to the next with no measure, for a building whose
residuals never average out; a building whose residuals do as independent days would has none. Chosen so that
pairs of years of university buildings (Cambridge 2016-2018, measured) hold 0 at about the nominal rate."""
BILLS_PERSISTENCE = 0.6
"""For monthly bills, whose days cannot be seen: what the same buildings show by the hour. The project's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Standard deviations of a sum of savings, kWh, by where they come from."""

    model_kwh: float
    scatter_kwh: float
    drift_kwh: float
    freedom: int
    events_kwh: float = 0.0

    @property
    def total_kwh(self) -> float:
        """Return the standard deviation of all together."""
        return float(np.linalg.norm((self.model_kwh, self.scatter_kwh, self.drift_kwh, self.events_kwh)))

    def half_width_kwh(self, confidence: float) -> float:
        """Return half the width of the interval."""
        return students_t(confidence, self.freedom) * self.total_kwh


def figures(baseline: Baseline, reporting: pl.DataFrame, confidence: float) -> Figures:
    """Return adjusted baseline less actual over the known rows of a reporting period, with its interval."""
    return figures_without((), baseline, reporting, confidence)


def figures_without(
    events: Sequence[NonRoutineEvent], baseline: Baseline, reporting: pl.DataFrame, confidence: float
) -> Figures:
    """Return the figures as if events of the reporting period had not been: their energy is taken from the actual."""
    expected = float((baseline.expected(reporting) * reporting["span"].to_numpy()).sum())
    actual = float(reporting["kwh"].sum()) - sum(event.kwh for event in events)
    whole = spread(baseline, reporting, expected)
    half = replace(whole, events_kwh=_of_events(events, whole, reporting, baseline)).half_width_kwh(confidence)
    saved = expected - actual
    low, high = saved - half, saved + half
    return Figures(
        adjusted_baseline_kwh=expected,
        actual_kwh=actual,
        savings_kwh=saved,
        savings_pct=100 * saved / expected,
        ci90_kwh=(low, high),
        ci90_pct=(100 * low / expected, 100 * high / expected),
        conclusion=_conclusion(low, high),
    )


def _of_events(events: Sequence[NonRoutineEvent], whole: Spread, reporting: pl.DataFrame, baseline: Baseline) -> float:
    """Return how unsure the events' sizes are: their days scatter as all do, and so do those they are compared with."""
    days = float(reporting["span"].sum()) / _rows_a_day(baseline)
    of_day = whole.scatter_kwh / np.sqrt(days)
    return float(of_day * np.sqrt(2 * sum((event.end - event.start).days + 1 for event in events)))


def spread(baseline: Baseline, reporting: pl.DataFrame, expected_kwh: float) -> Spread:
    """Return how far the expected sum and the actual one may differ without a measure."""
    daily = daily_residuals(baseline)
    days = float(reporting["span"].sum()) / _rows_a_day(baseline)
    blocks = _means(daily, BLOCK_DAYS)
    slow = float(blocks.std(ddof=1)) if len(blocks) >= LEAST_BLOCKS else float(daily.std(ddof=1))
    return Spread(
        model_kwh=_left_out_kwh(baseline, reporting),
        scatter_kwh=slow * np.sqrt(days * BLOCK_DAYS),
        drift_kwh=DRIFT
        * np.sqrt(_years_apart(baseline, reporting))
        * _persistence(baseline, daily, slow)
        * expected_kwh,
        freedom=max(len(blocks) - 1, 2),
    )


def daily_residuals(baseline: Baseline) -> Floats:
    """Return what each known day of the baseline, or of its bills, used beyond the expected, kWh a day."""
    table, per_day = baseline.table, _rows_a_day(baseline)
    missed = table["kwh"].to_numpy() / table["span"].to_numpy() - baseline.expected(table)
    if baseline.tables.interval is Interval.MONTHLY:
        return np.repeat(missed, table["span"].to_numpy().astype(np.int64))
    by_day = pl.DataFrame({"day": table["day"], "missed": missed}).group_by("day").agg(pl.mean("missed")).sort("day")
    return by_day["missed"].to_numpy() * per_day


def students_t(confidence: float, freedom: int) -> float:
    """Return the two-sided quantile of Student's t, to 1 % from 3 degrees of freedom on (Cornish and Fisher)."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _rows_a_day(baseline: Baseline) -> float:
    return 24.0 if baseline.tables.interval is Interval.HOURLY else 1.0


def _means(daily: Floats, length: int) -> Floats:
    whole = len(daily) // length * length
    return np.asarray(daily[:whole].reshape(-1, length).mean(axis=1))


def _persistence(baseline: Baseline, daily: Floats, slow: float) -> float:
    """Return 0 where days average out over four weeks as independent ones do, 1 where they do not at all."""
    if baseline.tables.interval is Interval.MONTHLY:
        return BILLS_PERSISTENCE
    quick = float(daily.std(ddof=1))
    if quick <= 0 or slow <= 0:
        return 0.0
    return float(np.clip(1 - 2 * np.log(quick / slow) / np.log(BLOCK_DAYS), 0.0, 1.0))


def _years_apart(baseline: Baseline, reporting: pl.DataFrame) -> float:
    """Return the years between the middles of both periods, at least one: drift adds up as a random walk does."""
    before, after = (float(np.mean(table["time_ms"].to_numpy())) for table in (baseline.table, reporting))
    return max(1.0, abs(after - before) / MS_A_YEAR)


def _left_out_kwh(baseline: Baseline, reporting: pl.DataFrame) -> float:
    """Return the jackknife's standard deviation of the expected sum, leaving out a block of weeks at a time."""
    form, without = baseline.trial.form, baseline.trial.without
    sums = sums_of(baseline.shape, reporting).narrowed(form.level_of, form.picked)
    blocks = len(without.levels)
    each = [
        Solution(levels=without.levels[b : b + 1], slopes=without.slopes[b : b + 1]).expected(sums)[0]
        for b in range(blocks)
    ]
    return float(np.sqrt((blocks - 1) * np.var(each)))


def _conclusion(low: float, high: float) -> Conclusion:
    if low > 0:
        return Conclusion.SAVED
    return Conclusion.WORSE if high < 0 else Conclusion.CANNOT_TELL
