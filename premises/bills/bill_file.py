"""Bills as a CSV: subject,utility,from,to,quantity[,unit][,fee][,note], checked whole before any is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path
from typing import TypeVar

from ingest.csv_records import TableFault, csv_records
from sensors.bills import METRIC_OF, Bill, BillFault, BillTransaction, Utility, bill_faults
from sensors.errors import InputFault
from sensors.metrics import UnknownUnitError
from sensors.subjects import Subject
from sensors.topology import Registry, SiteId

REQUIRED = ("subject", "utility", "from", "to", "quantity")
OPTIONAL = ("unit", "fee", "note")
T = TypeVar("T")


class BillsRefusedError(InputFault):
    """A file of bills with something wrong in it; `faults` are all there is, the message tells the first."""

    def __init__(self, faults: Sequence[TableFault]) -> None:
        """Tell the first fault, and how many follow it."""
        more = f" ({len(faults) - 1} more; --check lists them)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFile:
    """The bills of a file, each with its row."""

    path: Path
    bills: tuple[Bill, ...]
    rows: tuple[int, ...]

    def checked(self, kept: Sequence[Bill], registry: Registry) -> "BillFile":
        """Return the file when nothing is wrong with it beside the bills that are kept. Raises BillsRefusedError."""
        faults = [self._placed(fault) for fault in bill_faults(self.bills, kept, registry)]
        if faults:
            raise BillsRefusedError(faults)
        return self

    def _placed(self, fault: BillFault) -> TableFault:
        return TableFault(self.path, fault.reason, row=self.rows[fault.at], column=fault.field)


def read_bills(path: Path, site: SiteId, *, encoding: str = "utf-8") -> BillFile:
    """Return the bills of a file. Raises BillsRefusedError with every cell that cannot be read, TableFault."""
    records = csv_records(path, encoding=encoding)
    _, header = next(records, (0, []))
    columns = _columns(path, header)
    bills: list[Bill] = []
    rows: list[int] = []
    faults: list[TableFault] = []
    for number, fields in records:
        try:
            bills.append(_Row(path, number, columns, fields, len(header)).bill(site))
            rows.append(number)
        except TableFault as fault:
            faults.append(fault)
    if faults:
        raise BillsRefusedError(faults)
    if not bills:
        raise TableFault(path, "the file has a header and no rows; there is no bill in it")
    return BillFile(path=path, bills=tuple(bills), rows=tuple(rows))


def keep(file: BillFile, tx: BillTransaction, registry: Registry, *, actor_id: str) -> Mapping[str, int]:
    """Return how many bills were new or corrected and how many stood already. Raises BillsRefusedError."""
    kept = [each.bill for each in tx.bills(registry.site.id)]
    file.checked(kept, registry)
    changed = sum(tx.save_bill(bill, actor_id=actor_id) for bill in file.bills)
    known = {bill.id for bill in kept}
    new = sum(bill.id not in known for bill in file.bills)
    return {"bills": len(file.bills), "new": new, "corrected": changed - new, "unchanged": len(file.bills) - changed}


def _columns(path: Path, header: Sequence[str]) -> Mapping[str, int]:
    names = [name.strip().lower() for name in header]
    wanted = f"{','.join(REQUIRED)}[,{'][,'.join(OPTIONAL)}]"
    if not any(names):
        raise TableFault(path, f"the file is empty; the first row must be {wanted}")
    for column in REQUIRED:
        if names.count(column) != 1:
            problem = "is there twice" if column in names else "is missing"
            raise TableFault(path, f"the column {problem}; the header must be {wanted}", row=1, column=column)
    for column in names:
        if column not in (*REQUIRED, *OPTIONAL):
            raise TableFault(path, f"an unknown column; the header must be {wanted}", row=1, column=column)
    return {name: at for at, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    number: int
    columns: Mapping[str, int]
    fields: Sequence[str]
    width: int

    def bill(self, site: SiteId) -> Bill:
        if len(self.fields) != self.width:
            reason = f"{len(self.fields)} fields where the header has {self.width}; mend the row"
            raise TableFault(self.path, reason, row=self.number)
        utility = self._read("utility", Utility, f"write one of {', '.join(Utility)}")
        return Bill(
            site=site,
            subject=self._read("subject", Subject.parse, "write building:ID, circuit:ID or device:ID"),
            utility=utility,
            first=self._read("from", date.fromisoformat, "write a day like 2026-01-31"),
            last=self._read("to", date.fromisoformat, "write a day like 2026-01-31"),
            quantity=self._quantity(utility),
            fee=self._read("fee", _number, "write a number or leave it blank") if self._text("fee") else None,
            note=self._text("note"),
        )

    def _quantity(self, utility: Utility) -> float:
        amount = self._read("quantity", _number, "write a number")
        try:
            conversion = METRIC_OF[utility].conversion(self._text("unit") or None)
        except UnknownUnitError as exc:
            raise TableFault(self.path, str(exc), row=self.number, column="unit") from exc
        return amount if conversion is None else conversion.apply(amount)

    def _text(self, column: str) -> str:
        return self.fields[self.columns[column]].strip() if column in self.columns else ""

    def _read(self, column: str, parse: Callable[[str], T], advice: str) -> T:
        text = self._text(column)
        try:
            return parse(text)
        except ValueError as exc:
            said = f"{text[:40]!r} cannot be read" if text else "the cell is blank"
            raise TableFault(self.path, f"{said}; {advice}", row=self.number, column=column) from exc


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value) or "_" in text or not text.isascii():
        raise ValueError(text)
    return value
