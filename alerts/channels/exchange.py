"""One HTTP exchange, bounded in time and size, that follows no redirect; what its status says of a notice."""

import hashlib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from alerts.dispatch import Answer, Delivery

TIMEOUT_S = 5.0
"""For the whole exchange: a receiver that drips bytes is no better than one that hangs."""

LONGEST_ANSWER = 16 * 1024
"""Bytes of an answer that are looked at; the rest stays unread."""

REFUSED_FOR_GOOD = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 417, 422, 431, 501, 505})
"""Answers to the notice itself: the same notice would be refused again. Everything else may be mended over there."""

JSON_TYPE = "application/json; charset=utf-8"


class AddressError(ValueError):
    """The address of a receiver is no http or https address."""

    def __init__(self, what: str, reason: str) -> None:
        """Say what is wrong; the address itself may hold a secret and is left out."""
        super().__init__(f"the {what}'s url {reason}; write it like https://host/path")


@dataclass(frozen=True, slots=True)
class Line:
    """How a receiver is reached: how long an exchange may take, by whose clock, and whose certificates are trusted."""

    timeout_s: float = TIMEOUT_S
    unix_time: Callable[[], float] = time.time
    tls: ssl.SSLContext | None = field(default=None, repr=False)


LINE = Line()
"""As it is wherever a test says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a receiver said: the status, the beginning of its body, and the patience that it asked for."""

    status: int
    body: bytes = b""
    wait: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """Say whether the status is of the class of success, RFC 9110 15.3."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; its address and headers may hold secrets and show in no log."""

    url: str = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def exchange(call: Call, line: Line, read: Callable[[Reply], Answer]) -> Answer:
    """Return what `read` makes of the reply, or RETRY where there was none in time."""
    try:
        reply = _exchanged(call, line)
    except (OSError, HTTPException, ValueError) as exc:
        return Answer(delivery=Delivery.RETRY, detail=f"{type(exc).__name__}: {exc}"[:200])
    return read(reply)


def by_status(reply: Reply) -> Answer:
    """Return what the status alone says: done, refused for good, or to be tried again when asked to."""
    detail = f"HTTP {reply.status}"
    if reply.is_success:
        return Answer(delivery=Delivery.DONE, detail=detail)
    if reply.status in REFUSED_FOR_GOOD:
        return Answer(delivery=Delivery.DEAD, detail=detail)
    return Answer(delivery=Delivery.RETRY, detail=detail, wait=reply.wait)


def checked_address(url: str, what: str) -> str:
    """Return the address. Raises AddressError where it cannot be called."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise AddressError(what, str(exc)) from exc
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise AddressError(what, "has no http:// or https:// host")
    if parts.username is not None or any(character <= " " or character > "~" for character in url):
        raise AddressError(what, "holds a user name or characters that an address cannot have")
    return url


def channel_name(kind: str, label: str, secret_place: str) -> str:
    """Return the name under which deliveries are remembered: kind, label and a digest of what must not be told."""
    return f"{kind}:{label}:{hashlib.sha256(secret_place.encode()).hexdigest()[:12]}"


def _exchanged(call: Call, line: Line) -> Reply:
    parts = urlsplit(call.url)
    with closing(_connection(parts, line)) as connection:
        watchdog = Timer(line.timeout_s, _cut, (connection,))
        watchdog.daemon = True
        watchdog.start()
        try:
            headers = {"User-Agent": "premises", "Connection": "close", **call.headers}
            connection.request(call.method, _target(parts), body=call.body or None, headers=headers)
            response = connection.getresponse()
            body = b""
            with suppress(OSError, HTTPException):  # a status without its body still says something
                body = response.read(LONGEST_ANSWER)
        finally:
            watchdog.cancel()
    wait = _asked_wait(response.headers.get("Retry-After"), datetime.fromtimestamp(line.unix_time(), UTC))
    return Reply(status=response.status, body=body, wait=wait)


class _Plain(HTTPConnection):
    """Keeps hold of its socket, which the library lets go of once the headers of a closing answer are read."""

    held: socket.socket | None = None

    def connect(self) -> None:
        super().connect()
        self.held = self.sock


class _Tls(HTTPSConnection):
    """The same over TLS; holds the socket before the handshake, so that a slow one can be cut as well."""

    held: socket.socket | None = None

    def __init__(self, host: str, port: int | None, *, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._ours = context

    def connect(self) -> None:
        HTTPConnection.connect(self)
        wrapped = self._ours.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = self.held = wrapped
        wrapped.do_handshake()


def _connection(parts: SplitResult, line: Line) -> _Plain | _Tls:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = line.tls or ssl.create_default_context()
        return _Tls(host, parts.port, timeout=line.timeout_s, context=context)
    return _Plain(host, parts.port, timeout=line.timeout_s)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _cut(connection: _Plain | _Tls) -> None:
    """Break a connection that takes too long; whoever reads from it gets an error at once."""
    with suppress(OSError):
        if connection.held is not None:
            connection.held.shutdown(socket.SHUT_RDWR)


def _asked_wait(value: str | None, now: datetime) -> timedelta | None:
    """Return the wait of a Retry-After header, seconds or a date (RFC 9110 10.2.3); None for nothing readable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 86_400))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(timedelta(0), aware - now)
