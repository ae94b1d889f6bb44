"""A gateway with a format of its own, from the broker through `premises ingest` into the spool."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from ingest.mqtt_options import without_covered
from sensors.intake import Book
from storage.spool import SqliteSpool
from tests.ingest.dialects.sparkplug_messages import payload
from tests.servers import MOSQUITTO, eventually, mosquitto, stop

EUI = "24e124710b425a10"
REGISTRY = """\
site: {{id: hq, name: {{zh: 院, en: Compound}}, timezone: Asia/Shanghai, working_hours: "08:30-18:00"}}
devices:
  - {{id: {eui}, gateway: lora, model: EM300-TH}}
  - {{id: door1, gateway: zigbee}}
"""
SETTINGS = """\
[mqtt]
port = {port}
client_id = "{base}"
topics = ["premises/v1/{base}/#"]
[spool]
min_free_bytes = 0
[[dialects.gateways]]
name = "lora"
format = "chirpstack"
topics = ["{base}/device/+/event/+"]
[[dialects.gateways]]
name = "zigbee"
format = "zigbee2mqtt"
topics = ["{base}/#"]
devices = {{ "living room/door" = "door1" }}
[[dialects.gateways]]
name = "plc"
format = "sparkplug"
topics = ["spBv1.0/{base}/#"]
"""


def books(home: Path) -> Mapping[str, Book]:
    with closing(SqliteSpool(home / "spool.db")) as spool:
        return spool.books()


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (("a/+/x", "a/#", "a/#"), ("a/#",)),
        (("a/#", "a/+"), ("a/#",)),
        (("a/+", "b/#"), ("a/+", "b/#")),
        (("a/b", "+/b"), ("+/b",)),
        (("#", "$oc/#"), ("#", "$oc/#")),
    ],
)
def test_a_filter_that_another_covers_is_not_asked_for(filters: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert without_covered(filters) == kept


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
def test_two_gateways_are_read_from_the_broker_and_their_books_balance(tmp_path: Path) -> None:
    base = f"b{uuid.uuid4().hex[:10]}"
    (tmp_path / "registry.yaml").write_text(REGISTRY.format(eui=EUI), encoding="utf-8")
    (tmp_path / "premises.toml").write_text(SETTINGS.format(port=mosquitto().port, base=base), encoding="utf-8")
    uplink = {"deviceInfo": {"devEui": EUI, "deviceName": "201"}, "data": "A2fqAARoTw==", "deduplicationId": "d1"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREMISES_")}
    with (tmp_path / "out").open("wb") as out:
        command = [str(Path(sys.executable).with_name("premises")), "ingest", "--home", str(tmp_path)]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            eventually(lambda: b"ready" in (tmp_path / "out").read_bytes(), what="ready", seconds=60)
            client = Client(CallbackAPIVersion.VERSION2)
            client.connect("127.0.0.1", mosquitto().port)
            client.loop_start()
            asked: list[str] = []
            client.on_message = lambda _client, _data, told: asked.append(told.topic)
            client.subscribe(f"spBv1.0/{base}/NCMD/#")
            for _ in range(2):
                client.publish(f"{base}/device/{EUI}/event/up", json.dumps(uplink), qos=0)
            client.publish(f"{base}/living room/door", '{"contact":false,"battery":98}', qos=1).wait_for_publish(30)
            eventually(lambda: books(tmp_path).keys() >= {"lora", "zigbee"}, what="both gateways", seconds=60)
            eventually(lambda: books(tmp_path)["lora"].received == 4, what="both uplinks", seconds=60)
            client.publish(f"spBv1.0/{base}/NDATA/plc1", payload(seq=7))
            eventually(lambda: asked == [f"spBv1.0/{base}/NCMD/plc1"], what="the births to be asked for")
            client.disconnect()
            client.loop_stop()
        finally:
            stop(process)
    found = books(tmp_path)
    assert all(book.balances for book in found.values())
    assert (found["lora"].accepted, found["lora"].duplicate, found["zigbee"].accepted) == (2, 2, 2)
