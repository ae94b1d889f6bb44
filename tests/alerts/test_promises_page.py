"""docs/alerts.md names a test for each promise, every test that it names is there, and its policy can be used."""

import ast
import re
from pathlib import Path
from textwrap import dedent

import pytest

from alerts.alarms import ALARMS
from storage.policy_file import Ground, parse_policy

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
FILES = sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE)))


def functions_of(path: Path) -> set[str]:
    return {each.name for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_named_test_is_there(file: str, name: str) -> None:
    assert name in functions_of(ROOT / file)


def test_named_files_are_there() -> None:
    assert [file for file in FILES if not (ROOT / file).is_file()] == []


def test_each_promise_names_a_test() -> None:
    section = PAGE.partition("## What is promised")[2].partition("\n## ")[0]
    promises = re.split(r"^\*\*\d+\. ", section, flags=re.MULTILINE)[1:]
    assert len(promises) == 10
    assert [promise[:40] for promise in promises if "`tests/" not in promise] == []


def test_the_policy_of_the_page_can_be_used() -> None:
    text = dedent(PAGE.partition("    # alerts.yaml\n")[2].partition("\n\n`premises alerts check`")[0])
    ground = Ground(channels=("sms:duty:1", "dingtalk:guards:2", "sms:chief:3"), timezone="Asia/Shanghai")
    policy, faults = parse_policy(text.encode(), ground)
    assert [fault.reason for fault in faults] == []
    assert policy is not None
    assert set(policy.escalations) == {"fire"}


def test_first_table_lists_every_alarm_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \| (\w+) \| (.+?) \|", PAGE, flags=re.MULTILINE)
    assert rows == [
        (alarm.value, facts.rule, facts.kind.value, facts.severity.value, f"{facts.name.zh} {facts.name.en}")
        for alarm, facts in ALARMS.items()
    ]
