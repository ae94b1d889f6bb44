"""A fire from its event to an answer: the console sounds, a phone rings, nobody answers, the next one is called.

Everything is the real thing but the telephone network: the phones are those of `scripts/stub_phone.py`.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from alerts.channels.sms import Gateway, Sms
from alerts.channels.text import TextChannel
from alerts.codes import code_of, codes_in
from alerts.escalation import monday_to_friday
from alerts.matching import Matcher
from alerts.messages import Wording
from alerts.policy import Contact, Escalation, Lapse, Policy, Route, Rung
from alerts.replies import CodeRules
from api.app import create_app
from api.recipients import Recipient
from api.sms_replies import SmsReplies
from ingest.pipeline import Pipeline
from premises.notices.alert_desk import SpoolAlertDesk
from premises.notices.alerting import Alerting
from sensors.readings import epoch_ms
from storage.records import SqlRecords
from storage.spool import SqliteSpool
from tests.console.demo_building import HQ, registry
from tests.console.demo_services import Demo, HandClock
from tests.console.looking import Look, free_socket, looked_at, served
from tests.ingest.intake import events_message
from tests.servers import stop

PHONE_PROGRAM = Path(__file__).parents[2] / "scripts" / "stub_phone.py"
SECRET = "s3cret"  # noqa: S105 - of a test
KEY = b"key"
GUARD, CHIEF = "13800000001", "13800000002"
NEXT_AFTER = timedelta(seconds=4)

LISTEN = """
  const connect = AudioNode.prototype.connect;
  window.loudest = 0;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to === this.context.destination) {
      const analyser = this.context.createAnalyser();
      connect.call(this, analyser);
      const heard = new Float32Array(analyser.fftSize);
      const listening = setInterval(() => {
        analyser.getFloatTimeDomainData(heard);
        window.loudest = Math.max(window.loudest, ...heard.map(Math.abs));
      }, 20);
      setTimeout(() => clearInterval(listening), 3000);
    }
    return connect.call(this, to, ...more);
  };
"""
"""Hears what a page plays."""


class RunningClock(HandClock):
    """Goes on by itself, for what waits here waits for real."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@contextmanager
