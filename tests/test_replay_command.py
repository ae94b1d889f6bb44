"""`premises replay` over a real broker: every row arrives, is acknowledged and reads as it was imported."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue

import orjson
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from ingest.native import Topic, decode
from premises.commands.replay import Message, messages, paced
from premises.home import Home
from premises.simulated.publishing import Broker, BrokerFault, Publisher
from sensors.readings import Reading, ReadingBatch
from sensors.topology import SiteId
from tests.command_line import Outcome, runner
from tests.servers import MOSQUITTO, eventually, free_port, stop, wire
from tests.tables.csv_files import HEADER, MAPPING, REGISTRY, ROWS, readings_of, registry_in, table_in, written

JUMP = "2021-09-09 00:00,432,1,0\n"
TOPIC = "premises/v1/hq/gw1/aq1/readings"
WAIT_S = 10

Premises = Callable[..., Outcome]
Received = Queue[tuple[str, bytes]]


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Premises:
    monkeypatch.setenv("PREMISES_HOME", str(tmp_path / "home"))
    return runner(monkeypatch, capsys)


def files_in(folder: Path) -> tuple[Path, Path]:
    home = Home.find(folder / "home")
    written(home.root, home.registry.name, REGISTRY)
    return written(folder, "t.csv", HEADER + ROWS + JUMP), written(folder, "map.yaml", MAPPING)


@contextmanager
def broker_in(folder: Path, *, port: int | None = None, anonymous: bool = True) -> Iterator[Broker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    broker = Broker(host="127.0.0.1", port=port or free_port())
    lines = f"listener {broker.port} 127.0.0.1\nallow_anonymous {str(anonymous).lower()}\nmax_inflight_messages 7\n"
    configuration = written(folder, "mosquitto.conf", lines)
    process = subprocess.Popen([MOSQUITTO, "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        next(line for line in process.stderr if b" running" in line)
        yield broker
    finally:
        stop(process)
        process.stderr.close()


@contextmanager
def subscriber(broker: Broker) -> Iterator[Received]:
    received: Received = Queue()
    subscribed: Queue[None] = Queue()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_subscribe = lambda *_: subscribed.put(None)

    def keep(_client: Client, _data: object, message: MQTTMessage) -> None:
        received.put((message.topic, bytes(message.payload)))

    client.on_message = keep
    client.connect(broker.host, broker.port)
    client.subscribe("premises/v1/#", qos=1)
    client.loop_start()
    try:
        subscribed.get(timeout=WAIT_S)
        yield received
    finally:
        client.disconnect()
        client.loop_stop()


def taken(received: Received, count: int) -> list[tuple[str, bytes]]:
    return [received.get(timeout=WAIT_S) for _ in range(count)]


def replayed(folder: Path) -> list[Message]:
    table = table_in(folder, HEADER + ROWS + JUMP)
    return list(messages(registry_in(folder), "b007", table.rows(SiteId("hq"), table.survey())))


def keys(readings: Iterator[Reading]) -> list[str]:
    return sorted(repr(reading) for reading in readings)


def test_each_row_is_one_message_per_device_through_its_gateway(tmp_path: Path) -> None:
    sent = replayed(tmp_path)
    assert [message.topic.removeprefix("premises/v1/hq/") for message in sent[:3]] == [
        "gw1/aq1/readings",
        "gw1/meter3/readings",
        "replay/cam1/readings",
    ]
    assert [(orjson.loads(message.payload)["boot"], orjson.loads(message.payload)["seq"]) for message in sent[:4]] == [
        ("b007", 0),
        ("b007", 1),
        ("b007", 0),
        ("b007", 2),
    ]
    assert orjson.loads(sent[1].payload)["readings"] == [
        {"m": "energy_import_kwh", "v": 0.0},
        {"m": "energy_import_kwh", "v": 0.5, "ts": 1630944300000},
    ]


def test_estimated_register_stays_estimated_on_the_wire(tmp_path: Path) -> None:
    meter = [message for message in replayed(tmp_path) if "/meter3/" in message.topic]
    assert orjson.loads(meter[-1].payload)["readings"] == [
        {"m": "energy_import_kwh", "v": 1.0, "q": "estimated"},
        {"m": "energy_import_kwh", "v": 2.0, "ts": 1631117100000},
    ]


def test_messages_keep_the_pace_of_their_rows(tmp_path: Path) -> None:
    sent = replayed(tmp_path)
    clock_s = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock_s[0] += seconds

    assert list(paced(sent, 60, now=lambda: clock_s[0], sleep=sleep)) == sent
    assert slept == pytest.approx([5, 5, (2 * 86_400 - 600) / 60])


def test_replayed_rows_arrive_as_they_would_be_imported(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    with broker_in(tmp_path) as broker, subscriber(broker) as received:
        outcome = premises("replay", table, "--mapping", mapping, "--port", broker.port, "--json")
        assert outcome.code == 0, outcome.err
        answer = json.loads(outcome.out)
        arrived = taken(received, answer["messages"])
    assert (answer["messages"], answer["without_subscriber"], outcome.err) == (11, 0, "")
    decoded = [decode(Topic.parse(topic), payload, received_ms=2**41) for topic, payload in arrived]
    assert not [problem for one in decoded for problem in (*one.problems, *one.notes)]
    live = ReadingBatch(site=SiteId("hq"))
    for one in decoded:
        live.extend(one.readings)
    assert keys(live.readings()) == keys(readings_of(table_in(tmp_path, HEADER + ROWS + JUMP)).readings())


def test_replay_nobody_listens_to_says_that_it_is_lost(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    with broker_in(tmp_path) as broker:
        outcome = premises("replay", table, "--mapping", mapping, "--port", broker.port, "--to", "2021-09-07 00:05")
    assert outcome.code == 0
    assert "3 messages, every one acknowledged" in outcome.out
    assert "3 messages had no subscriber" in outcome.err


def test_broker_that_is_away_ends_in_one_line(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    outcome = premises("replay", table, "--mapping", mapping, "--port", free_port())
    assert (outcome.code, len(outcome.err.splitlines())) == (2, 1)
    assert "the broker is away" in outcome.err


def test_bad_table_publishes_nothing(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    table.write_text(HEADER + ROWS + "2021-09-07 00:15,NaN,1,0\n", encoding="utf-8")
    with broker_in(tmp_path) as broker, subscriber(broker) as received:
        assert premises("replay", table, "--mapping", mapping, "--port", broker.port).code == 2
        assert received.empty()


def test_broker_that_refuses_is_told(tmp_path: Path) -> None:
    with (
        broker_in(tmp_path, anonymous=False) as broker,
        pytest.raises(BrokerFault, match="the broker refuses: Not authorized"),
        Publisher(broker, "t"),
    ):
        pass


def test_broker_that_goes_away_for_good_ends_the_replay(tmp_path: Path) -> None:
    with pytest.raises(BrokerFault, match="the broker went away: 1 of 2 messages were acknowledged"):
        publish_across_a_stop(tmp_path)


def publish_across_a_stop(folder: Path) -> None:
    with (
        ExitStack() as up,
        Publisher(up.enter_context(broker_in(folder)), "t", patience_s=0.5) as publisher,
    ):
        publisher.publish(TOPIC, b"{}")
        acknowledged(publisher, 1)
        up.close()
        publisher.publish(TOPIC, b"{}")


def test_message_in_flight_survives_a_restart_of_the_broker(tmp_path: Path) -> None:
    with ExitStack() as first, ExitStack() as second:
        broker = first.enter_context(broker_in(tmp_path))
        with Publisher(broker, "t") as publisher:
            publisher.publish(TOPIC, b"{}")
            acknowledged(publisher, 1)
            first.close()
            for _ in range(5):
                publisher.publish(TOPIC, b"{}")
            second.enter_context(broker_in(tmp_path, port=broker.port))
        assert publisher.acknowledged == 6


def test_broker_without_mqtt_5_is_served_with_3_1_1(tmp_path: Path) -> None:
    with broker_in(tmp_path) as broker, wire(broker.port, refuse_mqtt5=True) as old:
        with Publisher(Broker(host=broker.host, port=old.port), "t") as publisher:
            publisher.publish(TOPIC, b"{}")
        assert publisher.acknowledged == 1


def acknowledged(publisher: Publisher, count: int) -> None:
    eventually(lambda: publisher.acknowledged == count, what=f"{count} acknowledged")
