"""`premises bench analytics`: what it answers, over a store small enough for a test."""

import json
from datetime import date

import pytest

from premises.bench.analytics import five_metrics
from simulators.building import office_building
from tests.command_line import runner


def test_every_room_has_five_series_and_the_main_meter_stays() -> None:
    registry = five_metrics(office_building(2, start=date(2026, 3, 2)))
    series = {(device.id, metric) for device in registry.devices.values() for metric in device.metrics}
    of_room = {metric for device, metric in series if device.endswith(("-201", "201-plugs"))}
    assert of_room == {"presence", "co2_ppm", "temperature_c", "relative_humidity_pct", "energy_import_kwh"}
    assert ("m-main", "energy_import_kwh") in series
    assert not any("light" in device for device, _ in series)


def test_command_answers_with_the_figures_of_all_rules(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    premises = runner(monkeypatch, capsys)
    outcome = premises("bench", "analytics", "--rooms", 10, "--days", 1, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert (answer["rooms"], answer["days"], answer["failed_rules"]) == (10, 1, [])
    assert answer["readings"] >= 10 * 288 * 4
    timed = ("seconds", "cpu_seconds", "peak_rss_mb", "seconds_at_tenth", "incremental_seconds")
    assert all(answer[name] > 0 for name in timed)
