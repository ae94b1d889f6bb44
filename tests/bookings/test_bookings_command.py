"""`premises bookings import`: all or nothing, kept once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Outcome, runner

Import = Callable[..., Outcome]
REGISTRY = """
site: {id: hq, name: HQ, timezone: Asia/Shanghai, calendar: none, working_hours: "08:00-18:00"}
buildings: [{id: a, name: A}]
rooms: [{id: m1, building: a, floor: 1, name: 会议室, category: service, subtype: meeting, usable_area_m2: 30}]
"""
GOOD = "room,start,end\nm1,2026-03-02 09:00,2026-03-02 10:00\n会议室,2026-03-02 11:00,2026-03-02 12:00\n"


@pytest.fixture
def bring(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Import:
    (tmp_path / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    premises = runner(monkeypatch, capsys)

    def imported(content: str, *options: str) -> Outcome:
        path = tmp_path / "B.csv"
        path.write_text(content, encoding="utf-8")
        return premises("bookings", "import", path, "--home", tmp_path, *options)

    return imported


def test_the_same_file_again_changes_nothing(bring: Import) -> None:
    assert json.loads(bring(GOOD, "--json").out) == {"new": 2, "changed": 0, "unchanged": 0, "cancelled": 0}
    assert json.loads(bring(GOOD, "--json").out) == {"new": 0, "changed": 0, "unchanged": 2, "cancelled": 0}


def test_a_file_with_a_fault_keeps_nothing(bring: Import) -> None:
    refused = bring(GOOD + "m9,2026-03-03 09:00,2026-03-03 10:00\n")
    assert refused.code == 2
    assert "row 4, column room" in refused.err
    assert json.loads(bring(GOOD, "--json").out)["new"] == 2


def test_a_longer_and_a_cancelled_booking_take_effect(bring: Import) -> None:
    bring(GOOD)
    later = (
        "room,start,end,status\nm1,2026-03-02 09:00,2026-03-02 10:30,\nm1,2026-03-02 11:00,2026-03-02 12:00,cancelled\n"
    )
    assert json.loads(bring(later, "--json").out) == {"new": 0, "changed": 1, "unchanged": 0, "cancelled": 1}
    assert "0 cancelled" in bring(later).out


def test_an_unknown_room_option_says_so(bring: Import) -> None:
    refused = bring("start,end\n2026-03-02 09:00,2026-03-02 10:00\n", "--room", "m9")
    assert (refused.code, "--room 'm9'" in refused.err) == (2, True)
