"""The catalogue: complete, named in both languages, and every figure with where it comes from."""

import dataclasses
import re
from collections.abc import Iterator

import pytest

from sensors import topology
from sensors.catalogue import CATALOGUE
from sensors.catalogue.figures import (
    AREA_QUOTAS,
    CARBON_FACTORS,
    ENERGY_QUOTAS,
    FIGURES,
    RESPONSES,
    SERVICE_AREA_QUOTAS,
)
from sensors.catalogue.model import Confidence, Family, Parameter, RuleSpec, Source, UnknownParameterError
from sensors.catalogue.standards import STANDARDS, cite
from sensors.metrics import METRICS
from sensors.topology import ClimateZone, EnergyClass, OrganLevel
from sensors.verdicts import Severity

RULES_PER_LETTER = {"S": 10, "E": 12, "W": 1, "A": 8, "F": 12, "L": 6, "D": 6, "G": 6}
FAMILY_OF_LETTER = {
    "S": Family.SPACE,
    "E": Family.ENERGY,
    "W": Family.WATER,
    "A": Family.AIR,
    "F": Family.FIRE,
    "L": Family.ELECTRICAL,
    "D": Family.DOORS,
    "G": Family.DATA,
}
CORE_NUMBERS = {"S": (1, 2, 3, 7, 8), "E": (1, 3, 4, 5, 11), "A": (1, 5), "F": (1, 3, 5, 6, 7, 8, 12), "L": (1, 3)}
CORE_NUMBERS |= {"D": (1, 2, 3, 4), "G": (1, 4, 5)}
CORE = {f"{letter}{number:02}" for letter, numbers in CORE_NUMBERS.items() for number in numbers}
REGISTRY_OWNERS = {
    "site": topology.Site,
    "building": topology.Building,
    "room": topology.Room,
    "circuit": topology.Circuit,
    "opening": topology.Opening,
    "device": topology.Device,
    "person": topology.Person,
}
# Rules that come later ask for these; a field leaves this list when the registry learns it.
FIELDS_TO_COME = {
    "device.clock_offset_s",
}
NAMES_A_STANDARD = re.compile(
    r"\b(?:GB|GA|DB|JGJ|EN|ISO|IEC|ASHRAE|IPMVP|CalTRACK|RESET)\b|GB/T|〔\d{4}〕|号|令|条例|办法|标准|规范"
)

SPECS = pytest.mark.parametrize("spec", CATALOGUE.values(), ids=CATALOGUE.keys())


def all_parameters() -> Iterator[tuple[RuleSpec, Parameter]]:
    for spec in CATALOGUE.values():
        for parameter in spec.parameters:
            yield spec, parameter


def all_sources() -> Iterator[Source]:
    for spec, parameter in all_parameters():
        yield from (parameter.source, *spec.basis)
    yield from (quota.source for quota in AREA_QUOTAS)
    yield from (quota.source for quota in SERVICE_AREA_QUOTAS)
    yield from (quota.source for quota in ENERGY_QUOTAS.values())
    yield from (factor.source for factor in CARBON_FACTORS)
    yield from (figure.source for figure in FIGURES.values())
    yield from (response.source for response in RESPONSES.values())


def field_is_known(path: str) -> bool:
    owner, _, attribute = path.partition(".")
    kind = REGISTRY_OWNERS[owner]
    return hasattr(kind, attribute) or attribute in {field.name for field in dataclasses.fields(kind)}


def test_every_rule_of_the_list_is_here_under_its_own_id() -> None:
    wanted = {f"{letter}{number:02}" for letter, count in RULES_PER_LETTER.items() for number in range(1, count + 1)}
    assert set(CATALOGUE) == wanted
    assert all(key == spec.id for key, spec in CATALOGUE.items())


def test_core_rules_are_the_marked_ones() -> None:
    assert {spec.id for spec in CATALOGUE.values() if spec.core} == CORE


@SPECS
def test_rule_is_named_in_both_languages(spec: RuleSpec) -> None:
    for text in (spec.name, spec.formula, spec.measure):
        assert re.search(r"[\u4e00-\u9fff]", text.zh), text
        assert re.search(r"[A-Za-z]{2}", text.en), text
        assert not re.search(r"[\u4e00-\u9fff]", text.en), text
    assert spec.family is FAMILY_OF_LETTER[spec.id[0]]


@SPECS
def test_parameters_have_distinct_names_units_and_sources(spec: RuleSpec) -> None:
    names = [parameter.name for parameter in spec.parameters]
    assert len(names) == len(set(names))
    assert all(parameter.unit and parameter.source.text for parameter in spec.parameters)
    assert spec.parameter("coverage_pct") == 90
    assert spec.verification_window_days > 0


