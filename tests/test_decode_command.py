"""`premises decode`: what a message becomes, path by path, for people and for programs."""

import io
import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.command_line import Outcome, runner

UPLINK = (
    b'{"data":"A2fqAARoTwUAAA==","devEUI":"24e124136b502217","deviceName":"EM300-TH","time":"2026-01-05T08:00:00Z"}'
)
Decode = Callable[..., Outcome]


@pytest.fixture
def decode(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Decode:
    run = runner(monkeypatch, capsys)

    def decoded(payload: bytes, *arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(payload)))
        return run("decode", *arguments)

    return decoded


def document(outcome: Outcome) -> Any:  # noqa: ANN401 - any JSON
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_programs_get_readings_events_and_problems(decode: Decode) -> None:
    found = document(decode(UPLINK, "--format", "milesight", "--json"))
    assert [(each["device"], each["metric"], each["value"], each["time"]) for each in found["readings"]] == [
        ("24e124136b502217", "temperature_c", 23.4, "2026-01-05T08:00:00.000+00:00"),
        ("24e124136b502217", "relative_humidity_pct", 39.5, "2026-01-05T08:00:00.000+00:00"),
    ]
    assert found["events"] == []
    assert [(each["path"], each["reason"]) for each in found["problems"]] == [("data", "unknown_channel")]


def test_people_get_a_line_for_each_path(decode: Decode) -> None:
    said = decode(
        b'{"smoke":true,"battery":300,"linkquality":9}', "--format", "zigbee2mqtt", "--topic", "zigbee2mqtt/s1"
    ).out
    lines = [" ".join(line.split()[:3]) for line in said.splitlines() if line]
    assert lines[:4] == [
        "event smoke: s1",
        "problem battery: out_of_range:",
        "ignored linkquality: by_map:",
        "heard s1, model",
    ]
    assert lines[4].startswith("decoded in")


def test_what_cannot_be_read_is_told_and_is_no_failure(decode: Decode) -> None:
    found = document(decode(b"temp=21", "--format", "json", "--json"))
    assert [(each["path"], each["reason"]) for each in found["problems"]] == [("", "not_json")]


def test_the_model_that_the_registry_would_name_is_taken(decode: Decode) -> None:
    plain = b'{"data":"AXVcAwAB","devEUI":"24e124136b502217","deviceName":"corridor"}'
    found = document(decode(plain, "--format", "milesight", "--model", "WS202", "--json"))
    assert [each["metric"] for each in found["readings"]] == ["battery_pct", "motion"]


def test_the_native_contract_is_explained_as_well(decode: Decode) -> None:
    found = document(decode(b'{"readings":[{"dev":"aq1","m":"co2","v":936}]}', "--format", "native", "--json"))
    assert [(each["path"], each["value"]) for each in found["readings"]] == [("readings[0]", 936.0)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--format", "chirpstak"), "is no format; one of alink"),
        (("--format", "json", "--timezone", "Asia/Shanhai"), "is no time zone"),
        (("--format", "json", "--mapping", "nowhere.yaml"), "nowhere.yaml: the mapping cannot be read"),
    ],
)
def test_wrong_arguments_end_with_what_to_do(decode: Decode, arguments: tuple[str, ...], told: str) -> None:
    outcome = decode(b"{}", *arguments)
    assert outcome.code == 2
    assert told in outcome.err
