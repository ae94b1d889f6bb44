"""Whether the data suffice for a number, before any is made: each lack as a code with how much, fatal or not.

Limits of CalTRACK 2 for the baseline: at most 37 of 365 days missing, over 90 % of each month's hours known. The same
is asked of the reporting period.
"""

from collections.abc import Iterator

import polars as pl

from analytics.calendar import DayKind
from analytics.savings import weather as outdoors
from analytics.savings.baseline import Baseline
from analytics.savings.result import Lack, Shortfall
from analytics.savings.slots import HOURS_A_DAY, MS_PER_HOUR, days_of, local_day, local_times
from analytics.savings.tables import Tables
from analytics.savings.terms import DAYS_A_YEAR, Interval, Period, SavingsRequest

MOST_MISSING_DAYS = 37
LEAST_MONTH_PCT = 90.0
LEAST_HOURS_OF_A_DAY = 12
MOST_MIXED = 0.02
"""Of the steps between readings may be a second step of another length in a row. The project's own choice."""
REACH_K = 2.0
"""Beyond the coldest and warmest of the baseline, a degree or two is the same weather. The project's own choice."""
MOST_BEYOND_PCT = 10.0
POOR_PCT = {Interval.HOURLY: 30.0, Interval.DAILY: 25.0, Interval.MONTHLY: 15.0}
"""CV(RMSE), % (ASHRAE Guideline 14, hourly and monthly; by the day the project's own choice)."""
STEP_MS = {Interval.HOURLY: MS_PER_HOUR, Interval.DAILY: HOURS_A_DAY * MS_PER_HOUR}
SLACK_MS = MS_PER_HOUR
"""A local day is 23 to 25 hours long."""


def _lack(code: Lack, *, fatal: bool = True, **params: str | float) -> Shortfall:
    return Shortfall(code=code, params=params, is_fatal=fatal)


def of_periods(request: SavingsRequest) -> Iterator[Shortfall]:
    """Yield what is wrong with the periods themselves."""
    for name, period in _periods(request):
        if period.days < 1:
            yield _lack(Lack.PERIOD_EMPTY, period=name)
    if request.baseline.overlaps(request.reporting):
        yield _lack(Lack.PERIODS_OVERLAP)
    elif request.reporting.last < request.baseline.first:
        yield _lack(Lack.REPORTING_BEFORE_BASELINE, fatal=False)
    least = DAYS_A_YEAR - MOST_MISSING_DAYS
    if 0 < request.baseline.days < least:
        yield _lack(Lack.BASELINE_SHORT, days=request.baseline.days, least_days=least)


def of_steps(meter: pl.DataFrame, interval: Interval) -> Iterator[Shortfall]:
    """Yield whether intervals are mixed, or others than said."""
    if interval is Interval.MONTHLY or meter.height < DAYS_A_YEAR // 12:
        return
    steps = meter["time_ms"].diff().drop_nulls()
    wanted, slack = STEP_MS[interval], 0 if interval is Interval.HOURLY else SLACK_MS
    other = (steps - wanted).abs() > slack
    again = float((other & (steps == steps.shift(1))).sum()) / meter.height
    usual = float(str(steps.median()))
    if abs(usual - wanted) > slack or again > MOST_MIXED:
        yield _lack(Lack.MIXED_INTERVALS, usual_h=usual / MS_PER_HOUR, wanted_h=wanted / MS_PER_HOUR)


def of_coverage(request: SavingsRequest) -> Iterator[Shortfall]:
    """Yield what is missing of meter and weather in each period."""
    known_days = outdoors.daily(request.weather, request.zone)["day"]
    for name, period in _periods(request):
        yield from _weather_missing(name, period, known_days)
        yield from _meter_missing(name, period, request)


def of_holidays(request: SavingsRequest) -> Iterator[Shortfall]:
    """Yield whether the calendar does not know all days."""
    for name, period in _periods(request):
        unknown = sum(request.holidays.kind(day) is DayKind.UNKNOWN for day in days_of(period))
        if unknown:
            yield _lack(Lack.UNKNOWN_HOLIDAYS, fatal=False, period=name, days=unknown)


