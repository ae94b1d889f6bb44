"""G02: sensors that show the same value for a day and longer."""

import polars as pl

from analytics.frame import RunData, evidence
from analytics.intervals import in_hours
from analytics.moving import KEPT_SCHEMA, as_kept, known_ms
from analytics.rules.levels import Lacking, LevelWords, Told, share_of, window_ms, with_lacking
from analytics.samples import FREEZABLE, FROZEN_MS, device_samples, runs_of_equals
from analytics.week import Week
from sensors.metrics import METRICS
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, DeviceId
from sensors.verdicts import Evidence, Finding

RULE = "G02"
METRICS_JUDGED = tuple(sorted(FREEZABLE))
OF_CIRCUITS = frozenset({"voltage_v"})
"""Of these only what is measured on circuits: a battery's voltage may stand still."""


def standing_still(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: runs of equal values of a day and more, as far as they reach into it."""
    return pl.concat([KEPT_SCHEMA.to_frame(), *(_of_metric(data, week, metric) for metric in _measured(data))])


def frozen(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each device that measures what never stands still; all of it makes one finding."""
    return WORDS.findings(data, found, _asked(data))


def _measured(data: RunData) -> list[str]:
    known = frozenset(data.analyst.point_rows["metric"])
    return [metric for metric in METRICS_JUDGED if metric in known]


def _of_metric(data: RunData, week: Week, metric: str) -> pl.DataFrame:
    starts_ms, ends_ms = week.span_ms
    asked = pl.Series([str(subject) for subject in _asked(data)], dtype=pl.String)
    found = device_samples(data, week, metric)
    runs = runs_of_equals(found)
    enough = pl.col("run_samples") * pl.col("step_ms") >= share_of(data, RULE) * pl.col("run_ms")
    spells = runs.filter((pl.col("run_ms") >= FROZEN_MS) & enough).select(
        "subject",
        "device",
        start_ms="run_start_ms",
        end_ms=(pl.col("run_start_ms") + pl.col("run_ms")).cast(pl.Int64),
        value=pl.lit(0.0),
        limit=pl.lit(data.thresholds.value(RULE, "range")),
        excess=pl.col("run_ms") / FROZEN_MS,
        beside="value",
        hours=in_hours(pl.col("run_ms")),
    )
    judged = known_ms(found.filter(pl.col("time_ms").is_between(starts_ms, ends_ms, closed="left")))
    inside = spells.filter((pl.col("end_ms") > starts_ms) & (pl.col("start_ms") < ends_ms))
    rows = pl.concat([inside, judged], how="diagonal").with_columns(tag=pl.lit(metric))
    return as_kept(rows.filter(pl.col("subject").is_in(asked.implode())))


def _asked(data: RunData) -> Lacking:
    """Return the devices that measure any of it; one that reports on change lacks an interval."""
    measured = data.analyst.point_rows.filter(_is_judged())["device"].unique().to_list()
    devices = {Subject(SubjectKind.DEVICE, name): data.registry.devices[DeviceId(name)] for name in sorted(measured)}
    return with_lacking(
        dict.fromkeys(devices, ()), "device.interval_s", lambda subject: _reports_on_change(devices[subject])
    )


def _reports_on_change(device: Device) -> bool:
    return device.interval_s is None and device.heartbeat_s is not None


def _is_judged() -> pl.Expr:
    on_circuit = pl.col("subject").str.starts_with(f"{SubjectKind.CIRCUIT}:")
    return pl.col("metric").is_in(list(METRICS_JUDGED)) & (~pl.col("metric").is_in(list(OF_CIRCUITS)) | on_circuit)


def _evidence(_data: RunData, told: Told) -> Evidence:
    metrics: list[str] = told.spells["tag"].unique().sort().to_list()
    stood_at = told.worst["beside"]
    return evidence(frozen_metrics="|".join(metrics), stood_at=stood_at if isinstance(stood_at, float) else None)


WORDS = LevelWords(
    rule=RULE,
    units={metric: METRICS[metric].unit for metric in METRICS_JUDGED},
    limit="range",
    missing="|".join(METRICS_JUDGED),
    expected_ms=window_ms,
    beside=_evidence,
)
