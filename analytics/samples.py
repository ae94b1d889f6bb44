"""Samples of one metric as rules judge them: good ones, at the place where they were taken, from no frozen sensor."""

import polars as pl

from analytics.frame import RunData
from analytics.intervals import MS_PER_HOUR, SPAN, held
from analytics.lookups import in_order, looked_up, runs, states_at
from analytics.points import with_hold
from analytics.week import Week
from sensors.catalogue import CATALOGUE
from sensors.readings import Quality
from sensors.subjects import SubjectKind

FREEZABLE = frozenset({"co2_ppm", "temperature_c", "relative_humidity_pct", "voltage_v"})
"""What never stands still in a working sensor (G02); other metrics may."""
FROZEN_MS = int(CATALOGUE["G02"].parameter("window_h") * MS_PER_HOUR)
"""A run of equal values of this length is a frozen sensor's, and no rule judges by it."""
SERIES = ("subject", "device", "phase")
VALUES = ("time_ms", "value", "step_ms", "hold_ms")
FILL_MS = 5 * 60_000
"""How finely what is reported on change is laid out. The project's own choice."""
THIN_MS = 15 * 60_000
"""Means of so long stand for samples where a rule averages over several hours."""


def samples(data: RunData, week: Week, metric: str, *, at: SubjectKind) -> pl.DataFrame:
    """Return the samples of a metric: SERIES, `time_ms`, `value`, `step_ms` and `hold_ms`, sorted by series and time.

    Subjects are of the kind `at`; devices outdoors have none. A device that reports on change has its value every
    FILL_MS for as long as it stands.
    """
    return week.once(("samples", metric, at), lambda: _samples(data, week, metric, at))


def _samples(data: RunData, week: Week, metric: str, at: SubjectKind) -> pl.DataFrame:
    timed = _indoors(data, _timed(data, week, metric))
    every = _placed(data, timed.filter(pl.col("nominal_ms").is_not_null()), metric, at)
    if metric in FREEZABLE:
        every = without_frozen(every)
    on_change = timed.filter(pl.col("nominal_ms").is_null())
    if on_change.is_empty():
        return every
    return in_series(pl.concat([every, _placed(data, _filled(on_change), metric, at)]))


def device_samples(data: RunData, week: Week, metric: str) -> pl.DataFrame:
    """Return the samples of a metric with the devices as subjects, wherever they are, frozen ones too.

    Devices that report on change have none here: their values may stand still.
    """
    timed = _timed(data, week, metric).drop_nulls("nominal_ms")
    names, run = runs(timed, ["device"])
    subjects = names.select(subject=pl.concat_str(pl.lit(f"{SubjectKind.DEVICE}:"), "device")).to_series()
    return in_series(timed.select(subjects.gather(run), *SERIES[1:], *VALUES))


def outdoor_samples(data: RunData, week: Week, metric: str) -> pl.DataFrame:
    """Return the good samples of a metric from devices outdoors, as `samples` does."""
    is_outdoors = pl.col("device").is_in(_outdoors(data))
    timed = _of_good(data, week.outdoors.filter(is_outdoors & (pl.col("metric") == metric)), metric)
    return in_series(timed.select(pl.lit("outdoor").alias("subject"), *SERIES[1:], *VALUES))


def _placed(data: RunData, timed: pl.DataFrame, metric: str, at: SubjectKind) -> pl.DataFrame:
    is_here = (pl.col("metric") == metric) & pl.col("subject").str.starts_with(f"{at}:")
    places = data.analyst.point_rows.filter(is_here).select("device", "subject", *SPAN)
    inside = pl.col("time_ms").is_between("start_ms", "end_ms", closed="left")
    if places["device"].is_unique().all():
        placed = looked_up(timed, places, on=["device"])
    else:
        placed = timed.join(places, on="device", maintain_order="left")
    return in_series(placed.filter(inside).select(*SERIES, *VALUES))


def _outdoors(data: RunData) -> list[str]:
    return [device.id for device in data.registry.devices.values() if device.outdoor]


def _indoors(data: RunData, timed: pl.DataFrame) -> pl.DataFrame:
    outdoors = _outdoors(data)
    return timed.filter(~pl.col("device").is_in(outdoors)) if outdoors else timed


