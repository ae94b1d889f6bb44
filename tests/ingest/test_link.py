"""The socket in large pieces: groups have bounds, and what a broker should never send ends the connection only."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from ingest.mqtt import Backoff, Handlers, Subscriber
from tests.ingest.test_mqtt import Taker, numbered, options_of, site, subscribed, topic  # noqa: F401 - `site` is a fixture
from tests.ingest.test_packets import packet, publish
from tests.servers import eventually, mosquitto

CONNACK = b"\x20\x03\x00\x00\x00"
SUBACK = b"\x90\x04\x00\x01\x00\x01"
GOOD = publish("premises/v1/hq/gw1/readings", b"good", extra=b"\x00")


class Garbler:
    """Plays a broker that answers properly, sends one message and then some bytes."""

    def __init__(self, garbage: bytes) -> None:
        self.garbage = garbage
        self.connections = 0
        self.acknowledged = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.connections += 1
                with client, contextlib.suppress(OSError):
                    client.settimeout(20)
                    client.recv(4096)
                    client.sendall(CONNACK)
                    client.recv(4096)
                    client.sendall(SUBACK + GOOD)
                    self.acknowledged += client.recv(4096)
                    client.sendall(self.garbage)
                    while client.recv(4096):
                        pass

    @contextlib.contextmanager
    def serving(self) -> Iterator["Garbler"]:
        self.thread.start()
        try:
            yield self
        finally:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.thread.join(20)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x30\xff\xff\xff\xff\xff",
        packet(0x32, b"\xff\xff"),
        packet(0x36, b"\x00\x01a\x00\x01\x00"),
        packet(0x00, b"x"),
        packet(0xD0, b"not empty"),
        packet(0x20, b""),
    ],
    ids=["endless length", "topic beyond the packet", "QoS 3", "packet 0", "PINGRESP with a body", "empty CONNACK"],
)
def test_garbage_ends_the_connection_and_another_begins(garbage: bytes) -> None:
    taker = Taker()
    with Garbler(garbage).serving() as broker:
        options = options_of("hq", port=broker.port)
        subscriber = Subscriber(options, Handlers(take=taker.take), backoff=Backoff(first_s=0.02, longest_s=0.05))
        thread = threading.Thread(target=subscriber.run)
        thread.start()
        try:
            eventually(lambda: broker.connections >= 3, what="a third connection")
        finally:
            subscriber.stop()
            thread.join(20)
    assert not thread.is_alive()
    assert taker.payloads()[:2] == [b"good", b"good"]
    assert broker.acknowledged.startswith(b"\x40\x02\x00\x07")


def test_group_of_large_messages_stays_within_its_bytes(site: str) -> None:  # noqa: F811 - the fixture
    release = threading.Event()
    taker = Taker(before=lambda: release.wait(20))
    with subscribed(options_of(site), taker):
        mosquitto().publish(*numbered(site, 0))
        eventually(lambda: len(taker.sizes) == 1, what="the first group")
        mosquitto().publish(*((topic(site), b"x" * 1_000_000) for _ in range(12)))
        release.set()
        eventually(lambda: len(taker.messages) == 13, what="all messages")
    assert max(taker.sizes) <= 6


def test_what_waited_comes_in_a_few_large_groups(site: str) -> None:  # noqa: F811 - the fixture
    release = threading.Event()
    taker = Taker(before=lambda: release.wait(20))
    with subscribed(options_of(site), taker):
        mosquitto().publish(*numbered(site, 0))
        eventually(lambda: len(taker.sizes) == 1, what="the first group")
        mosquitto().publish(*numbered(site, *range(1, 1_000)))
        release.set()
        eventually(lambda: len(taker.messages) == 1_000, what="all messages")
    assert taker.payloads() == [b"%d" % number for number in range(1_000)]
    assert len(taker.sizes) < 50
