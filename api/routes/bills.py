"""Bills of electricity, water, gas and heat: read by everyone, entered by those who keep the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, Field

from api.dependencies import Reader, ServicesOf, permit
from api.problems import Problem, ProblemError
from api.routes.bodies import Body, Note, Text
from sensors.actors import Actor, Permission
from sensors.bills import METRIC_OF, Bill, KeptBill, Utility, bill_faults
from sensors.local_time import EARLIEST, LATEST
from sensors.subjects import Subject

router = APIRouter(tags=["bills"])

Keeper = Annotated[Actor, Depends(permit(Permission.MANAGE_DATA))]


def _plausible(day: date) -> date:
    if not EARLIEST.date() <= day < LATEST.date():
        msg = f"is not between {EARLIEST.year} and {LATEST.year}"
        raise ValueError(msg)
    return day


Day = Annotated[date, AfterValidator(_plausible)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillView:
    """A bill; `first` and `last` are local days, both inclusive; `unit` is that of the quantity."""

    id: str
    subject: str
    utility: Utility
    first: date
    last: date
    quantity: float
    unit: str
    fee: float | None
    note: str
    entered: datetime
    entered_by: str

    @classmethod
    def of(cls, kept: KeptBill) -> "BillView":
        """Return the view of a bill."""
        bill = kept.bill
        return cls(
            id=bill.id,
            subject=str(bill.subject),
            utility=bill.utility,
            first=bill.first,
            last=bill.last,
            quantity=bill.quantity,
            unit=METRIC_OF[bill.utility].unit,
            fee=bill.fee,
            note=bill.note,
            entered=kept.entered,
            entered_by=kept.entered_by,
        )


class BillBody(Body):
    """A bill as a person enters it, its quantity in kWh, m³ or GJ."""

    subject: Annotated[Text, Field(max_length=200)]
    utility: Utility
    first: Day
    last: Day
    quantity: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    fee: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    note: Note = ""


@router.get("/bills")
def get_bills(services: ServicesOf, _: Reader) -> Sequence[BillView]:
    """Return all bills, by subject, utility and period."""
    site = services.registry().site.id
    with services.records.reading() as tx:
        return [BillView.of(kept) for kept in tx.bills(site)]


@router.post("/bills")
def post_bill(services: ServicesOf, actor: Keeper, given: BillBody) -> BillView:
    """Keep a bill; of the same thing and period it corrects the one that is kept."""
    registry = services.registry()
    bill = Bill(
        site=registry.site.id,
        subject=_subject(given.subject),
        utility=given.utility,
        first=given.first,
        last=given.last,
        quantity=given.quantity,
        fee=given.fee,
        note=given.note,
    )
    with services.records.transaction() as tx:
        faults = bill_faults([bill], [each.bill for each in tx.bills(bill.site)], registry)
        if faults:
            raise _refused("; ".join(f"{fault.field}: {fault.reason}" for fault in faults))
        tx.save_bill(bill, actor_id=actor.id)
        kept = next(each for each in tx.bills(bill.site) if each.bill.id == bill.id)
        return BillView.of(kept)


def _subject(text: str) -> Subject:
    try:
        return Subject.parse(text)
    except ValueError as exc:
        reason = f"subject: {text[:60]!r} cannot be read; write building:ID, circuit:ID or device:ID"
        raise _refused(reason) from exc


def _refused(reason: str) -> ProblemError:
    return ProblemError(Problem(status=422, code="bill", detail=reason))
