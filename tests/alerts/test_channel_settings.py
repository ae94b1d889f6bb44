"""Channels come from the settings: off by default, secrets from files, each refusal with its place."""

from pathlib import Path

import pytest

from alerts.channels.pace import Paced
from alerts.dispatch import Delivery, dispatch
from premises.home import Home
from premises.notices.alert_key import alert_code_key
from premises.notices.channels import channels_of, phone_name
from premises.settings import SettingsError, load_settings
from tests.alerts.factories import registry
from tests.alerts.receiver import Reply, receiver
from tests.alerts.test_dispatch import Box
from tests.alerts.told import notice
from tests.memory_records import HandClock

ROBOT = 'name = "guards"\nkind = "{kind}"\nbase_url = "{url}"\ntoken_file = "secrets/one"\n'
SMS = """\
[[alerts.sms]]
name = "gateway"
url = "{url}"
body = '{{"to": "${{phone}}", "text": "${{text}}"}}'
success_path = "code"
success_value = "OK"
phones = [{{name = "duty", number = "13800000000"}}, {{name = "chief", number = "13900000000"}}]
[alerts.sms_reply]
secret_file = "secrets/one"
"""


def home_with(folder: Path, toml: str) -> Home:
    home = Home.find(folder / "home")
    home.settings.write_text(toml, encoding="utf-8")
    (home.secrets / "one").write_text("s3cret\n", encoding="utf-8")
    return home


def test_by_default_nobody_is_told(tmp_path: Path) -> None:
    home = home_with(tmp_path, "")
    assert channels_of(load_settings(home, {}), home) == []


def test_a_robot_has_the_limit_of_its_kind(tmp_path: Path) -> None:
    home = home_with(tmp_path, "[[alerts.robots]]\n" + ROBOT.format(kind="feishu", url="https://robots.example/hook"))
    (channel,) = channels_of(load_settings(home, {}), home)
    assert channel.name.startswith("feishu:guards:")
    assert isinstance(channel, Paced)
    assert channel.per_minute == 100


def test_a_public_cloud_is_called_only_where_the_setting_says_so(tmp_path: Path) -> None:
    robot = "[[alerts.robots]]\n" + ROBOT.format(kind="wecom", url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send")
    with pytest.raises(SettingsError, match=r"alerts\.robots\.0: base_url is a public cloud's"):
        load_settings(home_with(tmp_path, robot), {})
    home = home_with(tmp_path, f"{robot}public_cloud = true\n")
    assert len(channels_of(load_settings(home, {}), home)) == 1


def test_each_phone_is_a_channel_with_codes_of_its_own(tmp_path: Path) -> None:
    with receiver(Reply(body=b'{"code":"OK"}')) as there:
        home = home_with(tmp_path, SMS.format(url=there.url))
        channels = channels_of(load_settings(home, {}), home, registry=registry)
        for channel in channels:
            (attempt,) = dispatch(Box([notice()]), channel, clock=HandClock())
            assert attempt.answer.delivery is Delivery.DONE
    texts = {post.json["to"]: post.json["text"] for post in there.posts}
    assert {channel.name for channel in channels} == {
        phone_name("duty", "13800000000"),
        phone_name("chief", "13900000000"),
    }
    assert texts["13800000000"] != texts["13900000000"]


def test_without_somebody_who_brings_answers_there_are_no_codes(tmp_path: Path) -> None:
    with receiver(Reply(body=b'{"code":"OK"}')) as there:
        toml = SMS.format(url=there.url).partition("[alerts.sms_reply]")[0]
        home = home_with(tmp_path, toml)
        channels_of(load_settings(home, {}), home, registry=registry)[0].send(notice())
    assert there.posts[0].json["text"].startswith("【烟感报警】主楼2层201，12:00起。立即到场查看，属实拨119")
    assert "回复" not in there.posts[0].json["text"]


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("[[alerts.robots]]\n" + ROBOT.format(kind="wecom", url="ftp://x/"), r"alerts\.robots\.0: the robot's url"),
        (SMS.format(url="https://sms.example/").replace("${text}", "${txt}"), r"alerts\.sms\.0: \$\{txt\} is no field"),
        ('[[alerts.apprise]]\nname = "x"\nurl_file = "secrets/one"\n', r"alerts\.apprise\.0: .*apprise"),
        (
            '[[alerts.mail]]\nname = "m"\nhost = "h"\nsender = "a@b"\nrecipients = ["c@d"]\nca_file = "none"\n',
            r"alerts\.mail\.0",
        ),
        (
            '[[alerts.mail]]\nname = "duty"\nhost = "h"\nsender = "a@b"\nrecipients = ["c@d"]\n'
            + SMS.format(url="https://sms.example/"),
            r"the name duty stands twice",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_its_place(tmp_path: Path, toml: str, told: str) -> None:
    home = home_with(tmp_path, toml)
    with pytest.raises(SettingsError, match=told):
        channels_of(load_settings(home, {}), home)


def test_the_key_of_the_codes_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    home = home_with(tmp_path, "")
    assert alert_code_key(home) == alert_code_key(home)
    assert (home.secrets / "alert-codes.key").stat().st_mode & 0o077 == 0
    assert [path.name for path in home.secrets.iterdir() if path.name.startswith("alert-codes")] == ["alert-codes.key"]
