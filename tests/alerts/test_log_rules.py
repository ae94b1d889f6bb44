"""What the rules make of the logs; figures worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.logs.rules import (
    DutyLog,
    JudgedAlarm,
    Period,
    judge_duty,
    judge_false_alarms,
    judge_tests,
)
from sensors.logs import (
    AlarmTruth,
    DutyEntry,
    DutyKind,
    FireSystem,
    FireTest,
    FireTestKind,
    FireTestResult,
)
from sensors.subjects import Subject
from sensors.topology import SiteId
from sensors.verdicts import Finding, Verdict

HQ = SiteId("hq")
SITE = Subject.parse("site:hq")
PANEL = Subject.parse("device:panel1")
START = datetime(2026, 11, 22, 16, tzinfo=UTC)
DAY = Period(subject=SITE, start=START, end=START + timedelta(days=1))
TODAY = date(2026, 11, 23)
LONG_AGO = START - timedelta(days=100)


def entry(hours: float, *present: str, **fields: object) -> DutyEntry:
    """Return a round so many hours into the day, written down as it was made."""
    at = START + timedelta(hours=hours)
    made = DutyEntry(
        id=f"d{hours}",
        site=HQ,
        kind=DutyKind.ROUND,
        at=at,
        present=present or ("甲", "乙"),
        entered=at,
        entered_by="a",
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def log(*entries: DutyEntry, answers: tuple[datetime, ...] = ()) -> DutyLog:
    return DutyLog(entries=entries, began=LONG_AGO, answers=answers)


def every_two_hours(*, but: float | None = None) -> list[DutyEntry]:
    return [entry(hours) for hours in range(0, 24, 2) if hours != but]


def test_a_log_that_was_never_begun_is_no_pass() -> None:
    found = judge_duty(DutyLog(entries=(), began=None), DAY)
    assert (found.verdict, found.missing) == (Verdict.INSUFFICIENT_DATA, ("duty_log",))


def test_entries_every_two_hours_by_two_people_pass() -> None:
    assert judge_duty(log(*every_two_hours()), DAY).verdict is Verdict.PASS


def test_a_missing_entry_is_a_gap_of_four_hours() -> None:
    found = judge_duty(log(*every_two_hours(but=8)), DAY)
    assert (found.verdict, found.value, found.threshold, found.unit) == (Verdict.FAULT, 4.0, 2.0, "h")
    assert found.evidence["gap_from"] == (START + timedelta(hours=6)).isoformat()


def test_an_answered_roll_call_shows_somebody_present() -> None:
    answered = log(*every_two_hours(but=8), answers=(START + timedelta(hours=8),))
    assert judge_duty(answered, DAY).verdict is Verdict.PASS


def test_a_log_that_stopped_is_a_gap_up_to_the_end() -> None:
    found = judge_duty(log(entry(-1)), DAY)
    assert (found.verdict, found.value) == (Verdict.FAULT, 25.0)


def test_seconds_over_two_hours_are_no_gap() -> None:
    entries = [entry(hours + (0.01 if hours % 4 else 0)) for hours in range(0, 24, 2)]
    assert judge_duty(log(*entries), DAY).verdict is Verdict.PASS


def test_what_is_written_afterwards_closes_no_gap() -> None:
    late = entry(8, entered=START + timedelta(hours=10))
    found = judge_duty(log(*every_two_hours(but=8), late), DAY)
    assert (found.verdict, found.value) == (Verdict.FAULT, 4.0)


@pytest.mark.parametrize(
    "single", [entry(9, "甲"), entry(9, "甲", "乙", kind=DutyKind.HAND_OVER, relief=("丙",))], ids=["round", "shift"]
)
def test_one_person_is_too_few(single: DutyEntry) -> None:
    found = judge_duty(log(*every_two_hours(), single), DAY)
    assert (found.verdict, found.value, found.threshold, found.unit) == (Verdict.FAULT, 1, 2, "people")


def test_a_corrected_entry_counts_no_more() -> None:
    wrong = entry(9, "甲", id="wrong")
    right = entry(9, "甲", "乙", id="right", corrects="wrong")
    assert judge_duty(log(*every_two_hours(), wrong, right), DAY).verdict is Verdict.PASS


def alarm(truth: AlarmTruth | None, *, zone: str = "2F-01", days: float = 0.5) -> JudgedAlarm:
    """Return an alarm so many days before the end of the day."""
    return JudgedAlarm(subject=PANEL, zone=zone, onset=DAY.end - timedelta(days=days), truth=truth)


def false_alarms(*alarms: JudgedAlarm, ever: bool = True) -> dict[Subject, Finding]:
    return {each.subject: each for each in judge_false_alarms(alarms, DAY, ever_verified=ever)}


def test_false_alarms_without_any_verification_are_unknown() -> None:
    assert false_alarms(ever=False)[SITE].verdict is Verdict.INSUFFICIENT_DATA


def test_six_false_alarms_a_day_are_one_too_many_for_a_site() -> None:
    five = [alarm(AlarmTruth.FALSE, zone=str(number)) for number in range(5)]
    assert false_alarms(*five)[SITE].verdict is Verdict.PASS
    found = false_alarms(*five, alarm(AlarmTruth.FALSE, zone="6"))[SITE]
    assert (found.verdict, found.value, found.threshold) == (Verdict.FAULT, 6, 5)


def test_three_false_alarms_of_a_detector_in_a_month_are_too_many() -> None:
    two = [alarm(AlarmTruth.FALSE), alarm(AlarmTruth.FALSE, days=29)]
    assert false_alarms(*two)[PANEL].verdict is Verdict.PASS
    assert false_alarms(*two, alarm(AlarmTruth.FALSE, zone="other"))[PANEL].verdict is Verdict.PASS
    assert false_alarms(*two, alarm(AlarmTruth.FALSE, days=31))[PANEL].verdict is Verdict.PASS
    found = false_alarms(*two, alarm(AlarmTruth.FALSE, days=3))[PANEL]
    assert (found.verdict, found.value, found.evidence["zone"]) == (Verdict.FAULT, 3, "2F-01")


def test_alarms_that_nobody_verified_are_not_taken_for_real_ones() -> None:
    found = false_alarms(alarm(AlarmTruth.FALSE), alarm(AlarmTruth.FALSE, days=2), alarm(None, days=3))[PANEL]
    assert (found.verdict, found.missing) == (Verdict.INSUFFICIENT_DATA, ("verifications",))


def test_real_alarms_are_no_false_ones() -> None:
    assert false_alarms(*[alarm(AlarmTruth.REAL)] * 9)[PANEL].verdict is Verdict.PASS


def done(days_ago: int, kind: FireTestKind = FireTestKind.ANNUAL_TEST, **fields: object) -> FireTest:
    made = FireTest(
        id=f"t{kind}{days_ago}",
        site=HQ,
        kind=kind,
        subject=SITE,
        system=FireSystem.ALL,
        day=TODAY - timedelta(days=days_ago),
        by="安泰",
        result=FireTestResult.PASSED,
        entered=START,
        entered_by="a",
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by name


def verdicts(*tests: FireTest) -> list[Verdict]:
    return [each.verdict for each in judge_tests(tests, DAY, today=TODAY)]


QUARTERLY = FireTestKind.QUARTERLY_CHECK


def test_tests_that_were_never_written_down_are_no_pass() -> None:
    assert verdicts() == [Verdict.INSUFFICIENT_DATA]
    assert verdicts(done(30, QUARTERLY)) == [Verdict.INSUFFICIENT_DATA]


def test_a_test_within_the_year_and_a_check_within_the_quarter_pass() -> None:
    assert verdicts(done(365), done(80, QUARTERLY)) == [Verdict.PASS]


def test_a_test_of_a_year_and_a_day_ago_is_overdue() -> None:
    [found] = judge_tests([done(366), done(80, QUARTERLY)], DAY, today=TODAY)
    assert (found.verdict, found.value, found.threshold, found.unit) == (Verdict.FAULT, 366, 365, "d")
    assert (found.evidence["what_is_due"], found.evidence["days_over"]) == ("test", 1)


def test_a_check_of_more_than_three_months_ago_is_overdue() -> None:
    # 23 August to 23 November are 92 days.
    assert verdicts(done(200), done(92, QUARTERLY)) == [Verdict.PASS]
    assert verdicts(done(200), done(93, QUARTERLY)) == [Verdict.FAULT]


def test_a_yearly_test_is_a_check_too_and_a_patrol_is_none() -> None:
    assert verdicts(done(20)) == [Verdict.PASS]
    assert verdicts(done(200), done(1, FireTestKind.PATROL)) == [Verdict.FAULT]


def test_a_failed_or_struck_test_does_not_count() -> None:
    old, new = done(400), done(10)
    check = done(10, QUARTERLY)
    assert verdicts(old, check, replace(new, result=FireTestResult.FAILED)) == [Verdict.FAULT]
    assert verdicts(old, check, new, replace(new, id="x", corrects=new.id, void=True)) == [Verdict.FAULT]


def test_a_day_that_was_written_down_as_due_counts() -> None:
    early = done(20, next_due=TODAY - timedelta(days=1))
    assert verdicts(early) == [Verdict.FAULT]


def test_each_system_that_is_named_must_be_tested() -> None:
    gas = done(400, system=FireSystem.GAS)
    assert verdicts(gas, done(20)) == [Verdict.PASS]
    assert verdicts(gas, done(20, system=FireSystem.SPRINKLER)) == [Verdict.FAULT]


def test_each_building_is_judged_by_its_own_tests() -> None:
    assert verdicts(done(20), done(400, subject=Subject.parse("building:b"))) == [Verdict.FAULT, Verdict.PASS]


def test_a_quarter_from_the_end_of_november_ends_with_february() -> None:
    check = done(0, QUARTERLY, day=date(2026, 11, 30))
    yearly = done(0, day=date(2026, 11, 30))
    on = date(2027, 2, 28)
    judged = [judge_tests([check, yearly], DAY, today=on + timedelta(days=late))[0].verdict for late in (0, 1)]
    assert judged == [Verdict.PASS, Verdict.FAULT]
