"""MQTT in: messages in groups to a handler, acknowledged only after it returns.

One thread owns the connection and its loop: it reads a group, hands it over, acknowledges, reads again. While the
handler works nothing is read, so the broker holds back by itself (ReceiveMaximum). Each connection is a `Link` of its
own: packet ids mean nothing beyond it, and an acknowledgement can only go out on the link its message came by.
"""

import random
import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from ingest.link import TICK_S, Link, LinkError, RefusedProtocolError, SilentCloseError
from ingest.messages import Message
from ingest.mqtt_options import MqttOptions, TlsFiles, tls_context
from ingest.ports import NoRoomError

__all__ = ["Backoff", "Handlers", "MqttOptions", "Subscriber", "TlsFiles"]

_STEADY_S = 30.0
"""A connection that lasted this long was no failed attempt."""

_SILENT_CLOSES = 3
"""After so many closes without a CONNACK the other protocol is tried: old brokers do not always say why."""


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

    `take` makes a group durable or raises; `session_lost` comes before the first message of a new session; `lost` hears
    why a connection ended or never began. `commands` is what to publish once a group is durable.
    """

    take: Callable[[Sequence[Message]], None]
    session_lost: Callable[[], None] = lambda: None
    ready: Callable[[], None] = lambda: None
    lost: Callable[[str], None] = lambda _: None
    tick: Callable[[], None] = lambda: None
    commands: Callable[[], Sequence[tuple[str, bytes]]] = lambda: ()


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
        self._tls = None if options.tls is None else tls_context(options.tls)
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
        link = Link(self._options, self._tls, mqtt5=self._mqtt5, wake=self._wake_in, now_ms=self._now_ms)
        try:
            self._serve_and_tell(link)
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
        except NoRoomError as exc:
            self._log.error("not_taken", reason=str(exc))
        except Exception:  # noqa: BLE001 - a task's boundary: what is not durable is not acknowledged and comes again
            self._log.exception("ingest_failed")
        finally:
            link.close()

    def _serve_and_tell(self, link: Link) -> None:
        try:
            self._serve(link)
        except Exception as exc:
            self._handlers.lost(str(exc) or type(exc).__name__)
            raise

    def _serve(self, link: Link) -> None:
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

    def _take(self, link: Link, group: Sequence[Message]) -> None:
        if group:
            self._handlers.take(group)
            link.publish(self._handlers.commands())
            link.acknowledge(group)

    def _tick(self) -> None:
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + TICK_S
            self._handlers.tick()

    def _wait(self, seconds: float) -> None:
        """Wait, ticking, until the time is over or someone stops us."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            self._tick()
            select.select([self._wake_in], [], [], min(left, TICK_S))
