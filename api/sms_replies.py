"""Who may bring answers to SMS, and whose phones may answer."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from alerts.replies import CodeRules
from api.recipients import Recipient

FRESH_S = 300
"""A signed answer older or younger than this is refused: it may have been recorded and sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsReplies:
    """What a gateway's call is held against. `phones` has all channels of each number, as `plain_number` writes it."""

    secret: str = field(repr=False)
    allowed: tuple[IPv4Network | IPv6Network, ...]
    phones: Mapping[str, Sequence[Recipient]] = field(repr=False)
    rules: CodeRules = field(repr=False)

    def lets_in(self, address: str) -> bool:
        """Say whether calls from this address are looked at."""
        try:
            return any(ip_address(address) in network for network in self.allowed)
        except ValueError:
            return False

    def is_bearer(self, authorization: str) -> bool:
        """Say whether the header shows the secret itself."""
        return hmac.compare_digest(authorization.encode(), f"Bearer {self.secret}".encode())

    def is_signed(self, body: bytes, *, stamp: str, signature: str, now_s: float) -> bool:
        """Say whether the body was signed just now, in the way of this program's own webhooks."""
        if not (stamp.isascii() and stamp.isdigit()) or abs(now_s - int(stamp[:12])) > FRESH_S:
            return False
        made = hmac.new(self.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature.encode(), f"sha256={made}".encode())


def plain_number(written: str) -> str:
    """Return a number's digits without China's country code, as gateways write it in one way and people in another."""
    digits = "".join(character for character in written if character.isascii() and character.isdigit())
    for code in ("0086", "86"):
        if digits.startswith(code) and len(digits) == len(code) + 11:
            return digits.removeprefix(code)
    return digits
