"""Odd input is a client's error, never ours: what is broken, huge, out of all time, or no text."""

from pathlib import Path

import pytest

from sensors.actors import Role
from tests.api.bench import Bench, code
from tests.api.records import finding, fire


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"note":NaN}',
        b'{"note":' + b"[" * 100_000,
        b'{"note":"\\ud800"}',
        b'{"note":"\\u0000"}',
        b'{"note":"seen","by":"me"}',
    ],
)
def test_broken_body_is_refused(tmp_path: Path, body: bytes) -> None:
    bench = Bench(tmp_path)
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    headers = {"X-CSRF-Token": officer.csrf_token, "Content-Type": "application/json"}
    answer = officer.client.post(f"/api/v1/alerts/{fire(bench)}/acknowledge", content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert code(answer) in {"invalid", "bad_request"}


@pytest.mark.parametrize(
    "path", ["/alerts/%00", "/alerts/%ff", "/items/..%2f..", "/rooms/%ed%a0%80", "/findings/' OR 1=1"]
)
def test_id_that_is_none_is_not_found(tmp_path: Path, path: str) -> None:
    assert code(Bench(tmp_path).signed_in(Role.VIEWER).get(path)) == "not_found"


@pytest.mark.parametrize("path", ["/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd"])
def test_static_files_end_at_their_folder(tmp_path: Path, path: str) -> None:
    assert Bench(tmp_path).browser().client.get(path).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "end=0001-01-01T00:00:00Z",
        "end=9999-12-31T23:59:59-12:00",
        "start=1999-12-31T00:00:00Z&end=2000-01-02T00:00:00Z",
        "points=99999999999999999999",
    ],
)
def test_time_or_number_out_of_all_bounds_is_refused(tmp_path: Path, query: str) -> None:
    assert code(Bench(tmp_path).signed_in(Role.VIEWER).get(f"/rooms/a-201/series?{query}")) == "invalid"


def test_judgement_for_ever_and_a_day_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(Role.FACILITY_MANAGER)
    body = {"judgement": "accepted", "until": "9999-12-31T23:59:59-12:00"}
    assert code(manager.post(f"/findings/{finding(bench)}/judge", body)) == "invalid"


def test_page_of_the_audit_log_that_no_database_has_is_refused(tmp_path: Path) -> None:
    auditor = Bench(tmp_path).signed_in(Role.AUDITOR)
    assert code(auditor.get("/audit?before=99999999999999999999")) == "invalid"


def test_cookie_and_token_of_any_bytes_are_only_wrong(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    client = bench.browser().client
    assert client.get("/api/v1/me", headers={b"Cookie": b"premises=\xe9\xff"}).status_code == 401
    viewer = bench.signed_in(Role.VIEWER)
    answer = viewer.client.post("/api/v1/sign-out", headers={b"X-CSRF-Token": b"\xe9"})
    assert code(answer) == "csrf"


def test_two_hosts_in_one_request_are_none(tmp_path: Path) -> None:
    hosts = [("Host", "127.0.0.1"), ("Host", "evil.example")]
    assert Bench(tmp_path).browser().client.get("/healthz", headers=hosts).status_code == 421


def test_unprintable_user_name_is_only_wrong(tmp_path: Path) -> None:
    browser = Bench(tmp_path).browser()
    assert browser.sign_in("a\u200bb\u0007") == 401
    assert browser.sign_in("a\0b") == 422
