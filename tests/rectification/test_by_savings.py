"""What mending saved: over which days it is asked, at which circuits, what is said, and how several add up."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rectification.by_savings import (
    AskedDays,
    Conclusion,
    Days,
    Foretold,
    ItemLack,
    ItemSavings,
    Method,
    Saved,
    asked_days,
    compared,
    inside,
    is_energy,
    metered,
    outright,
    work_began,
)
from rectification.model import Item, ItemAction, ItemState, ItemStep
from rectification.savings_evidence import of_json, proven, savings_json, was_sent_back
from rectification.savings_total import total
from rectification.verification import NotYet, Outcome, Reason, Refuted, Verified, evidence, weighed
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId
from sensors.verdicts import Verdict
from tests.memory_records import HandClock, MemoryRecords
from tests.rectification.factories import brought_to, told
from tests.rectification.houses import house

ZONE = ZoneInfo("Asia/Shanghai")
BUILDING = Subject(SubjectKind.BUILDING, "a")


def at(day: str, hour: int = 15) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=ZONE) + timedelta(hours=hour)


def mended(*, fault_from: str, done: str, rule: str = "E05", subject: Subject | None = None) -> Item:
    item = brought_to(ItemState.REPORTED_DONE, MemoryRecords(), HandClock())
    return replace(item, rule=rule, subject=subject or item.subject, fault_from=at(fault_from), reported_done=at(done))


def days(item: Item, began: str, today: str) -> AskedDays | ItemLack:
    return asked_days(item, at(began), today=date.fromisoformat(today), zone=ZONE)


def span(first: str, last: str) -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(last))


def saving(item_id: str, kwh: float, half_kwh: float, *circuits: str, since: Days | None = None) -> ItemSavings:
    asked = span("2025-06-01", "2026-05-31")
    return ItemSavings(
        item_id=item_id,
        circuits=tuple(map(CircuitId, circuits)),
        inside=frozenset(map(CircuitId, circuits)),
        days=AskedDays(model=asked, with_fault=asked, since=since or span("2026-06-10", "2026-07-07")),
        saved=outright(Foretold(saved_kwh=kwh, half_width_kwh=half_kwh, actual_kwh=1000.0, intervals=672)),
        model="time_of_week",
        cv_rmse_pct=9.5,
    )


def test_a_fault_of_some_weeks_is_held_against_the_days_since_in_whole_weeks_by_the_year_before() -> None:
    item = mended(fault_from="2026-03-02", done="2026-04-01")
    assert days(item, "2026-03-30", "2026-04-20") == AskedDays(
        model=span("2025-03-03", "2026-03-02"),
        with_fault=span("2026-03-09", "2026-03-29"),
        since=span("2026-04-02", "2026-04-15"),
    )


def test_a_fault_that_stood_for_a_year_is_the_baseline_itself() -> None:
    found = days(mended(fault_from="2024-11-01", done="2026-04-01"), "2026-03-30", "2026-04-20")
    assert isinstance(found, AskedDays)
    assert found.method is Method.FAULTY_YEAR
    assert (found.model, found.since) == (span("2025-03-30", "2026-03-29"), span("2026-04-02", "2026-04-19"))


def test_too_few_days_on_either_side_are_a_code_and_no_number() -> None:
    assert days(mended(fault_from="2026-03-20", done="2026-04-01"), "2026-03-30", "2026-04-20") is (
        ItemLack.FAULT_DAYS_SHORT
    )
    assert days(mended(fault_from="2026-03-02", done="2026-04-01"), "2026-03-30", "2026-04-10") is (
        ItemLack.DAYS_SINCE_SHORT
    )


def test_at_most_a_year_since_is_asked_about() -> None:
    found = days(mended(fault_from="2024-01-01", done="2025-04-01"), "2025-03-30", "2026-11-20")
    assert isinstance(found, AskedDays)
    assert found.since == span("2025-04-02", "2026-04-01")


def test_the_fault_stood_until_work_last_began_or_the_readings_last_saw_it() -> None:
    steps = [
        ItemStep(item_id="i", action=action, state=ItemState.IN_PROGRESS, actor_id="u", at=at(day))
        for action, day in (
            (ItemAction.START, "2026-03-02"),
            (ItemAction.REFUTE, "2026-03-20"),
            (ItemAction.REPORT_DONE, "2026-03-25"),
        )
    ]
    assert work_began(steps) == at("2026-03-20")
    assert work_began(()) is None


def test_each_rule_is_asked_at_the_circuits_that_show_its_fault() -> None:
    room = mended(fault_from="2026-03-02", done="2026-04-01")
    assert metered(house(), room) == ("c-plug",)
    building = replace(room, rule="E03", subject=BUILDING)
    assert metered(house(), building) == ("c-main",)
    assert inside(house(), metered(house(), building)) == {"c-main", "c-plug"}
    assert metered(house(), replace(room, rule="E06")) == ()
    assert not is_energy(replace(room, rule="A01"))


def test_one_model_for_both_stretches_scales_the_faults_use_to_the_days_since() -> None:
    fault = Foretold(saved_kwh=-60.0, half_width_kwh=9.0, actual_kwh=500.0, intervals=504)
    since = Foretold(saved_kwh=10.0, half_width_kwh=8.0, actual_kwh=300.0, intervals=336)
    found = compared(fault, since)
    assert found.kwh == pytest.approx(50.0)
    assert found.ci90_kwh == pytest.approx((40.0, 60.0))
    assert found.pct == pytest.approx(100 * 50 / 350)
    assert found.conclusion is Conclusion.SAVED


def passed() -> Verified:
    since = at("2026-04-02", 0)
    proof = told(Verdict.PASS, since, since + timedelta(days=14))
    return Verified(since=since, until=proof.end, proof=proof)


def judged(kwh: float, half_kwh: float, *, after_days: int = 14, was_sent_back: bool = False) -> Outcome:
    found = passed()
    now = found.since + timedelta(days=after_days)
    savings = saving("i", kwh, half_kwh, "c-plug")
    return weighed(found, savings, now=now, window_days=14, was_sent_back=was_sent_back)


@pytest.mark.parametrize(("kwh", "half_kwh"), [(50.0, 10.0), (5.0, 10.0), (-5.0, 10.0)])
def test_the_rule_decides_where_the_meter_does_not_say_worse(kwh: float, half_kwh: float) -> None:
    outcome = judged(kwh, half_kwh)
    assert isinstance(outcome, Verified)
    assert outcome.savings is not None


def test_more_use_than_with_the_fault_waits_for_a_second_window_and_then_goes_back() -> None:
    waiting = judged(-50.0, 10.0)
    assert isinstance(waiting, NotYet)
    assert (waiting.reason, waiting.until) == (Reason.MORE_USED, passed().until + timedelta(days=14))
    assert isinstance(judged(-50.0, 10.0, after_days=28), Refuted)


def test_the_meter_sends_an_item_back_only_once() -> None:
    back = judged(-50.0, 10.0, after_days=28)
    refused = ItemStep(
        item_id="i",
        action=ItemAction.REFUTE,
        state=ItemState.IN_PROGRESS,
        actor_id="s",
        at=at("2026-05-01"),
        evidence=evidence(back),
    )
    assert was_sent_back([refused])
    assert not was_sent_back([replace(refused, evidence=evidence(Refuted(proof=passed().proof)))])
    assert isinstance(judged(-50.0, 10.0, was_sent_back=True), Verified)


def test_evidence_holds_the_saving_and_gives_it_back() -> None:
    outcome = judged(50.0, 10.0)
    step = ItemStep(
        item_id="i",
        action=ItemAction.VERIFY,
        state=ItemState.VERIFIED,
        actor_id="s",
        at=at("2026-05-01"),
        evidence=evidence(outcome),
    )
    written = json.loads(step.evidence)
    assert written["outcome"] == "verified"
    assert written["savings"]["conclusion"] == "saved"
    assert written["savings"]["ci90_kwh"] == [40.0, 60.0]
    found = proven("i", [step])
    assert found is not None
    assert savings_json(found) == written["savings"]
    assert proven("i", [replace(step, evidence="{}")]) is None


def test_no_number_is_written_with_its_codes() -> None:
    bare = ItemSavings(item_id="i", lacks=("baseline_short",))
    written = savings_json(bare)
    assert (written["conclusion"], written["savings_kwh"]) == ("no_number", None)
    assert of_json("i", written) == bare
    outcome = weighed(passed(), bare, now=passed().until, window_days=14)
    assert isinstance(outcome, Verified)


def test_items_add_up_with_the_root_of_their_squares() -> None:
    both = total([saving("i", 50.0, 3.0, "c-1"), saving("k", -10.0, 4.0, "c-2"), ItemSavings(item_id="l")])
    assert both.kwh == pytest.approx(40.0)
    assert both.ci90_kwh == pytest.approx((35.0, 45.0))
    assert (set(both.counted), both.without_number) == ({"i", "k"}, ("l",))


def test_one_kwh_is_not_counted_twice() -> None:
    room, building = saving("room", 50.0, 3.0, "c-1"), saving("building", 90.0, 40.0, "c-main", "c-1")
    both = total([building, room])
    assert both.kwh == pytest.approx(50.0)
    assert (both.counted, both.counted_elsewhere) == (("room",), ("building",))
    later = saving("building", 90.0, 40.0, "c-main", "c-1", since=span("2026-08-01", "2026-08-28"))
    assert total([later, room]).kwh == pytest.approx(140.0)
    assert total([]).ci90_kwh == (0.0, 0.0)


def test_saved_of_nothing_is_told_from_zero_by_no_interval() -> None:
    assert Saved(kwh=0, pct=0, ci90_kwh=(0, 0), ci90_pct=(0, 0)).conclusion is Conclusion.CANNOT_TELL
