"""Thermometers that the registry declares heat detectors: on curves, and on fires that others lit and measured."""

import csv
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from alerts.watch.heat import Heat, HeatCurve
from alerts.watch.machines import LIVE
from alerts.watch.model import Edge, Sample
from alerts.watch.site import Site
from alerts.watch.watcher import Watcher
from sensors.alarms import Alarm
from sensors.topology import Placement, Registry, RoomId
from sensors.verdicts import Severity
from tests.watch.machines import NOON_MS, device, site_of

FIRES = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "fires"
NAMES = (
    "100kWSB_Closed_Corner_1",
    "100kWSB_Open_Side_1",
    "100kW_Closed_Center_1",
    "100kW_Open_Back_1",
    "250kW_Closed_Back_1",
    "250kW_Closed_Side_2",
    "250kW_Open_Corner_1",
    "500kW_Closed_Center_1",
    "500kW_Open_Center_2",
    "500kW_Open_Side_1",
)
WRITTEN = "%Y-%m-%d %H:%M:%S"
Curve = list[tuple[float, float]]
"""Seconds and °C."""


def site(*, declared: bool = True) -> Registry:
    small = site_of()
    thermometer = replace(device("t1", Placement(room=RoomId("a-201")), "temperature_c"), heat_detector=declared)
    return replace(small, devices={**small.devices, thermometer.id: thermometer})


def told(curve: Iterable[tuple[float, float]], registry: Registry | None = None, until_s: float = 0) -> list[Edge]:
    watcher = Watcher(LIVE, Site(registry or site(), live=True))
    edges: list[Edge] = []
    for second, value in curve:
        at_ms = NOON_MS + round(second * 1000)
        edges += watcher.sample(Sample(at_ms=at_ms, device="t1", metric="temperature_c", value=value))
    edges += watcher.tick(NOON_MS + round(until_s * 1000)) if until_s else []
    return edges


def seconds(edges: Iterable[Edge]) -> list[tuple[float, Severity | None]]:
    return [((edge.at_ms - NOON_MS) / 1000, edge.severity) for edge in edges]


def test_what_stays_hot_is_told_once_and_ends_when_it_was_cool_for_ten_minutes() -> None:
    hot: Curve = [(second, 58.0 if 60 <= second < 300 else 24.0) for second in range(0, 1200, 60)]
    edges = told(hot)
    assert seconds(edges) == [(120, Severity.RED), (300, None)]
    assert {(edge.alarm, edge.rule, edge.threshold) for edge in edges[:1]} == {(Alarm.HEAT, "F01", 57.0)}


def test_one_wild_sample_is_no_fire() -> None:
    assert told([(0, 24.0), (60, 85.0), (120, 24.0), (180, 24.0)], until_s=900) == []


def test_a_sensor_that_is_hot_and_then_silent_may_be_burning() -> None:
    assert seconds(told([(0, 24.0), (60, 85.0)], until_s=151)) == [(150, Severity.RED)]


def test_a_value_on_the_edge_is_one_alert() -> None:
    wavering: Curve = [(second * 10, 57.0 + (-1) ** second * 0.4) for second in range(400)]
    assert len(told([(second, value) for second, value in wavering if second])) <= 1


def test_a_rise_is_told_before_it_is_hot() -> None:
    rising: Curve = [(second * 10, 24.0 + max(second * 10 - 120, 0) / 60 * 9) for second in range(30)]
    edges = told(rising)
    assert [severity for _, severity in seconds(edges)] == [Severity.RED]
    assert edges[0].unit == "°C/min"
    assert edges[0].value is not None
    assert edges[0].value < 57


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param([(s * 10, 24.0 + s * 10 / 60 * 3) for s in range(60)], id="heating that starts"),
        pytest.param([(s * 10, 5.0 + min(s * 2, 20)) for s in range(60)], id="a sensor carried indoors"),
        pytest.param([(s * 10, 34.0 + (s % 2) * 2.5) for s in range(120)], id="a noisy sensor in the sun"),
        pytest.param([(0, 24.0), (3600, 40.0), (3660, 40.2)], id="a gap over a hot noon"),
        pytest.param([(s * 60, 1e9) for s in range(5)], id="what no thermometer says"),
    ],
)
def test_what_is_no_fire_is_not_told(curve: Curve) -> None:
    assert told(curve, until_s=5000) == []


def test_an_ordinary_thermometer_is_not_watched() -> None:
    ordinary = site(declared=False)
    assert told([(second * 10, 80.0) for second in range(60)], ordinary) == []
    assert not Watcher(LIVE, Site(ordinary, live=True)).is_interested("t1")
    assert Watcher(LIVE, Site(site(), live=True)).is_interested("t1")


def test_samples_out_of_order_say_nothing() -> None:
    curve = HeatCurve()
    curve.add(60_000, 24.0)
    assert curve.add(0, 90.0) is Heat.BETWEEN


@cache
def fire(name: str) -> tuple[datetime, tuple[dict[str, str], ...]]:
    """Return when a fire was lit and what was measured, second by second."""
    path = FIRES / f"fsri_{name}.csv"
    if not path.is_file():
        pytest.skip("FSRI's fires are not beside this checkout (../shared/data/fires)")
    with (FIRES / f"fsri_{name}_Events.csv").open(encoding="utf-8", newline="") as file:
        lit = next(row["Time"] for row in csv.DictReader(file) if row["Event"] == "Ignition")
    with path.open(encoding="utf-8", newline="") as file:
        return datetime.strptime(lit, "%Y-%m-%d-%H:%M:%S"), tuple(csv.DictReader(file))  # noqa: DTZ007 - both are local


def curves(name: str, every_s: int) -> Iterator[tuple[str, Curve]]:
    """Yield every thermocouple of a fire with seconds since it was lit."""
    lit, rows = fire(name)
    times = [(datetime.strptime(row["Timestamp"], WRITTEN) - lit).total_seconds() for row in rows]  # noqa: DTZ007
    for column in rows[0]:
        if "Temperature" in column:
            values = [(at, row[column]) for at, row in zip(times[::every_s], rows[::every_s], strict=True)]
            yield column, [(at, float(value)) for at, value in values if value not in {"", "NaN"}]


@pytest.mark.real_data
@pytest.mark.parametrize("every_s", [1, 10, 30])
@pytest.mark.parametrize("name", NAMES)
def test_a_real_fire_is_told_after_it_was_lit_and_never_before(name: str, every_s: int) -> None:
    first = {}
    for column, curve in curves(name, every_s):
        found = seconds(told([(at + 300, value) for at, value in curve]))
        assert all(at > 300 for at, _ in found), column
        first[column] = found[0][0] - 300 if found else None
    at_ceiling = [at for column, at in first.items() if "25 mm Below Ceiling" in column]
    assert len(at_ceiling) == 4
    assert all(at is not None and 0 < at <= 30 + 2 * every_s for at in at_ceiling)


@pytest.mark.real_data
@pytest.mark.parametrize("name", NAMES[::3])
def test_noise_of_a_degree_lights_no_fire_and_hides_none(name: str) -> None:
    chance = random.Random(1)  # noqa: S311 - noise, no secret
    for column, curve in curves(name, 10):
        if "25 mm Below Ceiling" in column:
            found = seconds(told([(at + 300, value + chance.gauss(0, 1)) for at, value in curve]))
            assert found
            assert found[0][0] > 300
