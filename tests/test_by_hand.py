"""docs/by-hand.md can be followed to the letter: its files are those of the tests, its script prints what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import runner
from tests.robod import MAPPING, REGISTRY, robod_file, robod_home

PAGE = Path(__file__).resolve().parents[1] / "docs" / "by-hand.md"


def fenced(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_page_shows_the_registry_and_the_mapping_that_the_tests_use() -> None:
    assert [block.strip() for block in fenced("yaml")] == [REGISTRY.strip(), MAPPING.strip()]


@pytest.mark.real_data
def test_the_script_of_the_page_prints_what_the_page_says(tmp_path: Path) -> None:
    (script,) = fenced("python")
    (tmp_path / "robod_room1.csv").symlink_to(robod_file())
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"prints `{done.stdout.strip()}`" in PAGE.read_text(encoding="utf-8")


@pytest.mark.real_data
def test_the_answer_is_the_one_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, mapping = robod_home(tmp_path)
    premises = runner(monkeypatch, capsys)
    imported = premises("import", robod_file(), "--mapping", mapping, "--home", home)
    assert "7 jumps, 24 blank cells; 41770 readings: 41770 new" in imported.out
    told = premises("analyze", "--language", "en", "--rules", "A01,E03,E05,S01,S02", "--home", home)
    # the page has plain spaces where the locale puts thin ones
    plain = told.out.replace("\N{THIN SPACE}", " ")
    shown = "\n".join(f"    {line}".rstrip() for line in plain.splitlines())
    assert shown in PAGE.read_text(encoding="utf-8")
