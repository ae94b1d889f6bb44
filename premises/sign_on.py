"""The house's sign-on by OpenID Connect: authorization code with PKCE, the identity token checked to the last claim.

Sources: OpenID Connect Core 1.0 (3.1.2, 3.1.3.7), Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (issuer in the answer).
"""

import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import structlog
import urllib3
from urllib3.util import Retry, Timeout, make_headers

from api.sign_on_ports import Attempt, SignOnError, Trouble
from premises.clock import SystemClock
from premises.confidential import is_confidential
from premises.settings import SignOnSettings, read_secret
from sensors.clock import Clock

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures that are taken: by a key of the provider's own, never by a secret that we share with it."""
KNOWN_FOR = timedelta(hours=1)
"""How long what the provider says of itself is held for true."""
KEYS_AGAIN = timedelta(seconds=30)
"""How soon after its keys were read an unknown one makes us read them again."""
LEEWAY = timedelta(seconds=60)
LONGEST_SUBJECT = 255
_MOST_BYTES = 1024 * 1024
_TIMEOUT = Timeout(connect=3.0, read=6.0)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says of itself, its keys, and when both were read."""

    told: Mapping[str, Any]
    keys: Mapping[str | None, jwt.PyJWK]
    read: datetime


@dataclass(slots=True)
class OpenIdSignOn:
    """Keeps `api.sign_on_ports.SignOn` for one provider."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    names: Mapping[str, str]
    """What people call it, by language."""
    ca_file: Path | None = None
    clock: Clock = field(default_factory=SystemClock)
    _known: _Known | None = field(init=False, default=None)
    _turn: threading.Lock = field(init=False, default_factory=threading.Lock)

    def address(self, attempt: Attempt, *, back: str) -> str:
        """Return where the browser goes. Raises SignOnError."""
        there = self._place("authorization_endpoint")
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": "openid",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{there}{'&' if urlsplit(there).query else '?'}{urlencode(asked)}"

    def who(self, answer: Mapping[str, str], attempt: Attempt, *, back: str) -> str:
        """Return who came back: the issuer, a space, and its name for them. Raises SignOnError."""
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise SignOnError(Trouble.STATE, "the answer belongs to no attempt of this browser")
        self._must_be_ours(answer)
        if answer.get("error"):
            raise SignOnError(Trouble.DECLINED, f"the sign-on answered {answer['error'][:100]!r}")
        token = self._token(answer.get("code", ""), attempt, back)
        return f"{self.issuer} {self._subject(token, attempt)}"

    def _must_be_ours(self, answer: Mapping[str, str]) -> None:
        told = self._about().told
        issuer = answer.get("iss", "")
        if issuer != self.issuer and (issuer or told.get("authorization_response_iss_parameter_supported") is True):
            raise SignOnError(Trouble.ISSUER, f"the answer is of {issuer[:200]!r}, and not of {self.issuer}")

    def _token(self, code: str, attempt: Attempt, back: str) -> str:
        if not code:
            raise SignOnError(Trouble.DECLINED, "the sign-on sent no code")
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
            "client_id": self.client_id,
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if self._takes_basic():
            # RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
            pair = ":".join(urlencode({"": part})[1:] for part in (self.client_id, self.secret))
            headers |= make_headers(basic_auth=pair)
        else:
            given["client_secret"] = self.secret
        told = self._ask("POST", self._place("token_endpoint"), headers=headers, body=urlencode(given))
        token = told.get("id_token")
        if not isinstance(token, str):
            raise SignOnError(Trouble.TOKEN, "the sign-on gave no identity token")
        return token

    def _takes_basic(self) -> bool:
        """Say whether the secret must go into the header: providers disagree on how its signs are written there."""
        methods = self._about().told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return "client_secret_post" not in methods

    def _subject(self, token: str, attempt: Attempt) -> str:
        try:
            claims = jwt.decode(
                token,
                key=self._key(token),
                algorithms=sorted(ALGORITHMS),
                audience=self.client_id,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
            )
        except jwt.PyJWTError as exc:
            raise SignOnError(Trouble.TOKEN, f"the identity token does not hold: {exc}") from exc
        _must_be_for_us(claims, self.client_id)
        if not hmac.compare_digest(str(claims["nonce"]).encode(), attempt.nonce.encode()):
            raise SignOnError(Trouble.TOKEN, "the identity token answers another question (nonce)")
        subject = str(claims["sub"])
        if not subject.isprintable() or not 1 <= len(subject) <= LONGEST_SUBJECT:
            raise SignOnError(Trouble.TOKEN, "the identity token names nobody (sub)")
        return subject

    def _key(self, token: str) -> jwt.PyJWK:
        header = jwt.get_unverified_header(token)
        wanted, known = header.get("kid"), self._about()
        if wanted not in known.keys and self.clock.now() - known.read >= KEYS_AGAIN:
            known = self._about(again=True)  # keys are changed without notice
        key = known.keys.get(wanted)
        if key is None and wanted is None and len(known.keys) == 1:
            key = next(iter(known.keys.values()))
        if key is None:
            raise SignOnError(Trouble.TOKEN, "the identity token is signed by a key that the sign-on does not name")
        return key

    def _place(self, name: str) -> str:
        place = self._about().told.get(name)
        if not isinstance(place, str) or not is_confidential(place):
            raise SignOnError(Trouble.UNREACHABLE, f"{name} of {self.issuer} is missing or not https")
        return place

    def _about(self, *, again: bool = False) -> _Known:
        with self._turn:
            known, now = self._known, self.clock.now()
            if known is None or again or now - known.read >= KNOWN_FOR:
                known = self._known = self._read(now)
            return known

    def _read(self, now: datetime) -> _Known:
        told = self._ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self.issuer:
            raise SignOnError(
                Trouble.UNREACHABLE, f"it calls itself {told.get('issuer')!r}, the settings {self.issuer!r}"
            )
        place = told.get("jwks_uri")
        if not isinstance(place, str) or not is_confidential(place):
            raise SignOnError(Trouble.UNREACHABLE, f"jwks_uri of {self.issuer} is missing or not https")
        return _Known(told, _keys(self._ask("GET", place)), now)

    def _ask(self, method: str, place: str, **given: Any) -> Mapping[str, Any]:  # noqa: ANN401 - urllib3's own
        ca = None if self.ca_file is None else str(self.ca_file)
        try:
            with urllib3.PoolManager(ca_certs=ca, retries=Retry(1, redirect=False), timeout=_TIMEOUT) as http:
                answer = http.request(method, place, preload_content=False, **given)
                body = answer.read(_MOST_BYTES + 1)
                answer.close()
            told = json.loads(body)
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            raise SignOnError(Trouble.UNREACHABLE, f"{place} does not answer: {exc}") from exc
        except ValueError as exc:
            raise SignOnError(Trouble.UNREACHABLE, f"{place} answers {answer.status} and no JSON") from exc
        if answer.status != HTTPStatus.OK:
            error = told.get("error") if isinstance(told, dict) else None
            is_ill = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            raise SignOnError(
                Trouble.UNREACHABLE if is_ill else Trouble.DECLINED, f"{place}: {answer.status} {error!r}"
            )
        if not isinstance(told, dict):
            raise SignOnError(Trouble.UNREACHABLE, f"{place} answers no JSON object")
        return told


