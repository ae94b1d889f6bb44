"""G05: a device that leaves out too many of its samples."""

import polars as pl

from analytics.frame import DayVerdicts, RunData, above
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Finding, Severity, Verdict

RULE = "G05"


def missing_data(data: RunData) -> list[Finding]:
    """Return the verdict about each device that reports at an interval: missing ÷ expected samples per day.

    A device is expected from the first day on which it was heard; a device that reports on change has no
    expected count, and no verdict here.
    """
    devices = [Subject(SubjectKind.DEVICE, device) for device in data.registry.devices]
    daily = data.daily(devices, ("expected_samples", "received_samples"))
    expected = pl.col("expected_samples").forward_fill().over("subject")
    counted = daily.with_columns(expected=expected, received=pl.col("received_samples").fill_null(0.0)).drop_nulls(
        "expected"
    )
    share = 100 * (1 - pl.col("received") / pl.col("expected"))
    limit = data.thresholds.value(RULE, "missing_pct")
    state = pl.when(above("value", limit)).then(pl.lit(Verdict.FAULT.value)).otherwise(pl.lit(Verdict.PASS.value))
    words = DayVerdicts(
        rule=RULE,
        threshold=limit,
        unit="%",
        missing="",
        severity=Severity.BLUE,
        evidence=("received", "expected"),
    )
    return words.findings(counted.with_columns(value=share).with_columns(state=state).filter(data.in_window()), data)
