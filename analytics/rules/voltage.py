"""L05 and the first half of L06: voltages that stray from 220 V, and phases that stray from each other."""

import polars as pl

from analytics.frame import RunData
from analytics.moving import beyond, kept, moving
from analytics.rules.levels import LevelWords, circuits_asked, share_of, window_ms
from analytics.samples import SERIES, samples
from analytics.week import Week
from sensors.subjects import SubjectKind
from sensors.verdicts import Finding

RULE = "L05"
VOLTAGE = "voltage_v"
NOT_A_PHASE = "phase voltages near 220 V"


def phase_voltages(data: RunData, week: Week, rule: str) -> pl.DataFrame:
    """Return the 10 min mean voltage per circuit and phase, V; what is no phase voltage, or an outage, is left out."""
    nominal_v = data.thresholds.value(RULE, "nominal_v")
    off = data.thresholds.value(rule, "plausible_pct") / 100
    plausible = pl.col("value").is_between(nominal_v * (1 - off), nominal_v * (1 + off))
    found = samples(data, week, VOLTAGE, at=SubjectKind.CIRCUIT).filter(plausible)
    length_ms = data.thresholds.value(rule, "mean_min") * 60_000
    return moving(found, length_ms=length_ms, share=share_of(data, rule))


def strayed(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with the 10 min mean of a phase beyond its limits, as a deviation in %."""
    value = data.thresholds.value
    nominal_v = value(RULE, "nominal_v")
    deviation = phase_voltages(data, week, RULE).with_columns((pl.col("value") / nominal_v - 1) * 100)
    judged = beyond(deviation, high=pl.lit(value(RULE, "above_pct")), low=pl.lit(-value(RULE, "below_pct")))
    length_ms, margin = value(RULE, "mean_min") * 60_000, value(RULE, "clear_margin_pct")
    return kept(judged, margin=margin, length_ms=length_ms, tag=RULE, span_ms=week.span_ms)


def voltage(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each circuit whose voltage is measured."""
    return WORDS.findings(data, found, circuits_asked(data, VOLTAGE))


def unbalanced(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with the largest departure of a phase ÷ the mean of all above its limit."""
    value = data.thresholds.value
    by_phase = phase_voltages(data, week, "L06").filter(pl.col("phase").is_in(PHASES))
    mean_v = pl.mean("value")
    together = (
        by_phase.group_by("subject", "device", "time_ms")
        .agg(
            pl.first("step_ms", "hold_ms"),
            pl.len().alias("phases"),
            value=100 * (pl.col("value") - mean_v).abs().max() / mean_v,
        )
        .filter(pl.col("phases") == len(PHASES))
        .with_columns(phase=pl.lit(""))
        .sort(*SERIES, "time_ms")
    )
    judged = beyond(together, high=pl.lit(value("L06", "unbalance_pct")))
    length_ms, margin = value("L06", "mean_min") * 60_000, value("L06", "clear_margin_pct")
    return kept(judged, margin=margin, length_ms=length_ms, tag=UNBALANCE, span_ms=week.span_ms)


PHASES = ("L1", "L2", "L3")
UNBALANCE = "unbalance_pct"
WORDS = LevelWords(rule=RULE, units={RULE: "%"}, limit="above_pct", missing=NOT_A_PHASE, expected_ms=window_ms)