def sign_on_of(settings: SignOnSettings) -> OpenIdSignOn | None:
    """Return the sign-on of the settings, None where there is none. Raises SecretError."""
    if settings.issuer is None or settings.client_id is None or settings.secret_file is None:
        return None
    names = MappingProxyType({"zh": settings.name_zh, "en": settings.name_en})
    secret = read_secret(settings.secret_file)
    return OpenIdSignOn(settings.issuer, settings.client_id, secret, names, settings.ca_file)


def _must_be_for_us(claims: Mapping[str, Any], client_id: str) -> None:
    """Return where the token was given for us alone, or to us among others (Core 1.0, 3.1.3.7: 3 to 5)."""
    audience, party = claims["aud"], claims.get("azp")
    is_shared = isinstance(audience, list) and len(audience) > 1
    if party != client_id and (party is not None or is_shared):
        raise SignOnError(Trouble.TOKEN, "the identity token was given to another program (azp)")


def _keys(told: Mapping[str, Any]) -> Mapping[str | None, jwt.PyJWK]:
    """Return the keys that sign, by their ids; those of kinds that we do not know are left out."""
    found: dict[str | None, jwt.PyJWK] = {}
    for each in told.get("keys", []):
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or each.get("kty") == "oct":
            continue
        try:
            found[each.get("kid")] = jwt.PyJWK(each)
        except jwt.PyJWTError as exc:
            _log.info("sign-on names a key that is not understood", kid=each.get("kid"), why=str(exc))
    return found
