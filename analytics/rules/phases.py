"""L06: phases that stray from each other, and supplies that take too much reactive power."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

import polars as pl

from analytics.frame import RunData, below, day_start, evidence
from analytics.rules.base_load import mains
from analytics.rules.levels import Lacking, LevelWords, circuits_asked, share_of, window_ms
from analytics.rules.voltage import NOT_A_PHASE, UNBALANCE, VOLTAGE
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Circuit, CircuitId
from sensors.verdicts import Finding, Verdict

RULE = "L06"
ENERGY, REACTIVE = "energy_import_kwh", "reactive_import_kvarh"
LINE_V = 380.0
"""Between two phases of a supply at 220 V. Source: GB/T 156-2017."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What a supply took in a calendar month."""

    first: date
    energy_kwh: float
    reactive_kvarh: float

    @property
    def power_factor(self) -> float:
        """Return kWh ÷ √(kWh² + kvarh²)."""
        apparent = sqrt(self.energy_kwh**2 + self.reactive_kvarh**2)
        return self.energy_kwh / apparent if apparent else 1.0


def phases(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each circuit from its unbalance and, of large supplies, the last month's power factor.

    Each half that is at fault is a finding; a pass of the one says nothing against a fault of the other.
    """
    factors = {finding.subject: finding for finding in _power_factors(data)}
    balance = WORDS.findings(data, found, _asked(data, factors))
    low = [finding for finding in factors.values() if finding.verdict is Verdict.FAULT]
    hidden = {finding.subject for finding in low}
    told = [each for each in balance if each.verdict is Verdict.FAULT or each.subject not in hidden]
    without_voltage = [
        finding
        for finding in factors.values()
        if finding.verdict is Verdict.PASS and not data.has_points(finding.subject, (VOLTAGE,))
    ]
    return told + low + without_voltage


def _asked(data: RunData, judged: dict[Subject, Finding]) -> Lacking:
    """Return the circuits to be asked for their phases; not those of which the power factor alone is known."""
    asked = circuits_asked(data, VOLTAGE)
    return {subject: lacking for subject, lacking in asked.items() if not lacking or subject not in judged}


def _power_factors(data: RunData) -> Iterator[Finding]:
    for building in data.registry.buildings.values():
        for circuit in mains(data.registry, building):
            subject = Subject(SubjectKind.CIRCUIT, circuit.id)
            metered = data.has_points(subject, (ENERGY,)) and data.has_points(subject, (REACTIVE,))
            month = _last_month(data, subject) if metered and _is_large(data, circuit) else None
            if month is not None:
                yield _finding(data, subject, month)


def _is_large(data: RunData, circuit: Circuit) -> bool:
    """Say whether a supply is of a size to which the price by power factor applies; unknown sizes are not."""
    apparent_kva = sqrt(3) * LINE_V * (circuit.rated_a or 0.0) / 1000
    return apparent_kva >= data.thresholds.value(RULE, "power_factor_from_kva")


def _last_month(data: RunData, subject: Subject) -> Month | None:
    """Return the last calendar month that was over by the end of the window and is known well enough."""
    last = data.window.last
    over = last if (last + timedelta(days=1)).day == 1 else last.replace(day=1) - timedelta(days=1)
    first, length = over.replace(day=1), monthrange(over.year, over.month)[1]
    daily = data.daily([subject], ("energy_kwh", "reactive_kvarh")).filter(pl.col("day").is_between(first, over))
    known = daily.drop_nulls(["energy_kwh", "reactive_kvarh"])
    if known.height < share_of(data, RULE) * length:
        return None
    energy, reactive = (float(known[name].sum()) for name in ("energy_kwh", "reactive_kvarh"))
    return Month(first=first, energy_kwh=energy, reactive_kvarh=reactive)


def _finding(data: RunData, subject: Subject, month: Month) -> Finding:
    limit = data.thresholds.value(RULE, "power_factor")
    is_low = bool(pl.select(value=month.power_factor).select(below("value", limit)).item())
    return Finding(
        rule=RULE,
        subject=subject,
        verdict=Verdict.FAULT if is_low else Verdict.PASS,
        start=day_start(data.calendar, month.first),
        end=day_start(data.calendar, data.window.last + timedelta(days=1)),
        value=round(month.power_factor, 3),
        threshold=limit,
        unit="ratio",
        severity=CATALOGUE[RULE].severity if is_low else None,
        evidence=evidence(
            month=month.first.isoformat(),
            energy_kwh=month.energy_kwh,
            reactive_kvarh=month.reactive_kvarh,
            rated_a=data.registry.circuits[CircuitId(subject.id)].rated_a,
        ),
    )


WORDS = LevelWords(rule=RULE, units={UNBALANCE: "%"}, limit="unbalance_pct", missing=NOT_A_PHASE, expected_ms=window_ms)
