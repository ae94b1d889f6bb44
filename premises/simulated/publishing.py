"""Messages to a broker, each waited for: a bounded number in flight, one line where the broker is away."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Condition
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sensors.errors import InputFault

PATIENCE_S = 15.0
"""How long to wait for the next acknowledgement before the broker counts as away."""

CONNECT_S = 5.0
IN_FLIGHT = 100
SESSION_S = 3600
MOST_HEARD = 1_000
_NO_SUBSCRIBER = 0x10
_UNSUPPORTED_PROTOCOL = 0x84


class BrokerFault(InputFault):
    """The broker is away, or refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and how to sign in."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def __str__(self) -> str:
        """Return `host:port`."""
        return f"{self.host}:{self.port}"


class Publisher:
    """A connection that publishes; leaving its block without a fault waits for the last acknowledgement.

    paho's thread only counts and notifies; every decision is made in the thread that publishes.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        qos: int = 1,
        in_flight: int = IN_FLIGHT,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Prepare a connection; entering the block makes it.

        With QoS 0 nobody acknowledges: what counts then is that a message went out to the broker.
        """
        self.broker = broker
        self.acknowledged = 0
        self.without_subscriber = 0
        self._client_id = client_id
        self._patience_s = patience_s
        self._changed = Condition()
        self._sent = 0
        self._qos = qos
        self._in_flight = in_flight
        self._window = in_flight
        self._answer: ReasonCode | None = None
        self._refusal: ReasonCode | None = None
        self._client: Client | None = None
        self._heard: deque[tuple[str, bytes]] = deque(maxlen=MOST_HEARD)

    def __enter__(self) -> Self:
        """Connect with MQTT 5, or with 3.1.1 where 5 is refused. Raises BrokerFault."""
        answer = self._connect(MQTTProtocolVersion.MQTTv5)
        if answer.value == _UNSUPPORTED_PROTOCOL:
            self._leave()
            answer = self._connect(MQTTProtocolVersion.MQTTv311)
        if not answer.is_failure:
            return self
        self._leave()
        msg = f"{self.broker}: the broker refuses: {answer}; look at the settings under [mqtt]"
        raise BrokerFault(msg)

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is in flight, unless a fault ended the block; then let go of the connection."""
        try:
            if kind is None:
                self._wait(lambda: self.acknowledged == self._sent)
        finally:
            self._leave()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message over once there is room in flight. Raises BrokerFault."""
        self._wait(lambda: self._sent - self.acknowledged < self._window)
        self._sent += 1
        if self._client is not None:
            # A code other than success means not connected now; paho keeps the message and sends it after it is.
            self._client.publish(topic, payload, qos=self._qos, retain=retain)

    def listen(self, topics: Iterable[str]) -> None:
        """Hear from now on what others publish to these topics; `heard` gives it."""
        asked = [(topic, 1) for topic in topics]
        if asked and self._client is not None:
            self._client.subscribe(asked)

    def heard(self) -> list[tuple[str, bytes]]:
        """Return what was heard since the last call; the oldest is lost where nobody calls."""
        return [self._heard.popleft() for _ in range(len(self._heard))]

    def _connect(self, protocol: MQTTProtocolVersion) -> ReasonCode:
        self._answer = None
        properties = None
        if protocol == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.SessionExpiryInterval = SESSION_S
        try:
            client = self._new_client(protocol)
            client.connect(self.broker.host, self.broker.port, properties=properties)
        except (OSError, ValueError) as exc:
            msg = f"{self.broker}: the broker is away: {exc}; start it, or give --host and --port"
            raise BrokerFault(msg) from exc
        self._client = client
        client.loop_start()
        with self._changed:
            self._changed.wait_for(lambda: self._answer is not None, CONNECT_S)
        if self._answer is None:
            self._leave()
            msg = f"{self.broker}: no answer within {CONNECT_S:g} s; is that an MQTT broker?"
            raise BrokerFault(msg)
        return self._answer

    def _new_client(self, protocol: MQTTProtocolVersion) -> Client:
        broker = self.broker
        client = Client(CallbackAPIVersion.VERSION2, client_id=self._client_id, protocol=protocol)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(self._in_flight)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            ca, certificate, key = map(_text, (broker.ca_file, broker.certificate_file, broker.key_file))
            client.tls_set(ca_certs=ca, certfile=certificate, keyfile=key)
        return client

    def _wait(self, ready: Callable[[], bool]) -> None:
        with self._changed:
            while not (self._refusal or ready()):
                self._wait_for_one()
        if self._refusal:
            msg = f"{self.broker}: the broker refuses messages: {self._refusal}; look at its access list"
            raise BrokerFault(msg)

    def _wait_for_one(self) -> None:
        before = self.acknowledged
        if not self._changed.wait_for(lambda: self.acknowledged > before, self._patience_s):
            msg = (
                f"{self.broker}: the broker went away: {before} of {self._sent} messages were acknowledged; "
                "start it and replay again, which doubles nothing"
            )
            raise BrokerFault(msg)

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        with self._changed:
            # A broker drops who exceeds its receive maximum, and paho does not heed it.
            allowed = getattr(properties, "ReceiveMaximum", self._in_flight) if self._qos else self._in_flight
            self._window = min(self._in_flight, allowed)
            self._answer = reason
            self._changed.notify_all()

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        with self._changed:
            if self._answer is None:
                self._answer = reason
            self._changed.notify_all()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._heard.append((message.topic, bytes(message.payload)))

    def _on_publish(
        self, _client: Client, _data: object, _mid: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        with self._changed:
            self.acknowledged += 1
            self.without_subscriber += reason.value == _NO_SUBSCRIBER
            if reason.is_failure:
                self._refusal = reason
            self._changed.notify_all()


def _text(file: Path | None) -> str | None:
    return None if file is None else str(file)
