"""The application over real records, in which a building's week has been lived through by the real commands."""

import weakref
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher

from alerts import commands as alert_commands
from alerts.model import fingerprint
from analytics.ledger import FindingRecord, record_run
from api.alert_ports import NoDeliveries
from api.app import create_app
from api.data_ports import NoData
from api.people import give_item, propose_item
from api.ports import RecordsTransaction, Services, WebSettings
from api.security.accounts import set_up_url
from api.security.passwords import Argon2Passwords
from premises.papers import duty_sheets
from rectification import commands as item_commands
from rectification.model import Item
from rectification.verification import Refuted, Verified, evidence
from sensors.accounts import Account
from sensors.actors import Actor, Role
from sensors.alarms import Alarm
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject
from sensors.topology import DeviceId
from sensors.verdicts import Finding, Severity, Verdict
from storage.evidence import EvidenceStore
from storage.records import SqlRecords
from tests.console.demo_building import HQ, MONDAY_MORNING, FormulaRooms, registry
from tests.console.demo_data import ShownData
from tests.console.demo_logs import write_logs
from tests.console.shown_calls import ShownCalls
from tests.console.shown_energy import shown_energy
from tests.console.shown_use import shown_use

PASSWORD = "three blue herons"  # noqa: S105 - a test's own
QUICK = Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

PEOPLE: dict[str, tuple[str, Role]] = {
    "limin": ("李敏", Role.FACILITY_MANAGER),
    "wangqiang": ("王强", Role.FACILITY_MANAGER),
    "zhaoning": ("赵宁", Role.SAFETY_OFFICER),
    "sunyi": ("孙怡", Role.VIEWER),
    "security": ("周安", Role.SECURITY_ADMINISTRATOR),
}


@dataclass
class HandClock:
    """Stands until it is set."""

    time: datetime = MONDAY_MORNING

    def now(self) -> datetime:
        return self.time


def in_days(found: datetime, wait: timedelta) -> date:
    """Take the deadline by the calendar."""
    return (found + wait).date()


@dataclass
class Demo:
    """The application, and what a test wants to know of it. `is_empty` leaves the records as a first start does."""

    folder: Path
    origin: str
    is_empty: bool = False
    has_people: bool = True
    clock: HandClock = field(default_factory=HandClock)
    data: ShownData = field(default_factory=ShownData)
    items: dict[str, Item] = field(default_factory=dict)
    alert_ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records = SqlRecords(f"sqlite:///{self.folder / 'records.db'}", clock=self.clock)
        weakref.finalize(self, self.records.close)
        self.calls = ShownCalls(self.clock.now, self.alert_ids)
        self.services = Services(
            records=self.records,
            rooms=FormulaRooms(self.clock),
            utilisation=lambda: None if self.is_empty else shown_use(registry()),
            energy=lambda asked: None if self.is_empty else shown_energy(registry(), asked),
            registry=registry,
            clock=self.clock,
            web=WebSettings(origin=self.origin, live_poll_s=0.02),
            deadline=in_days,
            data=NoData() if self.is_empty else self.data,
            alerts=NoDeliveries() if self.is_empty else self.calls,
            passwords=QUICK,
            duty_sheet=duty_sheets(registry, self.clock),
            evidence=EvidenceStore(self.folder / "evidence"),
        )
        self.set_up = set_up_url(self.services) or ""
        with self.records.transaction() as tx:
            for user_name, (name, role) in PEOPLE.items() if self.has_people else ():
                tx.save_account(_account(user_name, name, role))
        if not self.is_empty:
            _Week(self).live_through()
        self.app = create_app(self.services)

    def actor(self, user_name: str) -> Actor:
        """Return one of PEOPLE as who acts."""
        name, role = PEOPLE[user_name]
        return Actor(id=f"id-{user_name}", name=name, roles=frozenset({role}))

    def raise_alert(self, name: str, event: Alarm, device: str, *, ago: timedelta, zone: str = "") -> str:
        """Raise an alert that began so long ago, and return its id."""
        rule, severity = _RULES[event]
        at = self.clock.now() - ago
        subject = Subject.parse("opening:d-104" if event is Alarm.FORCED else f"device:{device}")
        signal = Signal(
            kind=SignalKind.ACTIVE,
            mark=fingerprint(HQ, rule, subject, f"{zone}{name}"),
            site=HQ,
            rule=rule,
            event=event,
            subject=subject,
            device=DeviceId(device),
            severity=severity,
            time=at,
            received=at,
            zone=zone,
            test=name == "test",
            doubts=("exit_request_not_wired",) if event is Alarm.FORCED else (),
            parameters={"event": event.value, "device": device} | ({"room": "a-206"} if device == "leak1" else {}),
        )
        with self.records.transaction() as tx:
            raised = alert_commands.raise_alert(tx, signal, clock=_At(at))
        self.alert_ids[name] = raised.id
        return raised.id


