"""Coming in by the house's sign-on, in a browser: connected by oneself or by a link, never by a name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from httpx2 import Response

from api.app import create_app
from api.security.totp import code_at, step_of
from api.sign_on_ports import Attempt, SignOnError, Trouble
from sensors.actors import Role
from tests.api.bench import PASSWORD, Bench, Browser
from tests.api.test_second_factor import equipped

ISSUER = "https://id.example"


@dataclass
class House:
    """A sign-on that sends back whoever stands before it."""

    subject: str = "u-7"
    fails: Trouble | None = None
    names: Mapping[str, str] = None  # type: ignore[assignment] # set below

    def __post_init__(self) -> None:
        self.names = {"zh": "统一身份认证", "en": "single sign-on"}

    def address(self, attempt: Attempt, *, back: str) -> str:
        if self.fails:
            raise SignOnError(self.fails, "away")
        return f"{ISSUER}/auth?{urlencode({'state': attempt.state, 'redirect_uri': back})}"

    def who(self, answer: Mapping[str, str], attempt: Attempt, *, back: str) -> str:
        assert back.endswith("/sign-on/back")
        if answer.get("state") != attempt.state:
            raise SignOnError(Trouble.STATE, "another browser's")
        return f"{ISSUER} {self.subject}"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.services = replace(made.services, sign_on=House())
    made.app = create_app(made.services)
    return made


def form(browser: Browser, path: str, **fields: str) -> Response:
    return browser.client.post(path, data={"csrf_token": browser.csrf_token, **fields})


def away(answer: Response) -> str:
    """Where an answer sends the browser, by redirect or by page."""
    there = answer.headers.get("location") or answer.headers["refresh"].partition("url=")[2]
    assert there.startswith(f"{ISSUER}/auth?"), there
    return str(there)


def back(browser: Browser, there: str, **changed: str) -> Response:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    assert asked["redirect_uri"] == f"{browser.bench.services.web.origin}/sign-on/back"
    return browser.client.get("/sign-on/back", params={"state": asked["state"], "code": "c", **changed})


def connected(bench: Bench, *roles: Role) -> Browser:
    anna = bench.signed_in(*roles)
    answer = back(anna, away(form(anna, "/account/sign-on")))
    assert answer.headers["location"] == "/account?done=sign_on_connected"
    return anna


def enter(bench: Bench, **asked: str) -> tuple[Browser, Response]:
    browser = bench.browser()
    return browser, back(browser, away(browser.client.get("/sign-on", params=asked)))


def test_who_connected_their_account_comes_in_without_a_password(bench: Bench) -> None:
    connected(bench, Role.VIEWER)
    browser, answer = enter(bench, next="/rooms")
    assert (answer.status_code, answer.headers["location"]) == (303, "/rooms")
    assert browser.get("/me").json()["name"] == "Anna"
    assert bench.audited()[-2:] == ["sign_on_connected", "sign_in"]


def test_nobody_comes_in_by_a_name_alone(bench: Bench) -> None:
    bench.account(Role.VIEWER, user_name="u-7")
    browser, answer = enter(bench)
    assert answer.status_code == 422
    assert "No account here is connected" in answer.text or "没有关联账户" in answer.text
    assert browser.get("/me").status_code == 401
    assert bench.audited()[-1] == "sign_in_failed"


def test_disabled_account_stays_closed(bench: Bench) -> None:
    connected(bench, Role.VIEWER)
    with bench.records.transaction() as tx:
        account = tx.account("id-anna")
        assert account is not None
        tx.save_account(replace(account, disabled=bench.clock.now()))
    browser, answer = enter(bench)
    assert answer.status_code == 422
    assert browser.get("/me").status_code == 401


def test_answer_to_another_browser_is_worth_nothing(bench: Bench) -> None:
    connected(bench, Role.VIEWER)
    there = away(bench.browser().client.get("/sign-on"))
    stranger = bench.browser()
    assert back(stranger, there).status_code == 422
    away(stranger.client.get("/sign-on"))
    assert back(stranger, there).status_code == 422
    assert stranger.get("/me").status_code == 401


def test_answer_serves_once(bench: Bench) -> None:
    connected(bench, Role.VIEWER)
    browser = bench.browser()
    there = away(browser.client.get("/sign-on"))
    assert back(browser, there).status_code == 303
    assert back(browser, there).status_code == 422


@pytest.mark.parametrize("cookie", ["", "x", "e30=", "bnVsbA==", "A" * 5000, "eyJzZWNyZXQiOjEsIndoeSI6ImVudGVyIn0="])
def test_cookie_that_is_none_is_told_so(bench: Bench, cookie: str) -> None:
    answer = bench.browser().client.get(
        "/sign-on/back?state=x&code=y", headers={"Cookie": f"premises-sign-on={cookie}"}
    )
    assert answer.status_code == 422


def test_one_goes_on_within_this_site_only(bench: Bench) -> None:
    connected(bench, Role.VIEWER)
    assert enter(bench, next="https://evil.example/")[1].headers["location"] == "/"


def test_one_person_there_has_one_account_here(bench: Bench) -> None:
    connected(bench, Role.VIEWER)
    ben = bench.signed_in(Role.VIEWER, user_name="ben")
    answer = back(ben, away(form(ben, "/account/sign-on")))
    assert answer.headers["location"] == "/account?refused=sign_on_taken"
    with bench.records.reading() as tx:
        held = tx.account_of_sign_on(f"{ISSUER} u-7")
    assert held is not None
    assert held.user_name == "anna"


def test_connecting_takes_the_forms_own_token(bench: Bench) -> None:
    anna = bench.signed_in(Role.VIEWER)
    assert anna.client.post("/account/sign-on").status_code == 403


def test_second_step_is_asked_for_whatever_the_way_in(bench: Bench) -> None:
    secret, _ = equipped(bench, Role.VIEWER)
    with bench.records.transaction() as tx:
        account = tx.account("id-anna")
        assert account is not None
        tx.save_account(replace(account, sign_on=f"{ISSUER} u-7"))
    bench.clock.go_on(timedelta(minutes=1))
    browser, answer = enter(bench, next="/rooms")
    assert answer.status_code == 200
    assert browser.get("/me").status_code == 401
    assert browser.client.post("/sign-on/code", data={"code": "000000"}).status_code == 422
    right = code_at(secret, step_of(bench.clock.now()))
    answer = browser.client.post("/sign-on/code", data={"code": right})
    assert (answer.status_code, answer.headers["location"]) == (303, "/rooms")
    assert browser.get("/me").status_code == 200


def test_wrong_codes_close_sign_in(bench: Bench) -> None:
    secret, _ = equipped(bench, Role.VIEWER)
    with bench.records.transaction() as tx:
        account = tx.account("id-anna")
        assert account is not None
        tx.save_account(replace(account, sign_on=f"{ISSUER} u-7"))
    bench.clock.go_on(timedelta(minutes=1))
    browser, _ = enter(bench)
    for _attempt in range(5):
        assert browser.client.post("/sign-on/code", data={"code": "000000"}).status_code == 422
    right = code_at(secret, step_of(bench.clock.now()))
    assert browser.client.post("/sign-on/code", data={"code": right}).status_code == 422
    assert browser.get("/me").status_code == 401


def test_code_is_too_late_after_five_minutes(bench: Bench) -> None:
    secret, _ = equipped(bench, Role.VIEWER)
    with bench.records.transaction() as tx:
        account = tx.account("id-anna")
        assert account is not None
        tx.save_account(replace(account, sign_on=f"{ISSUER} u-7"))
    browser, _ = enter(bench)
    bench.clock.go_on(timedelta(minutes=5))
    right = code_at(secret, step_of(bench.clock.now()))
    assert browser.client.post("/sign-on/code", data={"code": right}).status_code == 422


def test_link_connects_instead_of_a_password_once(bench: Bench) -> None:
    chief = bench.signed_in(Role.SECURITY_ADMINISTRATOR, user_name="chief")
    page = form(chief, "/people", name="Li Na", user_name="lina", roles="viewer")
    found = re.search(r"set-up\?token=([\w-]+)", page.text)
    assert found is not None
    lina = bench.browser()
    assert "link-sign-on" in lina.client.get(f"/set-up?token={found[1]}").text
    assert back(lina, away(lina.client.post("/set-up/sign-on", data={"token": found[1]}))).status_code == 303
    assert lina.get("/me").json()["name"] == "Li Na"
    other = bench.browser()
    assert back(other, away(other.client.post("/set-up/sign-on", data={"token": found[1]}))).status_code == 422


def test_one_parts_ones_own_account_while_a_password_is_left(bench: Bench) -> None:
    anna = connected(bench, Role.VIEWER)
    assert form(anna, "/account/sign-on/end").headers["location"] == "/account?done=sign_on_parted"
    assert enter(bench)[1].status_code == 422
    assert bench.browser().sign_in("anna", PASSWORD) == 200
    back(anna, away(form(anna, "/account/sign-on")))
    with bench.records.transaction() as tx:
        account = tx.account("id-anna")
        assert account is not None
        tx.save_account(replace(account, password_hash=""))
    assert form(anna, "/account/sign-on/end").headers["location"] == "/account?refused=sign_on_only_way"


def test_security_administrator_parts_somebody_whose_sessions_end(bench: Bench) -> None:
    anna = connected(bench, Role.VIEWER)
    chief = bench.signed_in(Role.SECURITY_ADMINISTRATOR, user_name="chief")
    assert "sign-on-id-anna" in chief.client.get("/people").text
    assert form(anna, "/people/id-chief/sign-on/end").status_code == 403
    assert form(chief, "/people/id-anna/sign-on/end").headers["location"] == "/people?done=sign_on_parted"
    assert anna.get("/me").status_code == 401
    assert enter(bench)[1].status_code == 422


def test_sign_on_that_is_away_leaves_the_password(bench: Bench) -> None:
    bench.services = replace(bench.services, sign_on=House(fails=Trouble.UNREACHABLE))
    bench.app = create_app(bench.services)
    answer = bench.browser().client.get("/sign-on")
    assert answer.status_code == 422
    assert 'name="password"' in answer.text


def test_without_one_nothing_offers_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert 'id="sign-on"' not in bench.browser().client.get("/sign-in").text
    assert bench.browser().client.get("/sign-on").status_code == 422
    assert "own-sign-on" not in bench.signed_in(Role.VIEWER).client.get("/account").text
