"""Bills: one row for each thing and period, as it was entered last; the audit log keeps what stood before."""

from collections.abc import Sequence

from sqlalchemy import RowMapping

from sensors.bills import Bill, KeptBill
from sensors.journal import ChangeKind
from sensors.topology import SiteId
from storage.records.journal import AuditRows
from storage.records.part import by_key
from storage.records.tables import BILLS

_ENTERED = ("id", "entered", "entered_by")


class BillRows(AuditRows):
    """Keeps `sensors.bills.BillTransaction`."""

    __slots__ = ()

    def bills(self, site: SiteId) -> Sequence[KeptBill]:
        """Return all bills of a site, by subject, utility and period."""
        found = [_kept(row) for row in self._rows(BILLS.select().where(BILLS.c.site == site))]
        # Sorted here: databases differ in how they sort text.
        return sorted(found, key=lambda kept: (str(kept.bill.subject), kept.bill.utility, kept.bill.first))

    def save_bill(self, bill: Bill, *, actor_id: str) -> bool:
        """Keep a bill in the place of one about the same thing and period; say whether that changed anything."""
        row = self._row(by_key(BILLS, bill.id))
        before = None if row is None else _kept(row).bill
        if before == bill:
            return False
        now = self.clock.now()
        fields = {name: getattr(bill, name) for name in Bill.__dataclass_fields__}
        values = {**fields, "id": bill.id, "entered": now, "entered_by": actor_id}
        if before is None:
            self._write(BILLS.insert().values(values))
        else:
            self._write(BILLS.update().where(BILLS.c.id == bill.id).values(values))
        self.note_change(ChangeKind.BILL, bill.id)
        detail = _detail(bill) | ({} if before is None else {"before": f"{before.quantity:g} for {_fee(before)}"})
        action = "bill.enter" if before is None else "bill.correct"
        self.audit(actor_id=actor_id, action=action, subject=f"bill:{bill.id}", at=now, detail=detail)
        return True


def _kept(row: RowMapping) -> KeptBill:
    fields = {name: value for name, value in row.items() if name not in _ENTERED}
    return KeptBill(bill=Bill(**fields), entered=row["entered"], entered_by=row["entered_by"])


def _detail(bill: Bill) -> dict[str, str]:
    return {
        "subject": str(bill.subject),
        "utility": bill.utility,
        "first": bill.first.isoformat(),
        "last": bill.last.isoformat(),
        "quantity": f"{bill.quantity:g}",
        "fee": _fee(bill),
    }


def _fee(bill: Bill) -> str:
    return "" if bill.fee is None else f"{bill.fee:g}"