_RULES = {
    Alarm.FIRE: ("F01", Severity.RED),
    Alarm.LEAK: ("F12", Severity.ORANGE),
    Alarm.FORCED: ("D02", Severity.ORANGE),
}


@dataclass(frozen=True)
class _At:
    time: datetime

    def now(self) -> datetime:
        return self.time


def _account(user_name: str, name: str, role: Role) -> Account:
    made = MONDAY_MORNING - timedelta(days=40)
    return Account(
        id=f"id-{user_name}",
        user_name=user_name,
        name=name,
        password_hash=QUICK.hash(PASSWORD),
        roles=frozenset({role}),
        created=made,
        password_changed=made,
    )


FAULTS: tuple[
    tuple[str, str, float, float | None, float | None, str, float | None, dict[str, float | int | str]], ...
] = (
    ("E05", "circuit:c-2f-plugs", 6, 17.1, 5, "W/m²", 23.4, {"excess_w": 410.0, "standby_w": 62.0, "empty_h": 38.5}),
    ("E05", "circuit:c-1f-light", 13, 6.2, 5, "W/m²", 9.8, {"excess_w": 240.0, "standby_w": 12.0, "empty_h": 21.0}),
    ("S02", "room:a-106", 20, 21.4, 30, "%", None, {"occupied_h": 34.2, "known_h": 160.0, "coverage_pct": 97.0}),
    ("S03", "room:a-202", 25, 11.8, 30, "%", None, {"occupied_h": 18.9, "known_h": 160.0, "coverage_pct": 99.0}),
    ("S01", "room:a-105", 12, 1, 1, "d", None, {"workdays_known": 40, "holders": 1}),
    ("A01", "room:a-203", 3, 1640, 1000, "ppm", None, {"peak_ppm": 1840.0, "hours": 3.5, "spells": 2}),
    ("E03", "building:a", 15, 0.47, 0.35, "ratio", 131.0, {"night_w": 4200.0, "work_w": 8900.0}),
    ("G01", "device:aq-204", 1.1, 1560, 15, "min", None, {"last_heard": "2026-11-22T00:24:00+00:00"}),
)


