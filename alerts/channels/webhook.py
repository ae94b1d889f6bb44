"""Notices as signed HTTP POSTs to an address of the site's own choice."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from alerts.channels.exchange import JSON_TYPE, LINE, Call, Line, by_status, channel_name, checked_address, exchange
from alerts.dispatch import Answer, Notice, payload


@dataclass(frozen=True, slots=True)
class Webhook:
    """A channel of `alerts.dispatch`.

    Each POST carries `X-Premises-Timestamp` (UNIX seconds), `X-Premises-Signature` (`sha256=` and the HMAC-SHA256 of
    timestamp, a dot and the body, in hex) and `X-Premises-Delivery`, the same for every attempt of one notice.
    Redirects are not followed: a fire alarm goes where it was told to go.
    """

    url: str = field(repr=False)
    secret: str = field(repr=False)
    line: Line = LINE

    def __post_init__(self) -> None:
        """Refuse an address that cannot be called."""
        checked_address(self.url, "webhook")

    @property
    def name(self) -> str:
        """Return `webhook:` with the host and a digest of the address."""
        return channel_name("webhook", str(urlsplit(self.url).hostname), self.url)

    def send(self, notice: Notice) -> Answer:
        """Return what the receiver answered, or RETRY where there was none in time."""
        return self._post(payload(notice), notice.key)

    def send_together(self, notices: Sequence[Notice]) -> Answer:
        """Return what the receiver answered to many at once: `kind` is `digest`, `notices` holds each as it is."""
        told = {"version": 1, "kind": "digest", "notices": [payload(notice) for notice in notices]}
        return self._post(told, f"digest:{notices[0].key}:{len(notices)}")

    def _post(self, told: Mapping[str, object], key: str) -> Answer:
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        return exchange(Call(url=self.url, body=body, headers=self._headers(body, key)), self.line, by_status)

    def _headers(self, body: bytes, key: str) -> Mapping[str, str]:
        stamp = str(int(self.line.unix_time()))
        return {
            "Content-Type": JSON_TYPE,
            "X-Premises-Delivery": key,
            "X-Premises-Timestamp": stamp,
            "X-Premises-Signature": signature(self.secret, stamp, body),
        }


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return `sha256=` and the HMAC-SHA256 of the time stamp, a dot and the body, in hex."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
