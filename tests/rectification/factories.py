"""Faults, findings and items for the tests of rectification."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rectification import commands
from rectification.model import Item, ItemState
from sensors.subjects import Subject, SubjectKind
from sensors.topology import SiteId
from sensors.verdicts import Finding, Severity, Verdict
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.people import MANAGER, OFFICER

HQ = SiteId("hq")
ROOM = Subject(SubjectKind.ROOM, "a-201")
SENSOR = Subject(SubjectKind.DEVICE, "aq1")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSaid:
    """A fault as the ledger has it."""

    id: str = "finding-1"
    site: SiteId = HQ
    rule: str = "E05"
    subject: Subject = ROOM
    severity: Severity = Severity.BLUE
    started: datetime = NOON - timedelta(days=5)


def in_days(opened: datetime, fix: timedelta) -> date:
    return (opened + fix).date()


def drafted(tx: MemoryRecords, clock: HandClock, fault: FaultSaid | None = None) -> Item:
    return commands.propose(tx, fault or FaultSaid(), clock=clock, deadline=in_days)


def brought_to(state: ItemState, tx: MemoryRecords, clock: HandClock, fault: FaultSaid | None = None) -> Item:
    """Return an item led there by its officer; the readings verify, the manager signs off."""
    item = drafted(tx, clock, fault)
    for reached, step in _course(tx, item.id, clock).items():
        if item.state is state:
            break
        item = step()
        assert item.state is reached
    return item


def _course(tx: MemoryRecords, item: str, clock: HandClock) -> dict[ItemState, Callable[[], Item]]:
    return {
        ItemState.ASSIGNED: lambda: commands.assign(tx, item, responsible=OFFICER.id, actor=MANAGER, clock=clock),
        ItemState.IN_PROGRESS: lambda: commands.start(tx, item, actor=OFFICER, clock=clock),
        ItemState.REPORTED_DONE: lambda: commands.report_done(tx, item, actor=OFFICER, clock=clock),
        ItemState.VERIFIED: lambda: commands.verify(tx, item, evidence="{}", clock=clock),
        ItemState.SIGNED_OFF: lambda: commands.sign_off(tx, item, actor=MANAGER, clock=clock),
    }


def told(
    verdict: Verdict,
    start: datetime,
    end: datetime,
    *,
    rule: str = "E05",
    subject: Subject = ROOM,
    energy_kwh: float | None = None,
) -> Finding:
    return Finding(rule=rule, subject=subject, verdict=verdict, start=start, end=end, energy_kwh=energy_kwh)
