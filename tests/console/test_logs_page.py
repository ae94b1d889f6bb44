"""The page on the logs, walked through as a person does."""

from collections.abc import Callable

from playwright.sync_api import Browser

from tests.console.demo_services import Demo
from tests.console.looking import looked_at


def test_a_round_is_written_by_the_form_and_shows_at_once(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo) as look:
        look.sign_in("zhaoning")
        look.go("/logs")
        look.page.fill("#coming", "钱七、孙八")
        look.page.click("#write-hand-over")
        look.page.wait_for_selector("#duty tr:has-text('钱七')")
        look.page.fill("#note", "一切正常")
        look.page.click("#write-round")
        look.page.wait_for_selector("#duty tr:has-text('一切正常')")
        assert look.page.input_value("#present") == "钱七、孙八"
        struck = look.page.locator("#duty tr.struck").count()
        row = look.page.locator("#duty tr").filter(has_text="一切正常").locator("details[id^=strike-]")
        row.locator("summary").click()
        row.locator("input[name=note]").fill("写错")
        row.locator("button").click()
        look.page.wait_for_selector("#duty tr.struck:has-text('一切正常')")
        assert look.page.locator("#duty tr.struck").count() == struck + 1


def test_a_wrong_entry_is_corrected_by_a_form_that_begins_with_it(
    browser: Browser, make_demo: Callable[..., Demo]
) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en", size="phone") as look:
        look.sign_in("zhaoning")
        look.go("/logs")
        form = look.page.locator("#duty details[id^=correct-]").first
        form.locator("summary").click()
        assert form.locator("input[name=relief]").input_value()
        form.locator("input[name=note]").fill("detector waits for repair")
        form.locator("button").click()
        look.page.wait_for_selector("#duty tr:has-text('waits for repair') .tag.yellow")
        look.go("/logs?show=tests")
        form = look.page.locator("#tests details[id^=correct-]").first
        form.locator("summary").click()
        form.locator("input[name=by]").fill("another firm")
        form.locator("button").click()
        look.page.wait_for_selector("#tests tr:has-text('another firm')")
        assert look.page.locator("#tests tr.struck").count() == 1


def test_an_isolation_waits_for_somebody_else(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo) as look:
        look.sign_in("zhaoning")
        look.go("/logs?show=isolations")
        look.page.click("#ask summary")
        look.page.fill("#zone", "3F-12")
        look.page.fill("#reason", "更换探测器")
        look.page.fill("#planned-end", "2030-01-01T18:00")
        look.page.click("#ask-isolation")
        look.page.wait_for_selector("#isolations :text('3F-12')")
        assert look.page.locator("details[id^=approve-]").count() == 0
    with looked_at(browser, demo, language="en", size="phone") as look:
        look.sign_in("limin")
        look.go("/logs?show=isolations")
        card = look.page.locator("#isolations article").filter(has_text="3F-12")
        card.locator("details[id^=approve-] summary").click()
        card.locator("details[id^=approve-] button").click()
        card.locator("details[id^=end-]").wait_for()
        assert "Approved" in card.inner_text()


def test_the_duty_sheet_shows_in_its_own_style_under_a_strict_policy(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo) as look:
        look.sign_in("zhaoning")
        answer = look.page.goto(f"{shown_demo.origin}/logs/sheet?day=2026-11-23")
        assert answer is not None
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert look.page.evaluate("getComputedStyle(document.querySelector('h1')).textAlign") == "center"
        assert "张三" in look.page.inner_text("table >> nth=1")
