"""What the console ships: vendored files as they were checked, no file unused, no message missing or left over."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import cast

import pytest

from alerts.decisions import Hold
from alerts.escalation import ClockName
from alerts.event_rules import ALARM_OF as ALERTING
from alerts.logs.refusals import Refusal
from alerts.model import AlertAction, AlertState
from alerts.standing_commands import StandingRefusal
from api.alert_ports import CallState
from api.messages import Language, catalogue, preferred_language
from api.pages.acts import ITEM_COMMANDS, REFUSALS
from api.pages.response_views import CHANNELS
from api.ports import RoomClass
from api.security.passwords import Weakness
from rectification.model import ItemAction, ItemState
from sensors.actors import Role
from sensors.logs import AlarmTruth
from sensors.topology import CircuitItem, RoomCategory
from sensors.verdicts import Severity

API = Path(__file__).resolve().parents[2] / "api"
STATIC = API / "static"

SOURCES = [*(API / "pages").glob("*.py"), API / "messages.py", *(API / "templates").rglob("*.html")]
TEXT = "\n".join(path.read_text() for path in SOURCES)
SCRIPTS = "\n".join(path.read_text() for path in STATIC.glob("*.js"))

CLOSED_SETS = (
    *(f"severity.{each}" for each in Severity),
    *(f"class.{each}" for each in RoomClass),
    *(f"category.{each}" for each in RoomCategory),
    *(f"circuit.{each}" for each in CircuitItem),
    *(f"role.{each}" for each in Role),
    *(f"alert.state.{each}" for each in AlertState),
    *(f"alert.action.{each}" for each in AlertAction),
    *(f"alert.guidance.{each}" for each in ALERTING),
    *(f"hold.{each}" for each in Hold),
    *(f"clock.{each}" for each in ClockName),
    *(f"calls.state.{each}" for each in CallState),
    *(f"channel.{each}" for each in CHANNELS),
    *(f"truth.{each}" for each in AlarmTruth),
    *(f"item.state.{each}" for each in ItemState),
    *(f"item.waits.{each}" for each in ItemState),
    *(f"item.did.{each}" for each in ItemAction),
    *(f"password.{each}" for each in Weakness),
    *(f"refused.{each}" for each in REFUSALS.values()),
    *(f"refused.log_{each}" for each in Refusal),
    *(f"refused.standing_{each}" for each in StandingRefusal),
    *(f"done.{each.replace('-', '_')}" for each in ITEM_COMMANDS),
)


def manifest() -> dict[str, dict[str, str]]:
    entries: dict[str, dict[str, str]] = json.loads((STATIC / "manifest.json").read_text())
    return entries


def messages(language: str) -> dict[str, tuple[str, ...]]:
    """Return the forms of each message by its id."""
    told: dict[str, tuple[str, ...]] = {}
    for message in catalogue(cast("Language", language)):
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = message.string or ""
        if key:
            told[key] = (forms,) if isinstance(forms, str) else tuple(forms)
    return told


def placeholders(forms: tuple[str, ...]) -> set[str]:
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name is not None}


def dynamic_keys() -> Iterator[re.Pattern[str]]:
    """Yield patterns of the keys that are put together: f-strings in Python, `'a.' ~ b` in templates."""
    for found in re.findall(r'f"([a-z0-9_.]+(?:\{[^}]+\}[a-z_.]*)+)"', TEXT):
        yield re.compile(re.sub(r"\{[^}]+\}", r"[\\w.-]+", found.replace(".", r"\.")))
    for start, _, end in re.findall(r"'([a-z_.]+[._])' ~ (\w+)(?: ~ '([a-z_.]+)')?", TEXT):
        yield re.compile(re.escape(start) + r"[\w-]+" + re.escape(end))


def test_vendored_files_are_those_that_were_checked() -> None:
    entries = manifest()
    assert {f"vendor/{path.name}" for path in (STATIC / "vendor").iterdir()} == set(entries)
    for name, entry in entries.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == entry["sha256"], name
        assert (STATIC / entry["licence_file"]).read_text().strip(), name


def test_every_static_file_is_used() -> None:
    files = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    licences = {entry["licence_file"] for entry in manifest().values()}
    used = set(re.findall(r"asset\('([^']+)'\)", TEXT))
    assert files == used | licences | {"manifest.json"}


def test_every_icon_is_drawn_and_used() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    named = set(re.findall(r"icon\('([\w-]+)'", TEXT)) | set(re.findall(r'"(fire|smoke|leak|door|none)"', TEXT))
    pages = {"today", "rooms", "findings", "alerts", "plan", "data", "logs"}
    assert named | pages | {each.value for each in Severity} >= drawn
    assert drawn >= named | pages | {each.value for each in Severity}


def test_own_scripts_and_styles_reach_for_nothing_outside() -> None:
    own = [SCRIPTS, *((STATIC / name).read_text() for name in ("console.css", "icons.svg"))]
    addresses = [found for text in own for found in re.findall(r"https?://[^\s\"')]+", text)]
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}


def test_both_languages_say_the_same_things() -> None:
    chinese, english = messages("zh"), messages("en")
    assert set(chinese) == set(english)
    for key in chinese:
        assert placeholders(chinese[key]) == placeholders(english[key]), key


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_message_is_said(language: str) -> None:
    assert [key for key, forms in messages(language).items() if not all(forms)] == []


def test_every_message_asked_for_is_there() -> None:
    asked = set(re.findall(r"""(?:\bt|\.text|\.count)\(\s*["']([\w.]+)["']\s*[,)]""", TEXT)) | set(CLOSED_SETS)
    assert asked - set(messages("zh")) == set()


def test_no_message_is_left_over() -> None:
    literal = set(re.findall(r"""["']([\w.-]+)["']""", TEXT))
    patterns = list(dynamic_keys())
    told_of_steps = {f"{kind}.{name}" for kind in ("done", "refused") for name in literal}
    literal |= told_of_steps | set(CLOSED_SETS)
    unused = [
        key for key in messages("zh") if key not in literal and not any(pattern.fullmatch(key) for pattern in patterns)
    ]
    assert unused == []


def test_script_asks_for_texts_that_the_page_gives() -> None:
    asked = {
        re.sub(r"[A-Z]", lambda found: f"-{found.group().lower()}", name)
        for name in re.findall(r"texts\(\)\.(\w+)", SCRIPTS)
    }
    base = (API / "templates" / "base.html").read_text()
    assert asked
    assert asked <= set(re.findall(r"data-([\w-]+)=", base))


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [("en", "zh-CN", "en"), (None, "en-GB,en;q=0.9", "en"), (None, "fr, zh;q=0.5", "zh"), ("tlh", "", "zh")],
)
def test_language_is_the_one_chosen_else_the_browsers(chosen: str | None, accepted: str, language: str) -> None:
    assert preferred_language(chosen, accepted) == language
