"""D06: what a tamper input and a clock that drifts say, live and over the past."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.watch.past import Window, findings_of
from sensors.events import Event, EventState, EventType
from sensors.verdicts import Finding, Severity, Verdict
from tests.alerts.factories import event
from tests.memory_records import NOON
from tests.watch.machines import NOON_MS, Told, site_of
from tests.watch.test_past import events_of, readings_of

YELLOW, OVER = Severity.YELLOW, None
HOUR = 3600
HOUR_MS = 1000 * HOUR
PANEL, DOOR = "panel1", "contact1"


def drifting(per_day_s: float) -> Callable[[int], float]:
    """Return the offset of a clock at each hour that goes wrong by so much a day and is never set."""
    return lambda hour: per_day_s * hour / 24


def told_of_clock(device: str, offset_s: Callable[[int], float], hours: range) -> Told:
    told = Told()
    for hour in hours:
        told.sample(hour * HOUR, device, {"clock_offset_s": offset_s(hour)})
    return told


def test_opened_housing_alerts_at_once_and_until_it_is_closed() -> None:
    told = Told()
    told.event(0, EventType.TAMPER, DOOR)
    told.event(60, EventType.TAMPER, DOOR)
    assert told.said("D06") == [YELLOW]
    told.event(600, EventType.TAMPER, DOOR, over=True)
    assert told.said("D06") == [YELLOW, OVER]
    assert {str(edge.subject) for edge in told.edges} == {f"device:{DOOR}"}


@pytest.mark.parametrize(
    ("device", "per_day_s", "said"),
    [(PANEL, 5.2, [YELLOW]), (PANEL, -5.2, [YELLOW]), (PANEL, 4.8, []), (DOOR, 10.2, [YELLOW]), (DOOR, 9.8, [])],
)
def test_clock_may_drift_by_five_seconds_a_day_and_by_ten_at_a_door(
    device: str, per_day_s: float, said: list[Severity | None]
) -> None:
    assert told_of_clock(device, drifting(per_day_s), range(60)).said("D06") == said


def test_drift_is_told_per_day_with_its_limit() -> None:
    (edge,) = (each for each in told_of_clock(PANEL, drifting(12), range(30)).edges if each.rule == "D06")
    assert (edge.value, edge.threshold, edge.unit) == (12.0, 5.0, "s/d")


def test_clock_that_is_wrong_by_the_same_is_no_drift() -> None:
    assert told_of_clock(PANEL, lambda _: -90.0, range(60)).said("D06") == []


@pytest.mark.parametrize("set_at", [3, 10, 40])
def test_clock_that_was_set_did_not_drift(set_at: int) -> None:
    assert told_of_clock(PANEL, lambda hour: 0.0 if hour >= set_at else 300.0, range(80)).said("D06") == []
    assert told_of_clock(PANEL, lambda hour: 300.0 if hour >= set_at else 0.0, range(80)).said("D06") == []


def test_clock_that_drifts_and_is_set_each_night_is_found_once() -> None:
    assert told_of_clock(PANEL, lambda hour: 8.0 * (hour % 24) / 24, range(100)).said("D06") == [YELLOW]


def test_one_late_word_is_no_drift() -> None:
    assert told_of_clock(PANEL, lambda hour: -40.0 if hour == 24 else 0.0, range(80)).said("D06") == []


def test_clock_that_keeps_time_again_for_a_day_ends_the_alert() -> None:
    told = told_of_clock(PANEL, lambda hour: 0.5 * min(hour, 48), range(96))
    assert told.said("D06") == [YELLOW, OVER]


# Over what is stored.


def judged(device: str, events: tuple[Event, ...], offsets: Callable[[int], float] | None = None) -> list[Finding]:
    times = [(hour, NOON_MS + hour * HOUR_MS) for hour in range(-24, 24)]
    rows = [] if offsets is None else [(at, device, "clock_offset_s", offsets(hour)) for hour, at in times]
    beats = [(at, device, "open", 0.0) for _, at in times]
    found = findings_of(
        events_of(*events),
        readings_of(*rows, *beats),
        site_of(),
        window=Window(start_ms=NOON_MS, end_ms=NOON_MS + 24 * HOUR_MS),
        rules=("D06",),
    )
    return [each for each in found if str(each.subject) == f"device:{device}"]


def tampered(minute: float, *, over: bool = False) -> Event:
    state = EventState.CLEARED if over else EventState.ACTIVE
    return event(EventType.TAMPER, device=DOOR, state=state, at=NOON + timedelta(minutes=minute))


def test_tamper_is_a_fault_from_its_beginning_to_its_end() -> None:
    fault, after = judged(DOOR, (tampered(10), tampered(25, over=True)))
    assert (fault.verdict, fault.severity, after.verdict) == (Verdict.FAULT, YELLOW, Verdict.PASS)
    assert (fault.start - NOON, fault.end - NOON) == (timedelta(minutes=10), timedelta(minutes=25))


def test_test_of_a_tamper_input_is_no_fault() -> None:
    tests = (replace(tampered(10), test=True), replace(tampered(25, over=True), test=True))
    assert Verdict.FAULT not in {each.verdict for each in judged(DOOR, tests)}


def test_device_that_tells_neither_tamper_nor_clock_is_not_judged() -> None:
    assert judged(DOOR, ()) == []


@pytest.mark.parametrize(("per_day_s", "verdict"), [(12.0, Verdict.FAULT), (9.0, Verdict.PASS)])
def test_drift_of_a_stored_clock_is_judged(per_day_s: float, verdict: Verdict) -> None:
    (found,) = judged(DOOR, (), drifting(per_day_s))
    assert found.verdict is verdict
    if verdict is Verdict.FAULT:
        assert (found.value, found.threshold, found.unit) == (12.0, 10.0, "s/d")
