"""A proposal made for a home: from its registry, the last use of rooms, open findings and the daily roll-ups."""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

import polars as pl

from analytics.calendar import DayKind
from analytics.points import points
from analytics.reallocation.asking import Limits, Solver, Undecided, conflicts
from analytics.reallocation.gathering import Known, NeedWithoutQuotaError, gather
from analytics.reallocation.telling import CircuitDays, propose
from premises.home import Home
from premises.jobs.daily import Building
from premises.jobs.daily_jobs import utilisation_of
from premises.jobs.rollup_job import RolledStore
from premises.reallocating.document import proposal_document
from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import CircuitId, RoomId
from sensors.utilisation import Utilisation
from storage.records.transaction import RecordsTransaction
from storage.space_file import wishes_beside

OVERSIZED_RULE = "S05"
IMPORT = "energy_import_kwh"
DAY = timedelta(days=1)
Energy = Callable[[Building, date, date], Mapping[CircuitId, CircuitDays]]


class OpenFindings(Protocol):
    """Records whose findings can be read."""

    def reading(self) -> AbstractContextManager[RecordsTransaction]:
        """Return a transaction that only reads."""
        ...


class NoUseYetError(InputFault):
    """Nobody has classed the rooms yet."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("how rooms are used is not known yet: the daily analysis of `premises serve` tells it")


def best_solver() -> Solver:
    """Return the solver; loading it takes half a second."""
    from analytics.reallocation.cp_sat import CpSat  # noqa: PLC0415 - OR-Tools loads only where somebody asks
    from analytics.reallocation.parts import ByParts  # noqa: PLC0415 - as above

    return ByParts(CpSat())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reallocation:
    """Makes proposals, one at a time; `energy` may be what knows nothing."""

    home: Home
    building: Callable[[], Building]
    use: Callable[[], Utilisation | None]
    oversized: Callable[[], frozenset[RoomId]]
    energy: Energy
    clock: Clock
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def make(self, seconds: float) -> Mapping[str, Any]:
        """Return the proposal as a document. Raises InputFault."""
        with self._turn:
            return self._make(Limits(seconds=seconds))

    def _make(self, limits: Limits) -> Mapping[str, Any]:
        building, use, now = self.building(), self.use(), self.clock.now()
        if use is None:
            raise NoUseYetError
        registry = building.registry
        known = Known(
            registry=registry,
            use=use,
            day=building.calendar.local_day(epoch_ms(now)),
            oversized=self.oversized(),
            wishes=wishes_beside(self.home.registry, registry),
        )
        solver, identifier = best_solver(), new_id(epoch_ms(now))
        try:
            gathered = gather(known)
            answer = solver.best(gathered.question, limits)
        except (NeedWithoutQuotaError, Undecided) as exc:
            raise InputFault(str(exc)) from exc
        if answer is None:
            found = conflicts(solver, gathered.question, limits)
            return proposal_document(identifier, now, use, gathered, conflicts=found)
        proposal = propose(registry, gathered, answer, self.energy(building, use.first, use.last + DAY))
        return proposal_document(identifier, now, use, gathered, proposal=proposal)


def no_energy(_building: Building, _first: date, _end: date) -> Mapping[CircuitId, CircuitDays]:
    """Return nothing: where the readings cannot be asked."""
    return {}


def energy_of(store: RolledStore) -> Energy:
    """Return what asks a store's daily roll-ups what each circuit used on how many days."""

    def days(building: Building, first: date, end: date) -> Mapping[CircuitId, CircuitDays]:
        return circuit_days(store, building, first, end)

    return days


def circuit_days(store: RolledStore, building: Building, first: date, end: date) -> Mapping[CircuitId, CircuitDays]:
    """Return of each metered circuit the use of its days with readings, those on which nobody works apart."""
    registry, calendar = building.registry, building.calendar
    rows = points(registry, calendar, store.latest(registry.site.id))
    meters = rows.filter((pl.col("metric") == IMPORT) & pl.col("subject").str.starts_with("circuit:"))
    daily = store.rollups(
        registry.site.id,
        "day",
        start_ms=calendar.midnight_ms(first),
        end_ms=calendar.midnight_ms(end),
        metrics=[IMPORT],
        devices=meters["device"].unique().to_list(),
    )
    spans = meters.select("device", "subject", from_ms="start_ms", until_ms="end_ms").unique()
    there = (pl.col("from_ms") <= pl.col("bucket_ms")) & (pl.col("bucket_ms") < pl.col("until_ms"))
    placed = daily.join(spans, on="device").filter(there).drop_nulls("amount")
    has_total = (pl.col("phase") == "").any().over("device", "bucket_ms")
    counted = placed.filter((pl.col("phase") == "") | ~has_total)
    off = {
        calendar.midnight_ms(day) for day in calendar.days(first, end - DAY) if calendar.kind(day) is DayKind.RESTDAY
    }
    sums = counted.group_by("subject", "bucket_ms").agg(pl.sum("amount"))
    return {
        CircuitId(Subject.parse(str(subject)).id): _days(own, off)
        for (subject,), own in sums.group_by("subject", maintain_order=True)
    }


def _days(own: pl.DataFrame, off: set[int]) -> CircuitDays:
    amounts = own["amount"]
    idle = own.filter(pl.col("bucket_ms").is_in(list(off)))["amount"]
    return CircuitDays(
        days=len(amounts),
        mean_kwh=float(amounts.sum()) / len(amounts),
        days_off=len(idle),
        mean_off_kwh=float(idle.sum()) / len(idle) if len(idle) else 0.0,
    )


def served_reallocation(
    home: Home, building: Callable[[], Building], records: OpenFindings, store: RolledStore, clock: Clock
) -> Callable[[float], Mapping[str, Any]]:
    """Return what makes proposals in the running server."""
    return Reallocation(
        home=home,
        building=building,
        use=lambda: utilisation_of(home),
        oversized=lambda: oversized_rooms(records),
        energy=energy_of(store),
        clock=clock,
    ).make


def oversized_rooms(records: OpenFindings) -> frozenset[RoomId]:
    """Return the rooms that S05 finds too large for their use."""
    with records.reading() as tx:
        found = tx.open_findings()
    return frozenset(RoomId(each.subject.id) for each in found if each.rule == OVERSIZED_RULE)
