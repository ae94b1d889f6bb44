"""Points: which device measures which metric of which room or circuit, and when."""

from collections.abc import Iterator
from datetime import date

import polars as pl

from analytics.calendar import WorkCalendar
from analytics.lookups import looked_up
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, Placement, Registry

FOREVER_MS = 4_102_444_800_000
"""2100-01-01: the end of a placement that has none."""

STEPS_FOR_AN_INTERVAL = 3
"""So many steps are needed before a device's reporting interval is taken from its samples."""
HOLD_FACTOR = 1.5
"""A sample stands for one and a half intervals: a late one is no gap, a lost one is. The project's own choice."""
EVENT_HEARTBEAT_MS = 25 * 3_600_000
"""How long a device that reports on change is believed without a word; passive Zigbee devices are given 25 h."""

_SCHEMA = pl.Schema(
    {
        "device": pl.String,
        "metric": pl.String,
        "subject": pl.String,
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "interval_ms": pl.Float64,
        "heartbeat_ms": pl.Float64,
    }
)


def points(registry: Registry, calendar: WorkCalendar, seen: pl.DataFrame) -> pl.DataFrame:
    """Return one row per device, metric and placement: subject, [start_ms, end_ms), interval and heartbeat.

    A device that declares no metrics is taken to have those it was `seen` with (columns device, metric).
    """
    heard: dict[str, list[str]] = {}
    for name, metric in seen.select("device", "metric").unique().sort("device", "metric").iter_rows():
        heard.setdefault(name, []).append(metric)
    rows = [
        (device.id, metric, str(subject), start, end, _ms(device.interval_s), _ms(device.heartbeat_s))
        for device in registry.devices.values()
        for metric in device.metrics or heard.get(device.id, [])
        for subject, start, end in _places(device, calendar)
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _places(device: Device, calendar: WorkCalendar) -> Iterator[tuple[Subject, int, int]]:
    for placement in device.placements:
        subject = _subject(placement)
        if subject is not None:
            since = _midnight(placement.since, calendar, otherwise=0)
            until = _midnight(placement.until, calendar, otherwise=FOREVER_MS)
            yield subject, since, until


def _subject(placement: Placement) -> Subject | None:
    if placement.room is not None:
        return Subject(SubjectKind.ROOM, placement.room)
    if placement.circuit is not None:
        return Subject(SubjectKind.CIRCUIT, placement.circuit)
    if placement.opening is not None:
        return Subject(SubjectKind.OPENING, placement.opening)
    if placement.building is not None:
        return Subject(SubjectKind.BUILDING, placement.building)
    return None


def _midnight(day: date | None, calendar: WorkCalendar, *, otherwise: int) -> int:
    return otherwise if day is None else calendar.midnight_ms(day)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def with_hold(samples: pl.DataFrame, point_rows: pl.DataFrame) -> pl.DataFrame:
    """Return the samples with `hold_ms`, how long each value stands, and `nominal_ms`, the reporting interval.

    The interval is the registry's; else, where steps are regular, the median step of the samples. A device
    without either reports on change: its values stand for its heartbeat, and `nominal_ms` is null.
    `samples` must be sorted by device, metric, phase, time_ms.
    """
    known = point_rows.group_by("device", "metric").agg(pl.first("interval_ms", "heartbeat_ms"))
    told = looked_up(samples, known, on=["device", "metric"])
    usual = _usual_steps(told.filter(pl.col("interval_ms").is_null() & pl.col("heartbeat_ms").is_null()))
    if usual.height:
        told = looked_up(told, usual, on=["device", "metric"])
    nominal_ms = pl.coalesce("interval_ms", "usual_ms") if usual.height else pl.col("interval_ms")
    otherwise = pl.lit(EVENT_HEARTBEAT_MS, dtype=pl.Float64)
    hold_ms = pl.coalesce(nominal_ms * HOLD_FACTOR, "heartbeat_ms", otherwise).cast(pl.Int64)
    return told.select(*samples.columns, nominal_ms=nominal_ms, hold_ms=hold_ms)


def nominal_ms(series: pl.DataFrame, samples: pl.DataFrame, point_rows: pl.DataFrame) -> pl.Series:
    """Return the reporting interval of each series (columns device, metric) as `with_hold` gives it to its samples."""
    names = ["device", "metric"]
    known = point_rows.group_by(names).agg(pl.first("interval_ms", "heartbeat_ms"))
    told = series.select(names).join(known, on=names, how="left", maintain_order="left")
    untold = told.filter(pl.col("interval_ms").is_null() & pl.col("heartbeat_ms").is_null()).select(names).unique()
    usual = _usual_steps(samples.join(untold, on=names, how="semi", maintain_order="left") if untold.height else untold)
    both = told.join(usual, on=names, how="left", maintain_order="left")
    return both.select(nominal_ms=pl.coalesce("interval_ms", "usual_ms")).to_series()


def _usual_steps(samples: pl.DataFrame) -> pl.DataFrame:
    """Return `usual_ms`, the median step, of every `device` and `metric` whose steps are regular."""
    if samples.is_empty():
        return pl.DataFrame(schema={"device": pl.String, "metric": pl.String, "usual_ms": pl.Float64})
    step = pl.col("time_ms").diff().over("device", "metric", "phase")
    observed = (
        samples.select("device", "metric", step_ms=step)
        .drop_nulls("step_ms")
        .group_by("device", "metric")
        .agg(usual_ms=pl.median("step_ms"), late=pl.col("step_ms").quantile(0.9), steps=pl.len())
    )
    regular = (pl.col("late") <= HOLD_FACTOR * pl.col("usual_ms")) & (pl.col("steps") >= STEPS_FOR_AN_INTERVAL)
    return observed.filter(regular).select("device", "metric", "usual_ms")
