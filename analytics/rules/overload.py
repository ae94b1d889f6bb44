"""L04: circuits that carry more than they are made for."""

import polars as pl

from analytics.frame import RunData, evidence
from analytics.intervals import MS_PER_HOUR
from analytics.moving import beyond, kept, moving
from analytics.rules.levels import Lacking, LevelWords, Told, circuits_asked, share_of, window_ms, with_lacking
from analytics.samples import samples
from analytics.week import Week
from sensors.subjects import SubjectKind
from sensors.topology import CircuitId
from sensors.verdicts import Evidence, Finding, Severity

RULE = "L04"
CURRENT = "current_a"
ORANGE, YELLOW = "load_ratio", "load_yellow_ratio"


def overloaded(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells in which a phase stays above a share of the rated current.

    The value of an instant is the least of the time that the current must stay: all of it lay above.
    """
    value = data.thresholds.value
    ratios = samples(data, week, CURRENT, at=SubjectKind.CIRCUIT).join(_rated(data), on="subject")
    loads = ratios.with_columns(pl.col("value") * pl.col("ct_ratio") / pl.col("rated_a")).drop("ct_ratio", "rated_a")
    loads = loads.filter(pl.col("value") <= value(RULE, "plausible_ratio"))
    holds_ms = {ORANGE: value(RULE, "hold_min") * 60_000, YELLOW: value(RULE, "hold_yellow_h") * MS_PER_HOUR}
    return pl.concat(
        kept(
            beyond(
                moving(loads, length_ms=hold_ms, share=share_of(data, RULE), value=pl.min("value")),
                high=pl.lit(value(RULE, limit)),
            ),
            margin=value(RULE, "clear_margin_ratio"),
            length_ms=hold_ms,
            tag=limit,
            span_ms=week.span_ms,
        )
        for limit, hold_ms in holds_ms.items()
    )


def overload(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each circuit: orange above the rated current, yellow near it for longer."""
    return WORDS.findings(data, _gravest(found), _asked(data))


def _asked(data: RunData) -> Lacking:
    circuits = data.registry.circuits
    return with_lacking(
        circuits_asked(data, CURRENT), "circuit.rated_a", lambda s: not circuits[CircuitId(s.id)].rated_a
    )


def _rated(data: RunData) -> pl.DataFrame:
    rows = [
        (f"{SubjectKind.CIRCUIT}:{c.id}", c.rated_a, c.ct_ratio) for c in data.registry.circuits.values() if c.rated_a
    ]
    schema = {"subject": pl.String, "rated_a": pl.Float64, "ct_ratio": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _gravest(found: pl.DataFrame) -> pl.DataFrame:
    """Return the spells with those of the graver tier first in excess: both tell of the same current."""
    is_orange = pl.col("tag") == ORANGE
    return found.with_columns(excess=pl.col("excess") + pl.when(is_orange).then(1.0).otherwise(0.0))


def _severity(_data: RunData, told: Told, _rule: str) -> Severity:
    return Severity.ORANGE if told.tag == ORANGE else Severity.YELLOW


def _evidence(data: RunData, told: Told) -> Evidence:
    rated_a = data.registry.circuits[CircuitId(told.subject.id)].rated_a
    return evidence(rated_a=rated_a)


WORDS = LevelWords(
    rule=RULE,
    units={ORANGE: "ratio", YELLOW: "ratio"},
    limit=ORANGE,
    missing=CURRENT,
    expected_ms=window_ms,
    severity=_severity,
    beside=_evidence,
)
