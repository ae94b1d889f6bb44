"""Credentials of people at doors: known again by a keyed digest, and never kept as they are.

A card's number is personal data. What comes in has it replaced before anything else looks at the message: neither the
decoder nor the quarantine, a log or a store ever sees it. The digest is an HMAC under a key of the site's own, so that
nobody can try all numbers without it; two keys give two digests, which are two cards to every rule.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field

DIGEST = re.compile(r"[0-9a-f]{8}\.[0-9a-f]{32}")
"""Which key, and what it makes of the credential."""

_CARD = re.compile(rb'("card"\s*:\s*)("(?:[^"\\]|\\.)*"?|[\[{][^\]}]*[\]}]?|[^\s,}\]]+)')
"""The field of the native contract with what stands in it, in whatever state the message is."""
_MARK = b'"card"'


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialKey:
    """A key of a site; `algorithm` is a digest that the machine's OpenSSL has, such as sha256 or sm3."""

    secret: bytes = field(repr=False)
    algorithm: str = "sha256"

    @property
    def name(self) -> str:
        """Return what tells digests of this key from those of another, eight characters."""
        return hashlib.new(self.algorithm, b"name:" + self.secret).hexdigest()[:8]

    def digest(self, credential: str) -> str:
        """Return what stands for a credential: the same for `a1 b2`, `A1B2` and the number as text or as number."""
        plain = "".join(credential.split()).upper().encode()
        return f"{self.name}.{hmac.new(self.secret, plain, self.algorithm).hexdigest()[:32]}"


def without_cards(payload: bytes, key: CredentialKey | None) -> bytes:
    """Return a message with a digest in the place of every card; without a key with nothing there.

    What is a digest already stays, so that a message kept aside can be read again.
    """
    if _MARK not in payload:
        return payload
    return _CARD.sub(lambda found: found[1] + _stand_in(found[2], key), payload)


def _stand_in(value: bytes, key: CredentialKey | None) -> bytes:
    text = _text(value)
    if DIGEST.fullmatch(text):
        return b'"' + text.encode() + b'"'
    if not text or key is None:
        return b"null"
    return b'"' + key.digest(text).encode() + b'"'


def _text(value: bytes) -> str:
    """Return what a value says as text; nothing of what is no text and no number."""
    written = value.decode("utf-8", errors="replace")
    if written in {"null", "true", "false"} or written.startswith(("{", "[")):
        return ""
    try:
        return str(json.loads(written)) if written.startswith('"') else written
    except ValueError:
        return written.strip('"')
