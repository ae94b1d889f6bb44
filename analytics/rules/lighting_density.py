"""E09: lamps that take more than is allowed for the room they light."""

from dataclasses import replace

import polars as pl

from analytics.frame import RunData, evidence, room_subject
from analytics.intervals import MS_PER_HOUR
from analytics.moving import beyond, kept, moving
from analytics.rules.levels import Lacking, LevelWords, Told, share_of
from analytics.samples import in_series, samples
from analytics.week import Week
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Circuit, CircuitItem
from sensors.verdicts import Evidence, Finding, Verdict

RULE = "E09"
POWER = "active_power_w"
LIGHTING_METER = "active_power_w of a lighting circuit"
W_PER_KW = 1000


def bright(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells in which the mean power with the lights on exceeds its limit, W/m²."""
    value = data.thresholds.value
    lit = _densities(data, samples(data, week, POWER, at=SubjectKind.CIRCUIT))
    on = in_series(lit.filter(pl.col("value") > value(RULE, "lights_on_wm2")))
    length_ms = value(RULE, "mean_h") * MS_PER_HOUR
    means = moving(on, length_ms=length_ms, share=share_of(data, RULE)).with_columns(beside=pl.col("value"))
    judged = beyond(means, high=pl.lit(value(RULE, "lighting_wm2")))
    margin = value(RULE, "clear_margin_wm2")
    return kept(judged, margin=margin, length_ms=length_ms, tag=RULE, span_ms=week.span_ms)


def lighting_density(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each lighting circuit: of its room where it lights one alone, else of itself."""
    findings = WORDS.findings(data, found, _asked(data))
    return [_with_energy(data, each) for each in findings]


def _subject(circuit: Circuit) -> Subject:
    return room_subject(circuit.serves[0]) if len(circuit.serves) == 1 else Subject(SubjectKind.CIRCUIT, circuit.id)


def _lighting(data: RunData) -> list[Circuit]:
    """Return the circuits that light rooms, none of them restricted."""
    rooms = data.registry.rooms
    return [
        circuit
        for circuit in data.registry.circuits.values()
        if circuit.item is CircuitItem.LIGHTING
        and circuit.serves
        and not any(rooms[room].restricted for room in circuit.serves)
    ]


def _areas_m2(data: RunData) -> dict[Subject, float]:
    return {
        _subject(circuit): sum(data.registry.rooms[room].usable_area_m2 for room in circuit.serves)
        for circuit in _lighting(data)
    }


def _area_m2(data: RunData, subject: Subject) -> float:
    return _areas_m2(data)[subject]


def _densities(data: RunData, power: pl.DataFrame) -> pl.DataFrame:
    areas_m2 = _areas_m2(data)
    rows = [
        (
            str(Subject(SubjectKind.CIRCUIT, circuit.id)),
            str(_subject(circuit)),
            circuit.ct_ratio / areas_m2[_subject(circuit)],
        )
        for circuit in _lighting(data)
    ]
    schema = {"subject": pl.String, "about": pl.String, "per_m2": pl.Float64}
    per_area = pl.DataFrame(rows, schema=schema, orient="row")
    joined = power.join(per_area, on="subject")
    return joined.with_columns(subject="about", value=pl.col("value") * pl.col("per_m2")).select(power.columns)


def _asked(data: RunData) -> Lacking:
    return {
        _subject(circuit): ()
        if data.has_points(Subject(SubjectKind.CIRCUIT, circuit.id), (POWER,))
        else (LIGHTING_METER,)
        for circuit in _lighting(data)
    }


def _evidence(data: RunData, told: Told) -> Evidence:
    return evidence(mean_wm2=told.beside, area_m2=_area_m2(data, told.subject))


def _with_energy(data: RunData, finding: Finding) -> Finding:
    """Return a fault with what the lamps took beyond the limit while it lasted, kWh."""
    mean_wm2, hours = finding.evidence.get("mean_wm2"), finding.evidence.get("hours")
    if finding.verdict is not Verdict.FAULT or not isinstance(mean_wm2, float) or not isinstance(hours, float):
        return finding
    excess_w = (mean_wm2 - data.thresholds.value(RULE, "lighting_wm2")) * _area_m2(data, finding.subject)
    return replace(finding, energy_kwh=round(max(excess_w, 0.0) * hours / W_PER_KW, 3))


WORDS = LevelWords(
    rule=RULE,
    units={RULE: "W/m²"},
    limit="lighting_wm2",
    missing="power of the lighting with the lights on for an hour",
    beside=_evidence,
)
