"""The figures of an energy report, gathered: each from its query, or by a formula over others that says so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from analytics.submetering import By
from api.energy import EnergyView, visible
from premises.energy_reports.uses import Use, Uses
from premises.energy_use import energy_use
from rectification.energy_reports import ReportPeriod
from reports.energy_report_figures import (
    Comparison,
    Division,
    Figure,
    QuotaHeld,
    QuotaVerdict,
    Share,
    TargetHeld,
)
from sensors.bills import METRIC_OF, Utility
from sensors.energy_terms import EnergyTerms, Factor, TargetMeasure
from sensors.errors import InputFault
from sensors.topology import Building, CircuitItem, Name

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
LEAST_KNOWN = 0.9
"""Of the days of both periods, for a change on the year: by the mean of the known days. The project's own choice."""
YEAR_MONTHS = 12
SERVER_ROOMS = frozenset({"server", "server_room"})
ELECTRICITY, WATER = "electricity_kwh", "water_m3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Gathers what one period's report tells of consumption."""

    uses: Uses
    terms: EnergyTerms
    period: ReportPeriod
    registry_path: "Path"

    def of(self, use: Use, key: str, unit: str, first: date, end: date) -> Figure:
        """Return a use as a figure; without a known day it has no value."""
        return Figure(
            id=key,
            unit=unit,
            value=None if use.amount is None or use.known_days == 0 else round(use.amount, 3),
            first=first,
            last=end - DAY,
            source=use.source or "–",
            known_days=use.known_days,
            of_days=(end - first).days,
            estimated_pct=use.estimated_pct,
        )

    def electricity(self, period: ReportPeriod, key: str = ELECTRICITY) -> Figure:
        """Return the electricity bought in a period."""
        return self.of(self.uses.electricity(period.first, period.end), key, "kWh", period.first, period.end)

    def kinds(self, period: ReportPeriod, prefix: str = "") -> tuple[Figure, ...]:
        """Return what was used by kind (分品种); of gas and heat only what somebody meters or bills."""
        others = [
            self.of(
                self.uses.other(utility, period.first, period.end),
                f"{prefix}{METRIC_OF[utility].name}",
                METRIC_OF[utility].unit,
                period.first,
                period.end,
            )
            for utility in (Utility.WATER, Utility.GAS, Utility.HEAT)
        ]
        told = [each for each in others if each.id.endswith(WATER) or each.source != "–"]
        return (self.electricity(period, f"{prefix}{ELECTRICITY}"), *told)

    def facts(self) -> tuple[Figure, ...]:
        """Return the unit's area and people, and what its server rooms took and its PV gave."""
        first, end, registry = self.period.first, self.period.end, self.uses.building.registry
        buildings = registry.buildings.values()
        areas = [each.gross_area_m2 for each in buildings]
        area = sum(each for each in areas if each is not None) if None not in areas and areas else None
        facts = [self._stated("area_m2", "m²", area, "registry buildings.gross_area_m2"), self._people()]
        have = {circuit.item for circuit in registry.circuits.values()}
        metered = (
            self.of(self.uses.items(first, end, item), f"{item.value}_kwh", "kWh", first, end)
            for item in (CircuitItem.SERVER_ROOM, CircuitItem.PV)
            if item in have
        )
        return (*facts, *metered)

    def server_rooms(self) -> int:
        """Return how many rooms the registry calls server rooms."""
        rooms = self.uses.building.registry.rooms.values()
        return sum(room.subtype in SERVER_ROOMS for room in rooms)

    def _people(self) -> Figure:
        registry = self.uses.building.registry
        for counts, source in (
            ([each.headcount for each in registry.buildings.values()], "registry buildings.headcount"),
            ([each.headcount for each in registry.departments.values()], "registry departments.headcount"),
        ):
            if counts and None not in counts:
                return self._stated("people", "", float(sum(each or 0 for each in counts)), source)
        return self._stated("people", "", None, "registry buildings.headcount")

    def _stated(self, key: str, unit: str, value: float | None, source: str) -> Figure:
        return Figure(id=key, unit=unit, value=value, first=self.period.first, last=self.period.last, source=source)

    def divisions(self) -> Iterator[Division]:
        """Yield the electricity by unit, zone and item; what tells of one or two people is told together."""
        place, first, end = self.uses.building, self.period.first, self.period.end
        for by in By:
            try:
                told = energy_use(self.uses.store, place, self.registry_path, by, first, end)
            except InputFault:  # nothing is rolled up: the division has no parts, and says so
                yield Division(by=by.value, shares=())
                continue
            view = EnergyView.model_validate({**told, "by": by, "first": first, "last": end - DAY, "building": None})
            shown = visible(place.registry, view)
            lost = max(told["missing_days"].values(), default=0) if isinstance(told["missing_days"], Mapping) else 0
            yield Division(by=by.value, shares=tuple(self._shares(shown, (end - first).days - lost)))

    def _shares(self, view: EnergyView, known: int) -> Iterator[Share]:
        first, end = self.period.first, self.period.end
        for part in view.parts:
            basis = None if part.basis is None else part.basis.value
            yield Share(
                key=part.key,
                name=Name(zh=part.name.zh, en=part.name.en),
                basis=basis,
                figure=Figure(
                    id=f"by_{view.by.value}/{part.key}/{basis or ''}".rstrip("/"),
                    unit="kWh",
                    value=round(part.kwh, 3),
                    first=first,
                    last=end - DAY,
                    source=f"premises energy --by {view.by.value} --from {first} --to {end}",
                    known_days=known,
                    of_days=(end - first).days,
                ),
            )

    def per(self, kinds: tuple[Figure, ...], facts: tuple[Figure, ...]) -> tuple[Figure, ...]:
        """Return electricity per area and person, and water per person."""
        known = {figure.id: figure for figure in (*kinds, *facts)}
        return tuple(
            _ratio(known[over], known[under], key, unit)
            for key, over, under, unit in (
                ("electricity_kwh_m2", ELECTRICITY, "area_m2", "kWh/m²"),
                ("electricity_kwh_person", ELECTRICITY, "people", "kWh/p"),
                ("water_m3_person", WATER, "people", "m³/p"),
            )
        )

    def comparisons(self, kinds: tuple[Figure, ...]) -> tuple[Comparison, ...]:
        """Return what was used beside the same period last year."""
        before = {each.id: each for each in self.kinds(self.period.a_year_before, "last_year/")}
        found = ((now, before.get(f"last_year/{now.id}")) for now in kinds)
        return tuple(
            Comparison(now=now, before=then, change_pct=change_pct(now, then))
            for now, then in found
            if then is not None
        )

    def targets(self, facts: tuple[Figure, ...]) -> Iterator[TargetHeld]:
        """Yield the targets of the year, beside what was used from its beginning to the end of the period."""
        year = ReportPeriod.parse(str(self.period.year))
        first, end = year.first, self.period.end
        so_far = {
            ELECTRICITY: self.of(self.uses.electricity(first, end), f"year/{ELECTRICITY}", "kWh", first, end),
            WATER: self.of(self.uses.other(Utility.WATER, first, end), f"year/{WATER}", "m³", first, end),
        }
        under = {figure.id: figure for figure in facts}
        for target in self.terms.targets:
            if target.year == self.period.year:
                figure = _measured(target.measure, so_far, under)
                yield TargetHeld(
                    measure=target.measure.value,
                    year=target.year,
                    target=target.value,
                    source=target.source,
                    figure=figure,
                    is_met=_met(figure, target.value, is_over=end == year.end),
                )

    def quotas(self) -> Iterator[QuotaHeld]:
        """Yield each building's intensity of the twelve months that end with the period, beside its quota."""
        registry, end = self.uses.building.registry, self.period.end
        first = date(end.year - 1, end.month, 1)
        for building in registry.buildings.values():
            limit = self.terms.quota(registry.site, building)
            figure = self._intensity(building, first, end)
            yield QuotaHeld(
                building=building.name,
                figure=figure,
                constraint=None if limit is None else limit.constraint_kwh_m2,
                guide=None if limit is None else limit.guide_kwh_m2,
                source="" if limit is None else limit.source,
                verdict=QuotaVerdict.NO_QUOTA
                if limit is None
                else _verdict(figure, limit.constraint_kwh_m2, limit.guide_kwh_m2),
            )

    def _intensity(self, building: Building, first: date, end: date) -> Figure:
        bought, apart = self.uses.electricity(first, end, building.id), self.uses.apart(first, end, building.id)
        known, area = min(bought.known_days, apart.known_days), building.gross_area_m2
        whole = known == (end - first).days and area and bought.amount is not None and apart.amount is not None
        value = ((bought.amount or 0) - (apart.amount or 0)) / area if whole and area else None
        less = f" − ({apart.source})" if apart.source else ""
        return Figure(
            id=f"intensity/{building.id}",
            unit="kWh/(m²·a)",
            value=None if value is None else round(value, 3),
            first=first,
            last=end - DAY,
            source=f"(({bought.source}){less}) ÷ gross_area_m2 {building.id}",
            known_days=known,
            of_days=(end - first).days,
        )

    def carbon(self, electricity: Figure) -> tuple[Figure, str]:
        """Return what the bought electricity emitted, kg of CO2, and the factor with its source."""
        factor = self.terms.factor(self.uses.building.registry.site, self.period.year)
        value = None if factor is None or electricity.value is None else electricity.value * factor.kg_per_kwh
        figure = Figure(
            id="carbon_kg",
            unit="kgCO2",
            value=None if value is None else round(value, 1),
            first=electricity.first,
            last=electricity.last,
            source=f"{electricity.id} × {'–' if factor is None else f'{factor.kg_per_kwh:g} kgCO2/kWh'}",
            known_days=electricity.known_days,
            of_days=electricity.of_days,
            estimated_pct=electricity.estimated_pct,
        )
        return figure, "" if factor is None else _told(factor)

    def months(self) -> Iterator[Figure]:
        """Yield the electricity of each of the twelve months that end with the period."""
        end = self.period.end
        for back in range(YEAR_MONTHS, 0, -1):
            number = end.year * YEAR_MONTHS + end.month - 1 - back
            month = ReportPeriod.parse(f"{number // YEAR_MONTHS:04d}-{number % YEAR_MONTHS + 1:02d}")
            yield self.electricity(month, f"month/{month}")


