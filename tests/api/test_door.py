"""What every request passes: names, origins, sizes, time; and what every answer carries."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.responses import Response

from api.app import create_app
from api.ports import RecordsTransaction
from sensors.actors import Role
from sensors.errors import InputFault
from storage.records.errors import RecordsBusyError
from tests.api.bench import PASSWORD, Bench, code, web

CREDENTIALS = {"user_name": "anna", "password": PASSWORD}


@pytest.mark.parametrize("host", ["127.0.0.1:8088", "127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8088", "intranet"])
def test_own_names_are_answered(tmp_path: Path, host: str) -> None:
    bench = Bench(tmp_path, web=web(hosts=frozenset({"intranet"})))
    assert bench.browser().client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example", "[::1", "x:y"]
)
def test_foreign_names_are_not_answered(tmp_path: Path, host: str) -> None:
    answer = Bench(tmp_path).browser().client.get("/healthz", headers={"Host": host})
    assert (answer.status_code, code(answer)) == (421, "unknown_host")


def test_loopback_names_are_foreign_to_a_server_that_listens_elsewhere(tmp_path: Path) -> None:
    bench = Bench(tmp_path, web=web(origin="https://premises.example", listens_on_loopback=False))
    browser = bench.browser()
    assert browser.client.get("/healthz", headers={"Host": "127.0.0.1"}).status_code == 421
    assert browser.client.get("/healthz", headers={"Host": "premises.example:443"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_cannot_sign_anyone_in(tmp_path: Path, headers: dict[str, str]) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    answer = bench.browser().client.post("/api/v1/sign-in", json=CREDENTIALS, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "foreign_origin")


@pytest.mark.parametrize("headers", [{"Origin": "http://127.0.0.1:8088"}, {"Sec-Fetch-Site": "same-origin"}, {}])
def test_own_page_and_programs_can(tmp_path: Path, headers: dict[str, str]) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    assert bench.browser().client.post("/api/v1/sign-in", json=CREDENTIALS, headers=headers).status_code == 200


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_unsafe_request_without_the_sessions_token_changes_nothing(tmp_path: Path, token: str | None) -> None:
    browser = Bench(tmp_path).signed_in(Role.VIEWER)
    headers = {} if token is None else {"X-CSRF-Token": token}
    answer = browser.client.post("/api/v1/sign-out", headers=headers)
    assert (answer.status_code, code(answer)) == (403, "csrf")
    assert browser.get("/me").status_code == 200


def test_token_of_another_session_does_not_do(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    browser = bench.signed_in(Role.VIEWER)
    other = bench.signed_in(Role.VIEWER, user_name="ben")
    answer = browser.client.post("/api/v1/sign-out", headers={"X-CSRF-Token": other.csrf_token})
    assert code(answer) == "csrf"


def test_form_may_carry_the_token_in_its_field(tmp_path: Path) -> None:
    browser = Bench(tmp_path).signed_in(Role.VIEWER)
    assert browser.client.post("/api/v1/sign-out", data={"csrf_token": browser.csrf_token}).status_code == 204


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/me", "/api/v1/none", "/static/none.css"])
def test_every_answer_carries_the_headers_of_defence(tmp_path: Path, path: str) -> None:
    headers = Bench(tmp_path).browser().client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_defect_is_told_as_a_problem_without_its_inside(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    @bench.app.get("/broken")
    def broken() -> None:
        msg = "the inside"
        raise RuntimeError(msg)

    client = bench.browser().client
    with pytest.raises(RuntimeError, match="the inside"):
        client.get("/broken")
    quiet = type(client)(bench.app, base_url=str(client.base_url), raise_server_exceptions=False)
    answer = quiet.get("/broken")
    assert (answer.status_code, code(answer)) == (500, "internal_server_error")
    assert "inside" not in answer.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "error", [InputFault("secret-host is away"), RecordsBusyError("postgresql://secret-host/records", "busy")]
)
def test_part_that_is_away_is_told_without_its_address(tmp_path: Path, error: Exception) -> None:
    bench = Bench(tmp_path)

    @bench.app.get("/away")
    def away() -> None:
        raise error

    answer = bench.browser().client.get("/away")
    assert (answer.status_code, code(answer)) == (503, "unavailable")
    assert "secret" not in answer.text


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size):
        yield b"x" * 1024


def test_large_body_is_refused_by_its_length(tmp_path: Path) -> None:
    answer = Bench(tmp_path).browser().client.post("/api/v1/sign-in", content=b"x" * (1024 * 1024 + 1))
    assert (answer.status_code, code(answer)) == (413, "too_large")


def test_large_body_is_refused_while_it_comes(tmp_path: Path) -> None:
    answer = (
        Bench(tmp_path)
        .browser()
        .client.post("/api/v1/sign-in", content=pieces(1025), headers={"Content-Type": "application/json"})
    )
    assert (answer.status_code, code(answer)) == (413, "too_large")


def test_slow_answer_is_given_up_and_finished_unheard(tmp_path: Path) -> None:
    bench = Bench(tmp_path, web=web(request_timeout_s=0.3))
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    @bench.app.get("/slow")
    def slow() -> Response:
        begun.set()
        may_end.wait(30)
        ended.set()
        return Response("late")

    with bench.browser().client as client:
        for _ in range(30):
            answer = client.get("/slow")
            assert (answer.status_code, code(answer)) == (503, "timeout")
            if begun.is_set():  # on a busy machine the time can be over before the route has begun
                break
        may_end.set()
        assert ended.wait(30)


def test_health_needs_no_sign_in_and_readiness_names_the_parts(tmp_path: Path) -> None:
    client = Bench(tmp_path).browser().client
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"ready": True, "parts": {"records": True}, "reasons": {}}


def test_server_whose_records_are_away_lives_and_is_not_ready(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    class Away:
        def transaction(self) -> AbstractContextManager[RecordsTransaction]:
            raise InputFault(tmp_path)

        reading = transaction

    parts = {"readings": "", "ingest": "ingest does not run"}
    app = create_app(replace(bench.services, records=Away(), ready=lambda: parts))
    bench.app = app
    client = bench.browser().client
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]) == (503, {"records": False, "readings": True, "ingest": False})
    assert answer.json()["reasons"] == {"records": "the records do not answer", "ingest": "ingest does not run"}


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_frameworks_own_pages_are_not_there(tmp_path: Path, path: str) -> None:
    assert Bench(tmp_path).browser().client.get(path).status_code == 404
