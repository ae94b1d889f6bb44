"""docs/rules.md tells what the catalogue says, and `premises rules` prints it."""

import json
import re
from pathlib import Path

import pytest

from premises.rule_ways import Way, ways
from reports.rule_page import WAYS, rule_page
from sensors.catalogue import CATALOGUE
from sensors.catalogue.blind_spots import BLIND_SPOTS
from tests.command_line import runner

PAGE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"


def test_the_page_is_what_the_catalogue_says_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == rule_page(ways), "run: premises rules --format markdown > docs/rules.md"


def test_every_rule_says_in_both_languages_what_it_cannot_see() -> None:
    assert list(BLIND_SPOTS) == list(CATALOGUE)
    for text in BLIND_SPOTS.values():
        assert re.search(r"[\u4e00-\u9fff]", text.zh)
        assert not re.search(r"[\u4e00-\u9fff]", text.en)


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = PAGE.read_text(encoding="utf-8")
    headings = {
        "".join(each for each in heading.lower() if each.isalnum() or each in " -_").replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings


def test_every_way_of_judging_has_a_name() -> None:
    assert set(WAYS) == set(Way)


def test_the_command_tells_each_rule_with_its_parameters_and_how_it_is_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = runner(monkeypatch, capsys)("rules", "--format", "json")
    rules = {each["id"]: each for each in json.loads(told.out)["rules"]}
    assert list(rules) == list(CATALOGUE)
    assert rules["E03"]["judged"] == ["days"]
    ratio = rules["E03"]["parameters"][0]
    assert (ratio["name"], ratio["value"], ratio["confidence"]) == ("night_ratio", 0.35, "P")
