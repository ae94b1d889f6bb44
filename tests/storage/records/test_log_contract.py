"""What the records keep of the logs, over every database."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sensors.journal import ChangeKind
from sensors.logs import (
    AlarmCheck,
    AlarmTruth,
    DutyEntry,
    DutyKind,
    FireSystem,
    FireTest,
    FireTestKind,
    FireTestResult,
    Isolation,
    IsolationAction,
    IsolationState,
    IsolationStep,
)
from sensors.subjects import Subject
from sensors.topology import SiteId
from storage.records import SqlRecords
from tests.storage.records.stores import HQ, MINUTE, NOON, alert, alert_step

HOUR = timedelta(hours=1)
PANEL = Subject.parse("device:panel1")

ROUND = DutyEntry(
    id="d1",
    site=HQ,
    kind=DutyKind.ROUND,
    at=NOON - HOUR,
    present=("张三", "李四"),
    panel_normal=True,
    note="一切正常",
    entered=NOON,
    entered_by="anna",
)
TEST = FireTest(
    id="t1",
    site=HQ,
    kind=FireTestKind.ANNUAL_TEST,
    subject=Subject.parse("building:a"),
    system=FireSystem.ALL,
    day=date(2026, 3, 2),
    by="安泰检测",
    result=FireTestResult.DEFECTS,
    next_due=date(2027, 3, 1),
    note="2处手报需更换",
    entered=NOON,
    entered_by="anna",
)
ISOLATION = Isolation(
    id="i1",
    site=HQ,
    subject=PANEL,
    zone="3F-12",
    reason="更换探测器",
    starts=NOON,
    planned_end=NOON + 4 * HOUR,
    applicant="anna",
    entered=NOON,
)


def step(action: IsolationAction, **fields: object) -> IsolationStep:
    made = IsolationStep(isolation_id="i1", action=action, actor_id="bert", at=NOON + MINUTE)
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def check(**fields: object) -> AlarmCheck:
    made = AlarmCheck(
        id="c1",
        site=HQ,
        alert_id="a1",
        subject=PANEL,
        zone="2F",
        onset=NOON,
        truth=AlarmTruth.FALSE,
        at=NOON + MINUTE,
        by="张三",
        note="蒸汽",
        entered=NOON + MINUTE,
        entered_by="anna",
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def test_duty_entries_come_back_as_they_were_in_the_order_of_what_they_tell(records: SqlRecords) -> None:
    handed = replace(ROUND, id="d2", kind=DutyKind.HAND_OVER, at=NOON - 2 * HOUR, relief=("王五",), panel_normal=None)
    with records.transaction() as tx:
        tx.add_duty_entry(ROUND)
        tx.add_duty_entry(handed)
    with records.reading() as tx:
        assert list(tx.duty_entries(HQ, since=NOON - 3 * HOUR, until=NOON)) == [handed, ROUND]
        assert list(tx.duty_entries(HQ, since=NOON - 3 * HOUR, until=NOON, limit=1)) == [ROUND]
        assert list(tx.duty_entries(HQ, since=NOON - HOUR, until=NOON - HOUR)) == []
        assert list(tx.duty_entries(SiteId("annex"), since=NOON - 3 * HOUR, until=NOON)) == []
        assert (tx.duty_entry("d1"), tx.duty_entry("d9")) == (ROUND, None)
        assert (tx.first_duty_entry(HQ), tx.first_duty_entry(SiteId("annex"))) == (NOON - 2 * HOUR, None)


def test_corrected_entries_stay_and_are_known_as_corrected(records: SqlRecords) -> None:
    with records.transaction() as tx:
        tx.add_duty_entry(ROUND)
        tx.add_duty_entry(replace(ROUND, id="d2", note="3F 故障", corrects="d1"))
    with records.reading() as tx:
        assert len(tx.duty_entries(HQ, since=NOON - 3 * HOUR, until=NOON)) == 2
        assert tx.is_corrected("d1")
        assert not tx.is_corrected("d2")
        assert [entry.action for entry in tx.audit_entries()] == ["duty.correct", "duty.enter"]
        assert [change.kind for change in tx.changes(after=0)] == [ChangeKind.LOG, ChangeKind.LOG]


def test_an_isolation_comes_back_with_its_steps(records: SqlRecords) -> None:
    later = NOON + 9 * HOUR
    steps = (
        step(IsolationAction.REQUEST, actor_id="anna"),
        step(IsolationAction.APPROVE),
        step(IsolationAction.EXTEND, planned_end=later, note="缺货"),
        step(IsolationAction.END, at=NOON + HOUR),
    )
    with records.transaction() as tx:
        tx.add_isolation(ISOLATION)
        for each in steps:
            tx.add_isolation_step(each)
    with records.reading() as tx:
        kept = tx.isolation("i1")
        assert tx.isolation("i9") is None
        assert list(tx.isolations(HQ)) == [kept]
        assert list(tx.isolations(HQ, since=NOON)) == [kept]
        assert list(tx.isolations(HQ, since=NOON + 2 * HOUR)) == []
    assert kept is not None
    assert (kept.isolation, kept.steps) == (ISOLATION, steps)
    assert (kept.state, kept.planned_end) == (IsolationState.ENDED, later)


def test_tests_come_back_the_newest_first(records: SqlRecords) -> None:
    older = replace(TEST, id="t2", kind=FireTestKind.PATROL, day=date(2025, 3, 2), next_due=None, note="")
    with records.transaction() as tx:
        tx.add_fire_test(older)
        tx.add_fire_test(TEST)
    with records.reading() as tx:
        assert list(tx.fire_tests(HQ)) == [TEST, older]
        assert tx.fire_test("t1") == TEST


def test_what_was_found_at_an_alarm_is_kept_with_its_alert(records: SqlRecords) -> None:
    raised = alert(id="a1", onset=NOON)
    with records.transaction() as tx:
        tx.save_alert(raised, alert_step(raised))
        tx.add_alarm_check(check())
        tx.add_alarm_check(check(id="c2", truth=AlarmTruth.REAL, corrects="c1", entered=NOON + 2 * MINUTE))
    with records.reading() as tx:
        assert [each.id for each in tx.alarm_checks_of("a1")] == ["c1", "c2"]
        assert tx.alarm_check("c1") == check()
        assert len(tx.alarm_checks(HQ, since=NOON, until=NOON + MINUTE)) == 2
        assert list(tx.alarm_checks(HQ, since=NOON + MINUTE, until=NOON + HOUR)) == []
        assert list(tx.alerts_begun(HQ, since=NOON, until=NOON + MINUTE)) == [raised]
        assert list(tx.alerts_begun(HQ, since=NOON - MINUTE, until=NOON)) == []
        kinds = [change.kind for change in tx.changes(after=0)]
        assert kinds == [ChangeKind.ALERT, ChangeKind.LOG, ChangeKind.ALERT, ChangeKind.LOG, ChangeKind.ALERT]


def test_nothing_is_kept_of_a_transaction_that_fails(records: SqlRecords) -> None:
    def fail() -> None:
        with records.transaction() as tx:
            tx.add_duty_entry(ROUND)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with records.reading() as tx:
        assert tx.duty_entry("d1") is None
