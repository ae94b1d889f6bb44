"""Every rule has a simulated fault, a golden case, a near miss and documentation, or says why not."""

import ast
from functools import cache
from pathlib import Path

import pytest

from premises.rule_ways import Way, ways
from sensors.catalogue import CATALOGUE
from sensors.catalogue.blind_spots import BLIND_SPOTS
from simulators.generators import GENERATORS, NOT_SIMULATED
from tests.rule_cases import CASES, MISSING, NO_CODE

TESTS = Path(__file__).resolve().parent
PAGE = (TESTS.parent / "docs" / "rules.md").read_text(encoding="utf-8")

RULES = pytest.mark.parametrize("rule", CATALOGUE)


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    return (TESTS / file).exists() and name in functions(file)


@RULES
def test_rule_has_a_simulated_fault_or_a_reason_for_none(rule: str) -> None:
    assert (rule in GENERATORS) != bool(NOT_SIMULATED.get(rule, "").strip())


def test_rule_that_judges_readings_events_or_the_registry_is_not_excused_from_simulation() -> None:
    """Only what people alone write down is not simulated: alarms verified, tests and checks held."""
    by_logs_alone = {rule for rule in CATALOGUE if ways(rule) == (Way.LOGS,)}
    assert NOT_SIMULATED.keys() - by_logs_alone == set()


@RULES
def test_rule_has_a_golden_case_and_a_near_miss_or_a_reason_for_none(rule: str) -> None:
    assert (rule in CASES) != bool(MISSING.get(rule, "").strip()), "add the rule's tests to tests/rule_cases.py"


@RULES
def test_rule_with_code_is_not_excused_for_having_none(rule: str) -> None:
    assert bool(ways(rule)) != (MISSING.get(rule) == NO_CODE), (
        "move the rule from MISSING to CASES in tests/rule_cases.py"
    )


@RULES
def test_rule_is_documented(rule: str) -> None:
    assert f"\n### {rule} " in PAGE
    assert rule in BLIND_SPOTS


@pytest.mark.parametrize("rule", CASES)
def test_cases_of_a_rule_are_tests_that_there_are(rule: str) -> None:
    cases = CASES[rule]
    assert [test for test in (cases.golden, cases.near_miss) if not exists(test)] == []


def test_no_case_is_of_a_rule_that_there_is_not() -> None:
    assert CASES.keys() | MISSING.keys() == CATALOGUE.keys()
