"""`premises alerts test` tries one channel and says what it answered."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from premises.cli import premises
from premises.home import Home
from tests.alerts.receiver import Reply, receiver

REGISTRY = """\
site: {id: hq, name: {zh: 院, en: Compound}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}
"""
ROBOT = '[[alerts.robots]]\nname = "guards"\nkind = "wecom"\nbase_url = "{url}"\ntoken_file = "secrets/one"\n'


def home_with(folder: Path, url: str) -> Home:
    home = Home.find(folder / "home")
    home.settings.write_text(ROBOT.format(url=url.partition("?")[0]), encoding="utf-8")
    home.registry.write_text(REGISTRY, encoding="utf-8")
    (home.secrets / "one").write_text("t0ken\n", encoding="utf-8")
    return home


def ran(home: Home, *words: str) -> Result:
    return CliRunner().invoke(premises, ["alerts", *words, "--home", str(home.root)])


def test_a_channel_that_takes_it_gets_a_fire_marked_as_a_test(tmp_path: Path) -> None:
    with receiver(Reply(body=b'{"errcode":0}')) as there:
        done = ran(home_with(tmp_path, there.url), "test", "--channel", "guards")
    assert done.exit_code == 0, done.output
    assert ": done (errcode 0)" in done.output
    (post,) = there.posts
    assert post.json["text"]["content"].startswith("【测试·火警】设备premises-test")


def test_a_channel_that_refuses_it_ends_in_1_and_says_why(tmp_path: Path) -> None:
    body = json.dumps({"errcode": 93000, "errmsg": "invalid webhook url"}).encode()
    with receiver(Reply(body=body)) as there:
        done = ran(home_with(tmp_path, there.url), "test", "--channel", "guards")
    assert done.exit_code == 1
    assert "retry (errcode 93000 invalid webhook url)" in done.output
    assert "t0ken" not in done.output


def test_a_channel_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    home = home_with(tmp_path, "https://robots.example/send")
    done = ran(home, "test", "--channel", "guard")
    assert "no channel is called 'guard'; there are: wecom:guards:" in str(done.exception)
    assert ran(home, "channels").output.startswith("wecom:guards:")
