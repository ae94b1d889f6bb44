"""`premises doctor --rules`: which rules a site can feed, what is missing, and what one more thing would buy."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from analytics.calendar import WeekdaysOnly
from premises.doctor.brought_in import BroughtIn
from premises.doctor.rule_needs import RuleNeeds, State, gains, rule_needs
from premises.stores.bookings import ListedBookings
from sensors.bills import Bill, Utility
from sensors.bookings import Booking
from sensors.catalogue import CATALOGUE
from sensors.energy_terms import EnergyFacts, EnergyTerms, Period, Tariff, TariffSeason
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitItem, ClimateZone, EnergyClass, Registry, RoomCategory
from simulators import registry_text
from simulators.building import office_building
from tests.analytics.sites import A201, A202, circuit, meter, office, registry, room_device
from tests.command_line import runner

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def site_with(*metrics: str) -> Registry:
    return registry(
        rooms=[office(A201), office(A202)],
        circuits=[circuit("light", CircuitItem.LIGHTING, A201)],
        devices=[room_device("aq1", A201, *metrics), meter("m1", "light")],
    )


def needs_of(place: Registry, brought: BroughtIn | None = None) -> dict[str, RuleNeeds]:
    return {each.rule: each for each in rule_needs(place, WeekdaysOnly(), now=NOW, brought=brought)}


def bought(place: Registry) -> dict[str, dict[str, int]]:
    return {each.what: dict(each.rules) for each in gains(needs_of(place).values())}


def test_every_rule_is_told_once_in_the_catalogues_order() -> None:
    assert [each.rule for each in rule_needs(site_with(), WeekdaysOnly(), now=NOW)] == list(CATALOGUE)


def test_rule_is_fed_where_its_sensors_are_and_names_what_the_other_rooms_lack() -> None:
    use = needs_of(site_with("presence"))["S02"]
    assert (use.state, use.fed, use.subjects) == (State.FED, 1, 2)
    (lack,) = use.lacks
    assert [str(subject) for subject in lack.subjects] == ["room:a-202"]


def test_one_more_sensor_buys_the_rules_that_lack_nothing_else() -> None:
    assert bought(site_with("presence"))["co2_ppm"]["A01"] == 2


def test_what_was_bought_is_fed_afterwards() -> None:
    before, after = (needs_of(site_with("presence", *more))["A01"].fed for more in ((), ("co2_ppm",)))
    assert (before, after) == (0, 1)


def test_carbon_dioxide_alone_buys_what_can_be_inferred_from_it_as_well() -> None:
    told = bought(site_with())
    for what in ("co2_ppm", "presence|people_count|motion"):
        of_rules = told[what]
        assert ("A01" in of_rules, of_rules["S02"]) == (what == "co2_ppm", 2)
    after = {rule: each.fed for rule, each in needs_of(site_with("co2_ppm")).items() if each.fed}
    assert {rule: after.get(rule, 0) for rule in ("A01", "S02", "E05")} == {"A01": 1, "S02": 1, "E05": 1}


@pytest.mark.parametrize(("metric", "inferred"), [("wifi_devices", 1), ("presence", 0)])
def test_rooms_that_nothing_but_inference_judges_are_told(metric: str, inferred: int) -> None:
    needs = needs_of(site_with(metric))
    assert {(needs[rule].fed, needs[rule].inferred) for rule in ("S02", "E05")} == {(1, inferred)}
    assert needs["G01"].inferred == 0


def meeting_site() -> Registry:
    meeting = replace(office(A201), category=RoomCategory.SERVICE, subtype="meeting")
    place = registry(rooms=[meeting], devices=[room_device("cam", A201, "presence")])
    building = next(iter(place.buildings.values()))
    known = replace(building, gross_area_m2=1000.0, energy_class=EnergyClass.B)
    return replace(place, site=replace(place.site, climate_zone=ClimateZone.MILD), buildings={known.id: known})


def test_bookings_and_bills_that_were_brought_in_count() -> None:
    place = meeting_site()
    assert {needs_of(place)[rule].state for rule in ("S04", "E01")} == {State.LACKING}
    start = NOW - timedelta(days=3)
    booking = Booking(site=place.site.id, room=A201, start=start, end=start + timedelta(hours=1), key="k")
    subject = Subject(SubjectKind.BUILDING, next(iter(place.buildings)))
    bill = Bill(
        site=place.site.id,
        subject=subject,
        utility=Utility.ELECTRICITY,
        first=date(2026, 9, 1),
        last=date(2026, 9, 30),
        quantity=900.0,
    )
    brought = BroughtIn(bookings=ListedBookings([booking]), energy=EnergyFacts(bills=lambda: (bill,)))
    assert {needs_of(place, brought)[rule].state for rule in ("S04", "E01")} == {State.FED}


def test_tariff_in_force_today_is_not_asked_for() -> None:
    place = site_with()
    tariff = Tariff(
        first=date(2026, 6, 1),
        last=None,
        prices_cny_kwh=((Period.FLAT, 0.6),),
        seasons=(TariffSeason(months=frozenset(range(1, 13))),),
        source="contract",
    )
    brought = BroughtIn(energy=EnergyFacts(terms=EnergyTerms(tariffs=(tariff,))))
    lacking = [{what for lack in needs_of(place, each)["E12"].lacks for what in lack.what} for each in (None, brought)]
    assert lacking[0] - lacking[1] == {"a tariff in force"}


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
