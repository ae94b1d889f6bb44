from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from reports.messages import Language, Messages
from reports.wording import Wording
from sensors.subjects import Subject
from sensors.topology import Building, BuildingId, Name
from sensors.verdicts import Verdict
from tests.reports.answers import Sketch, finding, registry

ROOMS = [Sketch(id="a-201", zh="201室", en="Room 201", lighting=(1.0, 1.0))]


def wording(language: Language = "zh") -> Wording:
    return Wording(Messages(language, ZoneInfo("Asia/Shanghai")), registry(ROOMS))


@pytest.mark.parametrize(
    ("missing", "worded"),
    [
        ("gross_area_m2", "建筑面积"),
        ("circuit of item total", "总表回路"),
        ("meter on circuit c-1", "回路c-1的电表"),
        ("always-on circuit for room a-201", "201室的常开回路"),
        ("night and working-hours load on enough workdays", "足够多工作日的夜间和工时负荷"),
        ("measured power beside known occupancy", "与有人状态同时已知的实测功率"),
        ("CO2 while the room was known to be occupied", "已知有人时的二氧化碳浓度"),
        ("the same season last year", "上年同季的数据"),
        ("a finding of its own: see E03", "单独的结论:已并入E03作证据"),
        ("device.gateway", "设备所属的网关"),
        ("room.holders", "房间使用人"),
        ("person.rank", "使用人职级"),
        ("a verdict of its own: see room:a-201", "单独的结论:与201室合并核算"),
        ("bookings while it was known whether somebody was there", "有传感数据的足够多预订"),
        ("two devices with a reporting interval", "该网关下至少两台有上报间隔的设备"),
        ("a reading of any device", "任何设备的数据"),
        ("a word of gateway gw-1: see G04", "网关gw-1的数据:失联,见G04"),
        ("co2_ppm of aq1 looks like %: check its unit", "二氧化碳浓度的单位:aq1的读数像是%,请核对"),
        ("energy_export_kwh on circuit c-1", "回路c-1的energy_export_kwh"),
        ("circuits below c-1", "回路c-1的下级负荷回路"),
        ("parent of circuit c-1", "回路c-1的上级回路"),
        ("co2_ppm", "二氧化碳浓度"),
        ("presence|people_count|motion", "有人传感器或人数或移动探测"),
        ("40 workdays of presence|people_count|motion", "40个工作日的有人传感器或人数或移动探测"),
        ("presence|people_count|motion in room a-201", "201室的有人传感器或人数或移动探测"),
    ],
)
def test_every_missing_input_that_rules_name_is_worded(missing: str, worded: str) -> None:
    assert wording().missing(finding("S01", "room:a-201", Verdict.INSUFFICIENT_DATA, missing=(missing,))) == worded


def test_a_missing_input_that_nobody_foresaw_is_shown_as_it_is() -> None:
    assert wording().missing(finding("S01", "room:a-201", Verdict.NOT_APPLICABLE, missing=("a moon",))) == "a moon"


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        ("room:a-201", "Room 201"),
        ("circuit:c-a-201", "Lighting (c-a-201)"),
        ("building:a", "Main building"),
        ("device:pir-a-201", "pir-a-201 · Room 201"),
        ("device:m-a-201", "m-a-201 · Lighting (c-a-201)"),
        ("device:gone", "gone"),
        ("gateway:gw-1", "gw-1"),
        ("site:hq", "hq"),
    ],
)
def test_subjects_go_by_their_names(subject: str, named: str) -> None:
    assert wording("en").subject(Subject.parse(subject)) == named


def test_rooms_of_several_buildings_are_named_with_their_building() -> None:
    one = registry(ROOMS)
    annex = Building(id=BuildingId("b"), name=Name(zh="附楼", en="Annex"))
    two = replace(one, buildings={**one.buildings, annex.id: annex})

    assert Wording(wording().messages, two).subject(Subject.parse("room:a-201")) == "主楼 201室"


def test_evidence_is_told_with_units_and_local_times() -> None:
    evidence: dict[str, float | int | str | None] = {
        "standby_from": "rest-day nights",
        "last_heard": "2026-03-01T16:05:00+00:00",
        "since": "2026-03-02",
        "odd": 3,
    }

    assert wording().evidence(finding("G01", "device:x", evidence=evidence)) == (
        "待机取自非工作日夜间、最后一次数据2026年3月2日 00:05、自2026年3月2日起、odd 3"
    )


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [(1.0, "d", "1 day"), (3.0, "d", "3 days"), (30.0, "%", "30%"), (5.0, "W/m²", "5 W/m²"), (None, "min", "unknown")],
)
def test_values_carry_their_unit(value: float | None, unit: str, told: str) -> None:
    assert wording("en").value(value, unit) == told
