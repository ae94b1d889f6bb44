"""`premises gateway check`: what a gateway does wrong, told from what it publishes."""

import json
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from ingest.messages import Message
from premises.decoding import context_of, formats
from premises.intake.gateway_check import Survey
from tests.command_line import Outcome, runner
from tests.ingest.dialects.golden_cases import RECEIVED_MS
from tests.quarantine.homes import REGISTRY
from tests.servers import MOSQUITTO, mosquitto


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    return runner(monkeypatch, capsys)


def surveyed(*messages: tuple[object, int | None, bool], name: str = "json") -> dict[str, tuple[int, int]]:
    """Return what is wrong of messages: a document, a packet id or None for QoS 0, whether the broker repeats it."""
    survey = Survey(formats()[name](), context_of(None, "UTC", RECEIVED_MS))
    survey.context.models = {"aq1": ""}
    for document, packet_id, retain in messages:
        survey.take(Message("a/aq1", json.dumps(document).encode(), RECEIVED_MS, packet_id, retain=retain))
    return {each.what: (each.count, each.of) for each in survey.faults()}


def said(**values: object) -> dict[str, object]:
    return {"device": "aq1", "ts": RECEIVED_MS - 1_000, **values}


def test_a_gateway_in_order_is_told_to_be_so() -> None:
    assert surveyed((said(co2=612), 1, False)) == {}


def test_a_silent_gateway_is_told() -> None:
    assert surveyed() == {"nothing": (0, 0)}


@pytest.mark.parametrize(
    ("document", "packet_id", "what"),
    [
        (said(co2=612, ts=None), 1, "no_time"),
        (said(co2=612), None, "qos_0"),
        (said(co2=-4), 1, "wrong_values"),
        (said(co2=612, ts=5), 1, "time"),
        (said(co2=612, device="aq7"), 1, "unknown_devices"),
        (said(co2=612, foo=1), 1, "unknown_keys"),
    ],
    ids=["no time", "qos", "range", "clock", "unknown device", "unknown key"],
)
def test_each_habit_is_told_first_by_its_name(document: object, packet_id: int | None, what: str) -> None:
    assert next(iter(surveyed((document, packet_id, False)))) == what


def test_retained_samples_are_told_and_counted_as_nothing_else() -> None:
    assert surveyed((said(co2=612), 1, True), (said(co2=612), 2, False)) == {"retained": (1, 1)}


def test_a_unit_that_the_metric_has_not_is_wrong() -> None:
    pack = [{"bn": "aq1/", "bt": RECEIVED_MS / 1000 - 1, "n": "co2", "u": "Cel", "v": 21}]
    assert surveyed((pack, 1, False), name="senml") == {"wrong_values": (1, 1)}


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
def test_it_listens_at_the_broker(tmp_path: Path, premises: Callable[..., Outcome]) -> None:
    base = f"b{uuid.uuid4().hex[:10]}"
    (tmp_path / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    settings = f'[mqtt]\nport = {mosquitto().port}\n[[dialects.gateways]]\nname = "x"\nformat = "json"\n'
    (tmp_path / "premises.toml").write_text(settings + f'topics = ["{base}/#"]\n', encoding="utf-8")
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", mosquitto().port)
    client.loop_start()
    client.publish(f"{base}/old", json.dumps({"device": "aq1", "co2": 500}), qos=1, retain=True).wait_for_publish(30)
    over = threading.Event()

    def publish() -> None:
        while not over.wait(0.1):
            client.publish(f"{base}/now", json.dumps({"device": "aq1", "co2": 612}), qos=0)

    publishing = threading.Thread(target=publish)
    publishing.start()
    try:
        outcome = premises("gateway", "check", "x", "--seconds", "3", "--json", "--home", tmp_path)
    finally:
        over.set()
        publishing.join()
        client.disconnect()
        client.loop_stop()
    document = json.loads(outcome.out.splitlines()[-1])
    assert {each["what"] for each in document["faults"]} == {"retained", "no_time", "qos_0"}
    assert document["devices"] == ["aq1"]
    assert outcome.code == 1
