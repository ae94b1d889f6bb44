"""`premises doctor --rules`: which rules a site can feed, what is missing, and what one more thing would buy."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from analytics.calendar import WeekdaysOnly
from premises.doctor.rule_needs import RuleNeeds, State, gains, rule_needs
from sensors.catalogue import CATALOGUE
from sensors.topology import CircuitItem, Registry
from simulators import registry_text
from simulators.building import office_building
from tests.analytics.sites import A201, A202, circuit, meter, office, registry, room_device
from tests.command_line import runner

TODAY = date(2026, 11, 23)


def site_with(*metrics: str) -> Registry:
    return registry(
        rooms=[office(A201), office(A202)],
        circuits=[circuit("light", CircuitItem.LIGHTING, A201)],
        devices=[room_device("aq1", A201, *metrics), meter("m1", "light")],
    )


def needs_of(place: Registry) -> dict[str, RuleNeeds]:
    return {each.rule: each for each in rule_needs(place, WeekdaysOnly(), today=TODAY)}


def bought(place: Registry) -> dict[str, dict[str, int]]:
    return {each.what: dict(each.rules) for each in gains(needs_of(place).values())}


def test_every_rule_is_told_once_in_the_catalogues_order() -> None:
    assert [each.rule for each in rule_needs(site_with(), WeekdaysOnly(), today=TODAY)] == list(CATALOGUE)


def test_rule_is_fed_where_its_sensors_are_and_names_what_the_other_rooms_lack() -> None:
    use = needs_of(site_with("presence"))["S02"]
    assert (use.state, use.fed, use.subjects) == (State.FED, 1, 2)
    (lack,) = use.lacks
    assert [str(subject) for subject in lack.subjects] == ["room:a-202"]


def test_one_more_sensor_buys_the_rules_that_lack_nothing_else() -> None:
    assert bought(site_with("presence"))["co2_ppm"]["A01"] == 1
    assert "A01" not in bought(site_with()).get("co2_ppm", {})


def test_what_was_bought_is_fed_afterwards() -> None:
    before, after = (needs_of(site_with("presence", *more))["A01"].fed for more in ((), ("co2_ppm",)))
    assert (before, after) == (0, 1)


def test_registry_field_is_named_where_it_is_all_that_is_missing() -> None:
    place = site_with("presence")
    bare = replace(place, buildings={key: replace(each, gross_area_m2=None) for key, each in place.buildings.items()})
    (lack,) = needs_of(bare)["E03"].lacks
    assert "gross_area_m2" in lack.what


def test_rule_that_finds_nothing_to_judge_asks_for_what_the_catalogue_says() -> None:
    found = needs_of(site_with())
    assert (found["F12"].state, found["F12"].lacks[0].what) == (State.NOTHING, ("event leak",))
    assert (found["F11"].state, found["F11"].lacks[0].what) == (State.LOGS, ("fire_tests",))


def test_season_does_not_keep_a_rule_from_being_fed() -> None:
    simulated = office_building(4, start=date(2026, 10, 19))
    assert needs_of(simulated)["A05"].state is State.FED


@pytest.mark.parametrize(("language", "words"), [("en", "What one more would buy"), ("zh", "再增加一项可以换来")])
def test_command_tells_people_and_programs(
    language: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    premises = runner(monkeypatch, capsys)
    place = office_building(4, start=date(2026, 10, 19))
    (tmp_path / "registry.yaml").write_text(registry_text(place), encoding="utf-8")
    told = premises("doctor", "--rules", "--home", tmp_path, "--lang", language)
    assert (told.code, words in told.out) == (0, True), told.err
    answer = json.loads(premises("doctor", "--rules", "--home", tmp_path, "--json").out)
    assert {each["rule"] for each in answer["rules"]} == set(CATALOGUE)
    assert {"what", "rules"} == set(answer["gains"][0])
