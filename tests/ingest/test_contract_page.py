"""docs/mqtt-contract.md tells every reason for which a record is not taken, and its examples are taken."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from ingest import known, native, native_fields, pipeline
from ingest.native import Topic, decode
from ingest.native_fields import PHASES
from sensors.events import EventType
from sensors.readings import Quality
from tests.ingest.intake import NOW_MS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "mqtt-contract.md").read_text(encoding="utf-8")


def source_of(*modules: ModuleType) -> str:
    return "".join(Path(module.__file__ or "").read_text(encoding="utf-8") for module in modules)


def reasons() -> set[str]:
    """Return every reason in the sources of the decoder and of the pipeline."""
    decoder, judge = source_of(native, native_fields), source_of(pipeline, known)
    plain = re.findall(r'reason="(\w+)"', decoder)
    fields = re.findall(r'bad\(at="(\w+)"', decoder) + re.findall(r'(?:truth|text)_of\(\w+, "(\w+)"', decoder)
    notes = re.findall(r'note\([^\n]*?"(\w+)", f?"', decoder)
    refused = re.findall(r'(?:_refused\([^"\n]*|kept\.add\(|reason, detail = |_ignored\([^"\n]*)"(\w+)"', judge)
    made = {"no_readings", "no_events", "seq_repeated"}
    return {*plain, *(f"bad_{field}" for field in fields), *notes, *refused, *made}


def test_every_reason_is_on_the_page() -> None:
    found = reasons()
    assert {"unknown_topic", "unknown_site", "retained", "bad_zone", "bad_u", "unknown_field", "no_value"} <= found
    assert sorted(reason for reason in found if f"`{reason}`" not in PAGE) == []


def test_the_page_has_no_reason_that_nobody_gives() -> None:
    _, _, refused = PAGE.partition("## What is refused")
    told = {reason for row in re.findall(r"^\| (`.*?) \|", refused, re.MULTILINE) for reason in re.findall(r"\w+", row)}
    assert sorted(told - reasons()) == []


def test_every_field_and_word_of_the_contract_is_on_the_page() -> None:
    fields = native._MESSAGE_FIELDS | native._READING_FIELDS | native._EVENT_FIELDS  # noqa: SLF001 - the contract's own lists
    words = {*fields, *EventType, *(PHASES - {""}), *(quality.name.lower() for quality in Quality)}
    assert sorted(word for word in words if f"`{word}`" not in PAGE) == []


@pytest.mark.parametrize(("number", "kind"), [(0, "readings"), (1, "events"), (2, "status")])
def test_each_example_is_taken_whole(number: int, kind: str) -> None:
    example = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[number]
    decoded = decode(Topic.parse(f"premises/v1/hq/gw1/{kind}"), example.encode(), received_ms=NOW_MS)
    assert (decoded.problems, decoded.notes) == ((), ())
    assert decoded.records > 0
