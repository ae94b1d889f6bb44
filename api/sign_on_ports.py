"""The house's own sign-on (统一身份认证), as the API asks it: where to send a browser, and who came back."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

_SECRET_BYTES = 32


class Trouble(StrEnum):
    """Why the sign-on did not say who somebody is."""

    STATE = "state"
    """The answer is to nothing that this browser asked."""
    ISSUER = "issuer"
    """The answer is another provider's."""
    DECLINED = "declined"
    TOKEN = "token"  # noqa: S105 - a word
    """What it gave cannot be trusted."""
    UNREACHABLE = "unreachable"


class SignOnError(Exception):
    """The sign-on could not say who somebody is. `code` chooses the message for people; the text is for the log."""

    def __init__(self, code: Trouble, detail: str) -> None:
        """Keep the code beside what happened."""
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to the sign-on and back, in one browser: all that must match is drawn from a secret that it alone has."""

    secret: str = field(repr=False)

    @classmethod
    def begin(cls) -> "Attempt":
        """Return an attempt nobody else can guess."""
        return cls(secrets.token_urlsafe(_SECRET_BYTES))

    @property
    def state(self) -> str:
        """What comes back beside the code, so that no foreign page can bring somebody in as somebody else."""
        return self._drawn("state")

    @property
    def nonce(self) -> str:
        """What the identity token must repeat, so that none serves twice."""
        return self._drawn("nonce")

    @property
    def verifier(self) -> str:
        """What proves that the code is brought by who asked for it (RFC 7636)."""
        return self._drawn("verifier")

    @property
    def challenge(self) -> str:
        """The SHA-256 of `verifier`, base64url without padding (RFC 7636, S256)."""
        return _written(hashlib.sha256(self.verifier.encode("ascii")).digest())

    def _drawn(self, use: str) -> str:
        return _written(hmac.new(self.secret.encode("utf-8"), use.encode("ascii"), hashlib.sha256).digest())


class SignOn(Protocol):
    """An OpenID provider of the house. Both calls may wait for the network; both raise SignOnError."""

    @property
    def names(self) -> Mapping[str, str]:
        """What people call it, by language."""
        ...

    def address(self, attempt: Attempt, *, back: str) -> str:
        """Return where the browser goes; `back` is where it shall return to."""
        ...

    def who(self, answer: Mapping[str, str], attempt: Attempt, *, back: str) -> str:
        """Return who came back with this answer: the issuer, a space, and its name for them."""
        ...


def _written(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
