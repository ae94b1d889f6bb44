"""E01 and E02: a building's electricity of twelve months per area, against its quota and against its peers."""

from collections.abc import Iterator, Mapping
from statistics import fmean

from analytics.energy_history import DAY
from analytics.frame import TOLERANCE, RunData, day_start, evidence, not_applicable
from analytics.intensity import TWELVE_MONTHS, Intensity, can_be_known, intensity
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building, BuildingId
from sensors.verdicts import Evidence, Finding, Verdict

QUOTA, PEERS = "E01", "E02"
METER_OR_BILLS = "a meter on the main circuit, or bills"
UNIT = "kWh/(m²·a)"


def over_quota_use(data: RunData) -> list[Finding]:
    """Return the verdict about each building against its constraint: the province's, else the national one."""
    return [_against_quota(data, building) for building in data.registry.buildings.values()]


def above_peers(data: RunData) -> list[Finding]:
    """Return the verdict about each building against the mean of its class: of this site, and of the site's file."""
    buildings = list(data.registry.buildings.values())
    lacking = {building.id: tuple(_lacks_for_peers(data, building)) for building in buildings}
    known = {
        building.id: intensity(data, building, _coverage(data, PEERS))
        for building in buildings
        if not lacking[building.id]
    }
    return [
        not_applicable(data, PEERS, _subject(building), *lacking[building.id])
        if lacking[building.id]
        else _against_peers(data, building, known)
        for building in buildings
    ]


def _against_quota(data: RunData, building: Building) -> Finding:
    subject = _subject(building)
    lacking = tuple(_lacks(data, building))
    limit = data.energy.terms.quota(data.registry.site, building)
    if lacking or limit is None:
        return not_applicable(data, QUOTA, subject, *lacking)
    found = intensity(data, building, _coverage(data, QUOTA))
    threshold = limit.constraint_kwh_m2
    if found is None:
        return _unknown(data, QUOTA, building, threshold, UNIT, (TWELVE_MONTHS,))
    told = {"quota_source": limit.source, "guide_kwh_m2": limit.guide_kwh_m2}
    return _judged(data, QUOTA, building, found, found.kwh_m2, threshold, UNIT, told)


def _against_peers(data: RunData, building: Building, known: Mapping[BuildingId, Intensity | None]) -> Finding:
    own, ratio = known[building.id], data.thresholds.value(PEERS, "peer_ratio")
    others = [
        found.kwh_m2
        for other, found in known.items()
        if found is not None and other != building.id and _same_class(data, building, other)
    ]
    others += [peer.kwh_m2 for peer in data.energy.terms.peers if peer.energy_class is building.energy_class]
    wanted = int(data.thresholds.value(PEERS, "peers"))
    if own is None:
        return _unknown(data, PEERS, building, ratio, "ratio", (TWELVE_MONTHS,))
    if len(others) < wanted:
        return _unknown(data, PEERS, building, ratio, "ratio", (f"{wanted} peers of one class",))
    mean = fmean(others)
    told = {"peers": len(others), "peers_kwh_m2": mean, "own_kwh_m2": own.kwh_m2}
    return _judged(data, PEERS, building, own, own.kwh_m2 / mean, ratio, "ratio", told)


def _judged(
    data: RunData,
    rule: str,
    building: Building,
    found: Intensity,
    value: float,
    threshold: float,
    unit: str,
    told: Evidence,
) -> Finding:
    """Return the verdict; what ought to be apart and is not metered can only make a value too high."""
    is_above = value > threshold * (1 + TOLERANCE)
    if is_above and found.unmetered:
        return _unknown(data, rule, building, threshold, unit, found.unmetered)
    excess_kwh = (value - threshold) / value * found.kwh_m2 * found.area_m2 if is_above else None
    common = evidence(kwh=found.kwh, apart_kwh=found.apart_kwh, area_m2=found.area_m2, energy_source=found.source)
    return Finding(
        rule=rule,
        subject=_subject(building),
        verdict=Verdict.FAULT if is_above else Verdict.PASS,
        start=day_start(data.calendar, found.days.first),
        end=day_start(data.calendar, found.days.last + DAY),
        value=round(value, 3),
        threshold=threshold,
        unit=unit,
        severity=CATALOGUE[rule].severity if is_above else None,
        energy_kwh=None if excess_kwh is None else round(excess_kwh, 1),
        evidence={**common, **{name: each for name, each in evidence(**dict(told)).items() if each is not None}},
    )


def _unknown(
    data: RunData, rule: str, building: Building, threshold: float, unit: str, missing: tuple[str, ...]
) -> Finding:
    return Finding(
        rule=rule,
        subject=_subject(building),
        verdict=Verdict.INSUFFICIENT_DATA,
        start=day_start(data.calendar, data.window.first),
        end=day_start(data.calendar, data.window.last + DAY),
        threshold=threshold,
        unit=unit,
        missing=missing,
    )


def _lacks(data: RunData, building: Building) -> Iterator[str]:
    yield from _lacks_for_peers(data, building)
    if building.energy_class is not None and data.energy.terms.quota(data.registry.site, building) is None:
        yield "site.climate_zone"


def _lacks_for_peers(data: RunData, building: Building) -> Iterator[str]:
    if building.gross_area_m2 is None:
        yield "gross_area_m2"
    if building.energy_class is None:
        yield "building.energy_class"
    if not can_be_known(data, building):
        yield METER_OR_BILLS


def _same_class(data: RunData, building: Building, other: str) -> bool:
    return any(
        each.id == other and each.energy_class is building.energy_class for each in data.registry.buildings.values()
    )


def _coverage(data: RunData, rule: str) -> float:
    return data.thresholds.value(rule, "coverage_pct") / 100


def _subject(building: Building) -> Subject:
    return Subject(SubjectKind.BUILDING, building.id)
