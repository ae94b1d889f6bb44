"""The page on data: books, quarantine, unknown devices, and having messages judged again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from api.data_ports import Adopting, Asked, PlaceKind
from tests.console.demo_services import Demo
from tests.console.looking import looked_at


def test_manager_has_messages_judged_again_and_the_log_says_who(
    browser: Browser, make_demo: Callable[..., Demo]
) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("limin")
        look.go("/data")
        look.page.get_by_role("button", name="Judge again: Device not in the registry, gw-east").click()
        expect(look.page.locator(".notice")).to_contain_text("was taken in")
        look.page.get_by_role("button", name="Judge again: Not JSON, gw-east").click()
        expect(look.page.locator(".notice")).to_contain_text("nothing is right yet")
    assert demo.data.asked == [
        Asked(reason="unknown_device", gateway="gw-east"),
        Asked(reason="not_json", gateway="gw-east"),
    ]
    with demo.records.reading() as tx:
        entries = [each for each in tx.audit_entries() if each.action == "quarantine.replay"]
    assert [each.detail["reason"] for each in entries] == ["not_json", "unknown_device"]


@pytest.mark.parametrize(("user", "shown"), [("limin", True), ("sunyi", False)])
def test_devices_and_buttons_are_for_those_who_keep_the_data(
    browser: Browser, shown_demo: Demo, user: str, *, shown: bool
) -> None:
    with looked_at(browser, shown_demo) as look:
        look.sign_in(user)
        look.go("/data")
        expect(look.page.get_by_text("网关账目")).to_be_visible()
        assert bool(look.page.get_by_text("premises devices adopt aq-301 --room ID").count()) is shown
        assert bool(look.page.get_by_role("button", name="重新判定").count()) is shown


def test_a_device_that_was_heard_is_entered_by_a_form(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("limin")
        look.go("/data")
        expect(look.page.get_by_role("rowheader", name="aq-301 AM319")).to_be_visible()
        place = look.page.get_by_label("Room of aq-301")
        place.fill("nowhere")
        look.page.get_by_role("button", name="Enter aq-301").click()
        expect(look.page.locator(".notice")).to_contain_text("could not be entered")
        place.fill("r-301")
        look.page.get_by_role("button", name="Enter aq-301").click()
        expect(look.page.locator(".notice")).to_contain_text("Entered in the registry")
    assert demo.data.adopted == [Adopting(device="aq-301", gateway="gw-east", kind=PlaceKind.ROOM, place="r-301")]
    with demo.records.reading() as tx:
        assert [each.action for each in tx.audit_entries()].count("device.adopt") == 2