@SPECS
def test_needs_are_words_of_the_vocabulary(spec: RuleSpec) -> None:
    assert {name for group in spec.needs.metrics for name in group} <= set(METRICS)
    unknown = {path for path in spec.needs.fields if not field_is_known(path)}
    assert unknown <= FIELDS_TO_COME
    assert spec.needs.metrics or spec.needs.events or spec.needs.fields or spec.needs.records


def test_no_field_is_awaited_that_the_registry_has() -> None:
    assert {path for path in FIELDS_TO_COME if field_is_known(path)} == set()


def test_a_choice_of_our_own_names_no_standard() -> None:
    for spec, parameter in all_parameters():
        if parameter.source.confidence is Confidence.PROJECT:
            assert parameter.source.standard is None, spec.id
            assert not NAMES_A_STANDARD.search(parameter.source.text + parameter.note), (spec.id, parameter.name)


def test_a_standard_cannot_be_put_beside_a_choice_of_our_own() -> None:
    with pytest.raises(ValueError, match="own choice"):
        Source(text="night ratio", confidence=Confidence.PROJECT, standard="GB/T 18883")


def test_a_source_that_names_a_standard_gives_its_edition() -> None:
    for source in all_sources():
        if source.standard is not None:
            standard = STANDARDS[source.standard]
            assert source.text.startswith(standard.designation)
            assert source.year == standard.year
        else:
            assert not NAMES_A_STANDARD.search(source.text), source


def test_standards_carry_an_edition_and_both_titles() -> None:
    for key, standard in STANDARDS.items():
        assert standard.key == key
        assert 1990 < standard.year < 2030
        assert standard.title.zh
        assert not re.search(r"[\u4e00-\u9fff]", standard.title.en)
        dated = re.search(r"[-:](\d{4})$", standard.designation)
        assert dated is None or int(dated.group(1)) == standard.year


def test_a_standard_that_is_not_in_the_table_cannot_be_cited() -> None:
    with pytest.raises(KeyError):
        cite("GB 99999", Confidence.HIGH)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("S01", {"workdays": 40, "minimum_days": 1, "presence_h": 1, "spell_min": 30}),
        ("S02", {"window_days": 28, "utilisation_pct": 30}),
        ("S03", {"window_days": 28, "utilisation_pct": 30}),
        ("S07", {"tolerance_m2": 0.5, "toilet_m2": 6}),
        ("E03", {"night_ratio": 0.35, "night_excess_wm2": 2, "nights_hold": 3, "clear_margin": 0.02}),
        ("E05", {"empty_min": 60, "excess_wm2": 5, "excess_w": 100, "energy_kwh": 1, "standby_days": 28}),
        ("E05", {"standby_percentile": 10}),
        ("E01", {"constraint_mild_b_kwh_m2": 60, "constraint_hot_summer_cold_winter_a_kwh_m2": 70}),
        ("A01", {"co2_ppm": 1000, "co2_orange_ppm": 1500, "meeting_room_ppm": 2000, "mean_h": 1}),
        ("L01", {"residual_ma": 300, "residual_red_ma": 500}),
        ("G01", {"intervals": 3, "minimum_min": 15}),
        ("G05", {"missing_pct": 10}),
    ],
)
def test_thresholds_are_those_of_the_list(rule: str, expected: dict[str, float]) -> None:
    assert {name: CATALOGUE[rule].parameter(name) for name in expected} == expected


def test_residual_current_cites_its_clause() -> None:
    (source,) = {parameter.source for parameter in CATALOGUE["L01"].parameters if parameter.name == "residual_ma"}
    assert source.text == "GB 50116-2013 9.2.3"
    assert source.confidence is Confidence.STANDARD


def test_an_unknown_parameter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownParameterError, match="utilisation_pct"):
        CATALOGUE["S02"].parameter("utilization")


def test_every_climate_zone_and_class_has_an_energy_quota() -> None:
    assert set(ENERGY_QUOTAS) == {(zone, energy_class) for zone in ClimateZone for energy_class in EnergyClass}
    assert all(quota.guide_kwh_m2 < quota.constraint_kwh_m2 for quota in ENERGY_QUOTAS.values())


@pytest.mark.parametrize(
    ("level", "areas"),
    [
        (OrganLevel.CENTRAL, [54, 42, 24, 18, 12, 9]),
        (OrganLevel.PROVINCIAL, [54, 42, 30, 24, 18, 12, 9]),
        (OrganLevel.CITY, [42, 30, 24, 18, 9]),
        (OrganLevel.COUNTY, [30, 24, 18, 12, 9]),
    ],
)
def test_office_areas_are_those_of_the_standard(level: OrganLevel, areas: list[float]) -> None:
    assert [quota.area_m2 for quota in AREA_QUOTAS if quota.level is level] == areas


def test_every_severity_has_a_response_and_the_graver_the_sooner() -> None:
    responses = [RESPONSES[severity] for severity in Severity]
    assert responses == sorted(responses, key=lambda response: response.acknowledge)
    assert all(response.acknowledge < response.escalate for response in responses)
