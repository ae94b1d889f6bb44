"""Secrets that browsers hold: made at random, kept as hashes, tied together by HMAC."""

import hashlib
import hmac
import secrets

_TOKEN_BYTES = 32


def new_token() -> str:
    """Return 256 random bits, safe in a URL and a cookie."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> str:
    """Return the form in which a token is kept: SHA-256, hex. Random tokens need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """Return the token that an unsafe request of this session must carry; another site cannot know it."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def csrf_matches(session_token: str, given: str) -> bool:
    """Say whether a request carried the token of its session, in constant time."""
    return hmac.compare_digest(csrf_token(session_token).encode(), given.encode())
