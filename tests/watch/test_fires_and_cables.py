"""F08, F12 and L03, each with what just falls short of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sensors.events import Event, EventState, EventType
from sensors.topology import DeviceId
from sensors.verdicts import Severity, Verdict
from tests.alerts.factories import event
from tests.memory_records import NOON
from tests.watch.machines import NOON_MS, Told, site_of
from tests.watch.test_past import events_of, judged, readings_of

MINUTE, HOUR = 60, 3600


@pytest.mark.parametrize(("celsius", "said"), [(70.0, []), (70.5, [Severity.ORANGE])])
def test_cable_above_seventy_degrees_for_a_minute_is_too_hot(celsius: float, said: list[Severity]) -> None:
    told = Told()
    for second in range(0, 2 * MINUTE, 10):
        told.sample(second, "meter1", {"cable_temperature_c": celsius})
    told.tick(2 * MINUTE)
    assert told.said("L03") == said


@pytest.mark.parametrize(("silent_s", "said"), [(2 * HOUR, []), (2 * HOUR + 1, [Severity.ORANGE])])
def test_panel_unheard_for_more_than_two_hours_has_lost_its_line(silent_s: float, said: list[Severity]) -> None:
    told, site = Told(), site_of()
    panel = replace(site.devices[DeviceId("panel1")], heartbeat_s=MINUTE)
    list(told.watcher.use(replace(site, devices={**site.devices, panel.id: panel}), NOON_MS))
    told.event(0, EventType.FAULT)
    told.tick(silent_s)
    assert told.said("F08") == said


def leak(*, test: bool) -> list[Event]:
    begun = event(EventType.LEAK, device="leak1", test=test)
    hours = timedelta(hours=1), timedelta(hours=3)
    states = EventState.ACTIVE, EventState.CLEARED
    return [
        replace(begun, time=NOON + hour, received=NOON + hour, state=state)
        for hour, state in zip(hours, states, strict=True)
    ]


@pytest.mark.parametrize(("test", "faults"), [(False, 1), (True, 0)])
def test_leak_is_a_fault_and_the_test_of_a_detector_is_none(*, test: bool, faults: int) -> None:
    found = judged("F12", "device:leak1", events_of(*leak(test=test)), readings_of())
    assert [each.verdict for each in found].count(Verdict.FAULT) == faults


@pytest.mark.parametrize(
    ("rule", "metric", "values", "said"),
    [
        ("L03", "cable_temperature_c", (77.0, 85.0), "cable_temperature_c of meter1 looks like °F: check its unit"),
        ("L03", "cable_temperature_c", (25.0, 85.0), None),
        ("L01", "residual_current_ma", (0.03, 0.4), "residual_current_ma of meter1 looks like A: check its unit"),
        ("L01", "residual_current_ma", (30.0, 700.0), None),
    ],
    ids=["a mild cable in °F", "a cable that got hot", "a fault in A", "a fault"],
)
def test_what_looks_like_another_unit_all_day_is_no_verdict(
    rule: str, metric: str, values: tuple[float, float], said: str | None
) -> None:
    usual, high = values
    times = [(minute, high if 600 <= minute < 660 else usual) for minute in range(0, 24 * 60, 5)]
    readings = readings_of(*((NOON_MS + minute * 60_000, "meter1", metric, value) for minute, value in times))
    found = judged(rule, "circuit:c-main", events_of(), readings)
    if said is None:
        assert Verdict.FAULT in {each.verdict for each in found}
    else:
        assert [(each.verdict, each.missing) for each in found] == [(Verdict.INSUFFICIENT_DATA, (said,))]
