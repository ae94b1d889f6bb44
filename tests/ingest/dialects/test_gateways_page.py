"""docs/gateways.md tells every format, every reason and every word of a map."""

import re
from pathlib import Path

from ingest.dialects.formats import FORMATS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "gateways.md").read_text(encoding="utf-8")


def reasons() -> set[str]:
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "ingest" / "dialects").glob("*.py"))
    said = re.findall(r'(?:Outcome\([^"()]*(?:"",? )?|reason=|else )"(\w+)"', sources)
    return {*said, *re.findall(r'Outcome\([^"\n]*"", "(\w+)"', sources)}


def test_every_reason_is_on_the_page() -> None:
    found = reasons()
    assert {"unknown_key", "sentinel", "repeated", "not_json", "unknown_channel", "time_ahead"} <= found
    assert sorted(reason for reason in found if "_" in reason and f"`{reason}`" not in PAGE) == []


def test_every_format_is_on_the_page() -> None:
    assert sorted(name for name in FORMATS if f"| `{name}` |" not in PAGE) == []
