"""Rooms that no sensor watches, judged by what changes when people are there; beside the same rooms watched."""

from dataclasses import replace
from datetime import date
from functools import cache

import polars as pl
import pytest

from analytics.calendar import WeekdaysOnly
from analytics.runs import Analysis, Request, analyse
from sensors.readings import ReadingBatch
from sensors.subjects import Subject
from sensors.thresholds import NO_OVERRIDES, Override, Overrides
from sensors.topology import Registry
from sensors.verdicts import Verdict
from storage.readings.memory import MemoryReadingStore
from tests.simulators.worlds import all_readings, building, ticks

SEEING = {"presence", "people_count", "motion"}
DAYS = 28
RULES = ("S01", "S02", "S03", "E05", "A01")


@cache
def simulated() -> tuple[Registry, ReadingBatch]:
    watched = building(12)
    return watched, all_readings(watched, ticks(watched, DAYS))


def blind(registry: Registry) -> Registry:
    """Return the site without the metrics that see people."""
    devices = {
        name: replace(device, metrics=tuple(metric for metric in device.metrics if metric not in SEEING))
        for name, device in registry.devices.items()
    }
    return replace(registry, devices={name: device for name, device in devices.items() if device.metrics})


@cache
def analysed(*, watched: bool) -> Analysis:
    registry, readings = simulated()
    store = MemoryReadingStore()
    store.append(readings)
    return analyse(
        registry=registry if watched else blind(registry),
        holidays=WeekdaysOnly(),
        store=store,
        request=Request(rules=RULES),
    )


def utilisation(analysis: Analysis) -> dict[Subject, float]:
    return {use.subject: use.utilisation_pct for use in analysis.summary if use.utilisation_pct is not None}


def test_rooms_are_used_as_much_as_sensors_would_have_seen() -> None:
    seen, inferred = utilisation(analysed(watched=True)), utilisation(analysed(watched=False))
    shared = seen.keys() & inferred.keys()
    assert len(shared) >= 10
    apart = [abs(seen[room] - inferred[room]) for room in shared]
    assert max(apart) < 10
    assert sum(apart) / len(apart) < 4


def test_the_rules_say_that_they_rest_on_inference() -> None:
    judged = [f for f in analysed(watched=False).findings if f.verdict in {Verdict.FAULT, Verdict.PASS}]
    assert {finding.rule for finding in judged} >= {"S02", "A01", "E05"}
    of_rooms = [finding for finding in judged if finding.rule in {"S01", "S02", "S03", "A01", "E05"}]
    assert all(finding.evidence.get("occupancy") == "inferred" for finding in of_rooms)
    assert not any("occupancy" in finding.evidence for finding in analysed(watched=True).findings)


@pytest.mark.parametrize("rule", RULES)
def test_what_is_inferred_is_judged_as_what_is_seen(rule: str) -> None:
    def verdicts(analysis: Analysis) -> dict[Subject, set[Verdict]]:
        told: dict[Subject, set[Verdict]] = {}
        for finding in analysis.findings:
            if finding.rule == rule and finding.verdict in {Verdict.FAULT, Verdict.PASS}:
                told.setdefault(finding.subject, set()).add(finding.verdict)
        return told

    seen, inferred = verdicts(analysed(watched=True)), verdicts(analysed(watched=False))
    both = seen.keys() & inferred.keys()
    assert both or not seen
    # the threshold lies between what the two say of a room on its edge
    assert sum(seen[subject] == inferred[subject] for subject in both) >= 0.9 * len(both)


def test_a_room_with_lamps_and_sockets_alone_is_not_judged() -> None:
    registry, readings = simulated()
    devices = {name: device for name, device in blind(registry).devices.items() if "co2_ppm" not in device.metrics}
    store = MemoryReadingStore()
    store.append(readings)
    found = analyse(
        registry=replace(registry, devices=devices),
        holidays=WeekdaysOnly(),
        store=store,
        request=Request(rules=("S02",)),
    )
    assert {finding.verdict for finding in found.findings} == {Verdict.NOT_APPLICABLE}
    assert pl.DataFrame(found.daily).filter(pl.col("feature") == "occupied_h").is_empty()


def told_by(values: dict[str, float]) -> Analysis:
    """Return the analysis of the watched site in which these sensors always say the same."""
    registry, readings = simulated()
    stuck = ReadingBatch(site=readings.site)
    stuck.extend(readings)
    for row, (device, metric) in enumerate(zip(stuck.device, stuck.metric, strict=True)):
        if device in values and metric in SEEING:
            stuck.value[row] = values[device]
    store = MemoryReadingStore()
    store.append(stuck)
    return analyse(registry=registry, holidays=WeekdaysOnly(), store=store, request=Request(rules=("S02",)))


def test_stuck_sensors_are_not_believed_and_the_others_are() -> None:
    registry, _ = simulated()
    room_of = {str(name): place.room for name, device in registry.devices.items() for place in device.placements}
    watching = sorted(name for name, device in registry.devices.items() if "presence" in device.metrics)
    always, never, sound = (str(name) for name in watching[:3])
    found = told_by({always: 1.0, never: 0.0})
    states = {finding.subject.id: finding.verdict for finding in found.findings}
    assert states[str(room_of[always])] is Verdict.INSUFFICIENT_DATA
    assert states[str(room_of[never])] is Verdict.INSUFFICIENT_DATA
    assert states[str(room_of[sound])] in {Verdict.PASS, Verdict.FAULT}


def test_room_may_ask_for_a_surer_inference_and_its_stored_figures_are_made_anew() -> None:
    watched = building(4)
    registry, store = blind(watched), MemoryReadingStore()
    store.append(all_readings(watched, ticks(watched, 7)))
    surer = Override(
        rule="S02",
        parameter="inferred_confidence_pct",
        subject=Subject.parse("room:a-201"),
        value=99.99,
        by="王芳",
        why="its neighbours are noisy",
        since=date(2020, 1, 1),
    )

    def known_h(overrides: Overrides) -> dict[str, float]:
        request = Request(rules=("S02",))
        found = analyse(registry=registry, holidays=WeekdaysOnly(), store=store, request=request, overrides=overrides)
        known = found.daily.filter(pl.col("feature") == "known_h").group_by("subject").agg(pl.sum("value"))
        return dict(known.iter_rows())

    usual, own = known_h(NO_OVERRIDES), known_h(Overrides((surer,)))
    assert own["room:a-201"] < usual["room:a-201"]
    assert {room for room in usual if own[room] != usual[room]} == {"room:a-201"}
