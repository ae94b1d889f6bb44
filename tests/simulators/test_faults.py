from dataclasses import replace
from datetime import timedelta

import pytest

from sensors.catalogue import CATALOGUE
from sensors.metrics import METRICS
from sensors.subjects import Subject
from sensors.topology import ClimateZone
from simulators.alarms import TELLERS
from simulators.building import office_building
from simulators.demands import truth_rows
from simulators.devices import STAGES
from simulators.effects import EFFECTS
from simulators.equipment import Equipment
from simulators.fault_file import FaultFileError, read_faults
from simulators.fault_kinds import FaultKind
from simulators.faults import Fault
from simulators.generators import GENERATORS, LOOK_ALIKES, NOT_SIMULATED
from simulators.levels import LEVELS
from simulators.load_effects import BURDENS
from simulators.site_day import OPENED
from simulators.truth import TruthKind
from simulators.use_effects import LIMITS
from simulators.written_faults import ENTRIES
from tests.simulators.worlds import MONDAY, building, local

GOOD = '- {rule: E03, subject: "building:a", start: 2026-11-02, end: 2026-11-20, severity: 1.3, mended: 2026-11-18}\n'


def test_every_rule_has_a_generator_or_a_reason_for_none() -> None:
    assert set(GENERATORS) | set(NOT_SIMULATED) == set(CATALOGUE)
    assert not set(GENERATORS) & set(NOT_SIMULATED)
    assert all(reason.strip() for reason in NOT_SIMULATED.values())


def test_every_core_rule_that_readings_or_events_decide_has_a_generator() -> None:
    core = {rule for rule, spec in CATALOGUE.items() if spec.core and (spec.needs.metrics or spec.needs.events)}
    assert core <= set(GENERATORS)


def test_every_kind_does_something() -> None:
    people = {FaultKind.IDLE_ROOM, FaultKind.FEW_PEOPLE, FaultKind.NO_SHOWS}
    done = {*EFFECTS, *LIMITS, *BURDENS, *LEVELS, *STAGES, *TELLERS, *OPENED, *ENTRIES, *people}
    registry_only = {generator.kind for generator in LOOK_ALIKES.values()}
    assert set(FaultKind) == done | registry_only


def test_generators_name_metrics_that_there_are() -> None:
    shown = {metric for generator in GENERATORS.values() for metric in generator.shows}
    assert shown <= set(METRICS)


def test_file_is_read_with_local_dates() -> None:
    (fault,) = read_faults(GOOD, name="faults.yaml", registry=building())
    assert (fault.kind, str(fault.subject), fault.severity, fault.near_miss) == (
        FaultKind.BASE_LOAD,
        "building:a",
        1.3,
        False,
    )
    assert fault.start.isoformat() == "2026-11-01T16:00:00+00:00"
    assert fault.over is not None
    assert fault.over.isoformat() == "2026-11-17T16:00:00+00:00"


def test_near_miss_and_days_have_their_defaults() -> None:
    text = '- {rule: e05, subject: "room:a-201", start: 2026-11-02T08:30, days: 3, kind: near_miss}\n'
    (fault,) = read_faults(text, name="faults.yaml", registry=building())
    assert (fault.severity, fault.near_miss, fault.over) == (0.9, True, fault.start + timedelta(days=3))


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('- {rule: E99, subject: "room:a-201", start: 2026-11-02}', "1:4", "no rule of the catalogue"),
        ('- {rule: F11, subject: "room:a-201", start: 2026-11-02}', "1:4", "records of tests"),
        ('- {rule: E05, how: fire, subject: "room:a-201", start: 2026-11-02}', "1:15", "write load_left_on"),
        ('- {rule: E08, subject: "room:a-201", start: 2026-11-02}', "1:15", "no device at room:a-201 shows hvac_on"),
        ('- {rule: E05, subject: "room:a-999", start: 2026-11-02}', "1:15", "the registry has no room:a-999"),
        ('- {rule: E05, subject: "building:a", start: 2026-11-02}', "1:15", "write room:ID"),
        ('- {rule: E05, subject: "room:a-201", start: soon}', "1:38", "no date"),
        ('- {rule: E05, subject: "room:a-201", start: 2026-11-02, end: 2026-11-01}', "1:57", "not lie after"),
        ('- {rule: E05, subject: "room:a-201", start: 2026-11-02, days: -3}', "1:57", "days"),
        ('- {rule: E05, subject: "room:a-201", start: 2026-11-02, severity: 0.9}', "1:57", "near_miss"),
        ('- {rule: E05, subject: "room:a-201", start: 2026-11-02, kind: near_miss, severity: 2}', "1:74", "a fault"),
        ('- {rule: E05, subject: "room:a-201", start: 2026-11-02, kind: confounder}', "1:57", "no confounder"),
        ('- {rule: E05, subject: "room:a-201", start: 2026-11-02, sverity: 2}', "1:57", "severity"),
        ('- {rule: L01, subject: "circuit:c-main", start: 2026-11-02}', "1:15", "no device at circuit:c-main shows"),
        ('- {rule: D05, subject: "opening:d-main", start: 2026-11-02}', "1:15", "no readers on both sides"),
        ('- {rule: E05, subject: "room:a-201"}', "1:3", "has no start"),
        ("rule: E05", "1:1", "write a list"),
        ("- [", "2:1", "not YAML"),
        (f"{GOOD}{GOOD}", "2:3", "is there already at that time by fault 1"),
    ],
)  # fmt: skip
def test_fault_in_the_file_is_told_in_one_line_with_its_place(text: str, place: str, reason: str) -> None:
    with pytest.raises(FaultFileError, match=reason) as refused:
        read_faults(f"{text.rstrip()}\n", name="faults.yaml", registry=building())
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"faults.yaml:{place}: "), refused.value


def test_every_generator_has_a_truth_when_it_lasts_for_long() -> None:
    """A year of everything: whatever a rule demands is there, in its season."""
    built = office_building(12, start=MONDAY, equipment=Equipment.FULL)
    heated = replace(built.site, climate_zone=ClimateZone.SEVERE_COLD_AND_COLD)
    registry = replace(built, site=heated)
    subjects = {
        "room": "room:a-201", "building": "building:a", "circuit": "circuit:c-main", "device": "device:panel-1",
        "gateway": "gateway:gw-2", "opening": "opening:d-main", "site": "site:hq",
    }  # fmt: skip
    for rule, generator in GENERATORS.items():
        subject = "room:a-204" if rule == "S03" else subjects[generator.concerns]
        start = local(MONDAY, 0 if generator.opening is None else 10)
        fault = Fault(kind=generator.kind, subject=Subject.parse(subject), start=start, severity=2.0)
        begin = local(MONDAY) - timedelta(days=400)
        rows = truth_rows([fault], registry, start=begin, end=local(MONDAY, 24 * 365))
        assert rule in {row.rule for row in rows}, rule
        assert {row.kind for row in rows} == {TruthKind.FAULT}


def test_second_way_to_a_rule_is_asked_for_by_its_name() -> None:
    registry = office_building(1, start=MONDAY, equipment=Equipment.FULL)
    line = '- {rule: D06, how: clock_drift, subject: "device:panel-1", start: 2026-11-02}\n'
    (fault,) = read_faults(line, name="faults.yaml", registry=registry)
    assert fault.kind is FaultKind.CLOCK_DRIFT


def test_faults_whose_severity_gives_their_length_may_follow_one_another() -> None:
    lines = "".join(f'- {{rule: F07, subject: "site:hq", start: 2026-11-0{day}}}\n' for day in (2, 3))
    assert len(read_faults(lines, name="faults.yaml", registry=building())) == 2
