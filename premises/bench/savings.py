"""`premises bench savings`: what one hourly meter-year costs to fit, and how well it foretells the year after.

The reference is opendsm's hourly model on the same meters in the same run, where it is installed.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from analytics.calendar import WeekdaysOnly
from analytics.savings.baseline import fit
from analytics.savings.gram import Floats
from analytics.savings.terms import Interval, Period
from premises.savings.meter_series import HOUR_MS, read_meter
from premises.savings.weather_series import read_weather
from sensors.errors import InputFault
from sensors.readings import epoch_ms

UTC_ZONE = ZoneInfo("UTC")
BASELINE, AFTER = Period(date(2023, 1, 1), date(2023, 12, 31)), Period(date(2024, 1, 1), date(2024, 12, 31))
LAG, RIPPLE = 0.85, 0.06
"""Residuals of hourly meters hang together so much, and are so large a share of the load. The project's own choice."""
REFERENCE_TIMEOUT_S = 3600
FIRST_WEEKDAY, WORKDAYS, OPENS, CLOSES = 3, 5, 8, 18
"""1970 began on a Thursday, 3 counted from Monday; the offices work five days from 8 to 18."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Two years of a meter with its weather: one to be fitted, one to be foretold."""

    name: str
    meter: pl.DataFrame
    weather: pl.DataFrame
    baseline: Period = BASELINE
    after: Period = AFTER
    zone: ZoneInfo = UTC_ZONE

    @property
    def split_ms(self) -> int:
        """Return when the second period begins, UTC ms."""
        return epoch_ms(datetime.combine(self.after.first, datetime.min.time(), tzinfo=self.zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """CPU time of a fit and the error on the year after, the middle one of all meters."""

    cpu_ms: float
    cv_rmse_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Ours beside the reference's; None where that is not installed, or raises at every meter."""

    meters: int
    ours: Measured
    reference: Measured | None

    def as_json(self) -> Mapping[str, object]:
        """Return the figures for other programs."""
        reference = self.reference
        return {
            "meters": self.meters,
            "cpu_ms_per_meter_year": round(self.ours.cpu_ms, 2),
            "reference_cpu_ms_per_meter_year": None if reference is None else round(reference.cpu_ms, 1),
            "cv_rmse_pct": round(self.ours.cv_rmse_pct, 2),
            "reference_cv_rmse_pct": None if reference is None else round(reference.cv_rmse_pct, 2),
        }

    def text(self) -> str:
        """Return the figures in one line."""
        ours = (
            f"{self.ours.cpu_ms:.1f} ms of processor time a meter-year, {self.ours.cv_rmse_pct:.2f}% on the year after"
        )
        if self.reference is None:
            return f"{self.meters} meters: {ours}; opendsm is not installed here (dependency group mv-check), or raised"
        theirs = f"{self.reference.cpu_ms:.0f} ms and {self.reference.cv_rmse_pct:.2f}%"
        return f"{self.meters} meters: {ours}; opendsm's hourly model {theirs}"


def measure(meters: Sequence[Meter], *, reference: Path | None, tell: Callable[[int], None]) -> Result:
    """Return the figures; `reference` is the Python that has opendsm, this one where None; `tell` counts meters."""
    fitted(meters[0])  # warms what is loaded at first use, which is no part of a fit
    ours = []
    for meter in meters:
        ours.append(fitted(meter))
        tell(1)
    return Result(meters=len(meters), ours=_middle(ours), reference=_reference(meters, reference))


def made_up(count: int, *, seed: int = 1) -> Iterator[Meter]:
    """Yield offices of different loads and weather, two years of hours each, with noise that hangs together."""
    times_ms = epoch_ms(datetime(2023, 1, 1, tzinfo=UTC)) + HOUR_MS * np.arange(24 * (365 + 366))
    hour, day = (times_ms // HOUR_MS) % 24, times_ms // (24 * HOUR_MS)
    weekday = (day + FIRST_WEEKDAY) % 7
    works = (weekday < WORKDAYS) & (hour >= OPENS) & (hour < CLOSES)
    for number in range(count):
        random = np.random.default_rng((seed, number))
        year, clock = 2 * np.pi * day / 365.25, 2 * np.pi * (hour - 15) / 24
        fronts = np.repeat(_hanging(random, day.max() - day.min() + 1, 0.8), 24) * 3
        air_c = random.uniform(8, 20) - random.uniform(8, 14) * np.cos(year) + 4 * np.cos(clock) + fronts
        heat_c, cool_c = random.uniform(10, 15), random.uniform(18, 24)
        thermal = random.uniform(0, 1.5) * np.maximum(0, heat_c - air_c) + random.uniform(0.5, 3) * np.maximum(
            0, air_c - cool_c
        )
        load = random.uniform(5, 15) + np.where(works, random.uniform(15, 40) + thermal, 0.2 * thermal)
        kwh = load * (1 + RIPPLE * _hanging(random, len(times_ms), LAG))
        yield Meter(
            name=f"office{number}",
            meter=pl.DataFrame({"time_ms": times_ms, "kwh": np.maximum(kwh, 0.1)}),
            weather=pl.DataFrame({"time_ms": times_ms, "temperature_c": air_c}),
        )


def of_files(meter: Path, weather: Path, zone: ZoneInfo | None, *, baseline: Period, after: Period) -> Meter:
    """Return a meter of files as `premises savings` reads them. Raises InputFault."""
    read = read_meter(meter, zone)
    if read.interval is not Interval.HOURLY:
        msg = f"{meter}: is {read.interval.value}; the bench fits hours"
        raise InputFault(msg)
    air, _ = read_weather(weather, read.zone)
    return Meter(name=meter.stem, meter=read.frame, weather=air, baseline=baseline, after=after, zone=read.zone)


def fitted(meter: Meter) -> Measured:
    """Return CPU ms of fitting all candidates, and CV(RMSE) of what the chosen one foretells, %. Raises InputFault."""
    kept = meter.meter.with_columns(pl.when(pl.col("kwh") > 0).then(pl.col("kwh")).alias("kwh"))
    began = time.process_time()
    model = fit(
        kept, meter.weather, interval=Interval.HOURLY, period=meter.baseline, zone=meter.zone, holidays=WeekdaysOnly()
    )
    cpu_ms = 1000 * (time.process_time() - began)
    if model is None:
        msg = f"{meter.name}: too few readings for a model"
        raise InputFault(msg)
    foretold = model.predict(meter.weather, meter.after).rename({"kwh": "expected"})
    both = kept.join(foretold, on="time_ms").drop_nulls()
    error = (both["kwh"] - both["expected"]).pow(2).mean()
    return Measured(cpu_ms=cpu_ms, cv_rmse_pct=100 * float(str(error)) ** 0.5 / float(str(both["kwh"].mean())))


def _hanging(random: np.random.Generator, length: int, lag: float) -> Floats:
    """Return noise of unit spread of which each value keeps `lag` of the one before."""
    noise: Floats = random.standard_normal(length) * (1 - lag**2) ** 0.5
    for index in range(1, length):
        noise[index] += lag * noise[index - 1]
    return noise


def _middle(each: Sequence[Measured]) -> Measured:
    return Measured(cpu_ms=median(m.cpu_ms for m in each), cv_rmse_pct=median(m.cv_rmse_pct for m in each))


def _reference(meters: Sequence[Meter], python: Path | None) -> Measured | None:
    if python is None and find_spec("opendsm") is None:
        return None
    script = Path(__file__).with_name("savings_reference.py")
    with TemporaryDirectory(prefix="premises-bench-") as folder:
        for meter in meters:
            _write(meter, Path(folder))
        command = [str(python or sys.executable), str(script), folder, meters[0].zone.key]
        done = subprocess.run(command, capture_output=True, text=True, timeout=REFERENCE_TIMEOUT_S, check=False)  # noqa: S603 - ours
    if done.returncode:
        msg = f"opendsm did not run: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no word why'}"
        raise InputFault(msg)
    told = json.loads(done.stdout.splitlines()[-1])
    if not told:
        return None
    return _middle([Measured(cpu_ms=each["cpu_ms"], cv_rmse_pct=each["cv_rmse_pct"]) for each in told.values()])


def _write(meter: Meter, folder: Path) -> None:
    split = datetime.fromtimestamp(meter.split_ms / 1000, UTC).strftime("%Y-%m-%dT%H_%M_%SZ")
    last_ms = epoch_ms(datetime.combine(meter.after.end, datetime.min.time(), tzinfo=meter.zone))
    first_ms = epoch_ms(datetime.combine(meter.baseline.first, datetime.min.time(), tzinfo=meter.zone))
    inside = pl.col("time_ms").is_between(first_ms, last_ms, closed="left")
    rows = meter.meter.filter(inside).join(meter.weather, on="time_ms", how="left")
    told = rows.select(
        time=pl.from_epoch("time_ms", "ms").dt.replace_time_zone("UTC"), kwh="kwh", temperature_c="temperature_c"
    )
    told.write_csv(folder / f"{meter.name}@{split}.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
