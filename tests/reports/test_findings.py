import pytest

from analytics.rules import RULES
from reports.findings import LIMITS, sections_of
from sensors.catalogue import CATALOGUE
from tests.reports.answers import FAULT, PASS, THIN, Sketch, analysis, finding, twelve_rooms

ROOM = Sketch(id="r1", zh="甲", en="A")


LIMIT_OF_EACH = {"E01"}
"""Rules whose limit is another for each subject: by climate zone and class; the finding tells it."""


@pytest.mark.parametrize("rule", sorted(set(RULES) - LIMIT_OF_EACH))
def test_every_rule_names_the_parameter_that_is_its_limit(rule: str) -> None:
    parameter, _ = LIMITS[rule]

    assert CATALOGUE[rule].parameter(parameter) is not None


def test_rules_that_suspect_something_come_first() -> None:
    order = [bool(section.suspicions) for section in sections_of(twelve_rooms())]

    assert order == sorted(order, reverse=True)
    assert True in order
    assert False in order


def test_a_subject_whose_last_verdict_is_thin_is_in_both_lists() -> None:
    sections = sections_of(analysis([ROOM], finding("S02", "room:r1", FAULT), finding("S02", "room:r1", THIN)))
    section = next(section for section in sections if section.spec.id == "S02")

    assert len(section.suspicions) == len(section.insufficient) == 1
    assert not section.suspicions[0].mended
    assert section.passed == ()


def test_the_costliest_of_one_colour_comes_first() -> None:
    cheap = finding("E05", "circuit:cheap", FAULT, energy_kwh=1.0)
    dear = finding("E05", "circuit:dear", FAULT, energy_kwh=9.0)
    section = next(s for s in sections_of(analysis([ROOM], cheap, dear)) if s.spec.id == "E05")

    assert [suspicion.subject.id for suspicion in section.suspicions] == ["dear", "cheap"]


def test_a_subject_that_only_passed_is_not_suspected() -> None:
    section = next(s for s in sections_of(analysis([ROOM], finding("S02", "room:r1", PASS))) if s.spec.id == "S02")

    assert [str(subject) for subject in section.passed] == ["room:r1"]
    assert section.suspicions == ()
