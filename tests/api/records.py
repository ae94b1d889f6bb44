"""Alerts, findings and items for tests of the API, put into the records as the program itself puts them."""

from datetime import timedelta

from alerts.commands import raise_alert
from alerts.model import fingerprint
from analytics.ledger import FindingAction, FindingRecord
from rectification.commands import verify
from rectification.model import ItemState
from sensors.alarms import Alarm
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject
from sensors.topology import DeviceId
from sensors.verdicts import Severity
from tests.api.bench import HQ, NOON, Bench, Browser


def fire(bench: Bench, *, zone: str = "2F") -> str:
    """Raise a fire alarm and return its id."""
    subject = Subject.parse("device:panel1")
    signal = Signal(
        kind=SignalKind.ACTIVE,
        mark=fingerprint(HQ, "F01", subject, zone),
        site=HQ,
        rule="F01",
        event=Alarm.FIRE,
        subject=subject,
        device=DeviceId("panel1"),
        severity=Severity.RED,
        time=NOON,
        received=NOON,
        zone=zone,
        parameters={"event": "fire", "zone": zone},
    )
    with bench.records.transaction() as tx:
        return raise_alert(tx, signal, clock=bench.clock).id


def finding(
    bench: Bench,
    *,
    subject: str = "room:a-201",
    rule: str = "E03",
    identifier: str = "f1",
    energy_kwh: float = 12.5,
) -> str:
    """Open a finding and return its id."""
    record = FindingRecord(
        id=identifier,
        site=HQ,
        rule=rule,
        subject=Subject.parse(subject),
        severity=Severity.YELLOW,
        started=NOON - timedelta(days=7),
        last_seen=NOON,
        value=41.5,
        threshold=20.0,
        unit="%",
        energy_kwh=energy_kwh,
        evidence={"empty_h": 40.0},
    )
    with bench.records.transaction() as tx:
        tx.save_finding(record, action=FindingAction.OPEN, actor_id="system:analysis")
    return identifier


def proven_item(bench: Bench, manager: Browser, worker: Browser, *, responsible: str) -> str:
    """Take an item through all steps until the readings have proven it, and return its id."""
    item_id: str = manager.post(f"/findings/{finding(bench)}/propose").json()["id"]
    assert manager.post(f"/items/{item_id}/assign", {"responsible": responsible}).status_code == 200
    assert worker.post(f"/items/{item_id}/start").status_code == 200
    assert worker.post(f"/items/{item_id}/report-done", {"note": "timer set"}).status_code == 200
    with bench.records.transaction() as tx:
        assert verify(tx, item_id, evidence='{"days": 7}', clock=bench.clock).state is ItemState.VERIFIED
    return item_id
