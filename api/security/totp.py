"""One-time codes by the clock: RFC 6238 with HMAC-SHA-1, six digits, steps of 30 s, as every authenticator does."""

import base64
import binascii
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
NEAR = 1
"""Steps by which the two clocks may differ, RFC 6238 section 5.2."""

_SECRET_BYTES = 20
"""As long as the hash, RFC 4226 section 4."""


def new_secret() -> str:
    """Return 160 random bits in Base32, as authenticators take them."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Say whether a text is such a secret."""
    try:
        return len(base64.b32decode(text)) == _SECRET_BYTES
    except (binascii.Error, ValueError):
        return False


def step_of(time: datetime) -> int:
    """Return the number of the step that a time is in."""
    return int(time.timestamp()) // STEP_S


def code_at(secret: str, step: int, *, digits: int = DIGITS) -> str:
    """Return the code of a step, RFC 4226 section 5.3."""
    made = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = made[-1] & 0xF
    number = int.from_bytes(made[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: str, code: str, *, now: datetime, after: int | None = None) -> int | None:
    """Return the step whose code this is, near now and later than `after`: no code is taken twice. None for none."""
    given = code.encode()
    for step in range(step_of(now) - NEAR, step_of(now) + NEAR + 1):
        if (after is None or step > after) and hmac.compare_digest(code_at(secret, step).encode(), given):
            return step
    return None


def provisioning_uri(secret: str, *, user_name: str, issuer: str) -> str:
    """Return the address that an authenticator reads from a QR code."""
    label = quote(f"{issuer}:{user_name}", safe=":")
    query = urlencode({"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP_S}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"
