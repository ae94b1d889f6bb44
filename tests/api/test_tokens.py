"""Tokens for programs: shown once, kept as hashes, held to scopes, ended by time, by hand and with their account."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from sensors.actors import PERMISSIONS, Permission, Role
from sensors.scopes import SCOPES, Scope, allowed_by
from tests.api.bench import Bench, Browser, code
from tests.api.records import fire
from tests.api.test_permissions import BODIES, GUARDED, KINDS, SIGNED_IN

ALL_ROLES = tuple(Role)


@dataclass(frozen=True)
class Program:
    """A client that has a token and no cookie."""

    client: TestClient
    secret: str

    def ask(self, method: str, path: str, body: object = None) -> Response:
        return self.client.request(method, path, json=body, headers={"Authorization": f"Bearer {self.secret}"})

    def get(self, path: str) -> Response:
        return self.ask("GET", f"/api/v1{path}")


def made(browser: Browser, *scopes: str, days: int = 30, name: str = "bms") -> tuple[Program, str]:
    answer = browser.post("/me/tokens", {"name": name, "scopes": list(scopes), "days": days})
    assert answer.status_code == 201, answer.text
    return Program(browser.bench.browser().client, answer.json()["secret"]), answer.json()["token"]["id"]


def test_token_lets_a_program_read_without_a_cookie(tmp_path: Path) -> None:
    program, _ = made(Bench(tmp_path).signed_in(Role.FACILITY_MANAGER), "read")
    answer = program.get("/me")
    assert answer.json()["permissions"] == ["read"]
    assert answer.json()["csrf_token"] == ""
    assert "set-cookie" not in answer.headers


def test_secret_is_told_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    anna = bench.signed_in(Role.FACILITY_MANAGER)
    program, token_id = made(anna, "read")
    [view] = anna.get("/me/tokens").json()
    assert view["hint"] == program.secret[-4:]
    assert program.secret not in anna.get("/me/tokens").text
    with bench.records.reading() as tx:
        kept = tx.api_token(token_id)
    assert kept is not None
    assert program.secret not in repr(kept)
    assert b"prm_" not in (tmp_path / "records.db").read_bytes()


def test_token_acts_without_a_csrf_token_and_is_named_in_the_steps(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program, _ = made(bench.signed_in(Role.SAFETY_OFFICER), "alerts")
    alert = fire(bench)
    answer = program.ask("POST", f"/api/v1/alerts/{alert}/acknowledge", {"note": "panel seen"})
    assert answer.status_code == 200, answer.text
    assert program.get(f"/alerts/{alert}").json()["steps"][-1]["actor_id"] == "id-anna"


def opening(needed: Permission) -> list[Scope]:
    """Return the scopes that open what needs a permission."""
    return [scope for scope in Scope if needed in SCOPES[scope]]


def asked(program: Program, method: str, path: str) -> str:
    """Return the problem of a request about something that does not exist, empty where there is none."""
    place = path.replace("{room_id}", "a-201").format_map({f"{kind}_id": "none" for kind in KINDS})
    answer = program.ask(method, place, BODIES.get(path.rsplit("/", 1)[-1], {}) if method != "GET" else None)
    assert answer.status_code < 500, f"{method} {path}"
    return "" if answer.is_success else code(answer)


@pytest.mark.parametrize("needed", sorted(set(GUARDED.values()) - {SIGNED_IN}))
def test_route_is_opened_by_its_scopes_and_closed_to_all_others_together(tmp_path: Path, needed: Permission) -> None:
    bench = Bench(tmp_path)
    # No person may hold all roles together; the account is put into the records as it is.
    anna, scopes = bench.signed_in(*ALL_ROLES), opening(needed)
    shut, _ = made(anna, *(set(Scope) - set(scopes)) or {Scope.AUDIT})
    opens = [made(anna, scope)[0] for scope in scopes]
    routes = [route for route, permission in GUARDED.items() if permission == needed]
    for number, (method, path) in enumerate(routes):
        assert asked(shut, method, path) == "not_permitted", f"{method} {path}"
        if opens and path != "/api/v1/live":  # an answer without end
            assert asked(opens[number % len(opens)], method, path) != "not_permitted", f"{method} {path}"
    assert bool(opens) == (needed is not Permission.MANAGE_USERS)


def test_what_is_for_a_person_no_token_does(tmp_path: Path) -> None:
    program, _ = made(Bench(tmp_path).signed_in(*ALL_ROLES), *Scope)
    for method, path in (route for route, needed in GUARDED.items() if needed == SIGNED_IN):
        assert asked(program, method, path) == ("" if path == "/api/v1/me" else "person_needed"), f"{method} {path}"


def test_no_token_manages_users() -> None:
    assert Permission.MANAGE_USERS not in allowed_by(Scope)


def test_token_does_nothing_that_its_account_may_not(tmp_path: Path) -> None:
    viewer = Bench(tmp_path).signed_in(Role.VIEWER)
    refused = viewer.post("/me/tokens", {"name": "x", "scopes": ["items"]})
    assert (refused.status_code, code(refused)) == (422, "token")
    assert made(viewer, "read", "export")[0].get("/rooms").status_code == 200


def test_role_taken_away_is_taken_from_the_token_at_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program, _ = made(bench.signed_in(Role.FACILITY_MANAGER, user_name="ben"), "data")
    assert program.get("/quarantine").status_code == 200
    admin = bench.signed_in(Role.SECURITY_ADMINISTRATOR)
    admin.post("/accounts/id-ben/roles", {"roles": ["viewer"]}, method="PUT")
    assert code(program.get("/quarantine")) == "not_permitted"
    assert program.get("/rooms").status_code == 200


def test_token_ends_at_its_day(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program, _ = made(bench.signed_in(Role.VIEWER), "read", days=2)
    bench.clock.go_on(timedelta(days=2) - timedelta(seconds=1))
    assert program.get("/me").status_code == 200
    bench.clock.go_on(timedelta(seconds=1))
    refused = program.get("/me")
    assert (refused.status_code, code(refused)) == (401, "token_refused")
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_revoked_token_opens_nothing(tmp_path: Path) -> None:
    anna = Bench(tmp_path).signed_in(Role.VIEWER)
    program, token_id = made(anna, "read")
    assert anna.post(f"/me/tokens/{token_id}/revoke").json()["active"] is False
    assert code(program.get("/me")) == "token_refused"


def test_administrator_sees_and_ends_anybodys_token_and_others_only_their_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program, token_id = made(bench.signed_in(Role.VIEWER, user_name="ben"), "read")
    eve = bench.signed_in(Role.FACILITY_MANAGER, user_name="eve")
    assert code(eve.post(f"/me/tokens/{token_id}/revoke")) == "not_found"
    admin = bench.signed_in(Role.SECURITY_ADMINISTRATOR)
    assert [view["account_name"] for view in admin.get("/tokens").json()] == ["Ben"]
    assert admin.post(f"/tokens/{token_id}/revoke").status_code == 200
    assert code(program.get("/me")) == "token_refused"


def test_disabled_account_loses_its_tokens_for_good(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program, _ = made(bench.signed_in(Role.VIEWER, user_name="ben"), "read")
    admin = bench.signed_in(Role.SECURITY_ADMINISTRATOR)
    admin.post("/accounts/id-ben/disable")
    admin.post("/accounts/id-ben/enable")
    assert code(program.get("/me")) == "token_refused"


@pytest.mark.parametrize("secret", ["", "prm_guessed", "prm_" + "x" * 9000])
def test_unknown_token_is_refused_even_beside_a_good_cookie(tmp_path: Path, secret: str) -> None:
    anna = Bench(tmp_path).signed_in(Role.VIEWER)
    assert code(anna.get("/me", Authorization=f"Bearer {secret}")) == "token_refused"


def test_pages_take_no_token(tmp_path: Path) -> None:
    program, _ = made(Bench(tmp_path).signed_in(Role.VIEWER), "read")
    assert program.ask("GET", "/rooms").status_code == 401


@pytest.mark.parametrize("body", [{"days": 0}, {"days": 367}, {"scopes": []}, {"scopes": ["users"]}, {"name": ""}])
def test_token_that_cannot_be_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    anna = Bench(tmp_path).signed_in(Role.VIEWER)
    assert anna.post("/me/tokens", {"name": "x", "scopes": ["read"], "days": 5} | body).status_code == 422
    assert anna.get("/me/tokens").json() == []


def test_making_first_use_and_end_are_audited_without_the_secret(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    anna = bench.signed_in(Role.VIEWER)
    program, token_id = made(anna, "read")
    program.get("/me")
    program.get("/me")
    anna.post(f"/me/tokens/{token_id}/revoke")
    assert bench.audited()[-3:] == ["token_made", "token_first_used", "token_revoked"]
    with bench.records.reading() as tx:
        assert program.secret not in repr(tx.audit_entries())


def test_last_use_is_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    anna = bench.signed_in(Role.VIEWER)
    program, _ = made(anna, "read")
    bench.clock.go_on(timedelta(hours=1))
    program.get("/me")
    [view] = anna.get("/me/tokens").json()
    assert view["last_used"] == "2026-11-23T13:00:00Z"


def test_every_permission_but_that_over_users_is_in_a_scope() -> None:
    held = frozenset().union(*PERMISSIONS.values())
    assert held - allowed_by(Scope) == {Permission.MANAGE_USERS}
