"""What a site's electricity went to over some days, from its daily roll-ups, with cost and carbon where known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from analytics.calendar import WorkCalendar
from analytics.costs import mean_price_cny
from analytics.points import points
from analytics.submetering import APART, By, Divided, Part, divided
from api.ports import EnergyAsked
from premises.home import Home
from premises.jobs.daily import Building
from premises.jobs.rollup_job import RolledStore
from premises.stores.readings import open_readings
from sensors.energy_terms import EnergyTerms
from sensors.errors import InputFault
from sensors.subjects import Subject
from sensors.topology import BuildingId, CircuitId, CircuitItem, DepartmentId, Name, Registry
from storage.energy_file import terms_beside
from storage.registry_file import load_registry

IMPORT, EXPORT = "energy_import_kwh", "energy_export_kwh"
DAY = timedelta(days=1)
WH_PER_KWH = 1000
APART_ITEMS = frozenset(item.value for item in APART)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """What the meters of the circuits counted: Wh of each, those with days missing, and what was estimated."""

    wh: Mapping[CircuitId, int]
    missing_days: Mapping[CircuitId, int]
    estimated_kwh: Mapping[CircuitId, float]


def energy_use_of_home(home: Home, by: str, first: date, end: date) -> Mapping[str, object]:
    """Return what `energy_use` does of a home that no server holds. Raises StoreHeldError where one does."""
    from premises.holidays import holidays_of  # noqa: PLC0415 - only where no server answers

    registry = load_registry(home.registry)
    calendar = WorkCalendar(registry.site, holidays_of(registry.site, home.registry))
    with open_readings(home) as store:
        return energy_use(store, Building(registry=registry, calendar=calendar), home.registry, By(by), first, end)


def asked_of(
    store: RolledStore, building: Callable[[], Building], registry: Path
) -> Callable[[str, date, date], Mapping[str, object]]:
    """Return what the running server answers with."""
    return lambda by, first, end: energy_use(store, building(), registry, By(by), first, end)


def asked_by_page(
    store: RolledStore, building: Callable[[], Building], registry: Path
) -> Callable[[EnergyAsked], Mapping[str, object] | None]:
    """Return what the console and the API are answered with: None where nothing is rolled up."""

    def answer(asked: EnergyAsked) -> Mapping[str, object] | None:
        place, end = building(), asked.last + DAY
        metered = metered_circuits(store, place, asked.first, end)
        if asked.building is not None:
            metered = _within(place.registry, metered, asked.building)
        if not metered.wh:
            return None
        found = divided(place.registry, metered.wh, asked.by)
        unknown = tuple(each for each in found.unknown if _is_in(place.registry, each, asked.building))
        return _document(place, terms_beside(registry), replace(found, unknown=unknown), metered, asked.first, end)

    return answer


def _is_in(registry: Registry, circuit: CircuitId, where: BuildingId | None) -> bool:
    return where is None or registry.circuit_building(circuit) == where


def _within(registry: Registry, metered: Metered, where: BuildingId) -> Metered:
    """Return what the circuits of one building counted."""
    here = [circuit for circuit in metered.wh if _is_in(registry, circuit, where)]
    return Metered(
        wh={circuit: metered.wh[circuit] for circuit in here},
        missing_days={circuit: metered.missing_days[circuit] for circuit in here if circuit in metered.missing_days},
        estimated_kwh={circuit: metered.estimated_kwh[circuit] for circuit in here},
    )


def energy_use(
    store: RolledStore, building: Building, registry_path: Path, by: By, first: date, end: date
) -> Mapping[str, object]:
    """Return the use of the local days from `first` to before `end`, divided: kWh, CNY and kg of CO2 of each part.

    Raises InputFault where the days are none or nothing is rolled up of them.
    """
    if end <= first:
        msg = f"--to {end} is not after --from {first}; the day of --to is itself left out"
        raise InputFault(msg)
    metered = metered_circuits(store, building, first, end)
    if not metered.wh:
        msg = f"no roll-ups of electricity from {first} to {end}; make them with `premises rollup --from {first}`"
        raise InputFault(msg)
    found = divided(building.registry, metered.wh, by)
    return _document(building, terms_beside(registry_path), found, metered, first, end)


def metered_circuits(store: RolledStore, building: Building, first: date, end: date) -> Metered:
    """Return what each circuit took (import less export; of PV what it gave) from the daily roll-ups."""
    registry, calendar = building.registry, building.calendar
    rows = points(registry, calendar, store.latest(registry.site.id))
    meters = rows.filter(pl.col("metric").is_in([IMPORT, EXPORT]) & pl.col("subject").str.starts_with("circuit:"))
    daily = store.rollups(
        registry.site.id,
        "day",
        start_ms=calendar.midnight_ms(first),
        end_ms=calendar.midnight_ms(end),
        metrics=[IMPORT, EXPORT],
        devices=meters["device"].unique().to_list(),
    )
    spans = meters.select("device", "metric", "subject", from_ms="start_ms", until_ms="end_ms").unique()
    there = (pl.col("from_ms") <= pl.col("bucket_ms")) & (pl.col("bucket_ms") < pl.col("until_ms"))
    placed = daily.join(spans, on=["device", "metric"]).filter(there).drop_nulls("amount")
    has_total = (pl.col("phase") == "").any().over("device", "metric", "bucket_ms")
    counted = placed.filter((pl.col("phase") == "") | ~has_total)
    wh, missing, estimated = {}, {}, {}
    for (subject,), found in counted.group_by("subject", maintain_order=True):
        circuit = CircuitId(Subject.parse(str(subject)).id)
        wh[circuit] = _net_wh(registry, circuit, found)
        estimated[circuit] = float(found["estimated_amount"].sum())
        lost = (end - first).days - found["bucket_ms"].n_unique()
        missing.update({circuit: lost} if lost else {})
    return Metered(wh=wh, missing_days=missing, estimated_kwh=estimated)


def _net_wh(registry: Registry, circuit: CircuitId, found: pl.DataFrame) -> int:
    taken, given = (float(found.filter(pl.col("metric") == metric)["amount"].sum()) for metric in (IMPORT, EXPORT))
    # a PV meter counts what it gives as export or, wired about, as import
    net = max(taken, given) if registry.circuits[circuit].item is CircuitItem.PV else taken - given
    return round(net * WH_PER_KWH)


def _document(
    building: Building, terms: EnergyTerms, found: Divided, metered: Metered, first: date, end: date
) -> Mapping[str, object]:
    registry, last = building.registry, end - DAY
    price = mean_price_cny(terms, building.calendar, building.calendar.days(first, last))
    factor = terms.factor(registry.site, last.year)
    bought = (found.load_wh - found.pv_wh) / found.load_wh if found.load_wh else 0.0
    per_kwh = {
        "cost_cny": None if price is None else price * bought,
        "carbon_kg": None if factor is None else factor.kg_per_kwh * bought,
    }
    apart_wh = sum(part.wh for part in divided(registry, metered.wh, By.ITEM).parts if part.key in APART_ITEMS)
    return {
        "by": found.by.value,
        "from": first.isoformat(),
        "to": end.isoformat(),
        "load_kwh": found.load_wh / WH_PER_KWH,
        "pv_kwh": found.pv_wh / WH_PER_KWH,
        "office_kwh": (found.load_wh - apart_wh) / WH_PER_KWH,
        "apart_kwh": apart_wh / WH_PER_KWH,
        "unmetered_kwh": found.unmetered_wh / WH_PER_KWH,
        "unmetered_pct": round(100 * found.unmetered_wh / found.load_wh, 2) if found.load_wh else None,
        "estimated_kwh": round(sum(metered.estimated_kwh.values()), 3),
        "price_cny_kwh": None if price is None else round(price, 4),
        "carbon_factor": None
        if factor is None
        else {"grid": factor.grid, "year": factor.year, "kg_per_kwh": factor.kg_per_kwh, "source": factor.source},
        "parts": [_part(registry, part, per_kwh) for part in found.parts],
        "over": [{"circuit": circuit, "kwh": wh / WH_PER_KWH} for circuit, wh in found.over],
        "unknown": list(found.unknown),
        "missing_days": dict(metered.missing_days),
    }


def _part(registry: Registry, part: Part, per_kwh: Mapping[str, float | None]) -> Mapping[str, object]:
    kwh = part.wh / WH_PER_KWH
    name = _name(registry, part.key)
    costs = {key: None if each is None else round(each * kwh, 2) for key, each in per_kwh.items()}
    return {
        "key": part.key,
        "name": {"zh": name.zh, "en": name.en},
        "basis": part.basis.value,
        "apart": part.key in APART_ITEMS,
        "kwh": kwh,
        **costs,
    }


def _name(registry: Registry, key: str) -> Name:
    """Return the name of a part: a unit's, a building's with its floor, else the key itself, which messages name."""
    unit = registry.departments.get(DepartmentId(key))
    if unit is not None:
        return unit.name
    where, _, floor = key.partition("/")
    place = registry.buildings.get(BuildingId(where))
    if place is None:
        return Name(zh=key, en=key)
    return Name(zh=f"{place.name.zh}{floor}层", en=f"{place.name.en}, floor {floor}") if floor else place.name
