"""The solver against brute force, the aims in their order, and what stands in the way where nothing fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.reallocation.asking import Conflict, Limits, conflicts
from analytics.reallocation.cp_sat import CpSat
from analytics.reallocation.model import Placing, Question, Rule
from analytics.reallocation.rules import free_rooms, keeps, worth
from tests.reallocation.questions import UNITS, any_question, best_by_force, party, space

LIMITS = Limits(seconds=10)


def best(question: Question) -> Placing:
    answer = CpSat().best(question, LIMITS)
    assert answer is not None
    assert all(each.gap_pct == 0 for each in answer.reached)
    return answer.placing


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_solver_reaches_what_brute_force_reaches(seed: int) -> None:
    question = any_question(seed)
    forced = best_by_force(question)
    answer = CpSat().best(question, LIMITS)
    if forced is None or answer is None:
        assert forced is None
        assert answer is None
        return
    assert keeps(question, answer.placing)
    assert worth(question, answer.placing) == worth(question, forced)
    assert all(each.gap_pct == 0 for each in answer.reached)


def test_two_underused_rooms_of_a_unit_are_merged() -> None:
    question = Question(spaces=(space("r1"), space("r2")), parties=(party("r1"), party("r2")))
    assert len(free_rooms(question, best(question))) == 1


def test_units_are_not_mixed_in_a_room() -> None:
    question = Question(spaces=(space("r1"), space("r2")), parties=(party("r1"), party("r2", unit=UNITS[1])))
    assert not free_rooms(question, best(question))


def test_nobody_moves_out_of_reach_of_a_floor_without_steps() -> None:
    needs = party("r1", needs_access=True)
    question = Question(
        spaces=(space("r1", is_reachable=True, is_leased=True), space("r2")), parties=(needs, party("r2"))
    )
    assert free_rooms(question, best(question)) == {"r2"}


def test_of_two_equal_rooms_the_leased_one_is_freed() -> None:
    question = Question(spaces=(space("r1"), space("r2", is_leased=True)), parties=(party("r1"), party("r2")))
    assert free_rooms(question, best(question)) == {"r2"}


def test_nobody_moves_where_nothing_is_gained() -> None:
    question = Question(spaces=(space("r1"), space("r2")), parties=(party("r1", people=2), party("r2", people=2)))
    assert best(question).rooms == {"r1": "r1", "r2": "r2"}


def test_who_comes_new_into_a_room_is_within_quota() -> None:
    large = space("r2", area_m2=40)
    question = Question(spaces=(space("r1", area_m2=60), large), parties=(party("r1", people=1),))
    assert best(question).rooms == {"r1": "r1"}


def test_rule_that_stands_in_the_way_of_a_need_is_named() -> None:
    need = party("n1", people=2, room=None)
    question = Question(spaces=(space("r1", capacity=1),), parties=(need,))
    assert CpSat().best(question, LIMITS) is None
    found = conflicts(CpSat(), question, LIMITS)
    assert found == (Conflict(rule=Rule.CAPACITY), Conflict(need="n1"))


@pytest.mark.parametrize("rule", [Rule.NEAR, Rule.ONE_UNIT])
def test_relaxed_rule_lets_more_rooms_go(rule: Rule) -> None:
    parties = (party("r1"), party("r2", unit=UNITS[1] if rule is Rule.ONE_UNIT else UNITS[0]))
    floors = (
        {UNITS[0]: frozenset({"a/1"}), UNITS[1]: frozenset({"a/1"})}
        if rule is Rule.ONE_UNIT
        else {UNITS[0]: frozenset({"a/3"})}
    )
    strict = Question(spaces=(space("r1"), space("r2")), parties=parties, homes=floors)
    eased = Question(spaces=strict.spaces, parties=parties, homes=floors, rules=frozenset(Rule) - {rule})
    assert not free_rooms(strict, best(strict))
    assert len(free_rooms(eased, best(eased))) == 1
