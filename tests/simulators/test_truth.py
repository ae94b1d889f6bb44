from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

import pytest

from analytics.calendar import ChineseHolidays
from analytics.runs import Analysis, Request, analyse
from sensors.errors import InputFault
from sensors.subjects import Subject
from sensors.topology import Registry
from sensors.verdicts import Finding, Verdict
from simulators.demands import truth_rows
from simulators.faults import Fault, FaultKind
from simulators.scenarios import scenario
from simulators.truth import TruthKind, TruthRow
from storage.readings.memory import MemoryReadingStore
from tests.simulators.worlds import MONDAY, all_readings, broken, building, local, world

LABELLED = ("S02", "E03", "E05", "A01", "G01", "G05")


@dataclass(frozen=True, slots=True)
class Score:
    """Findings that hit a labelled fault, findings that hit none, and labelled faults that none hits."""

    hits: list[Finding]
    false_alarms: list[Finding]
    missed: list[TruthRow]


def judged(registry: Registry, faults: Sequence[Fault], days: int, seed: int = 1, first: date = MONDAY) -> Analysis:
    store = MemoryReadingStore()
    place = world(registry, seed=seed, faults=faults, start=local(first))
    store.append(all_readings(registry, place.run(local(first, 24 * days))))
    return analyse(registry=registry, holidays=ChineseHolidays(), store=store, request=Request())


def scored(analysis: Analysis, truth: Sequence[TruthRow]) -> Score:
    found = [finding for finding in analysis.findings if finding.verdict is Verdict.FAULT]
    wanted = [row for row in truth if row.kind == "fault" and row.rule in analysis.rules]
    hits = [finding for finding in found if any(_meet(finding, row) for row in wanted)]
    return Score(
        hits=hits,
        false_alarms=[finding for finding in found if finding not in hits],
        missed=[row for row in wanted if not any(_meet(finding, row) for finding in found)],
    )


def _meet(finding: Finding, row: TruthRow) -> bool:
    same = (finding.rule, finding.subject) == (row.rule, row.subject)
    return same and finding.start < row.end and row.start < finding.end


@cache
def demo() -> tuple[tuple[Fault, ...], Analysis]:
    """Return the standard demonstration's faults and what the rules say of it."""
    registry = building()
    faults = scenario("demo", registry, start=local(MONDAY), days=35)
    return faults, judged(registry, faults, 35)


def test_demo_is_found_whole_and_nothing_else_is_flagged() -> None:
    faults, analysis = demo()
    truth = truth_rows(faults, analysis.registry, end=local(MONDAY, 24 * 35))
    score = scored(analysis, truth)
    for rule in LABELLED:
        hits = sum(finding.rule == rule for finding in score.hits)
        wrong = sum(finding.rule == rule for finding in score.false_alarms)
        missed = sum(row.rule == rule for row in score.missed)
        print(f"{rule}: precision {hits / (hits + wrong):.2f}, {hits} findings, {missed} faults missed")  # noqa: T201 - shown by pytest -s
        assert hits > 0
    assert score.false_alarms == []
    assert score.missed == []


def test_mended_load_is_quiet_afterwards_and_the_other_is_not() -> None:
    faults, analysis = demo()
    mended = next(fault for fault in faults if fault.mended is not None)
    load = [f for f in analysis.findings if f.rule == "E05" and f.verdict is Verdict.FAULT]
    after = {str(finding.subject) for finding in load if mended.mended and finding.end > mended.mended}
    before = {str(finding.subject) for finding in load if mended.mended and finding.start < mended.mended}
    assert before == {"room:a-202", "room:a-203"}
    assert after == {"room:a-203"}


def test_building_in_order_has_no_finding_in_thin_air_and_through_a_holiday() -> None:
    registry = building(altitude_m=1890.0)
    analysis = judged(registry, (), 30, seed=9, first=date(2026, 4, 20))
    assert [finding for finding in analysis.findings if finding.verdict is Verdict.FAULT] == []


def test_office_idle_for_forty_workdays_is_due_for_both_rules() -> None:
    registry = building()
    idle = Fault(kind=FaultKind.IDLE_ROOM, subject=Subject.parse("room:a-205"), start=local(MONDAY))
    for days, rules in ((20, []), (35, ["S02"]), (70, ["S01", "S02"])):
        rows = truth_rows([idle], registry, end=local(MONDAY, 24 * days))
        assert [row.rule for row in rows] == rules


def test_truth_ends_where_the_fault_was_mended() -> None:
    registry = building()
    mended = local(MONDAY, 240)
    fault = Fault(kind=FaultKind.LOAD_LEFT_ON, subject=Subject.parse("room:a-201"), start=local(MONDAY), mended=mended)
    (row,) = truth_rows([fault], registry, end=local(MONDAY, 24 * 35))
    assert (row.start, row.end, row.kind) == (local(MONDAY), mended, "fault")


@pytest.mark.parametrize(("name", "rooms", "days"), [("storm", 12, 35), ("demo", 4, 35), ("demo", 12, 10)])
def test_scenario_that_cannot_be_is_told(name: str, rooms: int, days: int) -> None:
    with pytest.raises(InputFault, match="demo"):
        scenario(name, building(rooms), start=local(MONDAY), days=days)


def test_demo_faults_lie_within_the_days() -> None:
    registry = building()
    end = local(MONDAY) + timedelta(days=35)
    faults = scenario("demo", registry, start=local(MONDAY), days=35)
    assert all(local(MONDAY) <= fault.start < end for fault in faults)


def test_leave_is_no_idle_room_and_after_four_weeks_one_of_little_use() -> None:
    """S01 leaves out days marked absent; S02's definition has no such word."""
    leave, registry = replace(broken(FaultKind.LEAVE, "room:a-201", local(MONDAY)), near_miss=True), building()
    ends = (local(MONDAY, 24 * days) for days in (14, 35))
    rows = [truth_rows([leave], registry, start=local(MONDAY), end=end) for end in ends]
    kinds = [[(row.rule, row.kind) for row in each] for each in rows]
    assert kinds == [
        [("S01", TruthKind.NEAR_MISS)],
        [("S01", TruthKind.NEAR_MISS), ("S02", TruthKind.FAULT)],
    ]
