"""What mending an item saved, at the meter nearest to it: over which days it is asked, and what may be said of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from math import hypot
from types import MappingProxyType
from typing import TypeAlias

from rectification.model import Item, ItemAction, ItemStep, judged_since
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, Circuit, CircuitId, CircuitItem, Registry, RoomId

YEAR_DAYS = 365
FULL_YEAR_DAYS = 328
"""So many days with the fault are a baseline by themselves: 365 less the 37 that may be missing (CalTRACK 2)."""
LEAST_DAYS = 14
"""Of days with the fault, and of days since. Two whole weeks; the project's own choice."""
WEEK_DAYS = 7

ANY_ITEM: frozenset[CircuitItem] = frozenset(CircuitItem)
HVAC, LIGHTING = frozenset({CircuitItem.HVAC}), frozenset({CircuitItem.LIGHTING})
NO_LOAD = frozenset({CircuitItem.TOTAL, CircuitItem.PV})

MEASURED_ON: Mapping[str, frozenset[CircuitItem]] = MappingProxyType(
    {
        "E03": ANY_ITEM,  # the load of the whole building at night
        "E04": ANY_ITEM,  # its load outside working hours
        "E05": ANY_ITEM,  # whatever burns in empty rooms, by the circuits that serve them
        "E06": HVAC,  # a setpoint costs what the plant takes; lamps and plugs only blur it
        "E07": HVAC,
        "E08": HVAC,
        "E09": LIGHTING,  # what lamps take
        "E10": ANY_ITEM,  # the load that left its own model
    }
)
"""The rules whose fault is energy that a meter counts, with the items of the circuits that show it at a room. E01 and
E02 compare years, E11 meters with one another, E12 when and not how much: no saving follows from mending these."""


class Conclusion(StrEnum):
    """What may be said of a saving."""

    SAVED = "saved"
    """The whole interval lies above zero."""
    WORSE = "worse"
    """The whole interval lies below zero: more is used than while the fault stood."""
    CANNOT_TELL = "cannot_tell"
    NO_NUMBER = "no_number"
    """The data do not suffice; `lacks` says why."""


class ItemLack(StrEnum):
    """What an item lacks for a number, beside what the data may lack."""

    NO_METER = "no_meter_of_item"
    """No circuit with a register measures what was mended."""
    FAULT_DAYS_SHORT = "fault_days_short"
    DAYS_SINCE_SHORT = "days_since_short"


class Method(StrEnum):
    """How the days with the fault are held against the days since."""

    FAULTY_YEAR = "faulty_year"
    """A model of the year in which the fault stood foretells the days since."""
    COMMON_MODEL = "common_model"
    """A model of the year before foretells both; what they differ by is the measure."""


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, both inclusive."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """Return how many there are; 0 or less where the last lies before the first."""
        return (self.last - self.first).days + 1

    def overlaps(self, other: "Days") -> bool:
        """Say whether the two share a day."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDays:
    """Of what the model is made, and the two stretches that are held against one another.

    Where the fault stood for about a year, `model` is `with_fault`.
    """

    model: Days
    with_fault: Days
    since: Days

    @property
    def method(self) -> Method:
        """Return how the two are compared."""
        return Method.FAULTY_YEAR if self.model == self.with_fault else Method.COMMON_MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What a model says of a stretch: expected less actual, half its interval, what was measured, known intervals."""

    saved_kwh: float
    half_width_kwh: float
    actual_kwh: float
    intervals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Use with the fault less use since, over the days since; kWh, and % of what the fault would have used on."""

    kwh: float
    pct: float
    ci90_kwh: tuple[float, float]
    ci90_pct: tuple[float, float]

    @property
    def conclusion(self) -> Conclusion:
        """Return what may be said of it."""
        low, high = self.ci90_kwh
        if low > 0:
            return Conclusion.SAVED
        return Conclusion.WORSE if high < 0 else Conclusion.CANNOT_TELL


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSavings:
    """What mending an item saved, at which circuits, by which model, over which days; or what is lacking for that.

    `lacks` are codes: those of ItemLack and of the savings' sufficiency. `inside` are all circuits whose energy is in
    the figure, those below the metered ones too.
    """

    item_id: str
    circuits: tuple[CircuitId, ...] = ()
    inside: frozenset[CircuitId] = frozenset()
    days: AskedDays | None = None
    saved: Saved | None = None
    model: str | None = None
    cv_rmse_pct: float | None = None
    lacks: tuple[str, ...] = ()

    @property
    def conclusion(self) -> Conclusion:
        """Return what may be said of it."""
        return Conclusion.NO_NUMBER if self.saved is None else self.saved.conclusion


SavingsOf: TypeAlias = Callable[[Item], ItemSavings | None]
"""Gives what mending an item saved; None where its fault is not energy."""


def is_energy(item: Item) -> bool:
    """Say whether the item's fault is energy that a meter counts."""
    return item.rule in MEASURED_ON


def work_began(steps: Iterable[ItemStep]) -> datetime | None:
    """Return until when the fault stood: the last beginning of work, or the last time the readings still saw it.

    None where nobody began.
    """
    moments = [step.at for step in steps if step.action in {ItemAction.START, ItemAction.REFUTE}]
    return max(moments, default=None)


