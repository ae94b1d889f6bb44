"""From a proposed group to a plan, with a photo as evidence and a repair: as a person does it in the console."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.console.demo_services import Demo
from tests.console.looking import looked_at
from tests.console.test_pages import audited
from tests.pictures import photo


@pytest.mark.parametrize(("language", "size"), [("zh", "wide"), ("en", "phone")])
def test_a_person_makes_a_plan_and_brings_evidence(
    browser: Browser, make_demo: Callable[..., Demo], tmp_path: Path, language: str, size: str
) -> None:
    demo = make_demo()
    picture = tmp_path / "配电箱.jpg"
    picture.write_bytes(photo(size=(800, 600), gps=True))
    with looked_at(browser, demo, language=language, size=size) as look:
        look.sign_in("limin")
        look.go("/plans")
        look.page.locator("form.group button.primary").first.click()
        look.page.wait_for_selector("#act-remove")
        plan = look.page.url.removeprefix(demo.origin).partition("?")[0]
        look.page.fill("#plan-leader", "id-wangqiang")
        look.page.fill("#plan-first", "2026-11-23")
        look.page.fill("#plan-last", "2027-01-31")
        look.page.click("#act-text")
        look.page.wait_for_selector(".facts dd:has-text('2027'), .facts dd:has-text('23')")
        item = str(look.page.locator(".ticks a").first.get_attribute("href"))
        look.go(item)
        look.page.set_input_files("#evidence-file", str(picture))
        look.page.click("#act-evidence")
        look.page.wait_for_selector(".files img")
        look.page.fill("#repair-what", "更换接触器")
        look.page.click("#act-repair")
        look.page.wait_for_selector("article.repair")
        assert [fault for path in (plan, item, "/plans") for fault in audited(look, path)] == []


def test_a_file_that_is_too_large_is_told_before_it_is_sent(
    browser: Browser, make_demo: Callable[..., Demo], tmp_path: Path
) -> None:
    demo = make_demo()
    large = tmp_path / "scan.pdf"
    large.write_bytes(b"%PDF-" + bytes(20 * 1024 * 1024 + 1))
    with looked_at(browser, demo) as look:
        look.sign_in("limin")
        look.go(f"/plan/{demo.items['own'].id}")
        look.page.set_input_files("#evidence-file", str(large))
        look.page.click("#act-evidence")
        look.page.wait_for_selector("form[data-upload] [role=alert]:not([hidden])")
        assert look.page.locator(".files li").count() == 0
