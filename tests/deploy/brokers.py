"""The real mosquitto with the configuration that is shipped, its paths moved into a folder of the test."""

import getpass
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from premises.deployment.broker_access import Credential
from premises.deployment.first_secrets import State
from tests.servers import MOSQUITTO, eventually, free_port, is_listening, stop

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "deploy" / "mosquitto" / "mosquitto.conf"


@dataclass(frozen=True, slots=True)
class SecuredBroker:
    """A running broker of an installation."""

    state: State
    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def secured_broker(state: State) -> Iterator[SecuredBroker]:
    """Yield a broker with the shipped configuration over the secrets of an installation."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    port, data = free_port(), state.root / "data"
    data.mkdir()
    moved = (
        SHIPPED.read_text(encoding="utf-8")
        .replace("/mosquitto/access", str(state.access.folder))
        .replace("/mosquitto/certificates", str(state.certificates))
        .replace("/mosquitto/data", str(data))
        .replace("listener 8883", f"listener {port} 127.0.0.1")
    )
    settings = state.root / "mosquitto.conf"
    settings.write_text(f"{moved}user {getpass.getuser()}\n", encoding="utf-8")
    with (state.root / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([shutil.which(MOSQUITTO) or MOSQUITTO, "-c", str(settings)], stdout=log, stderr=log)
    try:
        eventually(lambda: is_listening(port) or process.poll() is not None, what="mosquitto listens")
        assert process.poll() is None, (state.root / "mosquitto.log").read_text()
        yield SecuredBroker(state, port, process)
    finally:
        stop(process)


@dataclass(slots=True)
class Visitor:
    """A client that notes what the broker told it."""

    client: Client
    answered: threading.Event = field(default_factory=threading.Event)
    reason: int = -1
    heard: list[str] = field(default_factory=list)
    acknowledged: dict[int, int] = field(default_factory=dict)

    def said(self, topic: str) -> int:
        """Return the reason code with which the broker took a message, 128 or more where it did not."""
        sent = self.client.publish(topic, b"{}", qos=1)
        eventually(lambda: sent.mid in self.acknowledged, what=f"the broker answers {topic}")
        return self.acknowledged[sent.mid]

    def listens(self, topic: str) -> None:
        """Return once the broker has answered a subscription."""
        done = threading.Event()
        self.client.on_subscribe = lambda *_: done.set()
        self.client.subscribe(topic, qos=1)
        assert done.wait(10)


@contextmanager
def visitor(broker: SecuredBroker, credential: Credential | None, *, verify: bool = True) -> Iterator[Visitor]:
    """Yield a client that has had its answer; it trusts the installation's authority only."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    if verify:
        client.tls_set_context(ssl.create_default_context(cafile=str(broker.state.certificates / "ca.crt")))
    if credential is not None:
        client.username_pw_set(credential.username, credential.password)
    here = Visitor(client)

    def connected(*told: object) -> None:
        here.reason = getattr(told[3], "value", -1)
        here.answered.set()

    client.on_connect = connected
    client.on_publish = lambda _client, _data, mid, reason, _more: here.acknowledged.update({mid: reason.value})
    client.on_message = lambda _client, _data, message: here.heard.append(message.topic)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        assert here.answered.wait(10), "the broker did not answer"
        yield here
    finally:
        client.disconnect()
        client.loop_stop()
