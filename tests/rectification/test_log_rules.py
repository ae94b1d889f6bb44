"""From the logs into the ledger and the plan, and out of it by a record."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from alerts.logs.commands import Desk, FireTestGiven, write_test
from alerts.model import AlertAction, AlertState
from analytics.calendar import WorkCalendar
from premises.holidays import holidays_of
from premises.jobs.daily import Building
from premises.jobs.log_rules import LogRules
from rectification import commands
from rectification.model import ItemState
from sensors.actors import Actor, Role
from sensors.logs import FireTestKind, FireTestResult
from sensors.subjects import Subject
from sensors.thresholds import Override, Overrides
from sensors.topology import Name, Registry, Site
from sensors.verdicts import Verdict
from storage.records import SqlRecords
from tests.storage.records.stores import HQ, NOON, StillClock, alert, alert_step

MANAGER = Actor(id="anna", name="Anna", roles=frozenset({Role.FACILITY_MANAGER}))


def building() -> Building:
    name = Name(zh="一号院", en="Compound 1")
    site = Site(id=HQ, name=name, timezone="Asia/Shanghai", working_hours="09:00-17:00", calendar="none")
    return Building(registry=Registry(site=site), calendar=WorkCalendar(site, holidays_of(site, Path("registry.yaml"))))


def yearly(day: date) -> FireTestGiven:
    return FireTestGiven(
        kind=FireTestKind.ANNUAL_TEST,
        subject=Subject.parse("site:hq"),
        day=day,
        by="安泰检测",
        result=FireTestResult.PASSED,
    )


def test_an_overdue_test_comes_into_the_plan_and_its_record_verifies_it(tmp_path: Path) -> None:
    clock = StillClock()
    records = SqlRecords(f"sqlite:///{tmp_path / 'records.db'}", clock=clock)
    rules = LogRules(records=records, building=building, clock=clock)
    desk = Desk(actor=MANAGER, site=HQ, clock=clock)
    with records.transaction() as tx:
        write_test(tx, yearly(date(2025, 1, 10)), desk=desk)
    assert rules.nightly() == {"new": 1, "ended": 0, "proposed": 1, "moved": 0}
    with records.transaction() as tx:
        [item] = tx.items()
        assert (item.rule, str(item.subject)) == ("F11", "site:hq")
        commands.assign(tx, item.id, responsible="anna", actor=MANAGER, clock=clock)
        commands.start(tx, item.id, actor=MANAGER, clock=clock)
        commands.report_done(tx, item.id, actor=MANAGER, clock=clock)
    assert rules.nightly()["moved"] == 0
    with records.transaction() as tx:
        write_test(tx, yearly(NOON.date()), desk=desk)
    clock.time += timedelta(days=1)
    assert rules.nightly() == {"new": 0, "ended": 1, "proposed": 0, "moved": 1}
    with records.reading() as tx:
        assert tx.items()[0].state is ItemState.VERIFIED
        assert tx.open_findings() == []
    records.close()


def test_a_site_that_writes_nothing_down_gets_no_findings_and_no_passes(tmp_path: Path) -> None:
    clock = StillClock()
    records = SqlRecords(f"sqlite:///{tmp_path / 'records.db'}", clock=clock)
    rules = LogRules(records=records, building=building, clock=clock)
    assert rules.nightly() == {"new": 0, "ended": 0, "proposed": 0, "moved": 0}
    verdicts = {each.verdict for each in rules.verdicts({"F04", "F07", "F11"}, NOON.date(), NOON.date())}
    assert verdicts == {"insufficient_data"}
    records.close()


def test_alarms_that_come_again_and_again_come_into_the_ledger_and_leave_it(tmp_path: Path) -> None:
    clock = StillClock()
    records = SqlRecords(f"sqlite:///{tmp_path / 'records.db'}", clock=clock)
    flood = [NOON + timedelta(seconds=40 * number) for number in range(11)]

    def told(*, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        return {"guard": [each for each in flood if since <= each < until]}

    rules = LogRules(records=records, building=building, clock=clock, told=told)
    seconds = (0, 15, 30)
    with records.transaction() as tx:
        for each in (alert(onset=NOON + timedelta(seconds=second)) for second in seconds):
            tx.save_alert(each, alert_step(each))
            over = replace(each, state=AlertState.CLEARED)
            tx.save_alert(over, alert_step(over, AlertAction.CLEAR, at=each.onset + timedelta(seconds=5)))
    clock.time = NOON + timedelta(days=1)
    assert rules.nightly()["new"] == 2
    with records.reading() as tx:
        found = {str(each.subject): (each.value, each.unit) for each in tx.open_findings() if each.rule == "G06"}
    assert found == {"room:a-201": (3.0, "1/min"), "site:hq": (11.0, "alarms")}
    clock.time += timedelta(days=8)
    flood.clear()
    assert rules.nightly()["ended"] == 2
    records.close()


def test_limits_over_the_records_are_the_sites_own_where_it_has_some(tmp_path: Path) -> None:
    clock = StillClock()
    records = SqlRecords(f"sqlite:///{tmp_path / 'records.db'}", clock=clock)
    longer = Override(
        rule="F11",
        parameter="test_days",
        subject=Subject.parse("site:hq"),
        value=30,
        by="王芳",
        why="the panel is old",
        since=date(2026, 1, 1),
    )
    rules = LogRules(records=records, building=building, clock=clock, thresholds=lambda _: Overrides((longer,)))
    with records.transaction() as tx:
        write_test(tx, yearly(NOON.date() - timedelta(days=31)), desk=Desk(actor=MANAGER, site=HQ, clock=clock))
    (found,) = rules.verdicts({"F11"}, NOON.date(), NOON.date())
    assert (found.verdict, found.value, found.threshold) == (Verdict.FAULT, 31, 30)
    assert found.evidence["overridden"] == "test_days 30 (365 d): 王芳, 2026-01-01, the panel is old"
    records.close()
