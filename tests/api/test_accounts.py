"""Accounts: the first one by a link, the others by an administrator, none by a default password."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from api.security.accounts import set_up_url
from api.security.tokens import digest
from sensors.actors import Role
from tests.api.bench import ORIGIN, PASSWORD, Bench, code

HOUR = timedelta(hours=1)
SECURITY = Role.SECURITY_ADMINISTRATOR


def token_of(url: str | None) -> str:
    assert url is not None
    assert url.startswith(f"{ORIGIN}/set-up?")
    return parse_qs(urlsplit(url).query)["token"][0]


def is_unused(bench: Bench, token: str) -> bool:
    with bench.records.reading() as tx:
        link = tx.set_up_token(digest(token))
    return link is not None and link.used is None


def first_person(link: str, /, **changes: str) -> dict[str, str]:
    return {"token": link, "user_name": "Li.Na", "name": "李娜", "password": PASSWORD} | changes


def test_first_person_administers_system_and_security_but_not_audit(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    browser = bench.browser()
    assert browser.post("/set-up", first_person(token_of(set_up_url(bench.services)))).status_code == 204
    assert browser.sign_in("li.na") == 200
    assert browser.get("/me").json()["roles"] == ["security_administrator", "system_administrator"]
    assert browser.get("/audit").status_code == 403


def test_there_is_no_link_once_there_is_an_account(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    assert set_up_url(bench.services) is None


def test_link_works_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    token = token_of(set_up_url(bench.services))
    assert is_unused(bench, token)
    assert bench.browser().post("/set-up", first_person(token)).status_code == 204
    assert not is_unused(bench, token)
    again = bench.browser().post("/set-up", first_person(token, user_name="eve"))
    assert (again.status_code, code(again)) == (409, "account.link")


def test_link_ends_after_a_day(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    token = token_of(set_up_url(bench.services))
    bench.clock.go_on(24 * HOUR)
    assert code(bench.browser().post("/set-up", first_person(token))) == "account.link"


def test_newer_link_voids_the_older_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    old, new = token_of(set_up_url(bench.services)), token_of(set_up_url(bench.services))
    assert code(bench.browser().post("/set-up", first_person(old))) == "account.link"
    assert bench.browser().post("/set-up", first_person(new)).status_code == 204


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"password": "1234567890"}, "password.common"),
        ({"password": "Li.Na", "user_name": "li.na"}, "password.too_short"),
        ({"user_name": "l"}, "account.user_name"),
        ({"user_name": "li na"}, "account.user_name"),
        ({"name": "  "}, "account.name"),
        ({"token": "guessed"}, "account.link"),
    ],
)
def test_refused_set_up_makes_nothing_and_leaves_the_link(
    tmp_path: Path, changes: dict[str, str], problem: str
) -> None:
    bench = Bench(tmp_path)
    token = token_of(set_up_url(bench.services))
    assert code(bench.browser().post("/set-up", first_person(token, **changes))) == problem
    assert is_unused(bench, token)
    with bench.records.reading() as tx:
        assert tx.accounts() == []


def test_new_account_chooses_its_own_password_by_a_link(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    admin = bench.signed_in(SECURITY)
    made = admin.post("/accounts", {"user_name": "Ben", "name": "Ben", "roles": ["safety_officer"]})
    assert made.status_code == 201
    assert made.json()["account"]["has_password"] is False
    assert bench.browser().sign_in("ben", "") == 401
    followed = bench.browser().post("/set-up", {"token": token_of(made.json()["url"]), "password": PASSWORD})
    assert followed.status_code == 204
    assert bench.browser().sign_in("ben") == 200


def test_roles_taken_away_end_the_sessions(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    ben = bench.signed_in(Role.FACILITY_MANAGER, user_name="ben")
    admin = bench.signed_in(SECURITY)
    answer = admin.post("/accounts/id-ben/roles", {"roles": ["viewer"]}, method="PUT")
    assert answer.json()["roles"] == ["viewer"]
    assert ben.get("/me").status_code == 401
    ben.sign_in("ben")
    assert ben.get("/people").status_code == 403


@pytest.mark.parametrize("other", [Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR])
def test_audit_administrator_administers_nothing_else(tmp_path: Path, other: Role) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER, user_name="ben")
    admin = bench.signed_in(SECURITY)
    roles = {"roles": ["audit_administrator", other.value]}
    assert code(admin.post("/accounts/id-ben/roles", roles, method="PUT")) == "account.audit_apart"
    assert code(admin.post("/accounts", {"user_name": "eve", "name": "Eve", **roles})) == "account.audit_apart"


def test_nobody_changes_or_disables_their_own_account(tmp_path: Path) -> None:
    admin = Bench(tmp_path).signed_in(SECURITY)
    roles = {"roles": ["security_administrator", "facility_manager"]}
    assert code(admin.post("/accounts/id-anna/roles", roles, method="PUT")) == "account.yourself"
    assert code(admin.post("/accounts/id-anna/disable")) == "account.yourself"


def test_disabled_account_comes_back_when_enabled(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    ben = bench.signed_in(Role.VIEWER, user_name="ben")
    admin = bench.signed_in(SECURITY)
    assert admin.post("/accounts/id-ben/disable").status_code == 200
    assert ben.get("/me").status_code == 401
    assert ben.sign_in("ben") == 401
    assert admin.post("/accounts/id-ben/enable").status_code == 200
    assert ben.sign_in("ben") == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"user_name": "ANNA", "name": "Another", "roles": ["viewer"]}, "account.taken"),
        ({"user_name": "eve", "name": "Eve", "roles": []}, "account.no_role"),
        ({"user_name": "eve", "name": "Eve", "roles": ["king"]}, "invalid"),
        ({"user_name": "eve", "name": "Eve", "roles": ["viewer"], "password": "x"}, "invalid"),
    ],
)
def test_account_that_cannot_be_is_refused(tmp_path: Path, body: dict[str, object], problem: str) -> None:
    assert code(Bench(tmp_path).signed_in(SECURITY).post("/accounts", body)) == problem


def test_one_person_has_one_open_account_and_accepts_no_own_work_by_a_second(tmp_path: Path) -> None:
    admin = Bench(tmp_path).signed_in(SECURITY)
    ben = {"user_name": "ben", "name": "Ben", "roles": ["viewer"], "person": "p1"}
    first = admin.post("/accounts", ben).json()["account"]["id"]
    again = {**ben, "user_name": "ben.again"}
    assert code(admin.post("/accounts", again)) == "account.person_taken"
    admin.post(f"/accounts/{first}/disable")
    assert admin.post("/accounts", again).status_code == 201
    assert code(admin.post(f"/accounts/{first}/enable")) == "account.person_taken"


def test_refused_request_does_not_repeat_what_was_sent(tmp_path: Path) -> None:
    answer = Bench(tmp_path).browser().post("/sign-in", {"user_name": "anna", "password": {"secret": "heron"}})
    assert code(answer) == "invalid"
    assert "heron" not in answer.text


def test_everything_about_accounts_is_audited(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.browser().post("/set-up", first_person(token_of(set_up_url(bench.services))))
    admin = bench.browser()
    admin.sign_in("li.na")
    made = admin.post("/accounts", {"user_name": "ben", "name": "Ben", "roles": ["viewer"]}).json()
    bench.browser().post("/set-up", {"token": token_of(made["url"]), "password": PASSWORD})
    ben = made["account"]["id"]
    admin.post(f"/accounts/{ben}/roles", {"roles": ["audit_administrator"]}, method="PUT")
    admin.post(f"/accounts/{ben}/disable")
    admin.post(f"/accounts/{ben}/enable")
    expected = ["account_made", "sign_in", "account_made", "password_link_made", "password_chosen"]
    assert bench.audited() == [*expected, "roles_changed", "account_disabled", "account_enabled"]
    auditor = bench.browser()
    auditor.sign_in("ben")
    [changed] = [row for row in auditor.get("/audit").json() if row["action"] == "roles_changed"]
    assert changed["actor_name"] == "李娜"
    assert changed["detail"] == {"before": "viewer", "after": "audit_administrator"}
    assert auditor.get("/audit/integrity").json() == {"holds": True, "first_broken": None}
    assert [row["id"] for row in auditor.get("/audit?before=3&limit=5").json()] == [2, 1]


def test_forgotten_password_is_chosen_anew_by_a_link_and_old_sessions_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    ben = bench.signed_in(Role.VIEWER, user_name="ben")
    link = bench.signed_in(SECURITY).post("/accounts/id-ben/link").json()["url"]
    followed = bench.browser().post("/set-up", {"token": token_of(link), "password": "four white egrets"})
    assert followed.status_code == 204
    assert ben.get("/me").status_code == 401
    assert ben.sign_in("ben") == 401
    assert ben.sign_in("ben", "four white egrets") == 200


def test_account_that_is_not_there_is_a_conflict(tmp_path: Path) -> None:
    admin = Bench(tmp_path).signed_in(SECURITY)
    assert code(admin.post("/accounts/none/link")) == "account.unknown"
    assert code(admin.post("/accounts/none/disable")) == "account.unknown"
