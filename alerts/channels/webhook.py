"""Notices as signed HTTP POSTs to an address of the site's own choice."""

import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from alerts.dispatch import Answer, Delivery, Notice, payload

if TYPE_CHECKING:
    import socket

TIMEOUT_S = 5.0
"""For the whole exchange: a receiver that drips bytes is no better than one that hangs."""

LONGEST_ANSWER = 16 * 1024
"""Bytes of an answer that are looked at; the rest stays unread."""

REFUSED_FOR_GOOD = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 417, 422, 431, 501, 505})
"""Answers to the notice itself: the same notice would be refused again. Everything else may be mended over there."""


class WebhookAddressError(ValueError):
    """The address of a webhook is no http or https address."""

    def __init__(self, reason: str) -> None:
        """Say what is wrong; the address itself may hold a secret and is left out."""
        super().__init__(f"the webhook's url {reason}; write it like https://host/path")


@dataclass(frozen=True, slots=True)
class Webhook:
    """A channel of `alerts.dispatch`.

    Each POST carries `X-Premises-Timestamp` (UNIX seconds), `X-Premises-Signature` (`sha256=` and the HMAC-SHA256 of
    timestamp, a dot and the body, in hex) and `X-Premises-Delivery`, the same for every attempt of one notice.
    Redirects are not followed: a fire alarm goes where it was told to go.
    """

    url: str = field(repr=False)
    secret: str = field(repr=False)
    timeout_s: float = TIMEOUT_S
    unix_time: Callable[[], float] = time.time
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse an address that cannot be called."""
        _checked(self.url)

    @property
    def name(self) -> str:
        """Return `webhook:` with the host and a digest of the address."""
        digest = hashlib.sha256(self.url.encode()).hexdigest()[:12]
        return f"webhook:{urlsplit(self.url).hostname}:{digest}"

    def send(self, notice: Notice) -> Answer:
        """Return what the receiver answered, or RETRY where there was none in time."""
        body = json.dumps(payload(notice), ensure_ascii=False, separators=(",", ":")).encode()
        try:
            return self._post(body, self._headers(body, notice.key))
        except (OSError, HTTPException, ValueError) as exc:
            return Answer(delivery=Delivery.RETRY, detail=f"{type(exc).__name__}: {exc}"[:200])

    def _headers(self, body: bytes, key: str) -> Mapping[str, str]:
        stamp = str(int(self.unix_time()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "premises",
            "Connection": "close",
            "X-Premises-Delivery": key,
            "X-Premises-Timestamp": stamp,
            "X-Premises-Signature": signature(self.secret, stamp, body),
        }

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(self.url)
        with closing(self._connection(parts)) as connection:
            connection.connect()
            watchdog = Timer(self.timeout_s, _cut, (connection.sock,))
            watchdog.daemon = True
            watchdog.start()
            try:
                connection.request("POST", _target(parts), body=body, headers=dict(headers))
                response = connection.getresponse()
                with suppress(OSError, HTTPException):  # the status has said it all
                    response.read(LONGEST_ANSWER)
            finally:
                watchdog.cancel()
            return _answer(response, datetime.fromtimestamp(self.unix_time(), UTC))

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = self.tls or ssl.create_default_context()
            return HTTPSConnection(host, parts.port, timeout=self.timeout_s, context=context)
        return HTTPConnection(host, parts.port, timeout=self.timeout_s)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return `sha256=` and the HMAC-SHA256 of the time stamp, a dot and the body, in hex."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _checked(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise WebhookAddressError(str(exc)) from exc
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        reason = "has no http:// or https:// host"
        raise WebhookAddressError(reason)
    if parts.username is not None or any(character <= " " or character > "~" for character in url):
        reason = "holds a user name or characters that an address cannot have"
        raise WebhookAddressError(reason)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _cut(sock: "socket.socket") -> None:
    """Break a connection that takes too long; whoever reads from it gets an error at once."""
    try:
        sock.shutdown(2)
    except OSError:
        return


def _answer(response: HTTPResponse, now: datetime) -> Answer:
    detail = f"HTTP {response.status}"
    if 200 <= response.status < 300:  # noqa: PLR2004 - the class of success, RFC 9110 15.3
        return Answer(delivery=Delivery.DONE, detail=detail)
    if response.status in REFUSED_FOR_GOOD:
        return Answer(delivery=Delivery.DEAD, detail=detail)
    return Answer(delivery=Delivery.RETRY, detail=detail, wait=_asked_wait(response.headers.get("Retry-After"), now))


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
