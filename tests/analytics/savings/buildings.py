"""Made-up buildings for the tests of savings: weather, people, walls, and noise that remembers yesterday."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.calendar import Holidays
from analytics.savings.result import Savings
from analytics.savings.savings import savings
from analytics.savings.terms import Interval, Period, SavingsRequest

Floats = NDArray[np.float64]
Change = Callable[[pl.Expr], pl.Expr]

UTC_ZONE = ZoneInfo("UTC")
HOUR_MS = 3_600_000
START = datetime(2022, 1, 1, tzinfo=UTC)
HOURS = 730 * 24
BEFORE = Period(date(2022, 1, 1), date(2022, 12, 31))
AFTER = Period(date(2023, 1, 1), date(2023, 12, 31))
SATURDAY_FIRST = 5  # 2022-01-01


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A meter with its weather, two years by the hour."""

    meter: pl.DataFrame
    weather: pl.DataFrame


def remembering(random: np.random.Generator, phi: float, deviation: float) -> Floats:
    """Return AR(1) noise of the deviation."""
    steps = random.standard_normal(HOURS) * deviation * np.sqrt(1 - phi**2) / (1 - phi)
    # x = φ x + (1 − φ) step: the exponential mean of the steps, which begins with the first one whole
    steps[0] *= (1 - phi) / np.sqrt(1 - phi**2)
    return pl.Series(steps).ewm_mean(alpha=1 - phi, adjust=False).to_numpy()


def building(seed: int = 1, *, phi: float = 0.7, noise: float = 0.1) -> Building:
    """Return an office of about 70 kWh an hour, heated below 10 °C and cooled above 18 °C; `noise` of its mean."""
    random = np.random.default_rng(seed)
    hour = np.arange(HOURS)
    day, of_day = hour // 24, hour % 24
    season, daily = np.sin(2 * np.pi * (day - 110) / 365.25), np.sin(2 * np.pi * (of_day - 9) / 24)
    air = 12 + 10 * season + 4 * daily + remembering(random, 0.985, 3.5)
    in_use = ((of_day >= 8) & (of_day < 18) & ((day + SATURDAY_FIRST) % 7 < 5)).astype(np.float64)
    usual = 40 + 60 * in_use + np.maximum(air - 18, 0) * (1 + 3 * in_use) + np.maximum(10 - air, 0) * (1 + in_use)
    used = np.maximum(usual + remembering(random, phi, noise * float(usual.mean())), 1.0)
    time_ms = int(START.timestamp() * 1000) + hour * HOUR_MS
    return Building(
        meter=pl.DataFrame({"time_ms": time_ms, "kwh": used}),
        weather=pl.DataFrame({"time_ms": time_ms, "temperature_c": air}),
    )


def asked(
    of: Building,
    *,
    baseline: Period = BEFORE,
    reporting: Period = AFTER,
    interval: Interval = Interval.HOURLY,
    zone: ZoneInfo = UTC_ZONE,
    holidays: Holidays | None = None,
) -> Savings:
    """Return the savings of the second year against the first."""
    told = request_of(of)
    return savings(
        replace(
            told,
            interval=interval,
            baseline=baseline,
            reporting=reporting,
            zone=zone,
            holidays=holidays or told.holidays,
        )
    )


def request_of(of: Building) -> SavingsRequest:
    return SavingsRequest(
        meter=of.meter,
        weather=of.weather,
        interval=Interval.HOURLY,
        baseline=BEFORE,
        reporting=AFTER,
        zone=UTC_ZONE,
    )


def day_of() -> pl.Expr:
    return pl.from_epoch("time_ms", "ms").dt.date()


def hour_of() -> pl.Expr:
    return pl.from_epoch("time_ms", "ms").dt.hour()


def changed(of: Building, where: pl.Expr, change: Change) -> Building:
    """Return the building with its use changed where asked."""
    use = pl.when(where).then(change(pl.col("kwh"))).otherwise(pl.col("kwh"))
    return Building(meter=of.meter.with_columns(kwh=use), weather=of.weather)


def warmed(of: Building, where: pl.Expr, change: Change) -> Building:
    """Return the building with its weather changed where asked."""
    air = pl.when(where).then(change(pl.col("temperature_c"))).otherwise(pl.col("temperature_c"))
    return Building(meter=of.meter, weather=of.weather.with_columns(temperature_c=air))


def in_days(first: date, last: date) -> pl.Expr:
    return day_of().is_between(first, last)


def by_day(of: Building) -> Building:
    """Return the meter by the day."""
    midnight = pl.col("time_ms") // (24 * HOUR_MS) * (24 * HOUR_MS)
    return Building(meter=of.meter.group_by(time_ms=midnight).agg(pl.sum("kwh")).sort("time_ms"), weather=of.weather)


def by_bill(of: Building) -> Building:
    """Return the meter by the month."""
    month = pl.from_epoch("time_ms", "ms").dt.truncate("1mo").dt.epoch("ms")
    return Building(meter=of.meter.group_by(time_ms=month).agg(pl.sum("kwh")).sort("time_ms"), weather=of.weather)


def percent(told: Savings) -> float:
    assert told.savings_pct is not None, told.sufficiency
    return told.savings_pct


def bounds(told: Savings) -> tuple[float, float]:
    assert told.ci90_pct is not None, told.sufficiency
    return told.ci90_pct