def of_model(baseline: Baseline, reporting: pl.DataFrame) -> Iterator[Shortfall]:
    """Yield whether the reporting weather lies beyond what the model has seen, and whether the model is poor."""
    seen, now = baseline.table["temperature_c"], reporting["temperature_c"]
    coldest, warmest = (float(str(bound)) for bound in (seen.min(), seen.max()))
    beyond = ~now.is_between(coldest - REACH_K, warmest + REACH_K)
    share = 100 * float(beyond.sum()) / max(len(now), 1)
    if share > 0:
        params = {"rows": int(beyond.sum()), "share_pct": round(share, 2), "coldest_c": coldest, "warmest_c": warmest}
        yield _lack(Lack.EXTRAPOLATION, fatal=share > MOST_BEYOND_PCT, **params)
    error = baseline.fit.out_of_sample_cv_rmse_pct
    if error > POOR_PCT[baseline.tables.interval]:
        limit = POOR_PCT[baseline.tables.interval]
        yield _lack(Lack.POOR_MODEL, fatal=False, cv_rmse_pct=round(error, 1), limit_pct=limit)


def _periods(request: SavingsRequest) -> list[tuple[str, Period]]:
    return [("baseline", request.baseline), ("reporting", request.reporting)]


def _weather_missing(name: str, period: Period, known: pl.Series) -> Iterator[Shortfall]:
    inside = known.is_between(period.first, period.last)
    missing = period.days - int(inside.sum())
    if not inside.any():
        yield _lack(Lack.NO_WEATHER, period=name)
    elif missing:
        fatal = missing > _most_missing(period)
        told = {"first": str(known.filter(inside).min()), "last": str(known.filter(inside).max())}
        yield _lack(Lack.WEATHER_SHORT, fatal=fatal, period=name, missing_days=missing, **told)


def _meter_missing(name: str, period: Period, request: SavingsRequest) -> Iterator[Shortfall]:
    if request.interval is Interval.MONTHLY:
        yield from _bills_missing(name, period, request)
        return
    times = local_times(period, request.interval, request.zone).with_columns(day=local_day(request.zone))
    known = request.meter.with_columns(day=local_day(request.zone)).drop_nulls("kwh")
    known = known.filter(pl.col("day").is_between(period.first, period.last))
    if known.is_empty():
        yield _lack(Lack.NO_METER, period=name)
        return
    yield from _days_missing(name, period, known, request.interval)
    yield from _months_missing(name, times, known, is_fatal=request.interval is Interval.HOURLY)


def _days_missing(name: str, period: Period, known: pl.DataFrame, interval: Interval) -> Iterator[Shortfall]:
    least = LEAST_HOURS_OF_A_DAY if interval is Interval.HOURLY else 1
    counts = known.group_by("day").len().filter(pl.col("len") >= least)
    missing = period.days - counts.height
    if missing:
        most = _most_missing(period)
        yield _lack(Lack.MISSING_DAYS, fatal=missing > most, period=name, days=missing, most_days=round(most, 1))


def _months_missing(name: str, times: pl.DataFrame, known: pl.DataFrame, *, is_fatal: bool) -> Iterator[Shortfall]:
    month = pl.col("day").dt.strftime("%Y-%m").alias("month")
    whole = times.group_by(month).agg(whole=pl.len())
    both = whole.join(known.group_by(month).agg(known=pl.len()), on="month", how="left").sort("month")
    for label, rows, seen in both.select("month", "whole", pl.col("known").fill_null(0)).iter_rows():
        covered = 100 * seen / rows
        if covered <= LEAST_MONTH_PCT:
            yield _lack(Lack.MONTH_COVERAGE, fatal=is_fatal, period=name, month=label, covered_pct=round(covered, 1))


def _bills_missing(name: str, period: Period, request: SavingsRequest) -> Iterator[Shortfall]:
    tables = Tables(interval=request.interval, zone=request.zone, holidays=request.holidays)
    bills = tables.known(request.meter, request.weather, period)
    if bills.is_empty():
        yield _lack(Lack.NO_METER, period=name)
        return
    missing, most = period.days - int(bills["span"].sum()), _most_missing(period)
    if missing:
        yield _lack(Lack.MISSING_DAYS, fatal=missing > most, period=name, days=missing, most_days=round(most, 1))


def _most_missing(period: Period) -> float:
    return MOST_MISSING_DAYS * period.days / DAYS_A_YEAR
