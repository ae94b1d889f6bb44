"""What a node said of its values once is known to the next process too, for what waits at the broker is read by it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from ingest.dialects.desk import Dialects, GatewayOptions
from ingest.messages import Message
from ingest.pipeline import Pipeline
from ingest.second_look import SecondLook
from sensors.intake import SpoolEntry
from storage import spool_births
from storage.spool import SqliteSpool
from tests.ingest.dialects.sparkplug_messages import DOUBLE, metric, node_birth, payload
from tests.ingest.intake import NOW_MS, registry_of, spool_in

NODE, DEVICE = "spBv1.0/hq/{}/gw1", "spBv1.0/hq/{}/gw1/aq1"
BORN = [
    (NODE.format("NBIRTH"), node_birth(3)),
    (DEVICE.format("DBIRTH"), payload([metric("co2", alias=4, datatype=DOUBLE, value=612.0)], seq=1)),
]
BY_NUMBER = (DEVICE.format("DDATA"), payload([metric(alias=4, value=700.0)], seq=2))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[SqliteSpool]:
    with closing(spool_in(tmp_path)) as opened:
        yield opened


def dialects() -> Dialects:
    return Dialects([GatewayOptions(name="plc", format="sparkplug", topics=("spBv1.0/#",))])


def new_process(spool: SqliteSpool, *devices: str) -> Pipeline:
    return Pipeline(registry=registry_of(*devices or ("aq1",)), spool=spool, dialects=dialects())


def taken(
    spool: SqliteSpool, pipeline: Pipeline, *messages: tuple[str, bytes], at_ms: int = NOW_MS, retain: bool = False
) -> list[SpoolEntry]:
    entries = pipeline.process([Message(topic, said, at_ms, retain=retain) for topic, said in messages])
    spool.commit(entries)
    assert all(book.balances for book in spool.books().values())
    return entries


def said(entries: list[SpoolEntry]) -> list[tuple[str, float]]:
    rows = [entry.readings for entry in entries if entry.readings is not None]
    return [pair for batch in rows for pair in zip(batch.metric, batch.value, strict=True)]


def test_data_by_number_is_read_by_a_process_that_heard_no_birth(spool: SqliteSpool) -> None:
    taken(spool, new_process(spool), *BORN)
    next_one = new_process(spool)
    assert said(taken(spool, next_one, BY_NUMBER)) == [("co2_ppm", 700)]
    assert list(next_one.commands()) == []


def test_a_birth_that_was_never_committed_is_not_known(spool: SqliteSpool) -> None:
    new_process(spool).process([Message(topic, said, NOW_MS) for topic, said in BORN])
    (entry,) = taken(spool, new_process(spool), BY_NUMBER)
    assert [each.reason for each in entry.quarantined] == ["no_birth"]


def test_a_new_birth_of_the_node_makes_those_of_its_devices_void(spool: SqliteSpool) -> None:
    first = new_process(spool)
    taken(spool, first, *BORN)
    other = ("spBv1.0/hq/DBIRTH/gw10/aq1", BORN[1][1])
    taken(spool, first, ("spBv1.0/hq/NBIRTH/gw10", node_birth(1)), other, BORN[0])
    assert [birth.topic for birth in spool.births()["plc"]] == [
        "spBv1.0/hq/NBIRTH/gw10",
        "spBv1.0/hq/DBIRTH/gw10/aq1",
        "spBv1.0/hq/NBIRTH/gw1",
    ]
    (entry,) = taken(spool, new_process(spool), BY_NUMBER)
    assert [each.reason for each in entry.quarantined] == ["no_birth"]


def test_the_brokers_replay_of_a_birth_is_not_kept(spool: SqliteSpool) -> None:
    taken(spool, new_process(spool), *BORN, retain=True)
    assert spool.births() == {}


def test_only_so_many_births_of_a_gateway_are_kept(spool: SqliteSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_births, "MOST_BIRTHS", 2)
    nodes = [(f"spBv1.0/hq/NBIRTH/node{number}", node_birth(number)) for number in range(4)]
    taken(spool, new_process(spool), *nodes)
    assert [birth.topic for birth in spool.births()["plc"]] == [topic for topic, _ in nodes[2:]]


def test_data_that_waited_for_its_device_to_be_entered_is_read_by_the_births_before_it(spool: SqliteSpool) -> None:
    taken(spool, new_process(spool, "other"), *BORN, BY_NUMBER)
    assert said(judged_again(spool)) == [("co2_ppm", 612), ("co2_ppm", 700)]


def test_data_of_an_earlier_session_is_not_read_by_a_later_birth(spool: SqliteSpool) -> None:
    first = new_process(spool, "other")
    taken(spool, first, *BORN, BY_NUMBER)
    anew = payload([metric("temperature", alias=4, datatype=DOUBLE, value=21.5)], seq=1)
    taken(spool, first, BORN[0], (DEVICE.format("DBIRTH"), anew), at_ms=NOW_MS + 60_000)
    again = judged_again(spool)
    assert said(again) == [("co2_ppm", 612), ("temperature_c", 21.5)]
    assert [each.reason for entry in again for each in entry.quarantined] == ["no_birth"]


def judged_again(spool: SqliteSpool) -> list[SpoolEntry]:
    """Return what becomes of the quarantine, oldest first, once the device is in the registry."""
    look = SecondLook(registry=registry_of("aq1"), spool=spool, max_payload_bytes=100_000, dialects=dialects())
    return look.judge([kept.message for kept in reversed(spool.quarantined())], now_ms=NOW_MS + 120_000)


def in_format(spool: SqliteSpool, name: str, topic: str) -> Pipeline:
    gateway = GatewayOptions(name=name, format=name, topics=(topic,))
    return Pipeline(registry=registry_of("aq1"), spool=spool, dialects=Dialects([gateway]))


NAMED_NODE = {"nodes": {"air": {"properties": {"temperature": {"datatype": "float", "unit": "°F"}}}}}
EXPOSED = [{"property": "temperature", "unit": "°F"}]
DESCRIBED = {
    "homie": ("homie/5/aq1/$description", NAMED_NODE, "homie/5/aq1/air/temperature", b"70.7"),
    "zigbee2mqtt": (
        "zigbee2mqtt/bridge/devices",
        [{"friendly_name": "aq1", "definition": {"model": "X", "exposes": EXPOSED}}],
        "zigbee2mqtt/aq1",
        b'{"temperature":70.7}',
    ),
    "home_assistant": (
        "home_assistant/sensor/aq1/t/config",
        {"dev_cla": "temperature", "unit_of_meas": "°F", "stat_t": "home_assistant/t", "dev": {"ids": "aq1"}},
        "home_assistant/t",
        b"70.7",
    ),
}


@pytest.mark.parametrize("name", DESCRIBED)
@pytest.mark.parametrize("retain", [True, False])
def test_a_description_is_known_to_the_next_process_before_the_broker_repeats_it(
    spool: SqliteSpool, name: str, *, retain: bool
) -> None:
    topic, description, state, value = DESCRIBED[name]
    filter_ = f"{topic.partition('/')[0]}/#"
    taken(spool, in_format(spool, name, filter_), (topic, orjson.dumps(description)), retain=retain)
    ((metric, celsius),) = said(taken(spool, in_format(spool, name, filter_), (state, value)))
    assert (metric, round(celsius, 6)) == ("temperature_c", 21.5)


def test_an_entity_that_was_taken_away_is_gone_for_the_next_process_too(spool: SqliteSpool) -> None:
    topic, description, state, value = DESCRIBED["home_assistant"]
    process = in_format(spool, "home_assistant", "home_assistant/#")
    taken(spool, process, (topic, orjson.dumps(description)), (topic, b""))
    assert spool.births() == {}
    assert said(taken(spool, in_format(spool, "home_assistant", "home_assistant/#"), (state, value))) == []
