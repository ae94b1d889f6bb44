"""Faults of cooling, heating, lamps, water and use in simulated buildings, held against their truth."""

from datetime import date

import pytest

from analytics.calendar import BUILT_IN_HOLIDAYS
from analytics.runs import Request, analyse
from premises.evaluation import scores_of
from simulators.building import office_building
from simulators.climate import climate_of_city
from simulators.demands import truth_rows
from simulators.equipment import Equipment
from simulators.fault_kinds import FaultKind
from simulators.faults import Fault
from simulators.scoring import RuleScore
from simulators.truth import TruthKind
from storage.readings.memory import MemoryReadingStore
from tests.simulators.worlds import FIVE_MINUTES, all_readings, broken, local, world

Broken = tuple[FaultKind, str, int, int, float]
"""Kind, subject, first day, day after the last, severity; below 1 it is a near miss."""
SLIGHT, NEAR = 1.05, 0.9
OVERCOOLED, OVERHEATED = FaultKind.OVERCOOLED, FaultKind.OVERHEATED
DENSE, LEAK = FaultKind.DENSE_LIGHTING, FaultKind.WATER_LEAK


def _fault(start: date, of: Broken) -> Fault:
    kind, subject, first, end, severity = of
    made = broken(kind, subject, local(start, 24 * first), local(start, 24 * end), severity)
    return Fault(
        kind=made.kind,
        subject=made.subject,
        start=made.start,
        end=made.end,
        severity=severity,
        near_miss=severity < 1,
    )


def scores(city: str, start: date, days: int, *wrong: Broken, rules: tuple[str, ...]) -> dict[str, RuleScore]:
    climate = climate_of_city(city)
    place = office_building(9, start=start, equipment=Equipment.FULL, climate=climate, calendar="none")
    faults = [_fault(start, each) for each in wrong]
    store, end = MemoryReadingStore(), local(start, 24 * days)
    store.append(all_readings(place, world(place, seed=3, start=local(start), faults=faults).run(end, FIVE_MINUTES)))
    holidays = BUILT_IN_HOLIDAYS["none"]
    analysis = analyse(registry=place, holidays=holidays, store=store, request=Request(rules=rules))
    truth = [row for row in truth_rows(faults, place, start=local(start), end=end) if row.rule in rules]
    assert {row.kind for row in truth} <= {TruthKind.FAULT, TruthKind.NEAR_MISS}
    return scores_of(analysis, [], truth, holidays)


def counts(found: dict[str, RuleScore], rule: str) -> tuple[int, int, int]:
    return found[rule].tp, found[rule].fp, found[rule].fn


def test_summer_has_its_faults_found_and_its_near_misses_left_alone() -> None:
    found = scores(
        "shanghai",
        date(2026, 7, 6),
        11,
        (OVERCOOLED, "room:a-205", 3, 6, SLIGHT),
        (OVERCOOLED, "room:a-206", 3, 6, NEAR),
        (DENSE, "room:a-201", 2, 5, SLIGHT),
        (DENSE, "room:a-202", 2, 5, NEAR),
        (LEAK, "building:a", 2, 11, 1.0),
        rules=("E06", "E07", "E09", "W01"),
    )
    assert {rule: counts(found, rule) for rule in ("E06", "E07", "E09", "W01")} == {
        "E06": (1, 0, 0),
        "E07": (0, 0, 0),
        "E09": (1, 0, 0),
        "W01": (1, 0, 0),
    }


@pytest.mark.parametrize("city", ["beijing", "shanghai"])
def test_winter_has_its_overheated_room_found_and_nothing_else(city: str) -> None:
    found = scores(
        city,
        date(2026, 1, 5),
        9,
        (OVERHEATED, "room:a-205", 2, 5, SLIGHT),
        (OVERHEATED, "room:a-206", 2, 5, NEAR),
        (LEAK, "building:a", 1, 9, NEAR),
        rules=("E06", "E07", "W01"),
    )
    assert {rule: counts(found, rule) for rule in ("E06", "E07", "W01")} == {
        "E06": (0, 0, 0),
        "E07": (1, 0, 0),
        "W01": (0, 0, 0),
    }
