"""Milesight's bytes: the vendor's own examples, and what is told of bytes that no layout knows."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.dialects.libraries import library
from ingest.dialects.milesight import as_object, read_bytes

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "milesight_vectors.json"
SUPPORTED = [
    "VS121",
    "VS133",
    "WS202",
    "WS203",
    "WS301",
    "GS524N",
    "WS523",
    "WS525",
    "EM500-CO2",
    "EM300-TH",
    "EM300-SLD",
    "EM300-ZLD",
    "AM102",
    "AM103",
    "AM104",
    "AM107",
    "AM307",
    "AM308",
    "AM319",
    "CT101",
    "CT103",
    "CT105",
    "CT303",
    "CT305",
    "CT310",
]


def vectors() -> list[dict[str, Any]]:
    if not VECTORS.exists():
        return []
    known = library("milesight")
    found: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [each for each in found if known.of(each["file"].split("/")[1]) is not None]


@pytest.mark.real_data
@pytest.mark.parametrize("vector", vectors(), ids=lambda each: f"{each['file'].split('/')[1]}-{each['hex'][:24]}")
def test_a_vendors_example_is_exact(vector: dict[str, Any]) -> None:
    device_map = library("milesight").of(vector["file"].split("/")[1])
    assert device_map is not None
    assert as_object(device_map, bytes.fromhex(vector["hex"])) == vector["expected"]


@pytest.mark.real_data
def test_the_examples_are_there_for_most_models() -> None:
    if not VECTORS.exists():
        pytest.skip("Milesight's vectors are not beside this checkout (../shared/data/milesight_vectors.json)")
    assert len(vectors()) >= 60


@pytest.mark.parametrize("model", SUPPORTED)
def test_a_supported_model_has_a_map(model: str) -> None:
    found = library("milesight").of(model)
    assert found is not None
    assert found.reads_bytes


@pytest.mark.parametrize(
    ("payload", "reason"),
    [("0367ee00aa01", "unknown_channel"), ("0367ee", "cut_short"), ("03", "unknown_channel")],
)
def test_bytes_that_cannot_be_read_are_told(payload: str, reason: str) -> None:
    found = library("milesight").of("EM300-TH")
    assert found is not None
    *_, unread = read_bytes(found, bytes.fromhex(payload))
    assert unread is not None
    assert unread.reason == reason


def test_a_smoke_detectors_message_has_one_length() -> None:
    found = library("milesight").of("GS524N")
    assert found is not None
    assert read_bytes(found, bytes.fromhex("221E64"))[2] == (
        "",
        "wrong_length",
        "3 bytes are no message of gs524n.yaml",
    )
