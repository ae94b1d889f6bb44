from datetime import UTC, datetime, timedelta

import pytest

from sensors.subjects import Subject
from simulators.scoring import Explained, Found, RuleScore, held, scored, scores_document
from simulators.truth import TruthKind, TruthRow

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
ROOM, OTHER = Subject.parse("room:a-201"), Subject.parse("room:a-202")


def at(day: float) -> datetime:
    return MIDNIGHT + timedelta(days=day)


def row(first: float, last: float, *, rule: str = "E05", about: Subject = ROOM, near: bool = False) -> TruthRow:
    return TruthRow(rule, about, at(first), at(last), TruthKind.NEAR_MISS if near else TruthKind.FAULT)


def found(first: float, last: float, *, rule: str = "E05", about: Subject = ROOM, known: float | None = None) -> Found:
    return Found(rule=rule, subject=about, start=at(first), end=at(last), known=at(last if known is None else known))


def score_of(told: list[Found], truth: list[TruthRow], *, rule: str = "E05", built: str = "E05 E03 E04") -> RuleScore:
    return scored(told, truth, built=built.split())[rule]


def test_finding_that_overlaps_its_fault_is_a_hit() -> None:
    score = score_of([found(3, 5, known=4)], [row(2, 9)])
    assert (score.tp, score.fp, score.fn, score.precision, score.recall) == (1, 0, 0, 1.0, 1.0)
    assert score.delay == timedelta(days=2)


@pytest.mark.parametrize(
    "other",
    [found(2, 9, about=OTHER), found(2, 9, rule="E03"), found(9, 12), found(0, 2)],
    ids=["another room", "another rule", "only touches its end", "only touches its beginning"],
)
def test_finding_elsewhere_or_at_another_time_is_no_hit(other: Found) -> None:
    scores = scored([other], [row(2, 9)], built=["E05", "E03"])
    assert scores["E05"].tp == 0
    assert scores["E05"].fn == 1
    assert scores[other.rule].fp == 1


def test_second_finding_of_the_same_fault_counts_nowhere() -> None:
    score = score_of([found(2, 4), found(5, 8)], [row(2, 9)])
    assert (score.tp, score.fp, score.fn) == (1, 0, 0)


def test_one_long_finding_stands_for_one_of_two_faults_only() -> None:
    score = score_of([found(1, 20)], [row(2, 5), row(10, 15)])
    assert (score.tp, score.fn, score.fp) == (1, 1, 0)


def test_findings_are_given_out_so_that_most_faults_have_one() -> None:
    """The first fault meets both findings, the second only the one that a greedy choice would have used up."""
    score = score_of([found(1, 12, known=2), found(1, 3, known=3)], [row(1, 4), row(10, 15)])
    assert (score.tp, score.fn) == (2, 0)


def test_finding_in_a_near_miss_is_a_false_alarm_and_trips_it() -> None:
    score = score_of([found(2, 4)], [row(1, 9, near=True)])
    assert (score.tp, score.fp, score.fn) == (0, 1, 0)
    assert (score.near_misses, score.near_misses_tripped) == (1, 1)
    assert score.precision == 0.0


def test_finding_that_meets_a_fault_too_does_not_trip_a_near_miss() -> None:
    score = score_of([found(2, 6)], [row(1, 4, near=True), row(5, 9)])
    assert (score.tp, score.fp, score.near_misses_tripped) == (1, 0, 0)


def test_event_without_length_meets_the_period_it_stands_in() -> None:
    assert score_of([found(3, 3)], [row(3, 4)]).tp == 1


def test_rule_that_is_not_built_is_shown_and_holds_nothing() -> None:
    scores = scored([], [row(1, 2, rule="L01")], built=["E05"])
    assert (scores["L01"].built, scores["L01"].fn) == (False, 1)
    assert not scores["L01"].holds(0.0)
    assert not held(scores, 0.0)


def test_fault_told_by_its_cause_is_neither_found_nor_missed() -> None:
    left = Explained(rule="E04", subject=ROOM, start=at(0), end=at(28), by="E03")
    truth = [row(2, 20, rule="E04"), row(2, 20, rule="E03")]
    told = [found(3, 20, rule="E03")]
    score = scored(told, truth, built=["E03", "E04"], explained=[left])["E04"]
    assert (score.tp, score.fn, score.explained) == (0, 0, 1)


def test_cause_that_is_itself_a_false_alarm_explains_nothing() -> None:
    left = Explained(rule="E04", subject=ROOM, start=at(0), end=at(28), by="E03")
    score = scored([found(3, 20, rule="E03")], [row(2, 20, rule="E04")], built=["E03", "E04"], explained=[left])["E04"]
    assert (score.fn, score.explained) == (1, 0)


def test_floor_is_held_by_the_figures_themselves_not_by_their_rounding() -> None:
    assert RuleScore(tp=95_000, fn=5_000).holds(0.95)
    assert not RuleScore(tp=94_999, fn=5_001).holds(0.95)


def test_document_has_the_promised_keys() -> None:
    document = scores_document(scored([found(2, 4)], [row(1, 9)], built=["E05"]), floor=0.95)
    assert document["held"] is True
    assert isinstance(document["rules"], dict)
    assert document["rules"]["E05"] | {"delay_h": None} == {
        "tp": 1,
        "fp": 0,
        "fn": 0,
        "precision": 1.0,
        "recall": 1.0,
        "explained": 0,
        "near_misses": 0,
        "near_misses_tripped": 0,
        "delay_h": None,
        "built": True,
    }


def test_rule_without_faults_and_findings_has_no_figures_and_holds() -> None:
    score = scored([], [], built=["E05"])["E05"]
    assert (score.precision, score.recall, score.delay, score.holds(1.0)) == (None, None, None, True)
