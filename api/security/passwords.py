"""Passwords: which are good enough, and how they are kept (Argon2id)."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from importlib.resources import files
from threading import BoundedSemaphore
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 256
"""Longer ones are no safer and cost time to hash."""

AT_ONCE = 2
PATIENCE_S = 5.0


class Weakness(StrEnum):
    """Why a password is not taken."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    LIKE_USER_NAME = "like_user_name"
    ONE_CHARACTER = "one_character"


class WeakPasswordError(Exception):
    """A password that is not good enough."""

    def __init__(self, weakness: Weakness) -> None:
        """Say what to choose instead."""
        super().__init__(_ADVICE[weakness])
        self.weakness = weakness


class BusyError(Exception):
    """Too many sign-ins at once; try again in a few seconds."""


class Passwords(Protocol):
    """Hashes passwords and compares them."""

    def hash(self, password: str) -> str:
        """Return what may be kept of a password. Raises BusyError."""
        ...

    def verify(self, kept: str, password: str) -> bool:
        """Say whether the password is the one kept; takes as long where nothing is kept. Raises BusyError."""
        ...

    def is_outdated(self, kept: str) -> bool:
        """Say whether what is kept should be made anew, for today's cost is higher."""
        ...


class Argon2Passwords:
    """Keeps passwords by Argon2id. Each costs 64 MB for a moment, hence only AT_ONCE are worked on together."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Take the library's own costs (RFC 9106, low memory) unless told others."""
        self._hasher = hasher or PasswordHasher()
        self._turns = BoundedSemaphore(AT_ONCE)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return what may be kept of a password. Raises BusyError."""
        with self._turn():
            return self._hasher.hash(_normal(password))

    def verify(self, kept: str, password: str) -> bool:
        """Say whether the password is the one kept; takes as long where nothing is kept. Raises BusyError."""
        with self._turn():
            try:
                matches = self._hasher.verify(kept or self._nobody, _normal(password[:MAX_LENGTH]))
            except (VerificationError, InvalidHashError):
                return False
        return matches and bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Say whether what is kept should be made anew, for today's cost is higher."""
        return self._hasher.check_needs_rehash(kept)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=PATIENCE_S):
            msg = "too many sign-ins at once; try again in a few seconds"
            raise BusyError(msg)
        try:
            yield
        finally:
            self._turns.release()


def weakness(password: str, *, user_name: str) -> Weakness | None:
    """Return why a password is not good enough for this user, None where it is."""
    folded = password.casefold()
    if len(password) < MIN_LENGTH:
        return Weakness.TOO_SHORT
    if len(password) > MAX_LENGTH:
        return Weakness.TOO_LONG
    if len(set(password)) == 1:
        return Weakness.ONE_CHARACTER
    if folded in common_passwords():
        return Weakness.COMMON
    if folded.strip("0123456789!@#_-.") == user_name.casefold().strip("0123456789!@#_-."):
        return Weakness.LIKE_USER_NAME
    return None


def must_be_strong(password: str, *, user_name: str) -> None:
    """Return when a password is good enough for this user. Raises WeakPasswordError."""
    found = weakness(password, user_name=user_name)
    if found is not None:
        raise WeakPasswordError(found)


@cache
def common_passwords() -> frozenset[str]:
    """Return common passwords that are long enough to pass otherwise, in lower case."""
    text = (files("api") / "security" / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def _normal(password: str) -> str:
    # The same letters come in two forms, by keyboard and system (NFC, NFD).
    return unicodedata.normalize("NFC", password)


_ADVICE = {
    Weakness.TOO_SHORT: f"the password is too short; take at least {MIN_LENGTH} characters",
    Weakness.TOO_LONG: f"the password is too long; take at most {MAX_LENGTH} characters",
    Weakness.COMMON: "many people use this password; take another",
    Weakness.LIKE_USER_NAME: "the password is the user name; take another",
    Weakness.ONE_CHARACTER: "the password repeats one character; take another",
}