def change_pct(now: Figure, before: Figure) -> float | None:
    """Return the change on the year in percent, by the mean of the known days; None where too few are known."""
    if now.value is None or not before.value:
        return None
    known = [(each.known_days or 0) for each in (now, before)]
    due = [(each.of_days or 1) for each in (now, before)]
    if any(have < LEAST_KNOWN * want for have, want in zip(known, due, strict=True)):
        return None
    ratio = (now.value / known[0]) / (before.value / known[1]) if known != due else now.value / before.value
    return round(100 * (ratio - 1), 2)


def _ratio(over: Figure, under: Figure, key: str, unit: str) -> Figure:
    value = over.value / under.value if over.is_whole and over.value is not None and under.value else None
    return Figure(
        id=key,
        unit=unit,
        value=None if value is None else round(value, 3),
        first=over.first,
        last=over.last,
        source=f"{over.id} ÷ {under.id}",
        known_days=over.known_days,
        of_days=over.of_days,
        estimated_pct=over.estimated_pct,
    )


def _measured(measure: TargetMeasure, so_far: Mapping[str, Figure], under: Mapping[str, Figure]) -> Figure:
    divided: Mapping[TargetMeasure, Callable[[], Figure]] = {
        TargetMeasure.ELECTRICITY_KWH: lambda: so_far[ELECTRICITY],
        TargetMeasure.WATER_M3: lambda: so_far[WATER],
        TargetMeasure.ELECTRICITY_KWH_M2: lambda: _ratio(
            so_far[ELECTRICITY], under["area_m2"], "year/electricity_kwh_m2", "kWh/m²"
        ),
        TargetMeasure.ELECTRICITY_KWH_PERSON: lambda: _ratio(
            so_far[ELECTRICITY], under["people"], "year/electricity_kwh_person", "kWh/p"
        ),
        TargetMeasure.WATER_M3_PERSON: lambda: _ratio(so_far[WATER], under["people"], "year/water_m3_person", "m³/p"),
    }
    return divided[measure]()


def _met(figure: Figure, target: float, *, is_over: bool) -> bool | None:
    """Say whether a target is kept: broken once above it, kept only when the year is over and every day known."""
    if figure.value is None:
        return None
    if figure.value > target:
        return False
    return True if is_over and figure.is_whole else None


def _verdict(figure: Figure, constraint: float, guide: float | None) -> QuotaVerdict:
    if figure.value is None:
        return QuotaVerdict.NO_DATA
    if figure.value > constraint:
        return QuotaVerdict.ABOVE
    return QuotaVerdict.WITHIN_GUIDE if guide is not None and figure.value <= guide else QuotaVerdict.WITHIN_CONSTRAINT


def _told(factor: Factor) -> str:
    return f"{factor.grid} {factor.year}: {factor.kg_per_kwh:g} kgCO2/kWh ({factor.source})"
