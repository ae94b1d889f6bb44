"""Every page in both languages and two widths: nothing goes wrong, nothing is too wide, all of it is readable."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.console.demo_services import Demo
from tests.console.looking import Look, looked_at

AUDIT = (Path(__file__).parent / "audit.js").read_text().split("\n", 1)[1]

PAGES = (
    "/",
    "/rooms",
    "/rooms/a-202",
    "/rooms/a-105",
    "/rooms/a-204",
    "/utilisation",
    "/energy",
    "/savings",
    "/findings",
    "/alerts",
    "/plan",
    "/logs",
    "/data",
    "/account",
)
VIEWS = (
    "/utilisation?by=floor",
    "/utilisation?by=room",
    "/energy?by=unit",
    "/energy?by=zone",
    "/logs?show=isolations",
    "/logs?show=tests",
    "/findings?show=ended",
    "/findings?show=judged",
    "/alerts?show=closed",
    "/alerts/standing",
    "/alerts/undelivered",
    "/alerts/quality",
    "/alerts/wall",
    "/plan?show=table",
    "/plan?show=ended",
    "/plans",
)

each_language = pytest.mark.parametrize("language", ["zh", "en"])
each_size = pytest.mark.parametrize("size", ["wide", "phone"])


def items_and_alerts(demo: Demo) -> tuple[str, ...]:
    """Return pages of alerts and items, one of each kind."""
    alerts = tuple(f"/alerts/{demo.alert_ids[name]}" for name in ("fire", "forced", "leak", "closed"))
    items = ("draft", "overdue", "reported", "proven", "own", "refuted", "signed")
    return (*alerts, *(f"/plan/{demo.items[name].id}" for name in items))


def audited(look: Look, path: str) -> list[str]:
    """Look at a page, with everything on it unfolded, and say what is wrong."""
    look.go(path)
    look.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    found: list[str] = [f"{path}: {fault}" for fault in look.page.evaluate(AUDIT)]
    if look.overflow_px() > 0:
        found.append(f"{path}: {look.overflow_px()} px wider than the window")
    return found


@each_size
@each_language
def test_every_page_is_sound(browser: Browser, shown_demo: Demo, language: str, size: str) -> None:
    with looked_at(browser, shown_demo, language=language, size=size) as look:
        look.sign_in("limin")
        paths = (*PAGES, *VIEWS, *items_and_alerts(shown_demo))
        assert [fault for path in paths for fault in audited(look, path)] == []


@each_language
def test_every_page_is_readable_in_the_dark(browser: Browser, shown_demo: Demo, language: str) -> None:
    with looked_at(browser, shown_demo, language=language) as look:
        look.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        look.sign_in("limin")
        paths = (*PAGES, *items_and_alerts(shown_demo)[::3])
        assert [fault for path in paths for fault in audited(look, path)] == []


@each_size
@each_language
def test_page_of_people_is_sound_to_who_reads_nothing_else(
    browser: Browser, shown_demo: Demo, language: str, size: str
) -> None:
    with looked_at(browser, shown_demo, language=language, size=size) as look:
        look.sign_in("security", lands_on="#h-may")
        look.page.goto(f"{shown_demo.origin}/people")
        look.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        assert look.page.evaluate(AUDIT) == []
        assert look.overflow_px() <= 0


@each_size
@each_language
def test_pages_before_the_sign_in_are_sound(browser: Browser, shown_demo: Demo, language: str, size: str) -> None:
    with looked_at(browser, shown_demo, language=language, size=size) as look:
        for address in (f"{shown_demo.origin}/sign-in", shown_demo.set_up, f"{shown_demo.origin}/set-up?token=old"):
            look.page.goto(address)
            assert look.page.evaluate(AUDIT) == []
            assert look.overflow_px() <= 0


@each_language
def test_house_without_anything_says_what_to_do(
    browser: Browser, make_demo: Callable[..., Demo], language: str
) -> None:
    demo = make_demo(is_empty=True)
    with looked_at(browser, demo, language=language, size="phone") as look:
        look.sign_in("limin")
        empty = (
            "/utilisation",
            "/energy",
            "/findings",
            "/alerts",
            "/plan",
            "/plan?show=ended",
            "/alerts?show=closed",
            "/data",
        )
        for path in empty:
            assert audited(look, path) == []
            assert look.page.locator(".empty p").first.inner_text().strip()
        assert audited(look, "/") == []


def test_page_fits_a_very_narrow_phone(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo, language="en", size="phone") as look:
        look.page.set_viewport_size({"width": 320, "height": 640})
        look.sign_in("limin")
        for path in (*PAGES, *items_and_alerts(shown_demo)[::3]):
            look.go(path)
            assert look.overflow_px() <= 0, path


def test_first_page_weighs_little(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo) as look:
        look.sign_in("limin")
        look.go("/rooms/a-202")
        weight = look.page.evaluate(
            "async () => { const zip = async (url) => { const body = await (await fetch(url)).arrayBuffer();"
            " return (await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream('gzip')))"
            ".arrayBuffer()).byteLength; };"
            " const all = [location.href, ...performance.getEntriesByType('resource').map((each) => each.name)]"
            ".filter((url) => !url.includes('/live') && !url.includes('part='));"
            " return (await Promise.all([...new Set(all)].map(zip))).reduce((one, other) => one + other, 0); }"
        )
        assert 30_000 < weight < 120_000


def test_every_part_of_a_page_can_be_fetched_by_itself(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo) as look:
        look.sign_in("limin")
        for path in (*PAGES, *VIEWS, *items_and_alerts(shown_demo)):
            look.go(path)
            for part, shown in look.page.evaluate(
                "[...document.querySelectorAll('[data-part]')].map((each) => [each.dataset.part, each.innerText])"
            ):
                answer = look.context.request.get(shown_demo.origin + part)
                assert answer.ok, part
                assert "<html" not in answer.text()
                if shown.strip():
                    assert answer.text().strip(), part
