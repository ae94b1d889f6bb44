"""The demo signs a visitor in by itself: on this machine, under a loopback name, straight, and nowhere else."""

from pathlib import Path

import pytest

from api.security.accounts import set_up_url
from sensors.actors import Role
from tests.api.bench import Bench, Browser, demo_manager, web


def demo(tmp_path: Path, **changes: object) -> Bench:
    return Bench(tmp_path, web=web(demo_actor=demo_manager(), **changes))


def test_visitor_on_this_machine_is_the_demo_manager(tmp_path: Path) -> None:
    browser = demo(tmp_path).browser()
    me = browser.get("/me").json()
    assert (me["id"], me["roles"]) == ("demo", ["facility_manager"])


def test_visitor_keeps_one_session_and_acts_with_its_token(tmp_path: Path) -> None:
    bench = demo(tmp_path)
    browser = bench.browser()
    token = browser.get("/me").json()["csrf_token"]
    assert browser.get("/me").json()["csrf_token"] == token
    assert browser.post("/sign-out").status_code == 403
    signed = Browser(bench, browser.client, token)
    assert signed.post("/sign-out").status_code == 204


def test_unsafe_request_signs_nobody_in(tmp_path: Path) -> None:
    browser = demo(tmp_path).browser()
    assert browser.post("/sign-out").status_code == 401
    assert "premises" not in browser.client.cookies


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "", "testclient"])
def test_visitor_from_elsewhere_is_nobody(tmp_path: Path, address: str) -> None:
    assert demo(tmp_path).browser(address=address).get("/me").status_code == 401


def test_visitor_under_another_name_is_nobody(tmp_path: Path) -> None:
    browser = demo(tmp_path, hosts=frozenset({"intranet"})).browser()
    assert browser.get("/me", Host="intranet").status_code == 401
    assert browser.get("/me", Host="rebound.example").status_code == 421


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_visitor_through_a_proxy_is_nobody(tmp_path: Path, header: str) -> None:
    assert demo(tmp_path).browser().get("/me", **{header: "192.0.2.7"}).status_code == 401


def test_server_that_listens_elsewhere_has_no_demo(tmp_path: Path) -> None:
    bench = demo(tmp_path, listens_on_loopback=False)
    assert bench.browser().get("/me").status_code == 401


def test_demo_session_taken_elsewhere_opens_nothing(tmp_path: Path) -> None:
    bench = demo(tmp_path)
    here = bench.browser()
    here.get("/me")
    there = bench.browser(address="192.0.2.7")
    there.client.cookies.set("premises", here.client.cookies["premises"])
    assert there.get("/me").status_code == 401


def test_no_password_opens_the_demo_account_and_no_link_is_given_out(tmp_path: Path) -> None:
    bench = demo(tmp_path)
    bench.browser().get("/me")
    browser = bench.browser(address="192.0.2.7")
    assert browser.sign_in("demo", "") == 401
    assert set_up_url(bench.services) is None


def test_without_a_demo_nobody_is_signed_in(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER)
    assert bench.browser().get("/me").status_code == 401