def phones(folder: Path, console: str) -> Iterator[str]:
    """Yield the address of the page of the phones."""
    secret = folder / "secret"
    secret.write_text(SECRET)
    command = [sys.executable, str(PHONE_PROGRAM), "--port", "0", "--console", console, "--secret-file", str(secret)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        stop(process)
        assert process.stdout is not None
        process.stdout.close()


def phone(address: str, label: str, number: str) -> TextChannel:
    gateway = Gateway(
        url=f"{address}/send", body='{"to": "${phone}", "text": "${text}"}', success_path="code", success_value="OK"
    )
    sms = Sms(gateway=gateway, label=label, phone=number)
    wording = Wording(language="zh", registry=registry, code=lambda alert_id: code_of(KEY, alert_id, sms.name))
    return TextChannel(sms, wording)


def policy(guard: TextChannel, chief: TextChannel) -> Policy:
    contacts = {each: Contact(name=each, channels=(by.name,)) for each, by in (("值班室", guard), ("主任", chief))}
    rungs = (Rung(to=("值班室",)), Rung(after=Lapse(time=NEXT_AFTER), to=("主任",)))
    return Policy(
        channels=(guard.name, chief.name),
        default_contact="主任",
        contacts=contacts,
        escalations={"火警": Escalation(name="火警", rungs=rungs)},
        routes=(Route(matcher=Matcher(), escalation="火警"),),
    )


def replies(guard: TextChannel, chief: TextChannel) -> SmsReplies:
    return SmsReplies(
        secret=SECRET,
        allowed=(ip_network("127.0.0.0/8"),),
        phones={
            GUARD: [Recipient(label="值班室", channel=guard.name)],
            CHIEF: [Recipient(label="主任", channel=chief.name, user="limin")],
        },
        rules=CodeRules(key=KEY, valid=timedelta(hours=1)),
    )


def burn(spool: SqliteSpool, zone: str) -> None:
    """Take in what a panel's gateway publishes."""
    fire = {"id": f"fire-{zone}", "dev": "panel1", "type": "fire", "state": "active", "zone": zone}
    now_ms = epoch_ms(datetime.now(UTC))
    message = events_message(fire, topic=f"{HQ}/gw1/events", received_ms=now_ms, ts=now_ms)
    spool.commit(Pipeline(registry=registry(), spool=spool).process([message]))


def on_phone(page: Page, number: str) -> str:
    """Return the last message on a phone, once there is one."""
    last = page.locator(f'[data-phone="{number}"] p.in').last
    expect(last).to_be_visible(timeout=20_000)
    return last.inner_text()


def test_a_fire_that_nobody_answers_calls_the_next_who_answers_by_sms(browser: Browser, tmp_path: Path) -> None:
    listening = free_socket()
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with phones(tmp_path, origin) as address, closing(SqliteSpool(tmp_path / "spool.db", min_free_bytes=0)) as spool:
        guard, chief = phone(address, "值班室", GUARD), phone(address, "主任", CHIEF)
        ways, clock = policy(guard, chief), RunningClock()
        demo = Demo(tmp_path, origin, is_empty=True, clock=clock)
        desk = SpoolAlertDesk(tmp_path / "spool.db", policy=lambda: ways, is_workday=monday_to_friday, clock=clock)
        demo.services = replace(demo.services, alerts=desk, sms_replies=replies(guard, chief))
        demo.app = create_app(demo.services)
        alerting = Alerting(
            tmp_path / "spool.db",
            channels=(guard, chief),
            records=lambda: SqlRecords(f"sqlite:///{tmp_path / 'records.db'}", clock=clock),
            clock=clock,
            policy=lambda: ways,
        )
        alerting.start()
        try:
            with served(demo, listening), looked_at(browser, demo) as look:
                phones_page = browser.new_context().new_page()
                phones_page.goto(address)
                _walk(look, phones_page, spool, alerting)
                phones_page.context.close()
        finally:
            alerting.stop()


def _walk(look: Look, phones_page: Page, spool: SqliteSpool, alerting: Alerting) -> None:
    look.context.add_init_script(LISTEN)
    look.sign_in("zhaoning")
    look.go("/alerts")
    look.page.click("#sound")
    look.page.evaluate("window.loudest = 0")

    burn(spool, "2F")
    alerting.wake()
    expect(look.page.locator("#alarm")).to_contain_text("火警 · 2F", timeout=20_000)
    look.page.wait_for_function("window.loudest > 0.05")

    look.page.locator("#alarm a").first.click()
    calls = look.page.locator("#calls")
    expect(calls).to_contain_text("短信 · 值班室")
    expect(calls.locator("[data-due]").first).to_have_text(re.compile(r"^\+?\d:\d\d$"))
    assert "火警" in on_phone(phones_page, GUARD)

    told = on_phone(phones_page, CHIEF)
    (code,) = codes_in(told)
    expect(calls).to_contain_text("第2级", timeout=20_000)
    expect(calls.locator("li", has_text="短信 · 主任")).to_contain_text("已送达", timeout=20_000)

    phones_page.fill(f'[data-phone="{CHIEF}"] input[name=text]', f"收到，确认 {code}")
    phones_page.click(f'[data-phone="{CHIEF}"] button')
    expect(phones_page.locator(f'[data-phone="{CHIEF}"] p.out')).to_contain_text("acknowledged")
    expect(look.page.locator("#alarm")).to_be_empty()
    expect(look.page.locator(".steps li").last).to_contain_text("确认 · 李敏")
    expect(look.page.locator(".steps li").last).to_contain_text("SMS")

    burn(spool, "3F")
    alerting.wake()
    expect(look.page.locator("#alarm")).to_contain_text("火警 · 3F", timeout=20_000)
    look.page.locator("#alarm a").first.click()
    look.page.locator("input[name=on_behalf_of]").fill("夜班保安")
    look.page.locator("#alert button", has_text="确认报警").click()
    expect(look.page.locator(".steps li").last).to_contain_text("确认 · 赵宁，代夜班保安")
    expect(look.page.locator("#alarm")).to_be_empty()
