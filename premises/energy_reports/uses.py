"""What was used of each kind over local days: from the daily roll-ups of meters, else from bills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from analytics.points import points
from analytics.rules.base_load import mains
from premises.energy_use import WH_PER_KWH, Metered, metered_circuits
from premises.jobs.daily import Building
from premises.jobs.rollup_job import RolledStore
from sensors.bills import METRIC_OF, Bill, Utility
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building as Place
from sensors.topology import BuildingId, CircuitId, CircuitItem

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An amount, None where nothing is known, over `known_days`; `estimated` is the part spread over gaps."""

    amount: float | None
    known_days: int
    source: str
    estimated: float = 0.0

    @property
    def estimated_pct(self) -> float | None:
        """Return the share that was estimated."""
        return round(100 * self.estimated / self.amount, 2) if self.amount else None


@dataclass(frozen=True, slots=True)
class Uses:
    """Asks a site's meters and bills; `end` is left out of every period."""

    store: RolledStore
    building: Building
    bills: Sequence[Bill]

    def electricity(self, first: date, end: date, where: BuildingId | None = None) -> Use:
        """Return what was bought, kWh: of all buildings that have a main register or bills, or of one."""
        metered = metered_circuits(self.store, self.building, first, end)
        registry = self.building.registry
        places = [each for each in registry.buildings.values() if where in {None, each.id}]
        found = []
        for place in places:
            circuits = [circuit.id for circuit in mains(registry, place)]
            bills = self._electricity_bills(place.id, circuits)
            if circuits or bills:
                found.append(_better(_metered(metered, circuits, first, end), _billed(bills, first, end)))
        if not found and where is None:
            tops = [c.id for c in registry.circuits.values() if c.parent is None and c.item is not CircuitItem.PV]
            found = [_metered(metered, tops, first, end)]
        return _together(found)

    def apart(self, first: date, end: date, where: BuildingId) -> Use:
        """Return what server rooms, kitchens and charging of a building took, kWh; whole where it has none."""
        from analytics.intensity import apart_circuits  # noqa: PLC0415 - it and the rules import each other

        circuits = [each.id for each in apart_circuits(self.building.registry, self._place(where))]
        if not circuits:
            return Use(amount=0.0, known_days=(end - first).days, source="")
        return _metered(metered_circuits(self.store, self.building, first, end), circuits, first, end)

    def items(self, first: date, end: date, item: CircuitItem) -> Use:
        """Return what the circuits of an item took, of PV what it gave, kWh."""
        wanted = [each.id for each in self.building.registry.circuits.values() if each.item is item]
        return _metered(metered_circuits(self.store, self.building, first, end), wanted, first, end)

    def other(self, utility: Utility, first: date, end: date) -> Use:
        """Return water, gas or heat: of the meters of whole buildings, else of bills."""
        bills = [bill for bill in self.bills if bill.utility is utility]
        return _better(self._counted(utility, first, end), _billed(bills, first, end))

    def _place(self, where: BuildingId) -> Place:
        return self.building.registry.buildings[where]

    def _electricity_bills(self, where: BuildingId, circuits: Sequence[CircuitId]) -> list[Bill]:
        """Return the bills of a building, or where it has none those of its main circuits."""
        of_all = [bill for bill in self.bills if bill.utility is Utility.ELECTRICITY]
        own = [bill for bill in of_all if bill.subject == Subject(SubjectKind.BUILDING, where)]
        return own or [b for b in of_all if b.subject.kind is SubjectKind.CIRCUIT and b.subject.id in circuits]

    def _counted(self, utility: Utility, first: date, end: date) -> Use:
        registry, calendar = self.building.registry, self.building.calendar
        metric = METRIC_OF[utility].name
        rows = points(registry, calendar, self.store.latest(registry.site.id))
        meters = rows.filter((pl.col("metric") == metric) & pl.col("subject").str.starts_with("building:"))
        devices = meters["device"].unique().sort().to_list()
        if not devices:
            return Use(amount=None, known_days=0, source="")
        daily = self.store.rollups(
            registry.site.id,
            "day",
            start_ms=calendar.midnight_ms(first),
            end_ms=calendar.midnight_ms(end),
            metrics=[metric],
            devices=devices,
        ).drop_nulls("amount")
        days = daily.group_by("device").agg(pl.col("bucket_ms").n_unique())
        known = min(days["bucket_ms"].to_list(), default=0) if days.height == len(devices) else 0
        return Use(
            amount=float(daily["amount"].sum()) if daily.height else None,
            known_days=known,
            source=f"rollups/day {metric} @ {', '.join(devices)}",
            estimated=float(daily["estimated_amount"].sum()),
        )


def _metered(metered: Metered, circuits: Sequence[CircuitId], first: date, end: date) -> Use:
    days = (end - first).days
    counted = [circuit for circuit in circuits if circuit in metered.wh]
    known = min((days - metered.missing_days.get(c, 0) if c in metered.wh else 0 for c in circuits), default=0)
    return Use(
        amount=sum(metered.wh[c] for c in counted) / WH_PER_KWH if counted else None,
        known_days=known,
        source=f"rollups/day energy_import_kwh − energy_export_kwh @ {', '.join(circuits)}" if circuits else "",
        estimated=sum(metered.estimated_kwh[c] for c in counted),
    )


def _billed(bills: Sequence[Bill], first: date, end: date) -> Use:
    """Return what bills tell, each spread evenly over its days; known where every thing that is billed has one."""
    subjects = dict.fromkeys(str(bill.subject) for bill in bills)
    days, amount = dict.fromkeys(subjects, 0), 0.0
    for bill in bills:
        shared = max((min(bill.last, end - DAY) - max(bill.first, first)).days + 1, 0)
        days[str(bill.subject)] += shared
        amount += bill.quantity * shared / bill.days
    known = min(days.values(), default=0)
    source = f"bills @ {', '.join(subjects)}" if subjects else ""
    return Use(amount=amount if any(days.values()) else None, known_days=known, source=source)


def _better(metered: Use, billed: Use) -> Use:
    """Return the use that more days are known of; of two alike that of meters."""
    return billed if billed.known_days > metered.known_days else metered if metered.source else billed


def _together(uses: Sequence[Use]) -> Use:
    known = [use.amount for use in uses if use.amount is not None]
    return Use(
        amount=sum(known) if known else None,
        known_days=min((use.known_days for use in uses), default=0),
        source="; ".join(use.source for use in uses if use.source),
        estimated=sum(use.estimated for use in uses),
    )
