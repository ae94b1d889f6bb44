"""What people do in the console, in a real browser over real records."""

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Browser, expect

from alerts.model import AlertState
from rectification.model import ItemState
from sensors.alarms import Alarm
from tests.console.demo_services import PASSWORD, Demo
from tests.console.looking import Look, looked_at


def alert_state(demo: Demo, name: str) -> AlertState:
    with demo.records.reading() as tx:
        alert = tx.alert(demo.alert_ids[name])
    assert alert is not None
    return alert.state


def item_state(demo: Demo, name: str) -> ItemState:
    with demo.records.reading() as tx:
        item = tx.item(demo.items[name].id)
    assert item is not None
    return item.state


def stays_on(look: Look, path: str) -> None:
    expect(look.page).to_have_url(re.compile(re.escape(path)))


def test_wrong_password_says_nothing_of_who_exists(browser: Browser, shown_demo: Demo) -> None:
    refusals = set()
    for user_name in ("limin", "nobody"):
        with looked_at(browser, shown_demo, language="en") as look:
            look.page.goto(f"{shown_demo.origin}/plan?show=table")
            look.page.fill("#user_name", user_name)
            look.page.fill("#password", "something else")
            look.page.click("button.primary")
            refusals.add(look.page.inner_text("#refusal"))
            assert [told for told in look.wrong if "422" not in told] == []
            look.wrong.clear()
    assert len(refusals) == 1


def test_signing_in_leads_to_the_page_that_was_wanted(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo, language="en") as look:
        look.page.goto(f"{shown_demo.origin}/plan?show=table")
        look.page.fill("#user_name", "limin")
        look.page.fill("#password", PASSWORD)
        look.page.click("button.primary")
        stays_on(look, "/plan?show=table")


