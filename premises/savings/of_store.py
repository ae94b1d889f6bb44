"""Savings of a circuit, a building or the site, from the store's hourly roll-ups and its sensors outdoors."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from analytics.costs import mean_price_cny
from analytics.points import points
from analytics.savings.terms import METER_SCHEMA, WEATHER_SCHEMA, Interval, Period, SavingsRequest
from api.ports import SavingsAsked, SavingsTold
from premises.energy_use import EXPORT, IMPORT
from premises.jobs.daily import Building
from premises.jobs.rollup_job import RolledStore
from premises.savings.asked import case_of
from rectification.by_savings import supplies
from reports.savings_case import SavingsCase
from reports.savings_chart import savings_chart
from reports.savings_document import savings_document
from reports.savings_notes import Note, NoteCode
from reports.savings_text import render_savings
from sensors.energy_terms import EnergyTerms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, CircuitItem, Registry
from storage.energy_file import terms_beside

TEMPERATURE = "temperature_c"
MOST_ESTIMATED = 0.5
"""An hour of which more was estimated is not known: what was spread follows a model already. Our own choice."""


def asked_of_store(
    store: RolledStore, building: Callable[[], Building], registry: Path
) -> Callable[[SavingsAsked], SavingsTold | None]:
    """Return what the console and the API are answered with; None where no register of the subject is rolled up."""

    def answer(asked: SavingsAsked) -> SavingsTold | None:
        case = case_of_store(store, building(), terms_beside(registry), asked)
        if case is None:
            return None
        return SavingsTold(
            document=savings_document(case, asked.language),
            lines=tuple(render_savings(case, asked.language).split("\n")),
            chart_svg=savings_chart(case, asked.language, "svg") if asked.draws and case.figures is not None else None,
        )

    return answer


def case_of_store(
    store: RolledStore, building: Building, terms: EnergyTerms, asked: SavingsAsked
) -> SavingsCase | None:
    """Return the answered case; None where no register of the subject is rolled up in either period."""
    circuits = _circuits(building.registry, asked.subject)
    found = request_of_store(store, building, circuits, (asked.baseline, asked.reporting))
    if found is None:
        return None
    request, silent = found
    notes = (Note(code=NoteCode.UNMETERED_CIRCUITS, params={"circuits": ", ".join(silent)}),) if silent else ()
    return case_of(
        request, takes_events_out=asked.adjust_events, prices=_prices(building, terms, asked.reporting), notes=notes
    )


def request_of_store(
    store: RolledStore, building: Building, circuits: Collection[CircuitId], periods: tuple[Period, Period]
) -> tuple[SavingsRequest, Sequence[CircuitId]] | None:
    """Return the question about the sum of some circuits, baseline and reporting, and which of them say nothing.

    None where none of them is rolled up in either period.
    """
    reader = _Rollups(store, building, periods)
    metered = {circuit: reader.circuit(circuit) for circuit in circuits}
    known = {circuit: rows for circuit, rows in metered.items() if not rows.is_empty()}
    if not known:
        return None
    baseline, reporting = periods
    request = SavingsRequest(
        meter=_total(known),
        weather=reader.outdoors(),
        interval=Interval.HOURLY,
        baseline=baseline,
        reporting=reporting,
        zone=ZoneInfo(building.registry.site.timezone),
        holidays=building.calendar.holidays,
    )
    return request, sorted(set(metered) - set(known))


def _prices(building: Building, terms: EnergyTerms, period: Period) -> tuple[float | None, float | None]:
    calendar = building.calendar
    factor = terms.factor(building.registry.site, period.last.year)
    price = mean_price_cny(terms, calendar, calendar.days(period.first, period.last))
    return price, None if factor is None else factor.kg_per_kwh


def _circuits(registry: Registry, subject: Subject) -> Collection[CircuitId]:
    """Return the circuits whose energy adds up to the subject's load."""
    if subject.kind is SubjectKind.CIRCUIT:
        return [CircuitId(subject.id)]
    return supplies(registry, subject)


