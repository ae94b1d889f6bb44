"""What the readings after a repair prove, refute or leave open."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rectification.model import Item, ItemState
from rectification.verification import (
    DEVICE_RULES,
    NotYet,
    Outcome,
    Reason,
    Refuted,
    Verified,
    check_items,
    devices_behind,
    devices_gone,
    evidence,
    items_to_verify,
    verdict,
    verify_items,
)
from sensors.subjects import Subject, SubjectKind
from sensors.topology import DeviceId, Placement, RoomId
from sensors.verdicts import Finding, Verdict
from tests.memory_records import HandClock, MemoryRecords
from tests.rectification.factories import SENSOR, FaultSaid, brought_to, told
from tests.rectification.houses import house

ZONE = ZoneInfo("Asia/Shanghai")
SINCE = datetime(2026, 11, 24, tzinfo=ZONE)
WINDOW_DAYS = 14


def day(number: float) -> datetime:
    """Return so many days after the first midnight behind the report."""
    return SINCE + timedelta(days=number)


def item() -> Item:
    return brought_to(ItemState.REPORTED_DONE, MemoryRecords(), HandClock())


def after(*findings: Finding, days: float = WINDOW_DAYS) -> Outcome:
    return verdict(item(), findings, since=SINCE, now=day(days), window_days=WINDOW_DAYS, devices={SENSOR})


def test_a_pass_over_the_whole_window_verifies() -> None:
    proof = told(Verdict.PASS, SINCE, day(14))
    assert after(proof) == Verified(since=SINCE, until=day(14), proof=proof)


def test_a_pass_before_the_window_is_over_says_nothing_yet() -> None:
    assert after(told(Verdict.PASS, SINCE, day(13)), days=13) == NotYet(
        reason=Reason.WINDOW_OPEN, since=SINCE, until=day(14)
    )


def test_a_fault_that_begins_inside_the_window_refutes_at_once() -> None:
    fault = told(Verdict.FAULT, day(2), day(3))
    assert after(fault, days=3) == Refuted(proof=fault)
    assert after(fault, told(Verdict.PASS, day(3), day(14))) == Refuted(proof=fault)


def test_a_fault_that_never_stopped_refutes_when_the_window_is_over() -> None:
    fault = told(Verdict.FAULT, SINCE - timedelta(days=27), day(14))
    assert isinstance(after(fault, days=13), NotYet)
    assert after(fault) == Refuted(proof=fault)


def test_the_rules_memory_of_the_days_before_only_moves_the_window() -> None:
    memory = told(Verdict.FAULT, SINCE, day(3))
    passed = told(Verdict.PASS, day(3), day(14))
    assert after(memory, passed) == NotYet(reason=Reason.SETTLING, since=day(3), until=day(17))
    assert isinstance(after(memory, told(Verdict.PASS, day(3), day(17)), days=17), Verified)


def test_a_moving_window_that_passes_at_its_end_has_seen_only_days_after_the_repair() -> None:
    looking_back = told(Verdict.FAULT, day(-27), day(10))
    assert isinstance(after(looking_back, told(Verdict.PASS, day(-17), day(14))), Verified)


@pytest.mark.parametrize("rule", sorted(DEVICE_RULES))
def test_unplugging_a_sensor_mends_nothing(rule: str) -> None:
    passed = told(Verdict.PASS, SINCE, day(14))
    deaf = told(Verdict.FAULT, day(4), day(6), rule=rule, subject=SENSOR)
    assert after(passed, deaf) == NotYet(reason=Reason.DEVICE_FAULT, since=day(6), until=day(20))


def test_another_rooms_sensor_does_not_matter() -> None:
    stranger = Subject(SubjectKind.DEVICE, "aq9")
    deaf = told(Verdict.FAULT, day(4), day(6), rule="G01", subject=stranger)
    assert isinstance(after(told(Verdict.PASS, SINCE, day(14)), deaf), Verified)


@pytest.mark.parametrize(
    ("findings", "reason"),
    [
        ((), Reason.NO_VERDICT),
        ((told(Verdict.INSUFFICIENT_DATA, SINCE, day(14)),), Reason.INSUFFICIENT_DATA),
        ((told(Verdict.NOT_APPLICABLE, SINCE, day(14)),), Reason.NOT_APPLICABLE),
        ((told(Verdict.PASS, SINCE, day(9)),), Reason.INSUFFICIENT_DATA),
        ((told(Verdict.PASS, SINCE, day(14), subject=SENSOR),), Reason.NO_VERDICT),
        ((told(Verdict.PASS, SINCE, day(14), rule="E03"),), Reason.NO_VERDICT),
    ],
)
def test_without_a_verdict_nothing_is_proven(findings: tuple[Finding, ...], reason: Reason) -> None:
    outcome = after(*findings)
    assert isinstance(outcome, NotYet)
    assert outcome.reason is reason


@dataclass(slots=True)
class Analyses:
    """Gives the same verdicts to whoever asks, and remembers what was asked."""

    findings: Sequence[Finding] = ()
    asked: list[tuple[frozenset[str], date, date]] = field(default_factory=list)

    def __call__(self, rules: Collection[str], first: date, last: date) -> Sequence[Finding]:
        self.asked.append((frozenset(rules), first, last))
        return self.findings


def test_items_reported_on_one_day_share_an_analysis_of_the_days_since() -> None:
    tx, clock = MemoryRecords(), HandClock()
    mended = brought_to(ItemState.REPORTED_DONE, tx, clock)
    brought_to(ItemState.REPORTED_DONE, tx, clock, FaultSaid(rule="E03", subject=Subject(SubjectKind.BUILDING, "a")))
    brought_to(ItemState.REPORTED_DONE, tx, clock, FaultSaid(rule="S07"))
    clock.move(days=15)
    analyses = Analyses([told(Verdict.PASS, SINCE, day(14))])
    checked = verify_items(tx, analyses, clock=clock, zone=ZONE, devices_of=lambda _item: ())
    assert analyses.asked == [(frozenset({"E03", "E05"}) | DEVICE_RULES, date(2026, 11, 24), date(2026, 12, 7))]
    assert {type(each.outcome) for each in checked} == {Verified, NotYet}
    verified = tx.item(mended.id)
    assert verified is not None
    assert (verified.state, verified.verified) == (ItemState.VERIFIED, clock.now())
    assert json.loads(tx.item_steps(mended.id)[-1].evidence)["finding"]["verdict"] == "pass"


def test_on_the_day_of_the_report_nothing_is_asked() -> None:
    tx, clock = MemoryRecords(), HandClock()
    brought_to(ItemState.REPORTED_DONE, tx, clock)
    analyses = Analyses()
    (checked,) = verify_items(tx, analyses, clock=clock, zone=ZONE, devices_of=lambda _item: ())
    assert isinstance(checked.outcome, NotYet)
    assert analyses.asked == []


def test_a_refuted_item_is_sent_back_with_the_proof() -> None:
    tx, clock = MemoryRecords(), HandClock()
    mended = brought_to(ItemState.REPORTED_DONE, tx, clock)
    clock.move(days=4)
    analyses = Analyses([told(Verdict.FAULT, day(1), day(2), energy_kwh=3.0)])
    verify_items(tx, analyses, clock=clock, zone=ZONE, devices_of=lambda _item: ())
    step = tx.item_steps(mended.id)[-1]
    assert (step.state, step.actor_id) == (ItemState.IN_PROGRESS, "system:verification")
    assert json.loads(step.evidence)["outcome"] == "refuted"


def test_what_a_person_proves_does_not_wait_for_readings() -> None:
    tx, clock = MemoryRecords(), HandClock()
    brought_to(ItemState.REPORTED_DONE, tx, clock, FaultSaid(rule="S07"))
    assert items_to_verify(tx) == ()


def test_an_open_window_is_told_with_its_end() -> None:
    outcome = NotYet(reason=Reason.WINDOW_OPEN, since=SINCE, until=day(14))
    assert json.loads(evidence(outcome))["until"] == day(14).isoformat()


@pytest.mark.parametrize(
    ("rule", "subject", "devices"),
    [
        ("E05", "room:a-201", {"motion", "meter"}),
        ("S02", "room:a-201", {"motion"}),
        ("E05", "circuit:c-plug", {"motion", "meter"}),
        ("E03", "building:a", {"main"}),
        ("G01", "device:light", {"light"}),
        ("E03", "building:b", set()),
    ],
)
def test_a_verdict_rests_on_the_devices_that_measure_what_its_rule_needs(
    rule: str, subject: str, devices: set[str]
) -> None:
    about = brought_to(
        ItemState.DRAFT, MemoryRecords(), HandClock(), FaultSaid(rule=rule, subject=Subject.parse(subject))
    )
    found = devices_behind(house(), about, since=date(2026, 11, 20))
    assert {each.id for each in found} == devices


def test_a_sensor_taken_away_since_the_fault_is_told_beside_the_pass() -> None:
    about = brought_to(ItemState.REPORTED_DONE, MemoryRecords(), HandClock())
    place = house()
    taken = replace(
        place.devices[DeviceId("motion")], placements=(Placement(room=RoomId("a-201"), until=date(2026, 11, 24)),)
    )
    without = replace(place, devices={**place.devices, taken.id: taken})
    fault, now = date(2026, 11, 18), date(2026, 12, 8)
    assert devices_gone(place, about, fault=fault, now=now) == set()
    [gone] = devices_gone(without, about, fault=fault, now=now)
    (checked,) = check_items(
        [about],
        Analyses([told(Verdict.PASS, SINCE, day(14))]),
        clock=HandClock(day(15)),
        zone=ZONE,
        devices_of=lambda _item: (),
        gone_of=lambda _item: {gone},
    )
    assert json.loads(evidence(checked.outcome))["devices_gone"] == ["motion"]
