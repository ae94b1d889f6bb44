"""What mending items of the plan saved, from the store's hourly roll-ups."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime

from analytics.savings.result import Conclusion as Said
from analytics.savings.result import Savings
from analytics.savings.savings import savings
from analytics.savings.terms import Period
from premises.jobs.daily import Building, ItemMeter
from premises.jobs.rollup_job import RolledStore
from premises.savings.of_store import request_of_store
from rectification.by_savings import (
    AskedDays,
    Days,
    Foretold,
    ItemLack,
    ItemSavings,
    Method,
    asked_days,
    compared,
    inside,
    is_energy,
    metered,
    outright,
)
from rectification.model import Item
from reports.savings_case import whole_figures
from sensors.clock import Clock
from sensors.readings import epoch_ms
from sensors.topology import CircuitId

CV_DECIMALS = 2


def item_meter(store: RolledStore) -> ItemMeter:
    """Return what says what mending an item saved, for the proof of it."""

    def saved(building: Building, item: Item, began: datetime | None, today: date) -> ItemSavings | None:
        return savings_of_item(store, building, item, began=began, today=today) if is_energy(item) else None

    return saved


def asked_of_items(
    store: RolledStore, building: Callable[[], Building], clock: Clock
) -> Callable[[Item, datetime | None], ItemSavings | None]:
    """Return what the API and the pages are answered with, as things stand now."""
    meter = item_meter(store)

    def answer(item: Item, began: datetime | None) -> ItemSavings | None:
        site = building()
        return meter(site, item, began, site.calendar.local_day(epoch_ms(clock.now())))

    return answer


def savings_of_item(
    store: RolledStore, building: Building, item: Item, *, began: datetime | None, today: date
) -> ItemSavings:
    """Return what mending an energy item saved up to the day before `today`, or what is lacking for a number."""
    circuits = metered(building.registry, item)
    told = ItemSavings(item_id=item.id, circuits=circuits, inside=inside(building.registry, circuits))
    if not circuits:
        return replace(told, lacks=(ItemLack.NO_METER.value,))
    if began is None:
        return replace(told, lacks=(ItemLack.FAULT_DAYS_SHORT.value,))
    days = asked_days(item, began, today=today, zone=building.calendar.zone)
    if isinstance(days, ItemLack):
        return replace(told, lacks=(days.value,))
    return _answered(replace(told, days=days), days, store, building)


def _answered(told: ItemSavings, days: AskedDays, store: RolledStore, building: Building) -> ItemSavings:
    since = _asked(store, building, told.circuits, (days.model, days.since))
    if since is None:
        return replace(told, lacks=(ItemLack.NO_METER.value,))
    modelled = replace(
        told,
        model=None if since.model is None else since.model.name,
        cv_rmse_pct=None if since.model is None else round(since.model.cv_rmse_pct, CV_DECIMALS),
        lacks=_lacks(since),
    )
    after = _foretold(since)
    if after is None or days.method is Method.FAULTY_YEAR:
        return modelled if after is None else replace(modelled, saved=outright(after))
    with_fault = _asked(store, building, told.circuits, (days.model, days.with_fault))
    before = None if with_fault is None else _foretold(with_fault)
    lacks = tuple(dict.fromkeys((*modelled.lacks, *(() if with_fault is None else _lacks(with_fault)))))
    return replace(modelled, lacks=lacks, saved=None if before is None else compared(before, after))


def _asked(
    store: RolledStore, building: Building, circuits: Collection[CircuitId], days: tuple[Days, Days]
) -> Savings | None:
    """Return what the model of the first days says of the second; None where a circuit has no register."""
    baseline, reporting = (Period(each.first, each.last) for each in days)
    found = request_of_store(store, building, circuits, (baseline, reporting))
    if found is None:
        return None
    request, silent = found
    # a sum that lacks a circuit is not the load of what was mended
    return None if silent else savings(request)


def _foretold(found: Savings) -> Foretold | None:
    figures = whole_figures(found)
    if figures is None or found.conclusion is Said.NO_NUMBER:
        return None
    low, high = figures.ci90_kwh
    return Foretold(
        saved_kwh=figures.savings_kwh,
        half_width_kwh=(high - low) / 2,
        actual_kwh=figures.actual_kwh,
        intervals=found.points.height,
    )


def _lacks(found: Savings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.code.value for each in found.sufficiency))