def test_first_account_is_made_by_the_link_and_signs_in(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo(is_empty=True, has_people=False)
    with looked_at(browser, demo, language="en") as look:
        look.page.goto(demo.set_up)
        look.page.fill("#name", "Anna Meier")
        look.page.fill("#user_name", "anna")
        look.page.fill("#password", PASSWORD)
        look.page.click("button.primary")
        expect(look.page.get_by_role("status")).to_contain_text("Sign in")
        look.sign_in("anna")
        expect(look.page.locator(".rail footer")).to_contain_text("System administrator")
        look.page.goto(demo.set_up)
        expect(look.page.get_by_role("alert")).to_contain_text("used")


def test_fire_rings_on_every_page_until_somebody_acknowledges_it(
    browser: Browser, make_demo: Callable[..., Demo]
) -> None:
    demo = make_demo(is_empty=True)
    with looked_at(browser, demo, language="en") as watching, looked_at(browser, demo, language="en") as other:
        for look, name, path in ((watching, "zhaoning", "/rooms"), (other, "limin", "/plan")):
            look.sign_in(name)
            look.go(path)
            expect(look.page.locator("[data-waiting-count]")).to_be_hidden()
        watching.page.click("#sound")
        expect(watching.page.locator("#sound")).to_contain_text("Sound: on")
        demo.raise_alert("fire", Alarm.FIRE, "panel1", ago=timedelta(seconds=2), zone="2F")
        for look in (watching, other):
            expect(look.page.locator("#alarm")).to_contain_text("Fire alarm")
            expect(look.page.locator("[data-waiting-count]")).to_have_text("1")
            expect(look.page).to_have_title(re.compile(r"^\(1\) "))
        watching.page.get_by_role("button", name="Acknowledge").click()
        expect(watching.page.get_by_role("status").filter(has_text="acknowledged")).to_be_visible()
        stays_on(watching, "/rooms")
        expect(watching.page.locator("#sound")).to_contain_text("Sound: on")
        for look in (watching, other):
            expect(look.page.locator("#alarm")).to_be_empty()
            expect(look.page).not_to_have_title(re.compile(r"^\("))
    assert alert_state(demo, "fire") is AlertState.ACKNOWLEDGED


def test_fire_can_be_acknowledged_without_scripts(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo.origin}/sign-in")
    page.fill("#user_name", "zhaoning")
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.click(f"#ack-{demo.alert_ids['fire']}")
    expect(page.get_by_role("status").filter(has_text=re.compile("已确认|acknowledged"))).to_be_visible()
    context.close()
    assert alert_state(demo, "fire") is AlertState.ACKNOWLEDGED


def test_note_of_an_acknowledgement_is_kept_with_its_writer(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("zhaoning")
        look.go(f"/alerts/{demo.alert_ids['fire']}")
        look.page.fill(f"#note-{demo.alert_ids['fire']}", "<b>toast</b> in the kitchen")
        look.page.click(f"#ack-{demo.alert_ids['fire']}")
        last = look.page.locator(".steps li").last
        expect(last).to_contain_text("Acknowledged · 赵宁")
        expect(last).to_contain_text("<b>toast</b> in the kitchen")


def test_finding_becomes_an_item_that_is_assigned(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("limin")
        look.go("/findings")
        card = look.page.locator(".finding", has_text="Sensor offline")
        card.get_by_role("button", name="Propose item").click()
        stays_on(look, "/plan/")
        look.page.select_option("#responsible", label="王强")
        look.page.fill("#deadline", "2026-12-01")
        look.page.click("#act-assign")
        expect(look.page.get_by_role("status").filter(has_text="Assigned")).to_be_visible()
        expect(look.page.locator("#item")).to_contain_text("Waits for 王强 to begin")


def test_whoever_mended_it_cannot_sign_it_off(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    path = f"/plan/{demo.items['proven'].id}"
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("wangqiang")
        look.go(path)
        expect(look.page.get_by_role("button", name="Sign off")).to_be_disabled()
        expect(look.page.locator("#why-sign_off")).to_contain_text("cannot accept it yourself")
        # A form sent past the page is refused as well, and says why.
        token = look.page.locator("input[name=csrf_token]").first.input_value()
        answer = look.context.request.post(
            f"{demo.origin}{path}/sign-off", form={"csrf_token": token}, headers={"Origin": demo.origin}
        )
        assert "refused=same_hands" in answer.url
        assert item_state(demo, "proven") is ItemState.VERIFIED
        look.page.goto(answer.url)
        expect(look.page.get_by_role("status").filter(has_text="somebody else")).to_be_visible()


def test_another_person_signs_off_what_the_readings_have_proven(
    browser: Browser, make_demo: Callable[..., Demo]
) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="zh") as look:
        look.sign_in("limin")
        look.go(f"/plan/{demo.items['proven'].id}")
        expect(look.page.locator("#item")).to_contain_text("读数证明已整改到位")
        look.page.click("#act-sign_off")
        expect(look.page.get_by_role("status").filter(has_text="已销号")).to_be_visible()
    assert item_state(demo, "proven") is ItemState.SIGNED_OFF


def test_item_goes_through_work_to_the_readings(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("wangqiang")
        look.go(f"/plan/{demo.items['overdue'].id}")
        look.page.click("#act-start")
        expect(look.page.get_by_role("status").filter(has_text="Work has begun")).to_be_visible()
        look.page.fill("#note-report_done", "New fan")
        look.page.click("#act-report_done")
        expect(look.page.locator("#item")).to_contain_text("Waiting for")
    assert item_state(demo, "overdue") is ItemState.REPORTED_DONE


def test_viewer_sees_everything_and_can_do_nothing(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo, language="en") as look:
        look.sign_in("sunyi")
        paths = ["/", "/findings", "/alerts", "/plan", *(f"/plan/{item.id}" for item in shown_demo.items.values())]
        for path in paths:
            look.go(path)
            assert look.page.locator("main form").count() == 0, path


def test_who_may_not_read_is_told_so(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo, language="en") as look:
        look.page.goto(f"{shown_demo.origin}/sign-in")
        look.page.fill("#user_name", "security")
        look.page.fill("#password", PASSWORD)
        look.page.click("button.primary")
        expect(look.page.get_by_role("heading", level=1)).to_have_text("My account")
        look.page.goto(f"{shown_demo.origin}/")
        expect(look.page.get_by_role("heading", level=1)).to_have_text("Not allowed")
        assert [told for told in look.wrong if "403" not in told] == []
        look.wrong.clear()


def test_personal_and_restricted_rooms_keep_their_secrets(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo, language="en") as look:
        look.sign_in("limin")
        look.go("/rooms/a-105")
        shown = look.page.inner_text("main")
        assert "Idle" in shown
        assert not re.search(r"\d+ (ppm|W|kWh|h|day)\b|Occupied|Empty|\d:\d\d", shown)
        fetched = [look.context.request.get(f"{shown_demo.origin}/rooms/{path}") for path in ("a-105/week", "a-207")]
        assert [answer.status for answer in fetched] == [404, 404]
        for path in ("/rooms", "/", "/findings"):
            look.go(path)
            assert "207" not in look.page.inner_text("main")


def test_language_is_kept_and_leads_back_to_the_page(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo, language="zh") as look:
        look.sign_in("limin")
        look.go("/plan?show=table")
        look.page.get_by_role("link", name="English").click()
        stays_on(look, "/plan?show=table")
        expect(look.page.get_by_role("heading", level=1)).to_have_text("Plan")
        assert look.page.locator("html").get_attribute("lang") == "en"
        look.page.goto(f"{shown_demo.origin}/language/zh?next=//elsewhere.example/")
        expect(look.page.get_by_role("heading", level=1)).to_be_visible()
        stays_on(look, shown_demo.origin)


def test_keyboard_reaches_the_alarm_and_the_content(browser: Browser, shown_demo: Demo) -> None:
    with looked_at(browser, shown_demo, language="en") as look:
        look.sign_in("limin")
        look.go("/rooms")
        look.page.keyboard.press("Tab")
        expect(look.page.locator(".skip")).to_be_focused()
        look.page.keyboard.press("Enter")
        look.page.keyboard.press("Tab")
        assert look.page.evaluate("document.activeElement.closest('main') !== null")


def test_what_somebody_types_survives_a_live_change(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("limin")
        look.go("/alerts")
        field = look.page.locator(f"#note-{demo.alert_ids['fire']}")
        field.fill("I am on my")
        demo.raise_alert("leak 2", Alarm.LEAK, "leak1", ago=timedelta(seconds=1))
        expect(look.page.locator("[data-waiting-count]")).to_have_text("2")
        expect(field).to_be_focused()
        field.press_sequentially(" way")
        expect(field).to_have_value("I am on my way")
        look.page.locator("h1").click()
        expect(look.page.locator(".alert", has_text="Not acknowledged")).to_have_count(3)
        expect(field).to_have_value("I am on my way")


def test_signing_out_ends_it(browser: Browser, make_demo: Callable[..., Demo]) -> None:
    demo = make_demo()
    with looked_at(browser, demo, language="en") as look:
        look.sign_in("limin")
        look.page.get_by_role("button", name="Sign out").click()
        stays_on(look, "/sign-in")
        look.page.goto(f"{demo.origin}/plan")
        stays_on(look, "/sign-in?next=")
