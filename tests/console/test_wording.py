"""Names and figures as a reader says them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.savings.result import Lack
from api.messages import Language, Messages
from api.pages.item_views import lack_text
from api.pages.rendering import local_path
from api.pages.wording import Wording
from rectification.by_savings import ItemLack
from sensors.subjects import Subject
from tests.console.demo_building import MONDAY_MORNING, registry


def wording(language: Language = "en") -> Wording:
    return Wording(
        messages=Messages(language, ZoneInfo("Asia/Shanghai")),
        registry=registry(),
        now=MONDAY_MORNING,
        person={"p": "李敏"}.get,
    )


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("room:a-203", "203 Meeting room 2"),
        ("room:a-207", "a restricted room"),
        ("room:gone", "gone"),
        ("circuit:c-2f-plugs", "Plugs, 202 Meeting room 1, 203 Meeting room 2"),
        ("circuit:c-1f-light", "Lighting, 101 General office, 102 Reception and 2 more"),
        ("circuit:c-main", "Mains (c-main)"),
        ("device:aq-204", "aq-204 in 204 IT"),
        ("device:unknown", "unknown"),
        ("opening:d-104", "Door of 104 Archive (d-104)"),
        ("building:a", "Main building"),
        ("site:hq", "Compound 1"),
    ],
)
def test_subject_is_named_by_the_registry(subject: str, name: str) -> None:
    assert wording().subject(Subject.parse(subject)) == name


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.4666, "ratio", "47%"),
        (15.0, "min", "15 min"),
        (1560.0, "min", "26 h"),
        (1.0, "d", "1 day"),
        (39.0, "d", "39 days"),
        (1640.0, "ppm", "1,640 ppm"),
        (0.35, "kWh", "0.35 kWh"),
        (None, "kWh", ""),
    ],
)
def test_figure_is_said_with_its_unit(value: float | None, unit: str, said: str) -> None:
    assert wording().value(value, unit) == said


@pytest.mark.parametrize(
    ("actor", "name"), [("p", "李敏"), ("system:verification", "读数核实"), ("system:new-part", "系统"), (None, "")]
)
def test_actor_is_a_person_or_a_part_of_the_program(actor: str | None, name: str) -> None:
    assert wording("zh").who(actor) == name


def test_only_figures_of_one_or_two_people_are_personal() -> None:
    said = wording()
    told = {name: said.is_personal(Subject.parse(name)) for name in ("room:a-105", "room:a-106", "circuit:c-2f-plugs")}
    assert told == {"room:a-105": True, "room:a-106": False, "circuit:c-2f-plugs": False}


def test_catalogue_s_measure_stands_until_somebody_writes_one() -> None:
    assert wording().measure("E05") == wording().measure("E05", "measure.e05")
    assert wording().measure("E05", "Fit a timer") == "Fit a timer"


def test_time_is_told_at_the_site_s_clock() -> None:
    moment = wording("zh").moment(MONDAY_MORNING - timedelta(minutes=3))
    assert (moment.text, moment.ago) == ("11月23日 10:21", "3分钟前")


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/plan?show=table", "/plan?show=table"),
        ("//elsewhere.example/", "/"),
        ("https://elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\n/elsewhere.example", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_way_on_stays_within_the_site(wanted: str | None, led_to: str) -> None:
    assert local_path(wanted) == led_to


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("code", [*Lack, *ItemLack], ids=str)
def test_what_a_meter_lacks_for_a_saving_is_told_in_words(language: Language, code: str) -> None:
    told = lack_text(Messages(language, ZoneInfo("Asia/Shanghai")), code)
    assert told
    assert "_" not in told
