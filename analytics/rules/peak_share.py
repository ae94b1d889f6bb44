"""E12: a larger share of the electricity at peak prices than a year before, both years by today's periods."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from analytics.calendar import DayKind
from analytics.energy_history import DAY, IMPORT, Days, flows, last_whole_day, summed
from analytics.frame import TOLERANCE, RunData, day_start, evidence, not_applicable
from analytics.rules.base_load import mains
from sensors.catalogue import CATALOGUE
from sensors.energy_terms import PEAKS, Period, Tariff
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building
from sensors.verdicts import Finding, Verdict

RULE = "E12"
YEAR = timedelta(days=364)
"""52 weeks: the same days of the week."""
TARIFF_IN_FORCE = "a tariff in force"
THIS_YEAR, LAST_YEAR = "registers over the whole window", "registers over the same weeks last year"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakUse:
    """What a building took over some days, and what of it at peak and critical-peak prices, kWh."""

    kwh: float
    peak_kwh: float

    @property
    def share_pct(self) -> float:
        """Return the share of the peaks, %."""
        return 100 * self.peak_kwh / self.kwh


def peak_share(data: RunData) -> list[Finding]:
    """Return the verdict about each building: the share at peak prices less that of a year before, in points."""
    last = last_whole_day(data)
    days = Days(first=last - (int(data.thresholds.value(RULE, "window_days")) - 1) * DAY, last=last)
    tariff = data.energy.terms.tariff_on(last)
    findings = []
    for building in data.registry.buildings.values():
        lacking = [*_lacks(data, building), *([] if tariff is not None else [TARIFF_IN_FORCE])]
        if lacking or tariff is None:
            findings.append(not_applicable(data, RULE, Subject(SubjectKind.BUILDING, building.id), *lacking))
        else:
            findings.append(_judged(data, building, tariff, days))
    return findings


def _lacks(data: RunData, building: Building) -> Iterator[str]:
    supplies = mains(data.registry, building)
    if not supplies:
        yield "circuit of item total"
    for circuit in supplies:
        if not data.has_points(Subject(SubjectKind.CIRCUIT, circuit.id), (IMPORT,)):
            yield f"meter on circuit {circuit.id}"


def _judged(data: RunData, building: Building, tariff: Tariff, days: Days) -> Finding:
    limit = data.thresholds.value(RULE, "rise_points")
    now = _use(data, building, tariff, days)
    before = _use(data, building, tariff, Days(first=days.first - YEAR, last=days.last - YEAR))
    missing = tuple(text for use, text in ((now, THIS_YEAR), (before, LAST_YEAR)) if use is None)
    told, verdict, rise = {}, Verdict.INSUFFICIENT_DATA, None
    if now is not None and before is not None:
        rise = now.share_pct - before.share_pct
        verdict = Verdict.FAULT if rise > limit * (1 + TOLERANCE) else Verdict.PASS
        told = {
            "peak_kwh": now.peak_kwh,
            "kwh": now.kwh,
            "peak_share_pct": now.share_pct,
            "last_year_share_pct": before.share_pct,
            "cost_cny": _extra_cost(tariff, now, rise) if verdict is Verdict.FAULT else None,
        }
    return Finding(
        rule=RULE,
        subject=Subject(SubjectKind.BUILDING, building.id),
        verdict=verdict,
        start=day_start(data.calendar, days.first),
        end=day_start(data.calendar, days.last + DAY),
        value=None if rise is None else round(rise, 3),
        threshold=limit,
        unit="points",
        severity=CATALOGUE[RULE].severity if verdict is Verdict.FAULT else None,
        missing=missing,
        evidence={name: each for name, each in evidence(**told).items() if each is not None},
    )


def _extra_cost(tariff: Tariff, now: PeakUse, rise: float) -> float:
    """Return what the shifted share cost more than it would have at the cheapest price, CNY."""
    shifted_kwh = now.kwh * rise / 100
    prices = dict(tariff.prices_cny_kwh)
    peak = prices.get(Period.PEAK, max(prices.values()))
    return shifted_kwh * (peak - min(prices.values()))


def _use(data: RunData, building: Building, tariff: Tariff, days: Days) -> PeakUse | None:
    """Return the use of some days by the periods of a tariff; None where the registers do not tell enough of them."""
    parts = _parts(data, tariff, days)
    if parts is None:
        return None
    supplies = mains(data.registry, building)
    edges = pl.concat([parts["start_ms"], pl.Series([data.calendar.midnight_ms(days.last + DAY)], dtype=pl.Int64)])
    found = summed(flows(data, supplies, edges), len(supplies)).filter("known").join(parts, on="start_ms")
    share = data.thresholds.value(RULE, "coverage_pct") / 100
    kwh, estimated = float(found["kwh"].sum()), float(found["estimated_kwh"].sum())
    if found.height < share * parts.height or kwh <= 0 or estimated > (1 - share) * kwh:
        return None
    return PeakUse(kwh=kwh, peak_kwh=float(found.filter("is_peak")["kwh"].sum()))


def _parts(data: RunData, tariff: Tariff, days: Days) -> pl.DataFrame | None:
    """Return `start_ms` and `is_peak` of each part of the days; None where the calendar does not reach."""
    rows = []
    for day in data.calendar.days(days.first, days.last):
        kind = data.calendar.kind(day)
        if kind is DayKind.UNKNOWN:
            return None
        for begin, end, period in tariff.parts(day, is_workday=kind is DayKind.WORKDAY):
            starts_ms, ends_ms = (data.calendar.minute_ms(day, minute) for minute in (begin, end))
            if starts_ms < ends_ms:  # a part can vanish where the clock is put forward
                rows.append((starts_ms, period in PEAKS))
    return pl.DataFrame(rows, schema={"start_ms": pl.Int64, "is_peak": pl.Boolean}, orient="row")
