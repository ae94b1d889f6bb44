"""A house with items in all states, and the ledger of it."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from premises.plan_papers.edit_report import CellChange, EditReport
from premises.plan_papers.edited import read_edited
from premises.plan_papers.ledger import ledger_of
from premises.plan_papers.taking_in import TakingIn
from rectification import commands
from rectification.model import Item
from rectification.particulars import Particulars
from rectification.planning import PlanText, create_plan, usual_phases
from rectification.plans import Plan
from rectification.sheets import edit, sheet_of
from reports.ledger_columns import COLUMNS, LedgerColumn
from reports.ledger_xlsx import FIRST_ROW, ledger_xlsx
from reports.messages import Language
from sensors.accounts import Account
from sensors.actors import Actor, Role
from sensors.subjects import Subject
from sensors.topology import (
    Building,
    BuildingId,
    Department,
    DepartmentId,
    Name,
    Person,
    PersonId,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
)
from sensors.verdicts import Severity
from storage.records import SqlRecords
from storage.records.transaction import RecordsTransaction
from tests.rectification.factories import FaultSaid, in_days
from tests.storage.records.stores import HQ, NOON, Place, StillClock

MANAGER = Actor(id="u-li", name="李敏", roles=frozenset({Role.FACILITY_MANAGER}))
WORKER = Actor(id="u-zhao", name="赵宁", roles=frozenset({Role.SAFETY_OFFICER}))
READER = Actor(id="u-sun", name="孙怡", roles=frozenset({Role.VIEWER}))
OTHER = Actor(id="u-wang", name="王强", roles=frozenset({Role.FACILITY_MANAGER}))
CLOCK = StillClock(NOON)


def registry() -> Registry:
    rooms = [
        Room(
            id=RoomId(name),
            building=BuildingId("a"),
            floor="2",
            name=Name(zh=name, en=name),
            category=RoomCategory.OFFICE,
            usable_area_m2=18.5,
            department=DepartmentId("admin"),
        )
        for name in ("a-201", "a-202", "a-203")
    ]
    departments = {
        DepartmentId("admin"): Department(id=DepartmentId("admin"), name=Name(zh="行政处", en="Administration")),
        DepartmentId("finance"): Department(id=DepartmentId("finance"), name=Name(zh="财务处", en="Finance")),
    }
    gone = Person(id=PersonId("p9"), name="钱一", left=date(2026, 9, 30))
    return Registry(
        site=Site(
            id=HQ, name=Name(zh="一号院", en="Compound 1"), timezone="Asia/Shanghai", working_hours="09:00-17:00"
        ),
        departments=departments,
        people={gone.id: gone},
        buildings={BuildingId("a"): Building(id=BuildingId("a"), name=Name(zh="主楼", en="Main building"))},
        rooms={room.id: room for room in rooms},
    )


def records_of(place: Place) -> SqlRecords:
    """Return records with people and four items: drafted, being worked on, with a text like a formula, and signed."""
    records = place.open()
    with records.transaction() as tx:
        for actor in (MANAGER, WORKER, READER, OTHER):
            tx.save_account(_account(actor))
        for number, rule, state in ((201, "E05", 0), (202, "F09", 2), (203, "E04", 2), (201, "A01", 6)):
            fault = FaultSaid(
                id=f"f{number}", rule=rule, subject=Subject.parse(f"room:a-{number}"), severity=_severity(rule)
            )
            item = commands.propose(tx, fault, clock=CLOCK, deadline=in_days)
            _lead(tx, item, state)
        formula = next(item for item in tx.items() if item.rule == "E04")
        sheet = sheet_of(tx, formula)
        given = replace(sheet.given, remark="=HYPERLINK(1)", progress_pct=40, funds_yuan=1200.5)
        edit(tx, formula.id, replace(sheet, given=given), revision=formula.revision, actor=MANAGER, clock=CLOCK)
    return records


def _severity(rule: str) -> Severity:
    return Severity.RED if rule.startswith("F") else Severity.YELLOW


def _lead(tx: RecordsTransaction, item: Item, steps: int) -> None:
    course = (
        partial(commands.assign, tx, item.id, responsible=WORKER.id, actor=MANAGER, clock=CLOCK),
        partial(commands.start, tx, item.id, actor=WORKER, clock=CLOCK),
        partial(commands.report_done, tx, item.id, actor=WORKER, clock=CLOCK),
        partial(commands.verify, tx, item.id, evidence="{}", clock=CLOCK),
        partial(commands.sign_off, tx, item.id, actor=OTHER, clock=CLOCK),
    )
    for step in course[:steps]:
        step()


def _account(actor: Actor) -> Account:
    return Account(
        id=actor.id,
        user_name=actor.id.removeprefix("u-"),
        name=actor.name,
        password_hash="",
        roles=actor.roles,
        created=NOON,
        password_changed=NOON,
    )


def ledger_book(records: SqlRecords, language: Language = "zh") -> Workbook:
    with records.reading() as tx:
        ledger = ledger_of(tx, registry=registry(), language=language, now=NOON)
    return load_workbook(BytesIO(ledger_xlsx(ledger)))


def the_sheet(book: Workbook) -> Worksheet:
    return book.worksheets[0]


def place(column: LedgerColumn) -> int:
    return COLUMNS.index(column) + 1


def row_of(number: int) -> int:
    """Return the row of the item of this number."""
    return FIRST_ROW + number - 1


def write(book: Workbook, row: int, column: LedgerColumn, value: object) -> None:
    the_sheet(book).cell(row=row, column=place(column)).value = value  # type: ignore[assignment]  # whatever a person types


def taken(
    records: SqlRecords, book: Workbook, folder: Path, *, is_dry: bool = False, takes_rest: bool = False
) -> EditReport:
    """Return what became of the ledger, saved and brought in by the manager."""
    path = folder / "ledger.xlsx"
    book.save(path)
    how = TakingIn(
        registry=registry(), clock=CLOCK, deadline=in_days, actor=MANAGER, is_dry=is_dry, takes_rest=takes_rest
    )
    return how.take_in(records, read_edited(path))


def item_numbered(records: SqlRecords, number: int) -> Item:
    with records.reading() as tx:
        return next(item for item in tx.items() if item.number == number)


def given_of(records: SqlRecords, number: int) -> Particulars:
    item = item_numbered(records, number)
    with records.reading() as tx:
        return sheet_of(tx, item).given


def change_at(report: EditReport, column: LedgerColumn | None) -> CellChange:
    return next(change for change in report.changes if change.column is column)


def plan_of(records: SqlRecords) -> Plan:
    """Return a plan of the items that are open."""
    first, last = NOON.date(), NOON.date() + timedelta(days=60)
    text = PlanText(
        title="冬季安全与节能整改方案", first=first, last=last, leader=MANAGER.id, phases=usual_phases(first, last)
    )
    with records.transaction() as tx:
        items = [item.id for item in tx.items(open_only=True)]
        return create_plan(tx, text, site=HQ, items=items, actor=MANAGER, clock=CLOCK)
