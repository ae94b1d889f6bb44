"""The pages on one's own account and on people: forms that do what the API does, and secrets that show once."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from httpx2 import Response

from api.security.totp import code_at, new_secret, step_of
from sensors.actors import Role
from tests.api.bench import PASSWORD, Bench, Browser

PAGE = {"Accept": "text/html", "Accept-Language": "en"}
SECURITY = Role.SECURITY_ADMINISTRATOR


def show(browser: Browser, path: str) -> str:
    answer = browser.client.get(path, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.text


def send(browser: Browser, path: str, **form: object) -> Response:
    return browser.client.post(path, data={"csrf_token": browser.csrf_token, **form}, headers=PAGE)


def done(answer: Response) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def link_in(text: str) -> str:
    found = re.search(r'value="[^"]*/set-up\?token=([\w-]+)"', text)
    assert found is not None
    return found.group(1)


def test_token_is_made_on_the_page_shown_once_and_revoked(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    anna = bench.signed_in(Role.VIEWER)
    shown = send(anna, "/account/tokens", name="wall display", scopes=["read", "export"], days="30")
    found = re.search(r'value="(prm_[\w-]+)"', shown.text)
    assert found is not None
    assert found.group(1) not in show(anna, "/account")
    assert "wall display" in show(anna, "/account")
    program = bench.browser()
    assert program.get("/rooms", Authorization=f"Bearer {found.group(1)}").status_code == 200
    token = anna.get("/me/tokens").json()[0]["id"]
    assert done(send(anna, f"/account/tokens/{token}/revoke")) == "/account?done=token_revoked"
    assert program.get("/rooms", Authorization=f"Bearer {found.group(1)}").status_code == 401


@pytest.mark.parametrize("wrong", [{"scopes": []}, {"scopes": ["items"]}, {"days": "400"}, {"name": " "}])
def test_token_that_cannot_be_is_refused_on_the_page(tmp_path: Path, wrong: dict[str, object]) -> None:
    anna = Bench(tmp_path).signed_in(Role.VIEWER)
    form: dict[str, object] = {"name": "x", "scopes": ["read"], "days": "5"} | wrong
    assert done(send(anna, "/account/tokens", **form)) == "/account?refused=token"


def test_page_offers_the_scopes_that_ones_roles_reach(tmp_path: Path) -> None:
    text = show(Bench(tmp_path).signed_in(Role.VIEWER), "/account")
    assert set(re.findall(r'name="scopes" value="(\w+)"', text)) == {"read", "export"}


def test_password_is_changed_on_the_page(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    anna = bench.signed_in(Role.VIEWER)
    assert done(send(anna, "/account/password", old="x", new="four white egrets")) == "/account?refused=wrong_password"
    assert done(send(anna, "/account/password", old=PASSWORD, new="short")) == "/account?refused=weak_password"
    assert done(send(anna, "/account/password", old=PASSWORD, new="four white egrets")) == "/sign-in?done=set_up"
    assert bench.browser().sign_in("anna", "four white egrets") == 200


def test_person_is_added_by_a_link_that_is_shown_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    admin = bench.signed_in(SECURITY)
    shown = send(admin, "/people", name="Ben", user_name="ben", roles=["viewer"])
    token = link_in(shown.text)
    assert token not in show(admin, "/people")
    assert bench.browser().post("/set-up", {"token": token, "password": PASSWORD}).status_code == 204
    assert bench.browser().sign_in("ben") == 200


def test_roles_and_limits_are_given_on_the_page(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER, user_name="ben")
    admin = bench.signed_in(SECURITY)
    assert done(send(admin, "/people/id-ben/roles", roles=["viewer", "safety_officer"])) == "/people?done=roles"
    assert done(send(admin, "/people/id-ben/limits", limits=["viewer@building:a"])) == "/people?done=limits"
    assert 'value="viewer@building:a" checked' in show(admin, "/people")
    ben = bench.browser()
    ben.sign_in("ben")
    assert "Main" in show(ben, "/account")
    assert done(send(admin, "/people/id-ben/limits")) == "/people?done=limits"
    assert 'value="viewer@building:a" checked' not in show(admin, "/people")


def test_account_is_closed_and_opened_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER, user_name="ben")
    admin = bench.signed_in(SECURITY)
    assert done(send(admin, "/people/id-ben/disable")) == "/people?done=account_closed"
    assert bench.browser().sign_in("ben") == 401
    assert done(send(admin, "/people/id-ben/enable")) == "/people?done=account_opened"
    assert bench.browser().sign_in("ben") == 200


@pytest.mark.parametrize(
    ("path", "form", "told"),
    [
        ("/people", {"name": "Eve", "user_name": "anna", "roles": ["viewer"]}, "account_taken"),
        ("/people", {"name": "Eve", "user_name": "eve"}, "account_no_role"),
        ("/people/id-anna/disable", {}, "account_yourself"),
        ("/people/none/link", {}, "account_unknown"),
        ("/people/id-ben/limits", {"limits": ["viewer@floor:2"]}, "account_limit_role"),
        ("/people/id-ben/limits", {"limits": ["safety_officer@building:a"]}, "account_limit_role"),
    ],
)
def test_what_cannot_be_is_told_on_the_page(tmp_path: Path, path: str, form: dict[str, object], told: str) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER, user_name="ben")
    admin = bench.signed_in(SECURITY)
    assert done(send(admin, path, **form)) == f"/people?refused={told}"
    assert "notice orange" in show(admin, f"/people?refused={told}")


def test_administrator_without_reading_sees_no_pages_of_the_building_and_no_alarms(tmp_path: Path) -> None:
    text = show(Bench(tmp_path).signed_in(SECURITY), "/people")
    assert 'href="/rooms"' not in text
    assert 'href="/account"' in text


def test_who_may_not_read_goes_to_their_account_after_signing_in(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(SECURITY)
    form = {"user_name": "anna", "password": PASSWORD}
    assert bench.browser().client.post("/sign-in", data=form, headers=PAGE).headers["location"] == "/account"


def test_second_step_is_set_up_on_the_page_and_ended_with_the_password(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    anna = bench.signed_in(Role.VIEWER)
    offered = send(anna, "/account/second-step/offer").text
    found = re.search(r'name="secret" value="(\w+)"', offered)
    assert found is not None
    assert "<svg" in offered
    again = send(anna, "/account/second-step", secret=found.group(1), code="000000").text
    assert found.group(1) in again
    assert "does not fit" in again
    now = code_at(found.group(1), step_of(bench.clock.now()))
    shown = send(anna, "/account/second-step", secret=found.group(1), code=now).text
    codes = re.findall(r"<li>((?:\w{4}-){3}\w{4})</li>", shown)
    assert len(codes) == 10
    assert codes[0] not in show(anna, "/account")
    form = {"user_name": "anna", "password": PASSWORD}
    assert bench.browser().client.post("/sign-in", data=form, headers=PAGE).status_code == 422
    form["code"] = codes[0]
    assert bench.browser().client.post("/sign-in", data=form, headers=PAGE).status_code == 303
    assert done(send(anna, "/account/second-step/end", password="x")) == "/account?refused=wrong_password"  # noqa: S106 - wrong on purpose
    assert done(send(anna, "/account/second-step/end", password=PASSWORD)) == "/account?done=second_step_ended"


def test_administrator_takes_a_lost_second_step_away(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    account = bench.account(Role.VIEWER, user_name="ben")
    with bench.records.transaction() as tx:
        tx.save_account(replace(account, totp_secret=new_secret()))
    admin = bench.signed_in(SECURITY)
    assert "second-id-ben" in show(admin, "/people")
    assert done(send(admin, "/people/id-ben/second-step/end")) == "/people?done=second_step_taken"
    assert bench.browser().sign_in("ben") == 200
