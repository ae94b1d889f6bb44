"""A subscriber at the tests' broker."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers import mosquitto


@contextmanager
def listening(topics: Sequence[str]) -> Iterator[list[tuple[str, bytes]]]:
    """Yield what is published to these topics from now on, in order."""
    heard: list[tuple[str, bytes]] = []
    subscribed = Event()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, told: (
        None if told.retain else heard.append((told.topic, bytes(told.payload)))
    )
    client.connect("127.0.0.1", mosquitto().port)
    client.subscribe([(topic, 1) for topic in topics])
    client.loop_start()
    try:
        assert subscribed.wait(10)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()
