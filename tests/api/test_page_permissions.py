"""Pages: none but those of the way in shows anything to nobody, and none does anything without permission."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from httpx2 import Response

from api.pages import router
from sensors.actors import PERMISSIONS, Permission, Role
from tests.api.bench import NOON, Bench, Browser
from tests.api.records import finding, fire

OPEN = {
    "/sign-in",
    "/set-up",
    "/sign-out",
    "/language/{wanted}",
    "/r/{code}",
    "/r/{code}/evidence",
    "/reported",
    "/sign-on",
    "/sign-on/back",
    "/sign-on/code",
    "/set-up/sign-on",
}
"""Pages for people who are not signed in; signing out is for everyone."""

PAGE = {"Accept": "text/html"}

ASIDE = {"comment": "why", "ends": f"{NOON + timedelta(hours=9):%Y-%m-%dT%H:%M}"}
"""An hour from now by the site's clock, eight hours ahead."""

ACTS: dict[str, tuple[Permission, dict[str, str]]] = {
    "/alerts/{alert}/acknowledge": (Permission.ACKNOWLEDGE_ALERT, {}),
    "/alerts/standing/silences": (Permission.ACKNOWLEDGE_ALERT, {"kind": "door", **ASIDE}),
    "/alerts/standing/drills": (Permission.HOLD_DRILL, {"zone": "2F", **ASIDE}),
    "/alerts/standing/out-of-service": (Permission.ACKNOWLEDGE_ALERT, {"place": "device:d1", **ASIDE}),
    "/findings/{finding}/propose": (Permission.MANAGE_ITEM, {}),
    "/findings/{finding}/judge": (Permission.JUDGE_FINDING, {"judgement": "false"}),
    "/room-codes": (Permission.MANAGE_ITEM, {"building": "a"}),
}
"""Forms that do something, who may, and what they need."""


APART: dict[str, Permission | None] = {"/account": None, "/people": Permission.MANAGE_USERS}
"""Pages of accounts: one's own is for everyone who is signed in."""


def page_routes(of: APIRouter = router) -> Iterator[tuple[str, str]]:
    for route in routes_of(of):
        for method in route.methods:
            yield method, route.path


def routes_of(of: Any) -> Iterator[Any]:  # noqa: ANN401 - the framework keeps included routers as it likes
    for route in of.routes:
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if inner is not None:
            yield from routes_of(inner)
        elif hasattr(route, "methods"):
            yield route


def ask(browser: Browser, method: str, path: str, **form: str) -> Response:
    form_with_token = {"csrf_token": browser.csrf_token, **form}
    data = form_with_token if method == "POST" else None
    return browser.client.request(method, path, data=data, headers=PAGE)


def test_console_has_pages() -> None:
    assert {("GET", "/"), ("GET", "/rooms"), ("POST", "/alerts/{alert}/acknowledge")} <= set(page_routes())


def test_pages_send_nobody_to_the_sign_in(tmp_path: Path) -> None:
    browser = Bench(tmp_path).browser()
    for method, path in page_routes():
        if path not in OPEN:
            answer = ask(browser, method, path)
            assert answer.status_code == 303, f"{method} {path}"
            assert answer.headers["location"].startswith("/sign-in"), f"{method} {path}"


def test_forms_without_the_sessions_token_are_refused(tmp_path: Path) -> None:
    browser = Bench(tmp_path).signed_in(Role.FACILITY_MANAGER)
    browser.csrf_token = ""
    for method, path in page_routes():
        if method == "POST" and path not in OPEN - {"/sign-out"}:
            assert ask(browser, method, path).status_code == 403, path


@pytest.mark.parametrize("role", list(Role))
def test_pages_are_for_those_who_may_read(tmp_path: Path, role: Role) -> None:
    browser = Bench(tmp_path).signed_in(role)
    for method, path in page_routes():
        if method == "GET" and path not in OPEN:
            status = ask(browser, method, path).status_code
            needed = APART.get(path, Permission.READ)
            is_closed = needed is not None and needed not in PERMISSIONS[role]
            assert (status == 403) == is_closed, f"{path} {status}"


@pytest.mark.parametrize("role", list(Role))
def test_forms_do_nothing_without_permission(tmp_path: Path, role: Role) -> None:
    bench = Bench(tmp_path)
    ids = {"alert": fire(bench), "finding": finding(bench)}
    browser = bench.signed_in(role)
    for path, (needed, form) in ACTS.items():
        before = bench.audited()
        ask(browser, "POST", path.format_map(ids), **form)
        assert (bench.audited() != before) == (needed in PERMISSIONS[role]), path


def test_person_who_is_not_signed_in_is_sent_back_afterwards(tmp_path: Path) -> None:
    answer = Bench(tmp_path).browser().client.get("/rooms?floor=2", headers=PAGE)
    assert answer.headers["location"] == "/sign-in?next=%2Frooms%3Ffloor%3D2"


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_sign_in_leads_to_no_other_site(tmp_path: Path, place: str) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    form = {"user_name": "anna", "password": "three blue herons", "next": place}
    answer = bench.browser().client.post("/sign-in", data=form, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
