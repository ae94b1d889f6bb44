"""Signing in: what the cookie is like, how long a session holds, and that a refusal tells nothing."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from api.security.passwords import Argon2Passwords
from api.security.tokens import digest
from sensors.actors import Role
from tests.api.bench import PASSWORD, QUICK, Bench, code, web

MINUTE = timedelta(minutes=1)


def test_signing_in_gives_a_session_that_says_who_it_is(tmp_path: Path) -> None:
    browser = Bench(tmp_path).signed_in(Role.VIEWER)
    me = browser.get("/me").json()
    assert (me["name"], me["roles"], me["permissions"]) == ("Anna", ["viewer"], ["read", "export"])
    assert me["csrf_token"] == browser.csrf_token


def test_user_name_is_taken_in_any_case_and_with_spaces_around(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    assert bench.browser().sign_in("  ANNA ") == 200


def test_cookie_is_closed_to_scripts_and_other_sites(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    answer = bench.browser().post("/sign-in", {"user_name": "anna", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("premises=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie


def test_cookie_is_bound_to_host_and_https_where_people_come_by_https(tmp_path: Path) -> None:
    bench = Bench(tmp_path, web=web(origin="https://premises.example", listens_on_loopback=False))
    bench.account(Role.VIEWER)
    answer = bench.browser(origin="https://premises.example").post(
        "/sign-in", {"user_name": "anna", "password": PASSWORD}
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-premises=")
    assert "Secure" in cookie
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_token_is_kept_as_a_hash_only(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    token = bench.signed_in(Role.VIEWER).client.cookies["premises"]
    with bench.records.reading() as tx:
        assert tx.session(token) is None
        assert tx.session(digest(token)) is not None
    assert token.encode() not in (tmp_path / "records.db").read_bytes() + (tmp_path / "records.db-wal").read_bytes()


def test_signing_in_again_gives_a_new_token_and_ends_the_old_session(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    browser = bench.signed_in(Role.VIEWER)
    old = browser.client.cookies["premises"]
    browser.sign_in()
    assert browser.client.cookies["premises"] != old
    stale = bench.browser()
    stale.client.cookies.set("premises", old)
    assert stale.get("/me").status_code == 401


def test_session_planted_before_signing_in_is_not_taken_over(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    browser = bench.browser()
    browser.client.cookies.set("premises", "planted", domain="127.0.0.1")
    browser.sign_in()
    tokens = [cookie.value for cookie in browser.client.cookies.jar if cookie.name == "premises"]
    planted = bench.browser()
    planted.client.cookies.set("premises", "planted")
    assert set(tokens) - {"planted"}
    assert planted.get("/me").status_code == 401


def test_signing_out_ends_the_session_on_the_server(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    browser = bench.signed_in(Role.VIEWER)
    token = browser.client.cookies["premises"]
    answer = browser.post("/sign-out")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    again = bench.browser()
    again.client.cookies.set("premises", token)
    assert again.get("/me").status_code == 401


def test_idle_session_is_over(tmp_path: Path) -> None:
    bench = Bench(tmp_path, web=web(session_idle=timedelta(hours=1)))
    browser = bench.signed_in(Role.VIEWER)
    bench.clock.go_on(59 * MINUTE)
    assert browser.get("/me").status_code == 200
    bench.clock.go_on(59 * MINUTE)
    assert browser.get("/me").status_code == 200
    bench.clock.go_on(60 * MINUTE)
    assert browser.get("/me").status_code == 401


def test_what_a_page_fetches_by_itself_keeps_no_session_alive(tmp_path: Path) -> None:
    bench = Bench(tmp_path, web=web(session_idle=timedelta(hours=1)))
    browser = bench.signed_in(Role.VIEWER)
    bench.clock.go_on(59 * MINUTE)
    assert browser.get("/me", **{"X-Premises-Refresh": "1"}).status_code == 200
    bench.clock.go_on(MINUTE)
    assert browser.get("/me").status_code == 401


def test_session_in_use_is_over_at_its_greatest_age(tmp_path: Path) -> None:
    bench = Bench(tmp_path, web=web(session_lifetime=timedelta(hours=2)))
    browser = bench.signed_in(Role.VIEWER)
    for _ in range(3):
        bench.clock.go_on(30 * MINUTE)
        assert browser.get("/me").status_code == 200
    bench.clock.go_on(30 * MINUTE)
    assert browser.get("/me").status_code == 401


def test_disabled_account_has_neither_session_nor_sign_in(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    browser = bench.signed_in(Role.VIEWER)
    bench.account(Role.VIEWER, disabled=True)
    assert browser.get("/me").status_code == 401
    assert browser.sign_in() == 401


@pytest.mark.parametrize(("user_name", "password"), [("anna", "wrong password"), ("nobody", PASSWORD), ("", "")])
def test_every_refusal_says_the_same(tmp_path: Path, user_name: str, password: str) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    answer = bench.browser().post("/sign-in", {"user_name": user_name, "password": password})
    assert answer.status_code == 401
    assert code(answer) == "sign_in_refused"
    assert answer.json()["detail"].startswith("user name or password is wrong, or")
    assert "set-cookie" not in answer.headers


@dataclass
class Watched:
    """Passwords that keep what they were asked to compare with."""

    asked: list[str] = field(default_factory=list)

    def hash(self, password: str) -> str:
        return QUICK.hash(password)

    def verify(self, kept: str, password: str) -> bool:
        self.asked.append(kept)
        return QUICK.verify(kept, password)

    def is_outdated(self, kept: str) -> bool:
        return QUICK.is_outdated(kept)


def test_name_that_does_not_exist_costs_a_hash_as_well(tmp_path: Path) -> None:
    watched = Watched()
    Bench(tmp_path, passwords=watched).browser().sign_in("nobody")
    assert watched.asked == [""]


def test_hash_of_yesterdays_cost_is_made_anew_at_sign_in(tmp_path: Path) -> None:
    costlier = Argon2Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    bench = Bench(tmp_path, passwords=costlier)
    before = bench.account(Role.VIEWER).password_hash
    assert bench.browser().sign_in() == 200
    with bench.records.reading() as tx:
        after = tx.account_named("anna")
    assert after is not None
    assert after.password_hash != before
    assert bench.browser().sign_in() == 200


def test_account_is_closed_after_five_failures_even_to_the_right_password(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    for number in range(5):
        assert bench.browser(address=f"192.0.2.{number}").sign_in("anna", "wrong password") == 401
    assert bench.browser(address="192.0.2.9").sign_in() == 401
    bench.clock.go_on(15 * MINUTE)
    assert bench.browser(address="192.0.2.9").sign_in() == 200


def test_address_is_closed_after_five_failures_under_any_names(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    for number in range(5):
        bench.browser(address="192.0.2.1").sign_in(f"nobody{number}")
    assert bench.browser(address="192.0.2.1").sign_in() == 401
    assert bench.browser(address="192.0.2.2").sign_in() == 200


def test_address_is_what_a_known_proxy_adds_and_not_what_the_client_writes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, web=web(proxies=frozenset({"127.0.0.1"})))
    bench.account(Role.VIEWER)
    proxied = bench.browser()
    for number in range(5):
        proxied.client.headers["X-Forwarded-For"] = f"198.51.100.{number}, 192.0.2.1"
        proxied.sign_in(f"nobody{number}")
    assert proxied.sign_in() == 401
    proxied.client.headers["X-Forwarded-For"] = "192.0.2.1, 192.0.2.2"
    assert proxied.sign_in() == 200


def test_word_of_an_unknown_proxy_counts_for_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    liar = bench.browser(address="192.0.2.1")
    for number in range(5):
        liar.client.headers["X-Forwarded-For"] = f"198.51.100.{number}"
        liar.sign_in(f"nobody{number}")
    assert liar.sign_in() == 401


def test_success_forgets_the_failures_of_the_account_but_not_of_the_address(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    bench.account(Role.VIEWER, user_name="ben")
    for _ in range(4):
        bench.browser(address="192.0.2.1").sign_in("ben", "wrong password")
    assert bench.browser(address="192.0.2.1").sign_in() == 200
    bench.browser(address="192.0.2.1").sign_in("nobody")
    assert bench.browser(address="192.0.2.1").sign_in() == 401
    assert bench.browser(address="192.0.2.2").sign_in() == 200


def test_attempts_while_closed_do_not_lengthen_the_lock(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    for _ in range(5):
        bench.browser().sign_in("anna", "wrong password")
    bench.clock.go_on(14 * MINUTE)
    bench.browser().sign_in("anna", "wrong password")
    bench.clock.go_on(MINUTE)
    assert bench.browser().sign_in() == 200


def test_sign_in_failure_and_sign_out_are_audited_without_the_name_typed(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    browser = bench.signed_in(Role.VIEWER)
    browser.post("/sign-out")
    bench.browser().sign_in("my secret typed here")
    bench.browser().sign_in("anna", "wrong password")
    assert bench.audited() == ["sign_in", "sign_out", "sign_in_failed", "sign_in_failed"]
    with bench.records.reading() as tx:
        entries = tx.audit_entries()
    assert [entry.subject for entry in entries] == ["account:id-anna", "account:unknown"] + ["account:id-anna"] * 2
    assert not any("secret" in str(entry) for entry in entries)


def test_password_is_changed_by_who_knows_it_and_all_sessions_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    browser = bench.signed_in(Role.VIEWER)
    other = bench.browser()
    other.sign_in()
    wrong = browser.post("/me/password", {"old": "not this one", "new": "four white egrets"})
    assert (wrong.status_code, code(wrong)) == (409, "account.wrong_password")
    weak = browser.post("/me/password", {"old": PASSWORD, "new": "password123"})
    assert (weak.status_code, code(weak)) == (422, "password.common")
    assert browser.post("/me/password", {"old": PASSWORD, "new": "four white egrets"}).status_code == 204
    assert other.get("/me").status_code == 401
    assert bench.browser().sign_in() == 401
    assert bench.browser().sign_in("anna", "four white egrets") == 200
