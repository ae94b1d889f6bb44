"""Bills of energy and water: what a supplier charged for a period, and what is wrong with bills as written."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import isfinite
from statistics import median
from types import MappingProxyType
from typing import Protocol

from sensors.metrics import METRICS, Metric
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, CircuitId, DeviceId, Registry, SiteId

DAY = timedelta(days=1)
LONGEST = timedelta(days=400)
"""A bill of more than a year and a reading day or two is two bills, or a slip of the pen. The project's own choice."""
FAR_OFF = 50.0
"""A unit price so many times the usual one, or as small a part of it, is a wrong unit (kWh for MWh, m³ for litres:
a thousand times) and no tariff. The project's own choice."""
USUAL_NEEDS = 3
"""The usual price is the median of so many bills at least."""


class Utility(StrEnum):
    """What is billed."""

    ELECTRICITY = "electricity"
    WATER = "water"
    GAS = "gas"
    HEAT = "heat"


METRIC_OF: Mapping[Utility, Metric] = MappingProxyType(
    {
        Utility.ELECTRICITY: METRICS["energy_import_kwh"],
        Utility.WATER: METRICS["water_m3"],
        Utility.GAS: METRICS["gas_m3"],
        Utility.HEAT: METRICS["heat_gj"],
    }
)
"""The metric whose meters count what is billed; its unit is that of the quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What was charged about a building, circuit or meter for the local days `first` to `last`, both inclusive.

    `quantity` is in the unit of METRIC_OF; `fee` is in the site's money, None where nobody wrote it down.
    """

    site: SiteId
    subject: Subject
    utility: Utility
    first: date
    last: date
    quantity: float
    fee: float | None = None
    note: str = ""

    @property
    def id(self) -> str:
        """Return what names the bill: the same for a bill of the same thing and period, whatever it charges."""
        text = "\n".join(map(str, (self.site, self.subject, self.utility, self.first, self.last)))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def days(self) -> int:
        """Return how many days it is of."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBill:
    """A bill in the records: who entered it as it stands, and when."""

    bill: Bill
    entered: datetime
    entered_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFault:
    """What is wrong with a bill: the place of the bill in its list, the field, and what to do."""

    at: int
    field: str
    reason: str


class BillTransaction(Protocol):
    """One transaction over bills."""

    def bills(self, site: SiteId) -> Sequence[KeptBill]:
        """Return all bills of a site, by subject, utility and period."""
        ...

    def save_bill(self, bill: Bill, *, actor_id: str) -> bool:
        """Keep a bill in the place of one about the same thing and period; say whether that changed anything."""
        ...


def bill_faults(bills: Sequence[Bill], kept: Sequence[Bill], registry: Registry) -> list[BillFault]:
    """Return everything wrong with new bills, in their order; `kept` are those already in the records."""
    usual = _usual_prices([*bills, *kept])
    faults = [BillFault(at=at, field=name, reason=why) for at, bill in enumerate(bills) for name, why in _own(bill)]
    for at, bill in enumerate(bills):
        faults += [BillFault(at=at, field=name, reason=why) for name, why in _place(bill, registry)]
        faults += [BillFault(at=at, field=name, reason=why) for name, why in _price(bill, usual)]
    return sorted([*faults, *_overlaps(bills, kept)], key=lambda fault: fault.at)


def bill_gaps(bills: Iterable[Bill]) -> Iterator[tuple[Bill, Bill]]:
    """Yield the neighbouring bills of one thing between which days are without a bill."""
    ordered = sorted(bills, key=lambda bill: (str(bill.subject), bill.utility, bill.first))
    for before, after in pairwise(ordered):
        same = (before.subject, before.utility) == (after.subject, after.utility)
        if same and after.first > before.last + DAY:
            yield before, after


def _own(bill: Bill) -> Iterator[tuple[str, str]]:
    if bill.last < bill.first:
        yield "to", f"{bill.last} is before {bill.first}; both days belong to the period, in their order"
    elif bill.last - bill.first > LONGEST:
        yield "to", f"{bill.days} days are more than {LONGEST.days}; is the year right?"
    metric = METRIC_OF[bill.utility]
    if not isfinite(bill.quantity) or not metric.in_range(bill.quantity):
        yield "quantity", f"{bill.quantity:g} {metric.unit} cannot be; a bill that was taken back is not entered"
    if bill.fee is not None and (not isfinite(bill.fee) or bill.fee < 0):
        yield "fee", f"{bill.fee:g} cannot be; money that came back belongs to the bill that it corrects"


def _place(bill: Bill, registry: Registry) -> Iterator[tuple[str, str]]:
    known: Mapping[SubjectKind, bool] = {
        SubjectKind.BUILDING: BuildingId(bill.subject.id) in registry.buildings,
        SubjectKind.CIRCUIT: CircuitId(bill.subject.id) in registry.circuits,
        SubjectKind.DEVICE: DeviceId(bill.subject.id) in registry.devices,
    }
    if bill.subject.kind not in known:
        yield "subject", f"a {bill.subject.kind} has no bills; write building:ID, circuit:ID or device:ID"
    elif not known[bill.subject.kind]:
        yield "subject", f"{bill.subject} is not in the registry; mend the id or add it there"


def _price(bill: Bill, usual: Mapping[Utility, float]) -> Iterator[tuple[str, str]]:
    price, expected = _unit_price(bill), usual.get(bill.utility)
    if price is None or expected is None or expected / FAR_OFF <= price <= expected * FAR_OFF:
        return
    unit = METRIC_OF[bill.utility].unit
    yield "quantity", f"{price:.4g} per {unit}, where {expected:.4g} is usual; is the unit of the quantity right?"


def _usual_prices(bills: Iterable[Bill]) -> Mapping[Utility, float]:
    prices: dict[Utility, list[float]] = {}
    for bill in bills:
        price = _unit_price(bill)
        if price is not None:
            prices.setdefault(bill.utility, []).append(price)
    return {utility: median(each) for utility, each in prices.items() if len(each) >= USUAL_NEEDS}


def _unit_price(bill: Bill) -> float | None:
    return bill.fee / bill.quantity if bill.fee and bill.quantity > 0 else None


def _overlaps(bills: Sequence[Bill], kept: Sequence[Bill]) -> Iterator[BillFault]:
    """Yield a fault for each new bill that shares a day with another; a kept one of the same period is replaced."""
    replaced = {bill.id for bill in bills}
    others = [(-1, bill) for bill in kept if bill.id not in replaced]
    ordered = sorted(
        [*others, *enumerate(bills)], key=lambda each: (str(each[1].subject), each[1].utility, each[1].first, each[0])
    )
    reach: tuple[int, Bill] | None = None
    for at, bill in ordered:
        if reach is not None and _shares_a_day(reach[1], bill):
            place, other = (at, reach[1]) if at >= 0 else (reach[0], bill)
            if place >= 0:
                reason = f"overlaps the bill from {other.first} to {other.last}; a day is billed once"
                yield BillFault(at=place, field="from", reason=reason)
        if reach is None or not _same_thing(reach[1], bill) or bill.last > reach[1].last:
            reach = (at, bill)


def _same_thing(one: Bill, other: Bill) -> bool:
    return (one.subject, one.utility) == (other.subject, other.utility)


def _shares_a_day(before: Bill, after: Bill) -> bool:
    return _same_thing(before, after) and after.first <= before.last