@dataclass
class _Week:
    """Lives through what the pages show, step by step, each at its time and by its person."""

    demo: Demo

    def live_through(self) -> None:
        records = self._findings()
        with self.demo.records.transaction() as tx:
            self._items(tx, records)
        self._alerts()
        self.demo.clock.time = MONDAY_MORNING

    def _findings(self) -> dict[str, FindingRecord]:
        findings = [
            Finding(
                rule=rule,
                subject=Subject.parse(subject),
                verdict=Verdict.FAULT,
                start=MONDAY_MORNING - timedelta(days=days),
                end=MONDAY_MORNING - timedelta(hours=2),
                value=value,
                threshold=threshold,
                unit=unit,
                energy_kwh=energy_kwh,
                evidence=told,
            )
            for rule, subject, days, value, threshold, unit, energy_kwh, told in FAULTS
        ]
        with self.demo.records.transaction() as tx:
            recorded = record_run(tx, findings, site=HQ, at=MONDAY_MORNING - timedelta(hours=2))
        return {f"{record.rule} {record.subject}": record for record in recorded.new}

    def _items(self, tx: RecordsTransaction, records: dict[str, FindingRecord]) -> None:
        ways = {
            "draft": ("E05 circuit:c-2f-plugs", ""),
            "overdue": ("A01 room:a-203", "a"),
            "working": ("S03 room:a-202", "as"),
            "reported": ("E05 circuit:c-1f-light", "asd"),
            "proven": ("E03 building:a", "asdv"),
            "refuted": ("S02 room:a-106", "asdr"),
        }
        for name, (key, way) in ways.items():
            self._walk(tx, name, records[key], way)
        own = _other(records["E03 building:a"], "L03", "circuit:c-main")
        self._walk(tx, "own", own, "asdv", fixer="limin")
        gone = _other(records["E03 building:a"], "A05", "room:a-201")
        self._walk(tx, "signed", gone, "asdvo")
        again = replace(gone, started=MONDAY_MORNING - timedelta(hours=4))
        self._at(hours=-3)
        self.demo.items["again"] = item_commands.propose(tx, again, clock=self.demo.clock, deadline=in_days)

    def _at(self, **away: float) -> None:
        self.demo.clock.time = MONDAY_MORNING + timedelta(**away)

    def _walk(
        self, tx: RecordsTransaction, name: str, record: FindingRecord, way: str, *, fixer: str = "wangqiang"
    ) -> None:
        """Take an item along: assigned, started, reported done, verified or refuted, signed off."""
        demo, clock = self.demo, self.demo.clock
        self._at(days=-9)
        if tx.finding(record.id) is None:
            item = item_commands.propose(tx, record, clock=clock, deadline=in_days)
        else:
            item = propose_item(demo.services, tx, record.id, actor=demo.actor("limin"))
        who = demo.actor(fixer)
        steps = {
            "a": lambda: give_item(
                demo.services,
                tx,
                item.id,
                responsible=who.id,
                actor=demo.actor("limin"),
                deadline=(MONDAY_MORNING + timedelta(days=-2 if name == "overdue" else 4)).date(),
            ),
            "s": lambda: item_commands.start(tx, item.id, actor=who, clock=clock),
            "d": lambda: item_commands.report_done(
                tx, item.id, actor=who, clock=clock, note="已加装定时开关，18:30断电"
            ),
            "v": lambda: item_commands.verify(tx, item.id, evidence=_proof(record, mended=True), clock=clock),
            "r": lambda: item_commands.refute(tx, item.id, evidence=_proof(record, mended=False), clock=clock),
            "o": lambda: item_commands.sign_off(tx, item.id, actor=demo.actor("zhaoning"), clock=clock),
        }
        for number, letter in enumerate(way):
            self._at(days=-8 + 1.6 * number)
            item = steps[letter]()
        demo.items[name] = item

    def _alerts(self) -> None:
        demo = self.demo
        self._at()
        demo.raise_alert("closed", Alarm.LEAK, "leak1", ago=timedelta(days=4))
        demo.raise_alert("forced", Alarm.FORCED, "lock-104", ago=timedelta(hours=9))
        demo.raise_alert("leak", Alarm.LEAK, "leak1", ago=timedelta(minutes=52))
        demo.raise_alert("test", Alarm.FIRE, "panel1", ago=timedelta(hours=1), zone="1F")
        demo.raise_alert("fire", Alarm.FIRE, "panel1", ago=timedelta(seconds=48), zone="2F-东")
        for number, seconds in enumerate((70, 55, 40)):
            demo.raise_alert(f"chatter{number}", Alarm.LEAK, "leak2", ago=timedelta(days=2, seconds=seconds))
        officer = demo.actor("zhaoning")
        with demo.records.transaction() as tx:
            chatter = [(f"chatter{number}", -2870) for number in range(3)]
            for name, minutes in (("closed", -5700), ("forced", -520), ("leak", -49), *chatter):
                self._at(minutes=minutes)
                note = "已关阀门，正在查漏" if name == "leak" else ""
                alert_commands.acknowledge(tx, demo.alert_ids[name], actor=officer, clock=demo.clock, note=note)
            write_logs(
                tx,
                HQ,
                officer=officer,
                manager=demo.actor("limin"),
                now=MONDAY_MORNING,
                leak=demo.alert_ids["leak"],
            )
            for name, minutes in (("closed", -5600), *chatter):
                self._at(minutes=minutes)
                alert_commands.clear(tx, demo.alert_ids[name], actor=alert_commands.DETECTION, clock=demo.clock)


def _other(record: FindingRecord, rule: str, subject: str) -> FindingRecord:
    """Return a fault that the ledger no longer holds."""
    return replace(record, id=f"gone-{rule}", rule=rule, subject=Subject.parse(subject))


def _proof(record: FindingRecord, *, mended: bool) -> str:
    until = MONDAY_MORNING.replace(hour=16, minute=0) - timedelta(days=3)
    proof = Finding(
        rule=record.rule,
        subject=record.subject,
        verdict=Verdict.PASS if mended else Verdict.FAULT,
        start=until - timedelta(days=1),
        end=until,
        value=(record.threshold or 1.0) * 0.6 if mended else record.value,
        threshold=record.threshold,
        unit=record.unit,
    )
    since = until - timedelta(days=5)
    return evidence(Verified(since=since, until=until, proof=proof) if mended else Refuted(proof=proof))