def _total(metered: Mapping[CircuitId, pl.DataFrame]) -> pl.DataFrame:
    """Return the sum of the circuits by hour (METER_SCHEMA); an hour that one of them lacks is not known."""
    together = pl.concat(metered.values())
    all_known = pl.col("kwh").count() == len(metered)
    summed = together.group_by("time_ms").agg(pl.when(all_known).then(pl.col("kwh").sum()).otherwise(None).alias("kwh"))
    return summed.sort("time_ms").cast(METER_SCHEMA)


class _Rollups:
    """Hourly roll-ups of two periods."""

    def __init__(self, store: RolledStore, building: Building, periods: Iterable[Period]) -> None:
        self._store, self._registry = store, building.registry
        calendar = building.calendar
        self._spans = [(calendar.midnight_ms(each.first), calendar.midnight_ms(each.end)) for each in periods]
        rows = points(building.registry, calendar, store.latest(building.registry.site.id))
        self._meters = rows.filter(pl.col("metric").is_in([IMPORT, EXPORT]))

    def circuit(self, circuit: CircuitId) -> pl.DataFrame:
        """Return the net energy of a circuit by hour (METER_SCHEMA), of PV what it gave; empty where none is known."""
        subject = str(Subject(SubjectKind.CIRCUIT, circuit))
        meters = self._meters.filter(pl.col("subject") == subject)
        if meters.is_empty():
            return pl.DataFrame(schema=METER_SCHEMA)
        spans = meters.select("device", "metric", from_ms="start_ms", until_ms="end_ms").unique()
        rows = self._read([IMPORT, EXPORT], meters["device"].unique().to_list()).join(spans, on=["device", "metric"])
        there = (pl.col("from_ms") <= pl.col("bucket_ms")) & (pl.col("bucket_ms") < pl.col("until_ms"))
        has_total = (pl.col("phase") == "").any().over("device", "metric", "bucket_ms")
        counted = rows.filter(there).filter((pl.col("phase") == "") | ~has_total).drop_nulls("amount")
        return _net(counted, gives=self._registry.circuits[circuit].item is CircuitItem.PV)

    def outdoors(self) -> pl.DataFrame:
        """Return the mean of the sensors outdoors by hour (WEATHER_SCHEMA)."""
        devices = [device.id for device in self._registry.devices.values() if device.outdoor]
        if not devices:
            return pl.DataFrame(schema=WEATHER_SCHEMA)
        rows = self._read([TEMPERATURE], devices).group_by(time_ms="bucket_ms").agg(temperature_c=pl.col("mean").mean())
        return rows.drop_nulls().sort("time_ms").cast(WEATHER_SCHEMA)

    def _read(self, metrics: Collection[str], devices: Collection[str]) -> pl.DataFrame:
        site = self._registry.site.id
        return pl.concat(
            self._store.rollups(site, "hour", start_ms=start, end_ms=end, metrics=metrics, devices=devices)
            for start, end in self._spans
        )


def _net(counted: pl.DataFrame, *, gives: bool) -> pl.DataFrame:
    amount = pl.col("amount")
    taken, given = (amount.filter(pl.col("metric") == metric).sum() for metric in (IMPORT, EXPORT))
    estimated = pl.col("estimated_amount").sum() > MOST_ESTIMATED * amount.sum()
    hours = counted.group_by(time_ms="bucket_ms").agg(taken=taken, given=given, estimated=estimated).sort("time_ms")
    # a PV meter counts what it gives as export or, wired about, as import
    kept = pl.col("given") if hours["given"].sum() > hours["taken"].sum() else pl.col("taken")
    net = kept if gives else pl.col("taken") - pl.col("given")
    return hours.select("time_ms", kwh=pl.when(~pl.col("estimated")).then(net)).cast(METER_SCHEMA)
