"""What a broker says when it is asked: whether it lets us in, in which protocol, what it is, what it lets us read."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from premises.settings import MqttSettings, read_secret

ANSWER_S = 3.0
VERSION_TOPIC = "$SYS/broker/version"
"""Where mosquitto and EMQX tell who they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAnswer:
    """`refusal` is why it did not let us in, None where it did; `version` is empty where it does not tell."""

    protocol: str
    version: str = ""
    refusal: str | None = None
    refused_topics: tuple[str, ...] = ()


def ask_broker(mqtt: MqttSettings) -> BrokerAnswer:
    """Return the broker's answer in MQTT 5, or in 3.1.1 where it refuses that. Takes nothing out of any session."""
    answer = _Question(mqtt, MQTTProtocolVersion.MQTTv5, "5").ask()
    if answer.refusal is None:
        return answer
    older = _Question(mqtt, MQTTProtocolVersion.MQTTv311, "3.1.1").ask()
    return older if older.refusal is None else answer


class _Question:
    """One connection under a name of its own, in this thread only."""

    def __init__(self, mqtt: MqttSettings, protocol: MQTTProtocolVersion, spoken: str) -> None:
        self._mqtt = mqtt
        self._spoken = spoken
        self._connack: ReasonCode | None = None
        self._granted: list[ReasonCode] | None = None
        self._version = ""
        self._over = ""
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=f"premises-doctor-{uuid.uuid4().hex[:8]}", protocol=protocol
        )
        self._client.connect_timeout = ANSWER_S
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect

    def ask(self) -> BrokerAnswer:
        try:
            self._sign_in()
            self._client.connect(self._mqtt.host, self._mqtt.port)
        except (OSError, ValueError) as exc:
            return self._refused(str(exc))
        try:
            return self._talk()
        finally:
            self._client.disconnect()

    def _sign_in(self) -> None:
        mqtt = self._mqtt
        if mqtt.username is not None:
            password = None if mqtt.password_file is None else read_secret(mqtt.password_file)
            self._client.username_pw_set(mqtt.username, password)
        if mqtt.tls:
            files = (
                None if each is None else str(each) for each in (mqtt.ca_file, mqtt.certificate_file, mqtt.key_file)
            )
            ca, certificate, key = files
            self._client.tls_set(ca_certs=ca, certfile=certificate, keyfile=key)

    def _talk(self) -> BrokerAnswer:
        if not self._until(lambda: self._connack is not None):
            return self._refused(self._over or f"no answer within {ANSWER_S:g} s")
        if self._connack is not None and self._connack.is_failure:
            return self._refused(str(self._connack))
        topics = [*self._mqtt.topics, VERSION_TOPIC]
        # QoS 0 in a session of its own: what is sent meanwhile goes to ingest all the same.
        self._client.subscribe([(topic, 0) for topic in topics])
        if not self._until(lambda: self._granted is not None):
            return self._refused(self._over or "no answer to the subscription")
        self._until(lambda: bool(self._version))
        granted = self._granted or []
        refused = tuple(topic for topic, code in zip(self._mqtt.topics, granted, strict=False) if code.is_failure)
        return BrokerAnswer(protocol=self._spoken, version=self._version, refused_topics=refused)

    def _until(self, condition: Callable[[], bool]) -> bool:
        until = time.monotonic() + ANSWER_S
        while not condition() and not self._over and time.monotonic() < until:
            if self._client.loop(0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
        return condition()

    def _refused(self, reason: str) -> BrokerAnswer:
        return BrokerAnswer(protocol=self._spoken, refusal=reason)

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._connack = reason

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, granted: list[ReasonCode], _properties: Properties | None
    ) -> None:
        self._granted = granted

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == VERSION_TOPIC:
            self._version = message.payload.decode(errors="replace")[:80]

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        self._over = str(reason)