def _timed(data: RunData, week: Week, metric: str) -> pl.DataFrame:
    """Return the good readings of a metric, without a look at any where nothing measures it; see `_of_good`."""
    return week.once(("timed", metric), lambda: _of_good(data, _of_metric(data, week.readings, metric), metric))


def _of_metric(data: RunData, readings: pl.DataFrame, metric: str) -> pl.DataFrame:
    is_measured = metric in data.analyst.point_rows["metric"]
    return readings.filter(pl.col("metric") == metric) if is_measured else readings.clear()


def _of_good(data: RunData, readings: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Return the good ones with `nominal_ms`, `hold_ms` and `step_ms`, how long each stands for."""
    good = readings.filter((pl.col("quality") < Quality.SUSPECT) & pl.col("value").is_not_null())
    timed = with_hold(good, data.analyst.point_rows.filter(pl.col("metric") == metric))
    return timed.with_columns(step_ms=pl.coalesce("nominal_ms", "hold_ms").cast(pl.Float64))


def _filled(on_change: pl.DataFrame) -> pl.DataFrame:
    """Return states that were told on change at whole multiples of FILL_MS for as long as they stood."""
    states = held(on_change, by=["device", "metric", "phase"])
    first = (pl.col("start_ms") + FILL_MS - 1) // FILL_MS * FILL_MS
    return (
        states.with_columns(time_ms=pl.int_ranges(first, "end_ms", FILL_MS))
        .explode("time_ms")
        .drop_nulls("time_ms")
        .with_columns(step_ms=pl.lit(float(FILL_MS)), hold_ms=pl.lit(2 * FILL_MS, dtype=pl.Int64))
    )


def runs_of_equals(found: pl.DataFrame) -> pl.DataFrame:
    """Return the runs of equal values, a row each: its first sample, `run_start_ms`, `run_ms` and `run_samples`.

    `found` is sorted by SERIES and `time_ms`; a gap does not end a run.
    """
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in (*SERIES, "value"))
    starts = found.select(first=~same.fill_null(value=False)).to_series().arg_true()
    ends = starts.shift(-1, fill_value=found.height) - 1
    until = found.select((pl.col("time_ms") + pl.col("step_ms")).gather(ends)).to_series()
    return found.select(pl.all().gather(starts)).with_columns(
        run_start_ms="time_ms",
        run_ms=until - pl.col("time_ms"),
        run_samples=ends.cast(pl.Int64) - starts.cast(pl.Int64) + 1,
    )


def without_frozen(found: pl.DataFrame) -> pl.DataFrame:
    """Return the samples but those of runs of equal values of a day and more."""
    equal = runs_of_equals(found).select("run_samples", alive=pl.col("run_ms") < FROZEN_MS)
    if equal["alive"].all():
        return found
    return found.filter(equal.select(pl.col("alive").repeat_by("run_samples").explode()).to_series())


def during(found: pl.DataFrame, track: pl.DataFrame, *, state: bool = True) -> pl.DataFrame:
    """Return the samples taken while a track of their subject was known to be in this state."""
    return found.filter((states_at(found, track) == state).fill_null(value=False))


def thinned(found: pl.DataFrame) -> pl.DataFrame:
    """Return means over THIN_MS in place of samples, stamped with the end of each; the step is what was covered.

    `found` is sorted by SERIES and `time_ms`.
    """
    if found.is_empty():
        return found
    names, run = runs(found, SERIES)
    means = (
        found.select("value", "step_ms", run=run, bucket=pl.col("time_ms") // THIN_MS)
        .group_by("run", "bucket", maintain_order=True)
        .agg(pl.mean("value"), step_ms=pl.min_horizontal(pl.sum("step_ms"), pl.lit(float(THIN_MS))))
        .with_columns(time_ms=(pl.col("bucket") + 1) * THIN_MS, hold_ms=pl.lit(2 * THIN_MS, dtype=pl.Int64))
    )
    named = names.select(pl.all().gather(means["run"]))
    return means.with_columns(named.get_columns()).select(found.columns)


def in_series(found: pl.DataFrame) -> pl.DataFrame:
    """Return the samples sorted by series and time."""
    return in_order(found, SERIES, "time_ms")
