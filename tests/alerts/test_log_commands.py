"""What people may write into the logs, and what is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from alerts.logs.commands import (
    CheckGiven,
    Desk,
    DutyGiven,
    FireTestGiven,
    IsolationGiven,
    approve_isolation,
    end_isolation,
    extend_isolation,
    file_isolation,
    refuse_isolation,
    request_isolation,
    strike_duty,
    strike_test,
    verify_alarm,
    withdraw_isolation,
    write_duty,
    write_test,
)
from alerts.logs.ports import LogTransaction
from alerts.logs.refusals import LogRefusedError, Refusal, UnknownEntryError
from alerts.model import AlertState
from sensors.actors import Actor, NotPermittedError, Role
from sensors.logs import (
    AlarmTruth,
    DutyKind,
    FireTestKind,
    FireTestResult,
    IsolationAction,
    IsolationState,
    valid,
)
from sensors.subjects import Subject
from storage.records import SqlRecords
from tests.storage.records.stores import HQ, MINUTE, NOON, StillClock, alert, alert_step

HOUR = timedelta(hours=1)
BOTH = ("张三", "李四")


@dataclass
class Room:
    """A control room: one transaction, one clock, desks for its people."""

    tx: LogTransaction
    clock: StillClock

    def desk(self, name: str = "anna", role: Role = Role.SAFETY_OFFICER) -> Desk:
        return Desk(actor=Actor(id=name, name=name, roles=frozenset({role})), site=HQ, clock=self.clock)

    def isolation(self) -> str:
        given = IsolationGiven(subject=Subject.parse("device:p1"), reason="装修", planned_end=NOON + 4 * HOUR)
        return request_isolation(self.tx, given, desk=self.desk()).isolation.id


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    clock = StillClock()
    records = SqlRecords(f"sqlite:///{tmp_path / 'records.db'}", clock=clock)
    with records.transaction() as tx:
        yield Room(tx, clock)
    records.close()


def refused(error: pytest.ExceptionInfo[LogRefusedError]) -> Refusal:
    return error.value.refusal


def test_a_round_is_kept_with_who_wrote_it_and_when(room: Room) -> None:
    entry = write_duty(room.tx, DutyGiven(present=BOTH, panel_normal=True, note=" ok "), desk=room.desk())
    assert room.tx.duty_entry(entry.id) == entry
    assert (entry.at, entry.entered_by, entry.note, entry.staff, entry.is_late) == (NOON, "anna", "ok", BOTH, False)


def test_a_hand_over_puts_the_relief_on_duty(room: Room) -> None:
    given = DutyGiven(kind=DutyKind.HAND_OVER, present=BOTH, relief=("王五", "赵六"), note="3F 屏蔽未恢复")
    assert write_duty(room.tx, given, desk=room.desk()).staff == ("王五", "赵六")


def test_what_is_written_an_hour_afterwards_is_late(room: Room) -> None:
    assert write_duty(room.tx, DutyGiven(present=BOTH, at=NOON - HOUR), desk=room.desk()).is_late


def test_a_watch_that_is_a_minute_ahead_is_taken_as_now_and_an_hour_is_refused(room: Room) -> None:
    assert write_duty(room.tx, DutyGiven(present=BOTH, at=NOON + MINUTE), desk=room.desk()).at == NOON
    with pytest.raises(LogRefusedError) as error:
        write_duty(room.tx, DutyGiven(present=BOTH, at=NOON + HOUR), desk=room.desk())
    assert refused(error) is Refusal.IN_FUTURE


@pytest.mark.parametrize("given", [DutyGiven(present=()), DutyGiven(present=(), relief=BOTH)])
def test_a_round_without_people_is_refused(room: Room, given: DutyGiven) -> None:
    with pytest.raises(LogRefusedError) as error:
        write_duty(room.tx, given, desk=room.desk())
    assert refused(error) is Refusal.NOBODY_PRESENT


def test_a_correction_is_a_new_entry_and_only_one_may_correct_another(room: Room) -> None:
    wrong = write_duty(room.tx, DutyGiven(present=("张三",)), desk=room.desk())
    right = write_duty(room.tx, DutyGiven(present=BOTH), desk=room.desk(), corrects=wrong.id)
    entries = room.tx.duty_entries(HQ, since=NOON - HOUR, until=NOON + HOUR)
    assert set(entries) == {wrong, right}
    assert list(valid(entries)) == [right]
    with pytest.raises(LogRefusedError) as error:
        write_duty(room.tx, DutyGiven(present=BOTH), desk=room.desk(), corrects=wrong.id)
    assert refused(error) is Refusal.ALREADY_CORRECTED


def test_a_struck_entry_is_gone_for_the_rules_and_stays_for_readers(room: Room) -> None:
    wrong = write_duty(room.tx, DutyGiven(present=BOTH), desk=room.desk())
    strike_duty(room.tx, wrong.id, desk=room.desk(), note="写错日期")
    entries = room.tx.duty_entries(HQ, since=NOON - HOUR, until=NOON + HOUR)
    assert len(entries) == 2
    assert list(valid(entries)) == []


def test_striking_needs_a_reason_and_an_entry(room: Room) -> None:
    wrong = write_duty(room.tx, DutyGiven(present=BOTH), desk=room.desk())
    with pytest.raises(LogRefusedError) as error:
        strike_duty(room.tx, wrong.id, desk=room.desk(), note=" ")
    assert refused(error) is Refusal.NO_REASON
    with pytest.raises(UnknownEntryError):
        strike_duty(room.tx, "nothing", desk=room.desk(), note="why")


def test_who_may_only_read_writes_nothing(room: Room) -> None:
    desk = room.desk("eve", Role.VIEWER)
    isolation = room.isolation()
    with pytest.raises(NotPermittedError):
        write_duty(room.tx, DutyGiven(present=BOTH), desk=desk)
    with pytest.raises(NotPermittedError):
        approve_isolation(room.tx, isolation, desk=desk)


def test_an_isolation_is_approved_by_somebody_else(room: Room) -> None:
    isolation = room.isolation()
    with pytest.raises(LogRefusedError) as error:
        approve_isolation(room.tx, isolation, desk=room.desk())
    assert refused(error) is Refusal.OWN_REQUEST
    kept = approve_isolation(room.tx, isolation, desk=room.desk("bert"))
    assert kept == room.tx.isolation(isolation)
    approved = kept.step(IsolationAction.APPROVE)
    assert (kept.state, approved and approved.actor_id) == (IsolationState.APPROVED, "bert")


def test_an_isolation_is_extended_filed_and_ended(room: Room) -> None:
    isolation, bert = room.isolation(), room.desk("bert")
    approve_isolation(room.tx, isolation, desk=bert)
    later = NOON + 9 * HOUR
    extend_isolation(room.tx, isolation, planned_end=later, desk=bert, note="缺货")
    kept = file_isolation(room.tx, isolation, desk=room.desk(), note="已报大队")
    assert kept.planned_end == later
    assert not kept.is_overdue(later)
    assert kept.is_overdue(later + MINUTE)
    kept = end_isolation(room.tx, isolation, desk=room.desk())
    assert kept.state is IsolationState.ENDED
    assert not kept.is_overdue(later + MINUTE)


def test_an_applicant_may_take_back_but_not_extend(room: Room) -> None:
    isolation = room.isolation()
    approve_isolation(room.tx, isolation, desk=room.desk("bert"))
    with pytest.raises(LogRefusedError) as error:
        extend_isolation(room.tx, isolation, planned_end=NOON + 9 * HOUR, desk=room.desk(), note="缺货")
    assert refused(error) is Refusal.OWN_REQUEST
    kept = withdraw_isolation(room.tx, isolation, desk=room.desk(), note="点位写错")
    assert kept.state is IsolationState.WITHDRAWN


def test_steps_that_the_table_does_not_have_are_refused(room: Room) -> None:
    isolation, bert = room.isolation(), room.desk("bert")
    with pytest.raises(LogRefusedError) as early:
        end_isolation(room.tx, isolation, desk=bert)
    refuse_isolation(room.tx, isolation, desk=bert, note="夜间不得停用")
    with pytest.raises(LogRefusedError) as twice:
        approve_isolation(room.tx, isolation, desk=bert)
    assert {refused(early), refused(twice)} == {Refusal.ILLEGAL_STEP}
    with pytest.raises(UnknownEntryError):
        end_isolation(room.tx, "nothing", desk=bert)


def test_an_isolation_without_reason_or_end_is_refused(room: Room) -> None:
    panel = Subject.parse("device:p1")
    for given, why in (
        (IsolationGiven(subject=panel, reason="", planned_end=NOON + HOUR), Refusal.NO_REASON),
        (IsolationGiven(subject=panel, reason="装修", planned_end=NOON), Refusal.ENDS_BEFORE),
    ):
        with pytest.raises(LogRefusedError) as error:
            request_isolation(room.tx, given, desk=room.desk())
        assert refused(error) is why


def a_test(**fields: object) -> FireTestGiven:
    given: dict[str, object] = {
        "kind": FireTestKind.ANNUAL_TEST,
        "subject": Subject.parse("building:a"),
        "day": NOON.date(),
        "by": "安泰检测",
        "result": FireTestResult.PASSED,
    }
    return FireTestGiven(**(given | fields))  # type: ignore[arg-type]  # fields by name


def test_a_test_is_kept_and_corrected_and_struck(room: Room) -> None:
    first = write_test(room.tx, a_test(), desk=room.desk())
    second = write_test(room.tx, a_test(result=FireTestResult.FAILED), desk=room.desk(), corrects=first.id)
    assert list(valid(room.tx.fire_tests(HQ))) == [second]
    strike_test(room.tx, second.id, desk=room.desk(), note="别的楼")
    assert list(valid(room.tx.fire_tests(HQ))) == []


def test_tests_of_tomorrow_and_due_dates_of_yesterday_are_refused(room: Room) -> None:
    tomorrow = NOON.date() + timedelta(days=2)
    for given, why in (
        (a_test(day=tomorrow), Refusal.IN_FUTURE),
        (a_test(next_due=date(2026, 1, 1)), Refusal.ENDS_BEFORE),
        (a_test(by=" "), Refusal.NOBODY_PRESENT),
    ):
        with pytest.raises(LogRefusedError) as error:
            write_test(room.tx, given, desk=room.desk())
        assert refused(error) is why


def test_who_went_there_has_seen_the_alert_and_the_last_word_counts(room: Room) -> None:
    raised = alert(onset=NOON - MINUTE)
    room.tx.save_alert(raised, alert_step(raised))
    first = verify_alarm(room.tx, raised.id, CheckGiven(truth=AlarmTruth.REAL), desk=room.desk())
    seen = room.tx.alert(raised.id)
    assert (first.by, seen and seen.state) == ("anna", AlertState.ACKNOWLEDGED)
    second = verify_alarm(room.tx, raised.id, CheckGiven(truth=AlarmTruth.FALSE, by="张三"), desk=room.desk())
    assert second.corrects == first.id
    assert list(valid(room.tx.alarm_checks_of(raised.id))) == [second]
