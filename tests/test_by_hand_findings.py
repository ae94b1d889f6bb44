"""docs/by-hand-findings.md can be followed: awk over the readings prints what each finding says."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sensors.catalogue import CATALOGUE
from tests.command_line import Outcome, runner

PAGE = Path(__file__).resolve().parents[1] / "docs" / "by-hand-findings.md"
Finding = dict[str, Any]
NUMBER = re.compile(r"\d+(?:\.\d+)?")
AS_SHOWN = 0.02
"""What awk prints is what the finding says, to the last digit; the page is as near as the physics stayed the same."""


def fenced(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def scripts() -> Iterator[tuple[str, str, str]]:
    """Yield rule, script and what the page says that it prints."""
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        found = re.search(r"```awk\n(.*?)```\s+prints `(.*?)`", section, flags=re.DOTALL)
        if found is not None:
            yield section[:3], found[1], found[2]


def told_by(finding: Finding) -> str:
    """Return what the script of a finding prints, from what Premises says of it."""
    value, evidence = finding["value"], finding["evidence"]
    said: dict[str, Callable[[], str]] = {
        "S03": lambda: f"{evidence['occupied_h']:.3f} h of {evidence['known_h']:.1f} h: {value:.3f} %",
        "E03": lambda: (
            f"{evidence['night_w']:.3f} W at night, {evidence['work_w']:.3f} W at work: {value:.3f}, "
            f"{evidence['night_excess_wm2']:.3f} W/m2"
        ),
        "W01": lambda: f"{value:.3f} m3/h, the least of 119 hours; {evidence['lost_m3']:.3f} m3 lost",
        "A01": lambda: f"{value:.3f} ppm",
        "F03": lambda: f"{value:.1f} s",
        "L01": lambda: f"{value:.1f} mA from {finding['start']} to {finding['end']}, 288 readings",
        "D01": lambda: f"from {finding['start']} to {finding['end']}, 45 s",
        "G05": lambda: f"{evidence['received']:.0f} of {evidence['expected']:.0f}: {value:.3f} %",
    }
    return said[finding["rule"]]()


def apart(text: str) -> tuple[list[str], list[float]]:
    """Return the words and the figures of a text."""
    return NUMBER.split(text), [float(number) for number in NUMBER.findall(text)]


def findings(premises: Callable[..., Outcome], folder: Path) -> dict[str, Finding]:
    """Do what the page says and return the finding of each rule that the page is about."""
    (faults,) = fenced("yaml")
    (folder / "faults.yaml").write_text(faults, encoding="utf-8")
    simulate, grep, analyze = (shlex.split(line) for line in fenced("sh")[0].splitlines())
    assert premises(*simulate[1:]).code == 0
    pattern, source, target = grep[2], grep[3], grep[5]
    kept = re.compile(pattern)
    with (folder / source).open(encoding="utf-8") as rows, (folder / target).open("w", encoding="utf-8") as few:
        few.writelines(filter(kept.search, rows))
    answer = json.loads(premises(*analyze[1:]).out)
    subjects = dict(re.findall(r'rule: (\w+), subject: "([^"]+)"', faults))
    return {
        each["rule"]: each
        for each in answer["findings"]
        if each["verdict"] == "fault" and each["subject"] == subjects[each["rule"]]
    }


def test_every_family_of_the_catalogue_has_a_finding_on_the_page() -> None:
    families = {rule[0] for rule, _, _ in scripts()}
    assert families == {rule[0] for rule in CATALOGUE}


def test_awk_prints_what_the_page_and_the_findings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = findings(partial(runner(monkeypatch, capsys)), tmp_path)
    for rule, script, printed in scripts():
        done = subprocess.run(["awk", "-F,", script, "kept.csv"], capture_output=True, text=True, check=True)
        assert (rule, done.stdout.strip()) == (rule, told_by(found[rule]))
        (words, figures), (shown_words, shown) = apart(done.stdout.strip()), apart(printed)
        assert words == shown_words
        assert figures == pytest.approx(shown, rel=AS_SHOWN)
