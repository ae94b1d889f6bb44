"""A gateway that sends numbered readings and goes on after everything, and traffic with all that goes wrong in it."""

import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.faults.processes import TOPIC

START_MS = 1_795_392_000_000
_ON_THE_WAY = 100


@dataclass(frozen=True, slots=True)
class Traffic:
    """Payloads in the order they are sent: `numbers` distinct readings and `garbage` that is none."""

    payloads: Sequence[bytes]
    numbers: int
    garbage: int


def reading(number: int, *, boot: str = "b") -> bytes:
    """Return the message of a number; its value tells it again."""
    record = {"m": "co2", "v": number % 5000, "ts": START_MS + number}
    return orjson.dumps({"boot": boot, "seq": number, "readings": [record]})


def rough_traffic(numbers: Iterable[int], chance: random.Random) -> Traffic:
    """Return readings out of order, one in twenty of them twice, and one in a hundred messages garbage."""
    wanted = list(numbers)
    order = sorted(wanted, key=lambda number: number + chance.uniform(0, 20))
    payloads = []
    garbage = 0
    for number in order:
        payloads += [reading(number)] * (2 if chance.random() < 0.05 else 1)
        if chance.random() < 0.01:
            payloads.append(b"{garbage %d" % number)
            garbage += 1
    return Traffic(payloads, len(wanted), garbage)


class Gateway(threading.Thread):
    """Publishes with a hundred on the way, at QoS 1, again after each lost connection, until all is acknowledged."""

    def __init__(self, port: int, payloads: Sequence[bytes], *, topic: str = TOPIC, pause_s: float = 0.0) -> None:
        super().__init__()
        self._port = port
        self._payloads = payloads
        self._topic = topic
        self._pause_s = pause_s
        self._rest = threading.Event()
        self._changed = threading.Condition()
        self.acknowledged = 0

    def run(self) -> None:
        """Send everything."""
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"gateway-{id(self)}", clean_session=False)
        client.on_publish = self._on_publish
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        try:
            for number, payload in enumerate(self._payloads):
                client.publish(self._topic, payload, qos=1)
                self._await(number + 1 - _ON_THE_WAY)
                if self._pause_s:
                    self._rest.wait(self._pause_s)
            self._await(len(self._payloads))
        finally:
            client.disconnect()
            client.loop_stop()

    def _await(self, acknowledged: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.acknowledged >= acknowledged, timeout=60)

    def _on_publish(self, *_: object) -> None:
        with self._changed:
            self.acknowledged += 1
            self._changed.notify_all()


def sent_all(port: int, payloads: Sequence[bytes], *, topic: str = TOPIC) -> int:
    """Return how many messages the broker acknowledged, once it has all."""
    gateway = Gateway(port, payloads, topic=topic)
    gateway.start()
    gateway.join(120)
    assert not gateway.is_alive()
    return gateway.acknowledged
