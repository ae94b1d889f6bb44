"""The page on what holds alerts back, walked through as a person does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from alerts.matching import Matcher
from alerts.standing_commands import SilenceGiven, StandingDesk, create_silence
from sensors.alarms import AlarmKind
from tests.console.demo_services import Demo
from tests.console.looking import Look, looked_at
from tests.console.test_pages import audited


def fill(look: Look, form: str, **fields: str) -> None:
    look.page.click(f"#{form} > summary")
    for name, value in fields.items():
        look.page.fill(f"#{form}-{name}", value)


@pytest.mark.parametrize(("language", "size"), [("zh", "wide"), ("en", "phone")])
def test_silence_and_drill_are_made_shown_and_ended(
    browser: Browser, make_demo: Callable[..., Demo], language: str, size: str
) -> None:
    demo = make_demo()
    end = f"{demo.clock.now().date().isoformat()}T15:00"
    with looked_at(browser, demo, language=language, size=size) as look:
        look.sign_in("zhaoning")
        look.go("/alerts/standing")
        fill(look, "silence", zone="2F", ends=end, hours="12:00-13:00", comment="换门锁 new locks")
        look.page.check("input[name=weekdays][value='0']")
        look.page.click("#create-silence")
        look.page.wait_for_selector("#standing tbody tr")
        fill(look, "drill", zone="3F", ends=end, comment="秋季演练 autumn drill")
        look.page.click("#start-drill")
        look.page.wait_for_selector("#standing tbody tr:nth-child(2)")
        told = look.page.inner_text("#standing")
        assert {"zh": "周一", "en": "Mon"}[language] in told
        assert all(said in told for said in ("2F", "3F", "12:00–13:00", "换门锁", "赵宁"))
        assert audited(look, "/alerts/standing") == []
        look.page.click("#standing tbody tr:first-child button")
        look.page.wait_for_selector("#standing tr .tag.none")
        assert look.page.locator("#standing form button").count() == 1


def test_silence_without_anything_named_says_what_to_do(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("zhaoning")
        look.go("/alerts/standing")
        fill(look, "silence", ends="2030-01-01T15:00", comment="why")
        look.page.click("#create-silence")
        look.page.wait_for_selector(".notice.orange")
        assert "Name at least" in look.page.inner_text(".notice")


def test_who_may_only_read_sees_what_stands_and_no_form(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo) as look:
        look.sign_in("sunyi")
        look.go("/alerts/standing")
        assert look.page.locator("main form").count() == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_alert_is_put_aside_and_taken_out_of_service_on_its_page(
    browser: Browser, make_demo: Callable[..., Demo], language: str
) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language=language, size="phone") as look:
        look.sign_in("zhaoning")
        look.go(f"/alerts/{demo.alert_ids['leak']}")
        fill(look, "shelve", comment="等水工 plumber comes")
        look.page.click("#act-shelve")
        look.page.wait_for_selector(".notice.good")
        assert "plumber comes" in look.page.inner_text("#story")
        look.go(f"/alerts/{demo.alert_ids['forced']}")
        fill(look, "out", comment="换锁 lock changed")
        look.page.click("#act-out")
        look.page.wait_for_selector("#standing tr:has-text('lock changed')")
        assert "plumber comes" in look.page.inner_text("#standing")


def test_an_alert_names_the_silence_that_holds_it_and_leads_there(
    browser: Browser, make_demo: Callable[..., Demo]
) -> None:
    demo = make_demo()
    matcher = Matcher(kinds=frozenset({AlarmKind.DOOR}))
    given = SilenceGiven(matcher=matcher, comment="new locks", ends=demo.clock.now() + timedelta(hours=2))
    with demo.records.transaction() as tx:
        desk = StandingDesk(actor=demo.actor("zhaoning"), clock=demo.clock)
        demo.calls.silence = create_silence(tx, given, desk=desk).id
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("zhaoning")
        look.go(f"/alerts/{demo.alert_ids['forced']}")
        look.page.click("#alert .held a")
        look.page.wait_for_selector(f"#standing-{demo.calls.silence}:has-text('new locks')")
