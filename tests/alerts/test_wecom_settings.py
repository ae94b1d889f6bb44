"""An application of WeCom comes from the settings: the codes that it sends are those that its answers are held to."""

from pathlib import Path

import pytest

from alerts.codes import code_of
from alerts.dispatch import Delivery
from premises.home import Home
from premises.notices.alert_key import alert_code_key
from premises.notices.channels import channels_of
from premises.notices.wecom_replies import wecom_replies
from premises.settings import SecretError, SettingsError, load_settings
from tests.alerts.factories import registry
from tests.alerts.told import notice
from tests.alerts.wecom_server import AGENT, CORP, SECRET, wecom_server
from tests.api.wecom import ENCODING_KEY

APP = """\
[[alerts.wecom_apps]]
name = "guards"
base_url = "{url}"
corp_id = "wx1"
agent_id = 1000002
secret_file = "secrets/app"
members = [{{name = "duty", member = "zhangsan", user = "anna"}}]
"""
HEARS = 'callback_token_file = "secrets/token"\ncallback_key_file = "secrets/key"\n'


def home_with(folder: Path, toml: str, *, key: str = ENCODING_KEY) -> Home:
    home = Home.find(folder / "home")
    home.settings.write_text(toml, encoding="utf-8")
    for name, secret in (("app", SECRET), ("token", "t"), ("key", key)):
        (home.secrets / name).write_text(f"{secret}\n", encoding="utf-8")
    return home


def test_the_code_on_a_card_is_the_one_that_its_member_may_answer(tmp_path: Path) -> None:
    with wecom_server() as there:
        home = home_with(tmp_path, APP.format(url=there.url) + HEARS)
        settings = load_settings(home, {})
        (channel,) = channels_of(settings, home, registry=registry)
        assert channel.send(notice()).delivery is Delivery.DONE
        replies = wecom_replies(settings, home)["guards"]
        who = replies.members["zhangsan"]
        code = code_of(alert_code_key(home), notice().alert_id, who.channel)
        assert there.sent[0]["template_card"]["button_list"][0]["key"] == f"ack-{code}"
        assert (who.channel, who.user, replies.agent_id, replies.envelope.receiver) == (
            channel.name,
            "anna",
            AGENT,
            CORP,
        )


def test_an_application_that_hears_nothing_sends_no_codes(tmp_path: Path) -> None:
    with wecom_server() as there:
        home = home_with(tmp_path, APP.format(url=there.url))
        settings = load_settings(home, {})
        (channel,) = channels_of(settings, home, registry=registry)
        channel.send(notice())
        assert there.sent[0]["msgtype"] == "text"
        assert wecom_replies(settings, home) == {}


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (APP.format(url="https://qyapi.weixin.qq.com"), "public cloud"),
        (APP.format(url="http://127.0.0.1:1") + 'callback_token_file = "secrets/token"\n', "go together"),
        (APP.format(url="http://127.0.0.1:1") * 2, "stands twice"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, toml: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings(home_with(tmp_path, toml), {})


def test_a_key_that_is_none_is_refused_with_its_file(tmp_path: Path) -> None:
    home = home_with(tmp_path, APP.format(url="http://127.0.0.1:1") + HEARS, key="short")
    with pytest.raises(SecretError, match=r"secrets/key: .*43"):
        wecom_replies(load_settings(home, {}), home)
