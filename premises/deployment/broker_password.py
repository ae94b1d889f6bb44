"""Passwords as mosquitto 2 keeps them."""

import base64
import hashlib
import hmac
import secrets

_PBKDF2_SHA512 = "7"
_ITERATIONS = 101
"""What mosquitto_passwd takes. Ours are 256 random bits, which no dictionary holds, so more would buy nothing."""
_SALT_BYTES = 12
_PASSWORD_BYTES = 32


def new_password() -> str:
    """Return a password of 256 random bits, in letters that need no quoting."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def hashed(password: str, *, salt: bytes | None = None) -> str:
    """Return `$7$iterations$salt$digest`, PBKDF2 with SHA-512, as in mosquitto's password file."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"${_PBKDF2_SHA512}${_ITERATIONS}${_text(salt)}${_text(digest)}"


def fits(password: str, kept: str) -> bool:
    """Say whether a password is the one that was hashed."""
    salt = base64.b64decode(kept.split("$")[3])
    return hmac.compare_digest(hashed(password, salt=salt), kept)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
