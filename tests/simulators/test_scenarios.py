from datetime import date, datetime
from pathlib import Path

import pytest

from analytics.calendar import ChineseHolidays
from analytics.runs import Request
from premises.evaluation import BUILT, scores_of, stored_events
from premises.simulated.simulated_history import store_history
from premises.watched import ALL_RULES, analyse_unlogged
from sensors.errors import InputFault
from sensors.topology import Registry
from simulators.building import office_building
from simulators.confounders import prepared
from simulators.demands import truth_rows
from simulators.equipment import Equipment
from simulators.fault_file import read_faults
from simulators.faults import Fault
from simulators.generators import GENERATORS
from simulators.scenarios import SCENARIOS, scenario
from simulators.scoring import RuleScore
from simulators.truth import TruthKind
from simulators.world import World
from storage.readings.duckdb import DuckDBReadingStore
from tests.simulators.worlds import MONDAY, building, local

KUNMING_M = 1890.0


def scores(
    registry: Registry, faults: tuple[Fault, ...], folder: Path, days: int, *, first: date = MONDAY, seed: int = 4
) -> dict[str, RuleScore]:
    """Simulate into a store, judge it with every rule that works, and hold that against the truth."""
    start, end = local(first), local(first, 24 * days)
    truth = truth_rows(faults, registry, start=start, end=end)
    store = DuckDBReadingStore(folder / "readings.duckdb")
    try:
        store_history(World(registry, seed, start, faults), store, end)
        analysis = analyse_unlogged(
            registry=registry, holidays=ChineseHolidays(), store=store, request=Request(rules=ALL_RULES)
        )
        return scores_of(analysis, stored_events(store, registry.site.id), truth, ChineseHolidays())
    finally:
        store.close()


def test_every_built_rule_finds_the_standard_faults_and_nothing_else(tmp_path: Path) -> None:
    registry = building(8)
    found = scores(registry, scenario("standard", registry, start=local(MONDAY), days=28), tmp_path, 28)
    built = {rule: score for rule, score in found.items() if score.built}
    astray = {rule: (score.false_alarms, score.missed) for rule, score in built.items() if score.fp or score.fn}
    assert astray == {}
    hit = {rule for rule, score in built.items() if score.tp}
    assert hit >= {"S02", "S03", "E03", "E05", "E11", "A01", "F01", "D02", "G01", "G04", "G05"}
    assert sum(score.near_misses for score in built.values()) >= 5


def test_uncompensated_sensors_in_kunming_over_spring_festival_trip_nothing(tmp_path: Path) -> None:
    """The rest of what looks like a fault is in it too: a server room, cleaning rounds, leave, cold fronts."""
    first = date(2026, 2, 9)
    registry = office_building(8, start=first, altitude_m=KUNMING_M)
    rooms = (room for room in registry.rooms.values() if room.holders)
    sensors = [f"aq-{room.id.removeprefix('a-')}" for room in rooms]
    lines = [f'- {{rule: A01, subject: "device:{sensor}", start: {first}, kind: confounder}}' for sensor in sensors]
    faults, blind = confounded("\n".join(lines), registry)
    found = scores(blind, faults, tmp_path, 21, first=first)
    assert {rule: score.false_alarms for rule, score in found.items() if score.fp} == {}
    assert found["A01"].near_misses == len(sensors)


def confounded(text: str, registry: Registry) -> tuple[tuple[Fault, ...], Registry]:
    faults = read_faults(f"{text}\n", name="faults.yaml", registry=registry)
    return faults, prepared(registry, faults)


OF_THEIR_OWN = {"years", "half-empty", "seasons"}
"""These want a site or a time of their own; test_every_rule.py has them."""


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - {"none", "quiet-week", "fire-drill"} - OF_THEIR_OWN))
def test_scenario_has_a_truth_of_what_it_is_named_for(name: str) -> None:
    registry = office_building(12, start=MONDAY, equipment=Equipment.FULL)
    faults = scenario(name, registry, start=local(MONDAY), days=35)
    rows = truth_rows(faults, registry, start=local(MONDAY), end=local(MONDAY, 24 * 35))
    assert any(row.kind is TruthKind.FAULT for row in rows)
    assert all(fault.start < local(MONDAY, 24 * 35) for fault in faults)


def test_drill_is_nothing_to_be_found() -> None:
    registry = building()
    faults = scenario("fire-drill", registry, start=local(MONDAY), days=7)
    rows = truth_rows(faults, registry, start=local(MONDAY), end=local(MONDAY, 24 * 7))
    assert [(row.rule, row.kind) for row in rows] == [("F01", TruthKind.NEAR_MISS)]


def test_standard_holds_every_rule_where_there_is_room_for_it() -> None:
    registry = office_building(36, start=MONDAY, equipment=Equipment.FULL)
    start, end = local(MONDAY), local(MONDAY, 24 * 63)
    rows = truth_rows(scenario("standard", registry, start=start, days=63), registry, start=start, end=end)
    wanted = {row.rule for row in rows if row.kind is TruthKind.FAULT} & set(BUILT | set(GENERATORS))
    assert set(GENERATORS) - wanted == NOT_IN_STANDARD


NOT_IN_STANDARD = {
    "A05",  # not judged in the mild zone
    "A06",  # likewise, but for the months that its usual dates heat or cool
    "E06",  # not judged between the seasons
    "E07",  # nor in the mild zone, which is not heated
    "E04",  # needs the same season of the year before
    "E01",  # a year, as do the next two; scenario years
    "E02",
    "E12",
    "S06",  # half of the people: scenario half-empty
    "S07",  # the registry alone, as do the next three; scenario records
    "S08",
    "S09",
    "S10",
}


@pytest.mark.parametrize(
    "name",
    [
        *("standard", "bad-gateway", "mended", "idle-floor", "wasteful-winter", "real-fire"),
        *("years", "records", "half-empty", "seasons"),
    ],
)
def test_too_small_for_a_scenario_is_told(name: str) -> None:
    with pytest.raises(InputFault, match="--faults none"):
        scenario(name, building(2), start=local(MONDAY), days=1)


def test_moments_are_those_of_the_site() -> None:
    registry = building()
    (fault,) = scenario("fire-drill", registry, start=local(MONDAY), days=2)
    assert fault.start == datetime.fromisoformat("2026-10-20T15:00:00+08:00")
