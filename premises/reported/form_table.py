"""A form's CSV into the inbox of reports: checked whole before any is kept; the same rows again change nothing."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.csv_records import TableFault, csv_records
from premises.home import Home
from premises.stores.records import open_records
from rectification.reporting import ReportRefusedError, Sent, check_written, new_report, take
from rectification.reports import CATEGORY_NAMES, Report, ReportCategory
from sensors.actors import system_actor
from sensors.bookings import room_named
from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.local_time import TimeError, resolve_local
from sensors.topology import Registry, RoomId
from storage.registry_file import load_registry

NEEDED = ("room", "text")
FIELDS = (*NEEDED, "category", "received", "contact", "id")
SHOWN = 20

CATEGORIES: Mapping[str, ReportCategory] = {
    written.lower(): category
    for category, name in CATEGORY_NAMES.items()
    for written in (category.value, name.zh, name.en)
}


class FormFaultsError(InputFault):
    """A table with something wrong in it: one line for each fault, up to `SHOWN`."""

    def __init__(self, faults: Sequence[TableFault]) -> None:
        """Tell the faults by their rows."""
        lines = [str(fault) for fault in faults[:SHOWN]]
        more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        super().__init__("\n".join([*lines, *more]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many rows became reports, and how many were there already."""

    new: int
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """One row: the report it becomes, and how to reach who wrote it."""

    report: Report
    contact: str


def import_form(path: Path, home: Home, *, columns: Mapping[str, str], encoding: str, clock: Clock) -> Imported:
    """Return what a table brought into the inbox: all of it, or with a fault nothing. Raises InputFault."""
    registry = load_registry(home.registry)
    form = FormTable(path=path, registry=registry, columns=columns, encoding=encoding, now=clock.now())
    rows = form.rows()
    actor = system_actor("command-line")
    new = 0
    with closing(open_records(home)) as records, records.transaction() as tx:
        for row in rows:
            if tx.report_that_came_by(row.report.came_by) is None:
                take(tx, row.report, contact=row.contact, actor_id=actor.id)
                new += 1
    return Imported(new=new, known=len(rows) - new)


def read_columns(written: Sequence[str]) -> Mapping[str, str]:
    """Return field to column name of `FIELD=COLUMN` each. Raises InputFault."""
    columns = {name: name for name in FIELDS}
    for pair in written:
        name, separator, column = pair.partition("=")
        if not separator or name not in FIELDS or not column.strip():
            msg = f"--mapping {pair!r} is not FIELD=COLUMN; the fields are {', '.join(FIELDS)}"
            raise InputFault(msg)
        columns[name] = column.strip()
    return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTable:
    """Knows the rooms and the clock of the site, and which column is what."""

    path: Path
    registry: Registry
    columns: Mapping[str, str]
    encoding: str
    now: datetime

    def rows(self) -> Sequence[FormRow]:
        """Return the rows, each once. Raises FormFaultsError with every row that cannot be used, TableFault."""
        records = csv_records(self.path, encoding=self.encoding)
        _, header = next(records, (0, []))
        places = self._places([name.strip() for name in header])
        faults: list[TableFault] = []
        told: dict[str, FormRow] = {}
        for number, cells in records:
            given = {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}
            found = list(self._faults(number, given))
            faults += found
            if not found:
                row = self._row(given)
                told.setdefault(row.report.came_by, row)
        if faults:
            raise FormFaultsError(faults)
        return tuple(told.values())

    def _places(self, header: Sequence[str]) -> Mapping[str, int]:
        for name in NEEDED:
            column = self.columns[name]
            if header.count(column) != 1:
                problem = "is there twice" if column in header else "is missing"
                advice = f"the column {problem}; name the one that holds the {name} by --mapping {name}=COLUMN"
                raise TableFault(self.path, advice, row=1, column=column)
        return {name: header.index(column) for name, column in self.columns.items() if column in header}

    def _faults(self, number: int, given: Mapping[str, str]) -> Iterator[TableFault]:
        for name, reason in self._reasons(given):
            yield TableFault(self.path, reason, row=number, column=self.columns[name])

    def _reasons(self, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        room = given["room"]
        if not room or room_named(self.registry, room) is None:
            yield "room", f"{room[:40]!r} is no one room of the registry; write a room's id or name"
        if given.get("category", "") and given["category"].lower() not in CATEGORIES:
            known = ", ".join(ReportCategory)
            yield "category", f"{given['category'][:40]!r} is not known; write one of {known}, or leave it blank"
        try:
            check_written(self._sent(given))
        except ReportRefusedError as exc:
            yield "text", str(exc)
        try:
            if self._time(given) > self.now:
                yield "received", f"{given['received'][:40]!r} is still to come; write when it was reported"
        except (ValueError, TimeError):
            yield "received", f"{given['received'][:40]!r} is no time; write it like 2026-03-02 09:00"

    def _sent(self, given: Mapping[str, str]) -> Sent:
        category = CATEGORIES.get(given.get("category", "").lower(), ReportCategory.OTHER)
        return Sent(category=category, text=given["text"], language="zh", contact=given.get("contact", ""))

    def _time(self, given: Mapping[str, str]) -> datetime:
        """Return when it was reported; without an offset by the site's clock. Raises ValueError, TimeError."""
        text = given.get("received", "")
        if not text:
            return self.now
        moment = datetime.fromisoformat(text.replace("/", "-"))
        return moment if moment.tzinfo else resolve_local(moment, ZoneInfo(self.registry.site.timezone))

    def _row(self, given: Mapping[str, str]) -> FormRow:
        sent = self._sent(given)
        report = new_report(
            site=self.registry.site.id,
            room=room_named(self.registry, given["room"]) or RoomId(given["room"]),
            category=sent.category,
            text=sent.text,
            language=sent.language,
            received=self._time(given),
            came_by=_mark(given),
        )
        return FormRow(report=report, contact=sent.contact)


def _mark(given: Mapping[str, str]) -> str:
    """Return what tells a row from others: the form's own id, else where, when and what."""
    own = given.get("id", "")
    told = ("id", own) if own else (given["room"], given.get("received", ""), given["text"])
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
