"""One connection to a broker, from CONNECT to its end."""

import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.buffered_client import BufferedClient
from ingest.messages import Message
from ingest.mqtt_options import LARGEST_PACKET_BYTES, MqttOptions
from ingest.packets import PacketReader
from ingest.receipt_times import ReceiptTimes

GROUP_MESSAGES = 2_000
"""The most that one commit takes: it costs as much for each gateway, whether that sent one message or many."""

GROUP_BYTES = 4 * 2**20
GROUP_S = 0.005
"""How long a group waits for more while the broker is busy: about what its commit takes."""

TICK_S = 1.0

_CONNECT_S = 5.0
_ANSWER_S = 10.0
"""How long CONNACK and SUBACK may take."""

_UNSUPPORTED_PROTOCOL = 0x84
_FAILURE = 0x80


class LinkError(Exception):
    """The connection is of no more use; the next may be."""


class RefusedProtocolError(LinkError):
    """The broker does not speak MQTT 5."""


class SilentCloseError(LinkError):
    """The broker closed before it answered."""


class Link:
    """One connection from CONNECT to its end, over a paho client that is used once."""

    def __init__(
        self,
        options: MqttOptions,
        tls: ssl.SSLContext | None,
        *,
        mqtt5: bool,
        wake: socket.socket,
        now_ms: Callable[[], int],
    ) -> None:
        """Prepare; `connect` begins. `wake` becomes readable when somebody wants the loop's attention."""
        self._options = options
        self._mqtt5 = mqtt5
        self._wake = wake
        self._now_ms = now_ms
        self._times = ReceiptTimes()
        self._packets = PacketReader(mqtt5=mqtt5, times=self._times)
        self._inbox: list[Message] = []
        self._inbox_bytes = 0
        self._busy = False
        self._failure: LinkError | None = None
        self._closed = ""
        self._answered = False
        self._answer_by = 0.0
        self._subscribe_id: int | None = None
        self.connected = False
        self.subscribed = False
        self.session_present = False
        self._client = self._make_client(tls)

    def _make_client(self, tls: ssl.SSLContext | None) -> BufferedClient:
        client = BufferedClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._options.client_id,
            clean_session=None if self._mqtt5 else False,
            protocol=MQTTv5 if self._mqtt5 else MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = _CONNECT_S
        # What a callback raises would leave paho's parser between two packets; ours only keep things, and if
        # one fails all the same the link has no way to go on and says so.
        client.suppress_exceptions = False
        if self._options.username is not None:
            client.username_pw_set(self._options.username, self._options.password)
        if tls is not None:
            client.tls_set_context(tls)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        # Acknowledgements are queued and written together, not one system call each as they are made.
        client.on_socket_register_write = lambda *_: None
        return client

    def connect(self) -> None:
        """Open the connection and send CONNECT; LinkError where nobody is there."""
        extra: dict[str, Any] = {}
        if self._mqtt5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
            properties.SessionExpiryInterval = self._options.session_expiry_s
            properties.ReceiveMaximum = self._options.receive_maximum
            properties.MaximumPacketSize = LARGEST_PACKET_BYTES
            extra = {"clean_start": False, "properties": properties}
        try:
            self._client.connect(self._options.host, self._options.port, self._options.keepalive_s, **extra)
        except (OSError, ValueError) as exc:
            raise LinkError(_reason(exc)) from exc

    def subscribe(self) -> None:
        """Ask for every topic filter; a broker that kept the session is asked again all the same."""
        self._answer_by = time.monotonic() + _ANSWER_S
        filters = self._options.topic_filters
        if self._mqtt5:
            wanted = SubscribeOptions(qos=1, retainAsPublished=False)
            _, self._subscribe_id = self._client.subscribe([(each, wanted) for each in filters])
        else:
            _, self._subscribe_id = self._client.subscribe([(each, 1) for each in filters])

    def await_connack(self, *, stopping: Callable[[], bool]) -> None:
        """Go on until the broker let us in; LinkError when it does not."""
        self._answer_by = time.monotonic() + _ANSWER_S
        while not self.connected and not stopping():
            self._pump(TICK_S, room=1)

    def read_group(self, *, stopping: Callable[[], bool]) -> list[Message]:
        """Return the next group, or nothing after a second without any.

        What came while the last group was committed makes the next one. Where that were few, but more than one, a
        short wait lets them gather; a message that comes alone waits for nobody.
        """
        room = min(GROUP_MESSAGES, self._options.receive_maximum)
        if not self._inbox:
            self._pump(TICK_S, room=room)
        if self._busy and 0 < len(self._inbox) < room and not self._closed and not stopping():
            select.select([self._wake], [], [], GROUP_S)
            self._pump(0, room=room)
        group, self._inbox = self._inbox[:room], self._inbox[room:]
        self._inbox_bytes = sum(len(each.payload) for each in self._inbox)
        self._busy = len(group) > 1
        return group

    def publish(self, commands: Sequence[tuple[str, bytes]]) -> None:
        """Put messages in line for the next write, QoS 0: what is lost is asked for again by whoever asked."""
        for topic, payload in () if self._closed else commands:
            with suppress(ValueError):  # a gateway's own name may be no topic to publish on
                self._client.publish(topic, payload)

    def acknowledge(self, group: Sequence[Message]) -> None:
        """Send a PUBACK for each; on a closed link nothing goes out, the broker sends the messages again."""
        if not self._closed:
            self._client.acknowledge([each.packet_id for each in group if each.packet_id is not None])
        self._write()

    def close(self) -> None:
        """Say goodbye, so that the session stays, and let go of the socket."""
        with suppress(OSError, ValueError):
            if not self._closed:
                self._write()
                self._client.disconnect()
                self._flush(time.monotonic() + TICK_S)
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _flush(self, until: float) -> None:
        while self._client.want_write() and (left := until - time.monotonic()) > 0:
            sock = self._client.socket()
            if sock is None:
                return
            select.select([], [sock], [], left)
            self._write()

    def _write(self) -> None:
        if self._client.want_write():
            self._client.loop_write()

    def _pump(self, timeout_s: float, *, room: int) -> None:
        """Wait for the socket and read what is there, up to `room` messages; LinkError when the link is gone."""
        self._raise_if_over()
        sock = self._client.socket()
        if sock is None:
            msg = "the connection is gone"
            raise LinkError(msg)
        waiting = bool(getattr(sock, "pending", int)())
        writers = [sock] if self._client.want_write() else []
        readable, writable, _ = select.select([sock, self._wake], writers, [], 0 if waiting else timeout_s)
        if waiting or sock in readable:
            self._read(room)
        if writable:
            self._client.loop_write()
        self._client.loop_misc()
        if not self._inbox:
            self._raise_if_over()

    def _keep(self, message: Message) -> None:
        self._inbox.append(message)
        self._inbox_bytes += len(message.payload)

    def _read(self, room: int) -> None:
        """Take in what the socket holds, up to about `room` messages; each call has a bound of its own."""
        while len(self._inbox) < room and self._inbox_bytes < GROUP_BYTES:
            packets = self._client.receive(self._packets, self._now_ms())
            if not packets:
                if packets is None:
                    self._closed = self._closed or "the connection broke"
                    self._note_refused_tls()
                return
            for packet in packets:
                if isinstance(packet, Message):
                    self._keep(packet)
                elif not self._client.judge(packet):
                    self._closed = self._closed or "the connection broke"
                    return

    def _note_refused_tls(self) -> None:
        """Keep why the broker ended TLS: it tells so only with its first bytes after the handshake."""
        if isinstance(self._client.fault, ssl.SSLError):
            self._failure = LinkError(_reason(self._client.fault))

    def _raise_if_over(self) -> None:
        if self._failure is not None:
            raise self._failure
        if not self.subscribed and time.monotonic() > self._answer_by:
            msg = f"no {'SUBACK' if self.connected else 'CONNACK'} within {_ANSWER_S:g} s"
            raise LinkError(msg)
        if self._closed:
            raise LinkError(self._closed) if self._answered else SilentCloseError(self._closed)

    # What paho calls. These keep, and judge nothing.

    def _on_connect(
        self, _client: object, _userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del properties
        self._answered = True
        if reason.is_failure:
            refused = self._mqtt5 and reason.value == _UNSUPPORTED_PROTOCOL
            error = RefusedProtocolError if refused else LinkError
            self._failure = error(f"the broker refused: {reason}")
            return
        self.connected = True
        self.session_present = flags.session_present

    def _on_subscribe(
        self, _client: object, _userdata: object, packet_id: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if packet_id != self._subscribe_id:
            return
        refused = [str(reason) for reason in reasons if reason.value >= _FAILURE]
        if refused or any(reason.value != 1 for reason in reasons):
            said = ", ".join(refused) or "QoS 0 only"
            self._failure = LinkError(f"the broker does not let us subscribe with QoS 1: {said}; check its ACL")
            return
        self.subscribed = True

    def _on_message(self, _client: object, _userdata: object, message: MQTTMessage) -> None:
        topic = _topic(message)
        self._keep(
            Message(
                topic=topic,
                payload=bytes(message.payload),
                received_ms=self._times.of(topic),
                packet_id=message.mid if message.qos else None,
                dup=bool(message.dup),
                retain=bool(message.retain),
            )
        )

    def _on_disconnect(
        self, _client: object, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        self._closed = f"disconnected: {reason}"


def _reason(error: Exception) -> str:
    """Return what a person can do something about: whose certificate was not taken."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the broker's certificate is not trusted ({error.verify_message}); check mqtt.ca_file"
    if isinstance(error, ssl.SSLError) and "alert" in str(error).lower():
        said = (error.reason or str(error)).lower().replace("_", " ")
        return f"the broker ended TLS ({said}); check mqtt.certificate_file and what the broker asks for"
    return str(error)


def _topic(message: MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError as exc:
        return bytes(exc.object).decode(errors="replace")
