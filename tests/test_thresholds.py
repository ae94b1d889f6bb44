"""Thresholds that a site, building or room has of its own: read with every fault, and judged by."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from analytics.calendar import WeekdaysOnly
from analytics.runs import Analysis, Request, analyse
from sensors.subjects import Subject
from sensors.thresholds import Override, Overrides, around
from sensors.topology import CircuitItem, DeviceId, Registry, Room
from sensors.verdicts import Finding, Verdict
from storage.readings.memory import MemoryReadingStore
from storage.thresholds_file import parse_thresholds
from tests.analytics.sites import (
    A201,
    A202,
    MONDAY,
    batch,
    circuit,
    days_from,
    meter,
    office,
    registry,
    room_device,
    sampled,
)
from tests.command_line import runner
from tests.test_analyze_command import csv_in, four_weeks, registry_in

FOUR_WEEKS = days_from(MONDAY, 28)


def override(subject: str, value: float, rule: str = "S02", parameter: str = "utilisation_pct") -> Override:
    return Override(
        rule=rule,
        parameter=parameter,
        subject=Subject.parse(subject),
        value=value,
        by="王芳",
        why="field work",
        since=MONDAY,
    )


def two_offices(*more: Room) -> Registry:
    cameras = [room_device(f"cam-{room}", room, "presence", "co2_ppm") for room in (A201, A202)]
    return registry(rooms=[office(A201), office(A202), *more], devices=cameras)


def judged(*overrides: Override, rule: str = "S02") -> dict[str, Finding]:
    """Both rooms are used two of eight hours, 25 %, with 1,100 ppm all day."""
    store, readings = MemoryReadingStore(), batch()
    for room in (A201, A202):
        sampled(readings, f"cam-{room}", "presence", FOUR_WEEKS, lambda t: float(t.weekday() < 5 and 9 <= t.hour < 11))
        sampled(readings, f"cam-{room}", "co2_ppm", FOUR_WEEKS, lambda t: 1100.0 + t.minute / 10)
    store.append(readings)
    found = run(two_offices(), store, Overrides(overrides), rule)
    return {each.subject.id: each for each in found.findings}


def run(place: Registry, store: MemoryReadingStore, overrides: Overrides, *rules: str) -> Analysis:
    return analyse(
        registry=place, holidays=WeekdaysOnly(), store=store, request=Request(rules=rules), overrides=overrides
    )


@pytest.mark.parametrize("subject", ["site:hq", "building:a"])
def test_threshold_of_a_site_or_building_holds_for_every_room_in_it(subject: str) -> None:
    assert {each.verdict for each in judged().values()} == {Verdict.FAULT}
    found = judged(override(subject, 20))
    assert {each.verdict for each in found.values()} == {Verdict.PASS}


def test_threshold_of_a_room_holds_for_it_alone_and_goes_before_the_buildings() -> None:
    found = judged(override("building:a", 20), override("room:a-202", 26))
    assert (found["a-201"].verdict, found["a-202"].verdict) == (Verdict.PASS, Verdict.FAULT)
    assert found["a-202"].threshold == 26
    assert found["a-202"].evidence["overridden"] == "utilisation_pct 26 (30 %): 王芳, 2026-03-02, field work"


def test_rule_over_readings_is_judged_by_each_rooms_own_threshold() -> None:
    found = judged(override("room:a-201", 1200, "A01", "co2_ppm"), rule="A01")
    assert (found["a-201"].verdict, found["a-202"].verdict) == (Verdict.PASS, Verdict.FAULT)
    assert "overridden" not in found["a-202"].evidence


def test_threshold_that_holds_only_later_changes_nothing() -> None:
    later = replace(override("site:hq", 20), since=date(2026, 4, 1))
    assert {each.verdict for each in judged(later).values()} == {Verdict.FAULT}


def test_answer_lists_what_was_overridden_of_the_rules_that_were_asked() -> None:
    store = MemoryReadingStore()
    readings = batch()
    sampled(readings, "cam-a-201", "presence", FOUR_WEEKS, lambda _t: 1.0)
    store.append(readings)
    asked, other = override("site:hq", 20), override("site:hq", 1200, "A01", "co2_ppm")
    assert run(two_offices(), store, Overrides((asked, other)), "S02").overrides == (asked,)


def test_device_is_in_its_circuit_or_room_its_building_and_the_site() -> None:
    place = registry(
        rooms=[office()],
        circuits=[circuit("light", CircuitItem.LIGHTING, A201)],
        devices=[room_device("cam", A201, "presence"), meter("m1", "light")],
    )
    said = [" ".join(map(str, around(Subject.parse(f"device:{DeviceId(name)}"), place))) for name in ("cam", "m1")]
    assert said[0] == "device:cam room:a-201 building:a site:hq"
    assert said[1].startswith("device:m1 circuit:light ")


GOOD = {
    "rule": "S02",
    "parameter": "utilisation_pct",
    "subject": "room:a-201",
    "value": 20,
    "by": "王芳",
    "why": "field work",
    "since": "2026-03-02",
}


def faults(*entries: dict[str, object]) -> list[str]:
    content = json.dumps({"thresholds": list(entries)}, ensure_ascii=False, indent=1).encode()
    return [each.reason for each in parse_thresholds(content, two_offices())[1]]


def test_file_gives_what_it_says() -> None:
    content = json.dumps({"thresholds": [GOOD]}, ensure_ascii=False).encode()
    assert parse_thresholds(content, two_offices()) == (
        Overrides((override("room:a-201", 20),)),
        [],
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rule": "S99"}, "'S99' is no rule that can be overridden"),
        ({"parameter": "utilization_pct"}, "did you mean utilisation_pct?"),
        ({"rule": "S01", "parameter": "spell_min"}, "'spell_min' is no parameter of S01 that can be overridden"),
        ({"subject": "room:a-999"}, "'room:a-999' is not in the registry"),
        ({"subject": "a-201"}, "'a-201' is not a subject"),
        ({"value": 120}, "120 is out of range; utilisation_pct is from 1.5 to 100 %"),
        ({"value": "much"}, "must be a number"),
        ({"parameter": "window_days", "value": 7.5}, "must be a whole number of d"),
        ({"by": ""}, "by is blank"),
        ({"why": None}, "has no why"),
        ({"since": "yesterday"}, "must be a date like 2026-01-31"),
        ({"until": "2026-04-01"}, "unknown key 'until'"),
    ],
)
def test_fault_in_the_file_says_what_to_do(change: dict[str, object], reason: str) -> None:
    (told,) = faults({**GOOD, **change})
    assert reason in told


def test_same_threshold_twice_is_a_fault() -> None:
    assert [each for each in faults(GOOD, {**GOOD, "value": 25}) if "stands twice" in each] != []


def test_command_judges_by_the_file_beside_the_registry_and_tells_its_faults_with_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PREMISES_HOME", str(tmp_path / "home"))
    premises = runner(monkeypatch, capsys)
    files = ("--csv", csv_in(tmp_path, four_weeks()), "--registry", registry_in(tmp_path), "--rules", "S02")
    path = tmp_path / "thresholds.yaml"
    path.write_text(json.dumps({"thresholds": [GOOD | {"value": 15}]}, ensure_ascii=False), encoding="utf-8")
    told = json.loads(premises("analyze", *files, "--json").out)
    assert [each["verdict"] for each in told["findings"]] == ["pass"]
    assert told["overrides"] == [
        {**GOOD, "value": 15.0, "default": 30, "unit": "%"},
    ]
    lines = premises("analyze", *files, "--language", "en").out
    assert "S02 utilisation_pct of 201: 15 instead of 30 %. 王芳, 2026-03-02: field work" in lines
    path.write_text("thresholds:\n- {rule: S02, parameter: utilisation_pct, subject: 'room:a-201'}\n", encoding="utf-8")
    refused = premises("analyze", *files)
    assert refused.code == 2
    assert f"{path}:2:3: threshold: has no value; add it" in refused.err