def asked_days(item: Item, began: datetime, *, today: date, zone: tzinfo) -> AskedDays | ItemLack:
    """Return the days to ask about, whole weeks where two stretches are compared; or why there are too few.

    The day on which the fault began and the days of work belong to neither stretch.
    """
    reported = judged_since(item)
    if reported is None:
        return ItemLack.DAYS_SINCE_SHORT
    faulty = Days(_day_after(item.fault_from, zone), began.astimezone(zone).date() - timedelta(days=1))
    since = Days(_day_after(reported, zone), today - timedelta(days=1))
    since = Days(since.first, min(since.last, since.first + timedelta(days=YEAR_DAYS - 1)))
    if since.count < LEAST_DAYS:
        return ItemLack.DAYS_SINCE_SHORT
    if faulty.count < LEAST_DAYS:
        return ItemLack.FAULT_DAYS_SHORT
    if faulty.count >= FULL_YEAR_DAYS:
        year = _year_until(faulty)
        return AskedDays(model=year, with_fault=year, since=since)
    weeks = Days(faulty.last - timedelta(days=_whole_weeks(faulty) - 1), faulty.last)
    before = Days(faulty.first - timedelta(days=YEAR_DAYS), faulty.first - timedelta(days=1))
    return AskedDays(
        model=before, with_fault=weeks, since=Days(since.first, since.first + timedelta(days=_whole_weeks(since) - 1))
    )


def _year_until(faulty: Days) -> Days:
    return Days(max(faulty.first, faulty.last - timedelta(days=YEAR_DAYS - 1)), faulty.last)


def _whole_weeks(days: Days) -> int:
    return days.count // WEEK_DAYS * WEEK_DAYS


def _day_after(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date() + timedelta(days=1)


def metered(registry: Registry, item: Item) -> tuple[CircuitId, ...]:
    """Return the circuits whose energy shows the item's fault, none of them below another; empty where there are none.

    Of a building or the site the tops of its trees and what PV gives (whose energy is added).
    """
    wanted = MEASURED_ON.get(item.rule, frozenset())
    kind = item.subject.kind
    if kind is SubjectKind.CIRCUIT and CircuitId(item.subject.id) in registry.circuits:
        return (CircuitId(item.subject.id),) if wanted else ()
    if kind is SubjectKind.ROOM:
        return tuple(_serving(registry, RoomId(item.subject.id), wanted))
    if wanted == ANY_ITEM and kind in {SubjectKind.BUILDING, SubjectKind.SITE}:
        return supplies(registry, item.subject)
    return tuple(_tops(_of_item(_circuits_at(registry, item.subject), wanted)))


def supplies(registry: Registry, subject: Subject) -> tuple[CircuitId, ...]:
    """Return the circuits whose energy adds up to a building's or the site's load: its tops, and what PV gives."""
    here = _circuits_at(registry, subject)
    return tuple(name for name, each in here.items() if each.parent not in here or each.item is CircuitItem.PV)


def inside(registry: Registry, circuits: Iterable[CircuitId]) -> frozenset[CircuitId]:
    """Return the circuits and all below them."""
    tops = frozenset(circuits)
    below = (
        each.id for each in registry.circuits.values() if any(above.id in tops for above in registry.above(each.id))
    )
    return tops.union(below)


def _circuits_at(registry: Registry, subject: Subject) -> Mapping[CircuitId, Circuit]:
    if subject.kind is SubjectKind.SITE:
        return registry.circuits
    if subject.kind is not SubjectKind.BUILDING:
        return {}
    where = BuildingId(subject.id)
    return {each.id: each for each in registry.circuits.values() if registry.circuit_building(each.id) == where}


def _serving(registry: Registry, room: RoomId, wanted: frozenset[CircuitItem]) -> Iterator[CircuitId]:
    serving = {each.id: each for each in registry.circuits.values() if room in each.serves}
    yield from _tops(_of_item(serving, wanted - NO_LOAD))


def _of_item(circuits: Mapping[CircuitId, Circuit], wanted: frozenset[CircuitItem]) -> Mapping[CircuitId, Circuit]:
    return {name: each for name, each in circuits.items() if each.item in wanted}


def _tops(circuits: Mapping[CircuitId, Circuit]) -> Iterator[CircuitId]:
    yield from (name for name, each in circuits.items() if each.parent not in circuits)


def outright(since: Foretold) -> Saved:
    """Return the saving where the model is of the days with the fault."""
    return _saved(since.saved_kwh, since.half_width_kwh, since.actual_kwh)


def compared(with_fault: Foretold, since: Foretold) -> Saved:
    """Return the saving where one model foretells both stretches: the fault's use, scaled to the days since, ended.

    Both errors are taken for independent. They share a model, and so err alike: the interval is rather too wide.
    """
    scale = since.intervals / with_fault.intervals
    kwh = since.saved_kwh - with_fault.saved_kwh * scale
    return _saved(kwh, hypot(since.half_width_kwh, with_fault.half_width_kwh * scale), since.actual_kwh)


def _saved(kwh: float, half_kwh: float, actual_kwh: float) -> Saved:
    bounds = kwh - half_kwh, kwh + half_kwh
    whole = max(actual_kwh + kwh, 1e-9)
    low, high = (100 * bound / whole for bound in bounds)
    return Saved(kwh=kwh, pct=100 * kwh / whole, ci90_kwh=bounds, ci90_pct=(low, high))
