"""What a meter's and a station's values can be trusted with: the rest becomes unknown, and is told."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from analytics.savings.result import Lack, Shortfall
from analytics.savings.terms import Interval

STUCK_ROWS = {Interval.HOURLY: 72, Interval.DAILY: 7, Interval.MONTHLY: 4}
"""So many equal values in a row are a meter or a gateway that stands still. 72 hours outlast an idle weekend, from
Friday evening to Monday morning. The project's own choice."""
STUCK_AIR_ROWS = 48
SPIKE_RATIO, HIGH_QUANTILE = 4.0, 0.99
"""A value above 4 times the 99th percentile is a gap's energy at once, or a fault."""
MOST_KWH = 1e12
"""No meter counts as much in a month: all China used so much in one of 2024. The project's own choice."""
COLDEST_C, WARMEST_C = -60.0, 55.0
MOST_ABSURD = 0.01
"""Of temperatures outside the range above: more are another unit, not faults. The project's own choice."""
MOST_CONFLICTS = 0.01
JUMP_K, JUMP_DAYS = 22.0, 15
"""From the middle of so many days to that of the next: degrees Fahrenheit do so above -12 °C. Weather does not: a cold
wave moved single weeks by 25 K and more (Denver, February 1989), but does not fill half of 15 days. Our own choice."""
MOST_JUMP_SPAN_DAYS = 2 * JUMP_DAYS + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A frame in order of time without repeats, and what was taken out of it."""

    frame: pl.DataFrame
    told: tuple[Shortfall, ...]


def clean_meter(meter: pl.DataFrame, interval: Interval) -> Cleaned:
    """Return the meter with zeros, negatives, standstills and spikes unknown.

    A zero reading of electricity is missing: CalTRACK 2 (2.2.1.2).
    """
    rows, repeated = _once(meter.select("time_ms", pl.col("kwh").fill_nan(None)), "kwh")
    use = pl.col("kwh")
    high = rows.filter(use.is_between(0, MOST_KWH, closed="right"))["kwh"].quantile(HIGH_QUANTILE) or MOST_KWH
    flags = {
        Lack.ZEROS: use == 0,
        Lack.NEGATIVE: use < 0,
        Lack.SPIKES: (use > SPIKE_RATIO * high) | (use > MOST_KWH),
        Lack.STUCK: (use != 0) & _run_length("kwh").ge(STUCK_ROWS[interval]),
    }
    return _blanked(rows, "kwh", flags, repeated)


def clean_weather(weather: pl.DataFrame) -> Cleaned:
    """Return the weather without absurd and standing temperatures; fatal where the unit cannot be °C."""
    rows, repeated = _once(weather.select("time_ms", pl.col("temperature_c").fill_nan(None)), "temperature_c")
    air = pl.col("temperature_c")
    absurd = ~air.is_between(COLDEST_C, WARMEST_C)
    share = rows.select(absurd.mean()).item() or 0.0
    if share > MOST_ABSURD:
        params = {"share_pct": round(100 * share, 1), "warmest": float(rows.select(air.max()).item())}
        return Cleaned(frame=rows, told=(Shortfall(code=Lack.WEATHER_UNIT, params=params, is_fatal=True),))
    jumps = _jumps(rows)
    if jumps:
        return Cleaned(frame=rows, told=jumps)
    stuck = _run_length("temperature_c").ge(STUCK_AIR_ROWS)
    return _blanked(rows, "temperature_c", {Lack.WEATHER_STUCK: absurd | stuck}, [s for s in repeated if s.is_fatal])


def _jumps(rows: pl.DataFrame) -> tuple[Shortfall, ...]:
    """Return where the temperature moves to another unit's numbers, at most the first such place."""
    air, day = pl.col("temperature_c"), pl.col("day")
    by_day = rows.drop_nulls().group_by(day=pl.from_epoch("time_ms", "ms").dt.date()).agg(air.mean()).sort("day")
    before = air.rolling_median(JUMP_DAYS).shift(1)
    span = day.shift(1 - JUMP_DAYS) - day.shift(JUMP_DAYS)
    moved = by_day.with_columns(jump_k=before.shift(-JUMP_DAYS) - before, span=span.dt.total_days())
    far = moved.filter(pl.col("jump_k").abs() >= JUMP_K, pl.col("span") <= MOST_JUMP_SPAN_DAYS)
    if far.is_empty():
        return ()
    # days before and after the change of unit lie beyond it too, by less
    most = far.filter(day <= far["day"][0] + timedelta(days=JUMP_DAYS)).sort(pl.col("jump_k").abs()).tail(1)
    params: dict[str, str | float] = {"day": str(most["day"][0]), "jump_k": round(float(most["jump_k"][0]), 1)}
    return (Shortfall(code=Lack.WEATHER_JUMP, params=params, is_fatal=True),)


def _once(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, list[Shortfall]]:
    """Return one row per time; values that contradict each other are unknown."""
    known = frame.drop_nulls("time_ms").sort("time_ms")
    if known["time_ms"].n_unique() == known.height:
        return known, []
    kinds = pl.col(name).n_unique()
    once = known.group_by("time_ms").agg(pl.col(name).first(), kinds=kinds, count=pl.len()).sort("time_ms")
    repeated, conflicts = int((once["count"] > 1).sum()), int((once["kinds"] > 1).sum())
    told = Shortfall(
        code=Lack.REPEATED_TIMES,
        params={"times": repeated, "contradicting": conflicts},
        is_fatal=conflicts > MOST_CONFLICTS * once.height,
    )
    value = pl.when(pl.col("kinds") == 1).then(pl.col(name))
    return once.select("time_ms", value.alias(name)), [told]


def _run_length(name: str) -> pl.Expr:
    """Return how many equal values in a row each row is one of; unknown ones do not count."""
    run = pl.col(name).rle_id()
    return pl.when(pl.col(name).is_not_null()).then(pl.len().over(run)).otherwise(0)


def _blanked(rows: pl.DataFrame, name: str, flags: dict[Lack, pl.Expr], told: list[Shortfall]) -> Cleaned:
    marked = rows.with_columns(flag.fill_null(value=False).alias(code.value) for code, flag in flags.items())
    counts = [(code, int(marked[code.value].sum())) for code in flags]
    told = told + [
        Shortfall(code=code, params={"rows": count, "share_pct": round(100 * count / rows.height, 2)}, is_fatal=False)
        for code, count in counts
        if count
    ]
    bad = pl.any_horizontal(pl.col(code.value) for code in flags)
    return Cleaned(frame=marked.select("time_ms", pl.when(~bad).then(pl.col(name)).alias(name)), told=tuple(told))
