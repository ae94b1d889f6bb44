"""Stored readings cut down to what can change a machine: of a month's samples only those at which something changes.

Not imported where things come in: it needs polars.
"""

from collections.abc import Collection, Iterator
from math import inf, nextafter

import polars as pl

from alerts.watch.levels import CALM_SHARE
from alerts.watch.machine import MINUTE_MS
from alerts.watch.model import Sample
from alerts.watch.rules.cable_hot import CableHot
from alerts.watch.rules.residual_current import ResidualCurrent
from alerts.watch.site import Site
from sensors.readings import Quality

LEVELS = {machine.metric: machine() for machine in (ResidualCurrent, CableHot)}
HEARD_TOGETHER_MS = 5 * MINUTE_MS
"""Signs of life no further apart are one: no rule minds a shorter silence."""
SERIES = ("device", "metric", "phase")
BOUNDS = ("calm", "first", "second")


def samples(readings: pl.DataFrame, metrics: Collection[str], site: Site) -> Iterator[Sample]:
    """Yield the samples at which a machine's state can change, in order of time."""
    usable = readings.filter(
        pl.col("metric").is_in(list(metrics)), pl.col("quality") <= Quality.ESTIMATED, pl.col("value").is_not_null()
    )
    measured = pl.col("metric").is_in(list(LEVELS))
    kept = pl.concat([_minutes(usable.filter(measured), site), _states(usable.filter(~measured))])
    columns = ("time_ms", *SERIES, "value")
    for time_ms, device, metric, phase, value in kept.sort("time_ms").select(columns).iter_rows():
        yield Sample(at_ms=time_ms, device=device, metric=metric, phase=phase or "", value=value)


def heard(readings: pl.DataFrame, devices: Collection[str]) -> Iterator[tuple[int, str, int]]:
    """Yield when each of some devices was heard without a break: from, device, until; by device and time."""
    times = readings.filter(pl.col("device").is_in(list(devices))).select("device", "time_ms").unique()
    gap = pl.col("time_ms").diff().over("device") > HEARD_TOGETHER_MS
    runs = (
        times.sort("device", "time_ms")
        .with_columns(run=gap.fill_null(value=True).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(pl.first("time_ms").alias("first_ms"), pl.first("device"), pl.last("time_ms").alias("last_ms"))
    )
    yield from runs.select("first_ms", "device", "last_ms").iter_rows()


def _minutes(readings: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Return the means of minutes at which the level differs from that of the minute before."""
    means = (
        readings.with_columns(time_ms=pl.col("time_ms") - pl.col("time_ms") % MINUTE_MS)
        .group_by(*SERIES, "time_ms")
        .agg(pl.mean("value"))
        .join(_limits(readings, site), on=("device", "metric"), how="left")
        .sort(*SERIES, "time_ms")
        .with_columns(code=_level())
    )
    changed = pl.col("code") != pl.col("code").shift().over(*SERIES)
    return means.filter(changed.fill_null(value=True)).select("time_ms", *SERIES, "value")


def _limits(readings: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Return the values at which the level of each device and metric changes: `calm` below it, `first` and `second`.

    A limit that a value has to exceed is the next number above it.
    """
    rows = []
    for device, metric in readings.select("device", "metric").unique().iter_rows():
        limits = LEVELS[metric].limits(device, site)
        reached = [each.value if each.inclusive else nextafter(each.value, inf) for each in limits]
        rows.append((device, metric, CALM_SHARE * limits[0].value, reached[0], reached[-1]))
    schema = {"device": pl.String, "metric": pl.String} | dict.fromkeys(BOUNDS, pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _level() -> pl.Expr:
    """Return which of its bounds a value reaches, as a number that differs where they do."""
    reached = [(pl.col("value") >= pl.col(name)).cast(pl.Int32) * 2**bit for bit, name in enumerate(BOUNDS)]
    return pl.sum_horizontal(reached)


def _states(readings: pl.DataFrame) -> pl.DataFrame:
    """Return the first and the last reading of each run of equal values."""
    ordered = readings.sort(*SERIES, "time_ms")
    here = pl.col("value")
    first = here != here.shift().over(*SERIES)
    last = here != here.shift(-1).over(*SERIES)
    return ordered.filter(first.fill_null(value=True) | last.fill_null(value=True)).select("time_ms", *SERIES, "value")
