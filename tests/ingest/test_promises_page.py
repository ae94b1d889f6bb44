"""docs/ingest.md names a test for each promise, and every test that it names is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ingest.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


def functions_of(path: Path) -> set[str]:
    return {each.name for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_named_test_is_there(file: str, name: str) -> None:
    assert name in functions_of(ROOT / file)


def test_each_of_the_eight_promises_names_a_test() -> None:
    section = PAGE.partition("## The eight promises")[2].partition("\n## ")[0]
    promises = re.split(r"^\*\*\d\. ", section, flags=re.MULTILINE)[1:]
    assert len(promises) == 8
    assert all("::test_" in promise for promise in promises)
