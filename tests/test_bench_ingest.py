"""The bench of ingest: it measures the whole way, and says nothing where readings were lost."""

import json
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from premises.bench.ingest import Plan, measure
from premises.bench.servers import broker_in
from premises.bench.traffic import Traffic, publish_packet
from premises.bench.whole_way import LostReadingsError, WholeWay
from tests.servers import MOSQUITTO

needs_a_broker = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")

KEYS = {
    "messages",
    "cpu_us_per_message",
    "reference_cpu_us_per_message",
    "ratio",
    "batch_readings_per_s_per_core",
    "rss_mb_start",
    "rss_mb_end",
}


@needs_a_broker
def test_every_figure_is_there_and_progress_comes_to_its_end() -> None:
    plan = Plan(messages=10_000, readings=300_000, devices=(200,))
    told: list[int] = []
    figures = measure(plan, told.append).as_json()
    assert figures.keys() >= KEYS
    assert json.loads(json.dumps(figures)) == figures
    assert sum(told) == plan.length
    assert all(figures[key] for key in KEYS)


@needs_a_broker
def test_lost_readings_are_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Pipeline.process
    monkeypatch.setattr(Pipeline, "process", lambda self, messages: process(self, messages[1:]))
    with broker_in(tmp_path) as port:
        way = WholeWay(Traffic.beginning_now(600), tmp_path, warm_up=100, tell=lambda _: None)
        with pytest.raises(LostReadingsError, match="of 600 readings"):
            way.measured(port)


@pytest.mark.parametrize("readings", [1, 50])
def test_no_reading_of_the_traffic_comes_twice(readings: int) -> None:
    traffic = Traffic(messages=400, devices=200, readings=readings, start_ms=1)
    seen = set()
    for topic, payload in traffic.published():
        said = json.loads(payload)
        for record in said["readings"]:
            seen.add((record.get("dev") or topic.split("/")[4], said["ts"]))
    assert len(seen) == 400 * readings
    assert {device for device, _ in seen} == set(traffic.device_ids())


def test_numbers_of_a_gateway_leave_no_gap() -> None:
    traffic = Traffic(messages=300, devices=300)
    numbers: dict[str, list[int]] = {}
    for topic, payload in traffic.published():
        numbers.setdefault(topic.split("/")[3], []).append(json.loads(payload)["seq"])
    assert [each == list(range(100)) for each in numbers.values()] == [True, True, True]


def test_packet_is_mqtt_3_1_1_with_quality_1() -> None:
    assert publish_packet("a/b", b"{}", 258) == b"\x32\x09\x00\x03a/b\x01\x02{}"
