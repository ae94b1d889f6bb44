"""Bills beside the site's own meters: what was charged, what the roll-ups say flowed, and the difference."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from analytics.calendar import WorkCalendar
from analytics.points import points
from premises.jobs.daily import Building
from premises.jobs.rollup_job import RolledStore
from sensors.bills import METRIC_OF, Bill
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitItem, Registry

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledAndMetered:
    """A bill and what the meters about the same thing counted over its days.

    `metered` is None where no meter counts it; `metered_days` is of how many local days of the bill there is an amount.
    """

    bill: Bill
    metered: float | None
    metered_days: int
    estimated: float = 0.0

    @property
    def difference_pct(self) -> float | None:
        """Return how much more was billed than metered, % of the metered; None where days are missing."""
        if not self.metered or self.metered_days < self.bill.days:
            return None
        return 100 * (self.bill.quantity - self.metered) / self.metered


def billed_and_metered(store: RolledStore, building: Building, bills: Iterable[Bill]) -> list[BilledAndMetered]:
    """Return each bill beside the daily roll-ups of the meters about the same thing.

    A building's electricity is that of its circuits with item `total` and nothing above them; its other utilities those
    of devices placed in the building itself.
    """
    registry, calendar = building.registry, building.calendar
    rows = points(registry, calendar, store.latest(registry.site.id))
    return [_beside(store, registry, calendar, rows, bill) for bill in bills]


def _beside(
    store: RolledStore, registry: Registry, calendar: WorkCalendar, rows: pl.DataFrame, bill: Bill
) -> BilledAndMetered:
    metric = METRIC_OF[bill.utility].name
    meters = rows.filter(pl.col("metric") == metric)
    if bill.subject.kind is SubjectKind.DEVICE:
        meters = meters.filter(pl.col("device") == bill.subject.id)
    else:
        meters = meters.filter(pl.col("subject").is_in([str(each) for each in _metered_at(registry, bill.subject)]))
    if meters.is_empty():
        return BilledAndMetered(bill=bill, metered=None, metered_days=0)
    daily = store.rollups(
        registry.site.id,
        "day",
        start_ms=calendar.midnight_ms(bill.first),
        end_ms=calendar.midnight_ms(bill.last + DAY),
        metrics=[metric],
        devices=meters["device"].unique().to_list(),
    )
    spans = meters.select("device", from_ms="start_ms", until_ms="end_ms").unique()
    there = (pl.col("from_ms") <= pl.col("bucket_ms")) & (pl.col("bucket_ms") < pl.col("until_ms"))
    placed = _without_totals_twice(daily.join(spans, on="device").filter(there).drop_nulls("amount"))
    return BilledAndMetered(
        bill=bill,
        metered=float(placed["amount"].sum()) if placed.height else None,
        metered_days=placed["bucket_ms"].n_unique(),
        estimated=float(placed["estimated_amount"].sum()),
    )


def _metered_at(registry: Registry, subject: Subject) -> list[Subject]:
    """Return where the meters are that count what is billed of a subject."""
    if subject.kind is not SubjectKind.BUILDING:
        return [subject]
    totals = [
        Subject(SubjectKind.CIRCUIT, circuit.id)
        for circuit in registry.circuits.values()
        if circuit.item is CircuitItem.TOTAL
        and circuit.parent is None
        and registry.circuit_building(circuit.id) == subject.id
    ]
    return [subject, *totals]


def _without_totals_twice(daily: pl.DataFrame) -> pl.DataFrame:
    """Leave the phases out where the meter has a total beside them."""
    has_total = (pl.col("phase") == "").any().over("device", "bucket_ms")
    return daily.filter((pl.col("phase") == "") | ~has_total)
