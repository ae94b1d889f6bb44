"""The house's sign-on over a real connection: what is right comes through, what is wrong in one thing does not."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest

from api.sign_on_ports import Attempt, SignOnError
from premises.home import Home
from premises.settings import SettingsError, SignOnSettings, load_settings
from premises.sign_on import OpenIdSignOn, sign_on_of
from tests.sign_on_server import BACK, CLIENT, SECRET, Provider, new_key, provider


@pytest.fixture
def there() -> Iterator[Provider]:
    with provider() as started:
        yield started


def ours(there: Provider) -> OpenIdSignOn:
    return OpenIdSignOn(there.issuer, CLIENT, SECRET, {"zh": "统一身份认证", "en": "SSO"})


def who(there: Provider, **changed: str) -> str:
    sign_on, attempt = ours(there), Attempt.begin()
    answer = there.visit(sign_on.address(attempt, back=BACK)) | changed
    return sign_on.who({name: value for name, value in answer.items() if value}, attempt, back=BACK)


def refusal(there: Provider, **changed: str) -> str:
    with pytest.raises(SignOnError) as caught:
        who(there, **changed)
    return caught.value.code


def test_somebody_comes_back_as_who_they_are_there(there: Provider) -> None:
    assert who(there) == f"{there.issuer} u-7"
    scheme, _, pair = there.heads[0].partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"premises:a%3Asecret%2Fwith+signs")


def test_secret_goes_into_the_form_where_the_provider_takes_it_there(there: Provider) -> None:
    there.about = {"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"]}
    assert who(there) == f"{there.issuer} u-7"
    assert there.heads == [""]


NOW = int(time.time())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://127.0.0.1:1/other"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": NOW - 3600},
        {"exp": None},
        {"iat": NOW + 3600},
        {"iat": None},
        {"nonce": "of another question"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "line\nbreak"},
    ],
)
def test_token_wrong_in_one_claim_is_refused(there: Provider, claims: Mapping[str, Any]) -> None:
    there.claims = claims
    assert refusal(there) == "token"


def test_token_for_us_among_others_is_taken_where_it_was_given_to_us(there: Provider) -> None:
    there.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert who(there) == f"{there.issuer} u-7"


def _unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})


def _by_shared_secret(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "s" * 64, algorithm="HS256", headers={"kid": "one"})


def _by_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, new_key(), algorithm="RS256", headers={"kid": "one"})


def _by_unnamed_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, new_key(), algorithm="RS256", headers={"kid": "two"})


def _changed_afterwards(claims: dict[str, Any]) -> str:
    head, _, mark = jwt.encode(claims, new_key(), algorithm="RS256", headers={"kid": "one"}).split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "boss"}).encode()).decode().rstrip("=")
    return f"{head}.{body}.{mark}"


@pytest.mark.parametrize(
    "signs", [_unsigned, _by_shared_secret, _by_another_key, _by_unnamed_key, _changed_afterwards, lambda _: "no token"]
)
def test_token_that_the_provider_did_not_sign_is_refused(
    there: Provider, signs: Callable[[dict[str, Any]], str]
) -> None:
    there.signs = signs
    assert refusal(there) == "token"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"state": "of somebody else"}, "state"),
        ({"state": ""}, "state"),
        ({"iss": "http://127.0.0.1:1/other"}, "issuer"),
        ({"iss": ""}, "issuer"),
        ({"error": "access_denied"}, "declined"),
        ({"code": ""}, "declined"),
        ({"code": "used up"}, "declined"),
    ],
)
def test_answer_that_is_not_to_this_attempt_is_refused(there: Provider, changed: dict[str, str], code: str) -> None:
    assert refusal(there, **changed) == code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((500, b"{}"), "unreachable"),
        ((200, b"<html>"), "unreachable"),
        ((200, b"[]"), "unreachable"),
        ((200, b"{}"), "token"),
        ((200, b'{"id_token": 7}'), "token"),
    ],
)
def test_provider_in_trouble_lets_nobody_in(there: Provider, answer: tuple[int, bytes], code: str) -> None:
    there.token_answer = answer
    assert refusal(there) == code


@pytest.mark.parametrize(
    "about",
    [{"issuer": "https://other.example"}, {"jwks_uri": "http://other.example/keys"}, {"token_endpoint": None}],
)
def test_provider_that_is_another_or_speaks_in_the_clear_is_refused(there: Provider, about: Mapping[str, Any]) -> None:
    there.about = about
    assert refusal(there) == "unreachable"


def test_provider_that_is_away_is_said_to_be() -> None:
    with provider() as there:
        sign_on = ours(there)
    with pytest.raises(SignOnError, match="does not answer") as caught:
        sign_on.address(Attempt.begin(), back=BACK)
    assert caught.value.code == "unreachable"


def test_each_attempt_is_another() -> None:
    one, other = Attempt.begin(), Attempt.begin()
    assert len({one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}) == 6
    assert Attempt(one.secret).challenge == one.challenge
    assert one.secret not in repr(one)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('issuer = "https://id.example"', "needs client_id"),
        ('issuer = "http://id.example"\nclient_id = "p"\nsecret_file = "s"', "must begin with https://"),
    ],
)
def test_settings_that_do_not_hold_together_are_told(tmp_path: Path, written: str, told: str) -> None:
    (tmp_path / "premises.toml").write_text(f"[sign_on]\n{written}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        load_settings(Home(tmp_path), {})


def test_settings_lead_to_the_provider(there: Provider, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    told = f'issuer = "{there.issuer}"\nclient_id = "{CLIENT}"\nsecret_file = "secret"\nname_en = "Office"'
    (tmp_path / "premises.toml").write_text(f"[sign_on]\n{told}\n", encoding="utf-8")
    sign_on, attempt = sign_on_of(load_settings(Home(tmp_path), {}).sign_on), Attempt.begin()
    assert sign_on is not None
    assert sign_on.names["en"] == "Office"
    assert sign_on.who(there.visit(sign_on.address(attempt, back=BACK)), attempt, back=BACK) == f"{there.issuer} u-7"


def test_without_an_issuer_there_is_none() -> None:
    assert sign_on_of(SignOnSettings()) is None
