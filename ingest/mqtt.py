"""MQTT in: messages in groups to a handler, acknowledged only after it returns.

One thread owns the connection and its loop: it reads a group, hands it over, acknowledges, reads again. While the
handler works nothing is read, so the broker holds back by itself (ReceiveMaximum). Each connection is a `_Link` of its
own: packet ids mean nothing beyond it, and an acknowledgement can only go out on the link its message came by.
"""

import random
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.native import TOPIC_FILTER
from ingest.pipeline import Message
from sensors.errors import InputFault

GROUP_MESSAGES = 500
GROUP_S = 0.005
"""How long a group waits for more: about what its commit takes."""

_CONNECT_S = 5.0
_ANSWER_S = 10.0
"""How long CONNACK and SUBACK may take."""

_TICK_S = 1.0
_STEADY_S = 30.0
"""A connection that lasted this long was no failed attempt."""

_SILENT_CLOSES = 3
"""After so many closes without a CONNACK the other protocol is tried: old brokers do not always say why."""

_UNSUPPORTED_PROTOCOL = 0x84
_FAILURE = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files; without a `ca` the system's authorities are trusted."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttOptions:
    """How to reach the broker and what to ask of it. `tls` None means none."""

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    client_id: str = "premises-ingest"
    tls: TlsFiles | None = None
    keepalive_s: int = 60
    session_expiry_s: int = 7 * 86_400
    receive_maximum: int = 1_000
    topic_filters: tuple[str, ...] = (TOPIC_FILTER,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits between attempts: doubling from `first_s` to `longest_s`, each drawn from its upper half."""

    first_s: float = 0.5
    longest_s: float = 30.0

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures in a row."""
        whole = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return random.uniform(whole / 2, whole)  # noqa: S311 - spreads clients out, guards nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """What the subscriber calls, all in its own thread.

    `take` makes a group durable or raises; `session_lost` comes before the first message of a new session.
    """

    take: Callable[[Sequence[Message]], None]
    session_lost: Callable[[], None] = lambda: None
    ready: Callable[[], None] = lambda: None
    tick: Callable[[], None] = lambda: None


class LinkError(Exception):
    """The connection is of no more use; the next may be."""


class RefusedProtocolError(LinkError):
    """The broker does not speak MQTT 5."""


class SilentCloseError(LinkError):
    """The broker closed before it answered."""


class Subscriber:
    """Keeps one subscription alive until it is stopped."""

    def __init__(
        self,
        options: MqttOptions,
        handlers: Handlers,
        *,
        backoff: Backoff | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """Check the TLS files; InputFault where they cannot be used."""
        self._options = options
        self._handlers = handlers
        self._backoff = backoff or Backoff()
        self._now_ms = now_ms
        self._tls = None if options.tls is None else _tls_context(options.tls)
        self._log = structlog.get_logger(__name__)
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_out.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self._stopping = False
        self._mqtt5 = True
        self._silent_closes = 0
        self._next_tick = 0.0

    def stop(self) -> None:
        """Ask `run` to finish its group, acknowledge it and leave. Safe in a signal handler and from other threads."""
        self._stopping = True
        with suppress(OSError):
            self._wake_out.send(b"\0")

    def run(self) -> None:
        """Connect, and connect again, until stopped; then disconnect in good order."""
        failures = 0
        try:
            while not self._stopping:
                began = time.monotonic()
                self._run_link()
                failures = 1 if time.monotonic() - began > _STEADY_S else failures + 1
                self._wait(self._backoff.wait_s(failures))
        finally:
            self._wake_in.close()
            self._wake_out.close()

    def _run_link(self) -> None:
        """Live through one connection; whatever ends it, the next one may be better."""
        link = _Link(self._options, self._tls, mqtt5=self._mqtt5, wake=self._wake_in, now_ms=self._now_ms)
        try:
            self._serve(link)
        except RefusedProtocolError:
            self._mqtt5 = False
            self._log.warning("mqtt5_refused", fallback="3.1.1")
        except SilentCloseError as exc:
            self._silent_closes += 1
            if self._silent_closes % _SILENT_CLOSES == 0:
                self._mqtt5 = not self._mqtt5
            self._log.warning("disconnected", reason=str(exc))
        except LinkError as exc:
            self._log.warning("disconnected", host=self._options.host, port=self._options.port, reason=str(exc))
        except Exception:  # noqa: BLE001 - a task's boundary: what is not durable is not acknowledged and comes again
            self._log.exception("ingest_failed")
        finally:
            link.close()

    def _serve(self, link: "_Link") -> None:
        link.connect()
        link.await_connack(stopping=lambda: self._stopping)
        if self._stopping:
            return
        self._silent_closes = 0
        if not link.session_present:
            self._handlers.session_lost()
        link.subscribe()
        ready = False
        while not self._stopping:
            self._tick()
            self._take(link, link.read_group(stopping=lambda: self._stopping))
            if link.subscribed and not ready:
                ready = True
                self._log.info("subscribed", mqtt5=self._mqtt5, session_present=link.session_present)
                self._handlers.ready()

    def _take(self, link: "_Link", group: Sequence[Message]) -> None:
        if group:
            self._handlers.take(group)
            link.acknowledge(group)

    def _tick(self) -> None:
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + _TICK_S
            self._handlers.tick()

    def _wait(self, seconds: float) -> None:
        """Wait, ticking, until the time is over or someone stops us."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            self._tick()
            select.select([self._wake_in], [], [], min(left, _TICK_S))


class _Link:
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
        self._options = options
        self._mqtt5 = mqtt5
        self._wake = wake
        self._now_ms = now_ms
        self._inbox: list[Message] = []
        self._failure: LinkError | None = None
        self._closed = ""
        self._answered = False
        self._answer_by = 0.0
        self._subscribe_id: int | None = None
        self.connected = False
        self.subscribed = False
        self.session_present = False
        self._client = self._make_client(tls)

    def _make_client(self, tls: ssl.SSLContext | None) -> Client:
        client = Client(
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
            extra = {"clean_start": False, "properties": properties}
        try:
            self._client.connect(self._options.host, self._options.port, self._options.keepalive_s, **extra)
        except (OSError, ValueError) as exc:
            raise LinkError(str(exc)) from exc

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
            self._pump(_TICK_S, room=1)

    def read_group(self, *, stopping: Callable[[], bool]) -> list[Message]:
        """Return the next group, or nothing after a second without any."""
        room = min(GROUP_MESSAGES, self._options.receive_maximum)
        if not self._inbox:
            self._pump(_TICK_S, room=room)
        until = time.monotonic() + GROUP_S
        while self._inbox and len(self._inbox) < room and not self._closed and not stopping():
            left = until - time.monotonic()
            if left <= 0:
                break
            self._pump(left, room=room)
        return self.taken()

    def taken(self) -> list[Message]:
        """Return what has come and is not in a group yet."""
        group, self._inbox = self._inbox, []
        return group

    def acknowledge(self, group: Sequence[Message]) -> None:
        """Send a PUBACK for each; on a closed link nothing goes out, the broker sends the messages again."""
        for message in group:
            if message.packet_id is not None and not self._closed:
                self._client.ack(message.packet_id, 1)
        self._write()

    def close(self) -> None:
        """Say goodbye, so that the session stays, and let go of the socket."""
        with suppress(OSError, ValueError):
            if not self._closed:
                self._write()
                self._client.disconnect()
                self._flush(time.monotonic() + _TICK_S)
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

    def _read(self, room: int) -> None:
        """Read packets while they bring messages; the last call finds the socket empty."""
        before = -1
        while before < len(self._inbox) < room:
            before = len(self._inbox)
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._closed = self._closed or "the connection broke"
                return

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
        self, _client: Client, _userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
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
        self, _client: Client, _userdata: object, packet_id: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if packet_id != self._subscribe_id:
            return
        refused = [str(reason) for reason in reasons if reason.value >= _FAILURE]
        if refused or any(reason.value != 1 for reason in reasons):
            said = ", ".join(refused) or "QoS 0 only"
            self._failure = LinkError(f"the broker does not let us subscribe with QoS 1: {said}; check its ACL")
            return
        self.subscribed = True

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._inbox.append(
            Message(
                topic=_topic(message),
                payload=bytes(message.payload),
                received_ms=self._now_ms(),
                packet_id=message.mid if message.qos else None,
                dup=bool(message.dup),
                retain=bool(message.retain),
            )
        )

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        self._closed = f"disconnected: {reason}"


def _topic(message: MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError as exc:
        return bytes(exc.object).decode(errors="replace")


def _tls_context(files: TlsFiles) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=files.ca)
        if files.certificate is not None:
            context.load_cert_chain(files.certificate, files.key)
    except (OSError, ssl.SSLError) as exc:
        named = ", ".join(str(each) for each in (files.ca, files.certificate, files.key) if each is not None)
        msg = f"{named}: cannot be used for TLS ({exc}); check the files in the settings under mqtt"
        raise InputFault(msg) from exc
    return context
