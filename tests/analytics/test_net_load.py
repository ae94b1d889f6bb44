"""Import + PV − export: a register that was not heard is missing, never nothing."""

from collections.abc import Callable
from datetime import date, datetime

import pytest

from analytics.power import EXPORT, IMPORT
from sensors.readings import ReadingBatch
from sensors.topology import CircuitId, CircuitItem, Device, DeviceId, Placement, Registry
from sensors.verdicts import Finding, Verdict
from tests.analytics.sites import (
    MONDAY,
    about,
    analysed,
    batch,
    circuit,
    days_from,
    metered,
    registry,
    sampled,
)

DAYS = days_from(MONDAY, 14)


def sunny(pv_metrics: tuple[str, ...] = (EXPORT,)) -> Registry:
    """A building that feeds back, with PV behind a meter of its own."""
    circuits = [circuit("main", CircuitItem.TOTAL), circuit("pv", CircuitItem.PV, parent="main")]
    return registry(circuits=circuits, devices=[two_way("main", (IMPORT, EXPORT)), two_way("pv", pv_metrics)])


def two_way(name: str, metrics: tuple[str, ...]) -> Device:
    places = (Placement(circuit=CircuitId(name)),)
    return Device(id=DeviceId(f"m-{name}"), placements=places, metrics=metrics, interval_s=300)


def is_day(time: datetime) -> bool:
    return 8 <= time.hour < 18


def counting(power_w: Callable[[datetime], float]) -> Callable[[datetime], float]:
    """Return a register that counts a power asked for every five minutes."""
    stand = 0.0

    def shown(time: datetime) -> float:
        nonlocal stand
        before, stand = stand, stand + power_w(time) / 1000 / 12
        return before

    return shown


def told(*, exported: list[date] = DAYS, made: list[date] = DAYS, pv: str = EXPORT) -> ReadingBatch:
    """Return 20 kW taken all day and night; by day 10 kW of it are made and 5 kW flow out of what was counted twice."""
    readings = batch()
    metered(readings, "m-main", DAYS, lambda _t: 20_000.0)
    sampled(readings, "m-main", EXPORT, exported, counting(lambda t: 5000.0 * is_day(t)))
    sampled(readings, "m-pv", pv, made, counting(lambda t: 10_000.0 * is_day(t)))
    return readings


def base_load(place: Registry, readings: ReadingBatch) -> Finding:
    return about(analysed(place, readings, "E03"), "building:a")[-1]


@pytest.mark.parametrize("pv", [EXPORT, IMPORT])
def test_pv_counts_whichever_way_its_meter_was_wired(pv: str) -> None:
    finding = base_load(sunny((pv,)), told(pv=pv))
    assert (finding.verdict, finding.value) == (Verdict.FAULT, 0.8)
    assert (finding.evidence["night_w"], finding.evidence["work_w"]) == (20_000.0, 25_000.0)


@pytest.mark.parametrize(
    "readings", [told(exported=DAYS[:4]), told(made=DAYS[:4]), told(exported=[])], ids=["export", "pv", "never heard"]
)
def test_a_hole_in_what_flowed_out_or_was_made_gives_no_verdict(readings: ReadingBatch) -> None:
    finding = base_load(sunny(), readings)
    assert finding.verdict is Verdict.INSUFFICIENT_DATA
    assert finding.missing


def test_an_inverter_that_sleeps_at_night_made_nothing() -> None:
    readings = batch()
    metered(readings, "m-main", DAYS, lambda _t: 20_000.0)
    sampled(readings, "m-main", EXPORT, DAYS, lambda _t: 0.0)
    register = counting(lambda t: 10_000.0 * is_day(t))
    sampled(readings, "m-pv", EXPORT, DAYS, lambda t: register(t) if 7 <= t.hour < 19 else (register(t), None)[1])
    assert base_load(sunny(), readings).evidence["night_w"] == 20_000.0
