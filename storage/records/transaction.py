"""Everything that can be done to the records in one transaction."""

from storage.records.accounts import AccountRows
from storage.records.bills import BillRows
from storage.records.bookings import BookingRows
from storage.records.energy_reports import EnergyReportRows
from storage.records.findings import FindingRows
from storage.records.inspections import InspectionRows
from storage.records.items import ItemRows
from storage.records.journal import ChangeRows
from storage.records.logs import LogRows
from storage.records.nodes import NodeRows
from storage.records.outbox import OutboxRows
from storage.records.plans import PlanRows
from storage.records.reallocations import ReallocationRows
from storage.records.reports import ReportRows
from storage.records.standing import StandingRows


class RecordsTransaction(
    StandingRows,
    ItemRows,
    PlanRows,
    ReportRows,
    ReallocationRows,
    InspectionRows,
    EnergyReportRows,
    FindingRows,
    AccountRows,
    BillRows,
    BookingRows,
    LogRows,
    NodeRows,
    OutboxRows,
    ChangeRows,
):
    """Keeps the ports of alerts, rectification, analytics and API; durable together or not at all."""

    __slots__ = ()
