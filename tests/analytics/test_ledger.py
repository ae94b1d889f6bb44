"""Faults as periods: when one begins, goes on, ends, what it costs, and what a person says of it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger import (
    QUIET_FOR,
    FindingAction,
    FindingRecord,
    Judgement,
    Recorded,
    UnknownFindingError,
    judge,
    link,
    record_run,
    stale,
)
from sensors.actors import NotPermittedError
from sensors.subjects import Subject, SubjectKind
from sensors.topology import SiteId
from sensors.verdicts import Finding, Severity, Verdict
from tests.memory_records import NOON, HandClock, MemoryRecords
from tests.people import MANAGER, VIEWER

HQ = SiteId("hq")
BUILDING = Subject(SubjectKind.BUILDING, "a")
ROOM = Subject(SubjectKind.ROOM, "a-201")


def day(number: float) -> datetime:
    return NOON + timedelta(days=number)


def said(
    verdict: Verdict, first: float, last: float, *, rule: str = "E03", kwh: float | None = None, value: float = 0.5
) -> Finding:
    subject = ROOM if rule in QUIET_FOR else BUILDING
    return Finding(
        rule=rule,
        subject=subject,
        verdict=verdict,
        start=day(first),
        end=day(last),
        value=value,
        energy_kwh=kwh,
        evidence={"value": value},
    )


def run(tx: MemoryRecords, at: float, *findings: Finding) -> Recorded:
    return record_run(tx, findings, site=HQ, at=day(at))


def only(records: tuple[FindingRecord, ...]) -> FindingRecord:
    (record,) = records
    return record


def test_a_fault_opens_a_finding_once() -> None:
    tx = MemoryRecords()
    opened = only(run(tx, 3, said(Verdict.FAULT, 0, 3)).new)
    assert (opened.started, opened.last_seen, opened.ended) == (day(0), day(3), None)
    assert opened.severity is Severity.YELLOW  # the catalogue's, where the verdict has none
    again = run(tx, 3, said(Verdict.FAULT, 0, 3))
    assert (again.new, only(again.still).id) == ((), opened.id)
    assert [action for _, action, _ in tx.finding_log] == [FindingAction.OPEN]


def test_a_fault_that_goes_on_is_followed_with_its_newest_value() -> None:
    tx = MemoryRecords()
    opened = only(run(tx, 3, said(Verdict.FAULT, 0, 3)).new)
    followed = only(run(tx, 4, said(Verdict.FAULT, 0, 4, value=0.7)).still)
    assert (followed.id, followed.started, followed.last_seen, followed.value) == (opened.id, day(0), day(4), 0.7)
    assert tx.finding_log[-1][1] is FindingAction.SEEN


def test_a_pass_ends_it_when_the_pass_began() -> None:
    tx = MemoryRecords()
    opened = only(run(tx, 3, said(Verdict.FAULT, 0, 3)).new)
    ended = only(run(tx, 6, said(Verdict.FAULT, 0, 4), said(Verdict.PASS, 4, 6)).ended)
    assert (ended.id, ended.ended) == (opened.id, day(4))
    assert tx.open_findings() == []


def test_a_rule_that_no_longer_applies_ends_it() -> None:
    tx = MemoryRecords()
    run(tx, 3, said(Verdict.FAULT, 0, 3))
    assert only(run(tx, 4, said(Verdict.NOT_APPLICABLE, 0, 4)).ended).ended == day(3)


def test_without_data_it_still_stands() -> None:
    tx = MemoryRecords()
    opened = only(run(tx, 3, said(Verdict.FAULT, 0, 3)).new)
    assert only(run(tx, 4, said(Verdict.INSUFFICIENT_DATA, 0, 4)).still) == opened


def test_a_run_that_did_not_ask_changes_nothing() -> None:
    tx = MemoryRecords()
    run(tx, 3, said(Verdict.FAULT, 0, 3))
    assert run(tx, 9) == Recorded()
    assert len(tx.open_findings()) == 1


def test_the_same_fault_later_is_a_finding_of_its_own() -> None:
    tx = MemoryRecords()
    run(tx, 3, said(Verdict.FAULT, 0, 3))
    run(tx, 6, said(Verdict.PASS, 3, 6))
    again = only(run(tx, 9, said(Verdict.FAULT, 2, 9)).new)
    assert again.started == day(3)  # not before the one before it was over
    assert len(tx.findings_about("E03", BUILDING)) == 2


def test_findings_of_another_site_are_left_alone() -> None:
    tx = MemoryRecords()
    record_run(tx, [said(Verdict.FAULT, 0, 3)], site=SiteId("annex"), at=day(3))
    assert run(tx, 4, said(Verdict.PASS, 0, 4)) == Recorded()


def test_spells_near_each_other_are_one_finding_and_their_costs_add_up() -> None:
    tx = MemoryRecords()
    spells = [said(Verdict.FAULT, week * 7, week * 7 + 4, rule="E05", kwh=2.0) for week in range(3)]
    opened = only(run(tx, 19, *spells).new)
    assert (opened.started, opened.energy_kwh) == (day(0), 6.0)


def test_a_quiet_day_between_two_spells_ends_nothing() -> None:
    tx = MemoryRecords()
    run(tx, 3, said(Verdict.FAULT, 0, 3, rule="E05"))
    assert run(tx, 5, said(Verdict.PASS, 4, 5, rule="E05")) == Recorded()
    assert only(run(tx, 11, said(Verdict.PASS, 4, 11, rule="E05")).ended).ended == day(4)


def test_a_spell_long_past_is_no_news() -> None:
    assert run(MemoryRecords(), 30, said(Verdict.FAULT, 0, 3, rule="E05")) == Recorded()


def test_spell_rules_that_were_quiet_are_asked_about() -> None:
    tx = MemoryRecords()
    opened = only(run(tx, 3, said(Verdict.FAULT, 0, 3, rule="E05")).new)
    run(tx, 3, said(Verdict.FAULT, 0, 3))
    assert stale(tx.open_findings(), at=day(9)) == ()
    assert stale(tx.open_findings(), at=day(10)) == (opened,)


def test_a_run_that_saw_the_whole_period_tells_its_cost_and_a_later_one_adds_what_is_new() -> None:
    tx = MemoryRecords()
    run(tx, 4, said(Verdict.FAULT, 0, 4, kwh=8.0))
    assert only(run(tx, 5, said(Verdict.FAULT, 0, 5, kwh=11.0)).still).energy_kwh == 11.0
    # days 3 to 7 cost 8 kWh, half of it behind day 5
    assert only(run(tx, 7, said(Verdict.FAULT, 3, 7, kwh=8.0)).still).energy_kwh == 15.0


@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=8), window=st.integers(1, 20))
def test_daily_runs_over_a_moving_window_count_every_day_once(lengths: list[int], window: int) -> None:
    tx = MemoryRecords()
    at = 0
    for length in lengths:
        at += length
        first = max(0, at - max(window, length))
        run(tx, at, said(Verdict.FAULT, first, at, kwh=2.0 * (at - first)))
    assert only(tuple(tx.open_findings())).energy_kwh == pytest.approx(2.0 * at)


def test_a_person_who_may_judges_a_finding_and_takes_it_back() -> None:
    tx, clock = MemoryRecords(), HandClock()
    opened = only(run(tx, 3, said(Verdict.FAULT, 0, 3)).new)
    judged = judge(tx, opened.id, Judgement.ACCEPTED, actor=MANAGER, clock=clock, until=day(30))
    assert (judged.judged_by, judged.judged_at) == (MANAGER.id, NOON)
    assert (judged.is_put_aside(day(29)), judged.is_put_aside(day(30))) == (True, False)
    assert not judge(tx, opened.id, None, actor=MANAGER, clock=clock).is_put_aside(NOON)
    assert judge(tx, opened.id, Judgement.FALSE, actor=MANAGER, clock=clock).is_put_aside(day(999))


def test_judging_needs_the_permission_and_a_finding() -> None:
    tx, clock = MemoryRecords(), HandClock()
    with pytest.raises(NotPermittedError):
        judge(tx, "x", Judgement.FALSE, actor=VIEWER, clock=clock)
    with pytest.raises(UnknownFindingError, match="'x'"):
        judge(tx, "x", Judgement.FALSE, actor=MANAGER, clock=clock)


def test_a_finding_keeps_its_item_and_judgement_while_it_is_followed() -> None:
    tx = MemoryRecords()
    opened = only(run(tx, 3, said(Verdict.FAULT, 0, 3)).new)
    link(tx, opened.id, "item-1", actor=MANAGER)
    judge(tx, opened.id, Judgement.FALSE, actor=MANAGER, clock=HandClock())
    followed = only(run(tx, 4, said(Verdict.FAULT, 0, 4)).still)
    assert (followed.item_id, followed.judged) == ("item-1", Judgement.FALSE)


def test_edges_name_rule_and_subject() -> None:
    assert run(MemoryRecords(), 3, said(Verdict.FAULT, 0, 3)).edges.new == {("E03", BUILDING)}
