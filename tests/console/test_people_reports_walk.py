"""From the sheet of codes to an item in the plan, as people walk: in both languages, on a phone and on a desk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from rectification.reporting import Sent, make_codes, send
from rectification.reports import ReportCategory
from tests.console.demo_building import HQ, registry
from tests.console.demo_services import Demo
from tests.console.looking import Look, looked_at
from tests.pictures import photo

AUDIT = (Path(__file__).parent / "audit.js").read_text().split("\n", 1)[1]


def coded(demo: Demo) -> str:
    """Give every room a code and one report; return the code of room a-202."""
    actor, clock = demo.actor("limin"), demo.clock
    sent = Sent(category=ReportCategory.WATER, text="洗手池下面漏水，地上有积水", language="zh", contact="8812 王")
    with demo.records.transaction() as tx:
        made = {code.room: code for code in make_codes(tx, registry().rooms, site=HQ, actor=actor, clock=clock)}
        [token] = [code.token for room, code in made.items() if room == "a-202"]
        send(tx, token, sent, clock=clock)
    return token


def faults(look: Look) -> list[str]:
    look.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    wide = [f"{look.overflow_px()} px wider than the window"] if look.overflow_px() > 0 else []
    return [f"{look.page.url}: {fault}" for fault in [*look.page.evaluate(AUDIT), *wide]]


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_of_reports_are_sound(browser: Browser, make_demo: Callable[..., Demo], language: str, size: str) -> None:
    demo = make_demo()
    code = coded(demo)
    with looked_at(browser, demo, language=language, size=size) as look:
        found = []
        for path in (f"/r/{code}", "/reported", "/reported?number=none", "/reported?sent=1"):
            look.page.goto(demo.origin + path)
            found += faults(look)
        look.sign_in("limin")
        for path in ("/reports", "/reports?show=done", "/room-codes"):
            look.go(path)
            found += faults(look)
        look.page.goto(f"{demo.origin}/room-codes/sheet?building=a")
        found += faults(look)
        assert found == []


def test_report_from_a_phone_is_accepted_at_a_desk(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    code = coded(demo)
    with looked_at(browser, demo, language="en", size="phone") as look:
        look.page.goto(f"{demo.origin}/r/{code}")
        look.page.select_option("#category", "electrical")
        look.page.fill("#text", "The socket by the window is loose")
        look.page.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo(gps=True)})
        look.page.click("#tell")
        number = look.page.inner_text("#number")
    with looked_at(browser, demo) as look:
        look.sign_in("limin")
        look.go("/reports")
        card = look.page.locator("[data-report]").filter(has_text="socket")
        assert card.locator("img").count() == 1
        card.locator("button[id^=accept-]").click()
        look.page.wait_for_selector(".notice.good")
        assert look.page.locator("[data-report]").count() == 1
        look.page.goto(f"{demo.origin}/reported?number={number}")
        assert "已列入整改" in look.page.inner_text("main")
