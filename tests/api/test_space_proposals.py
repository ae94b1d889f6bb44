"""Reallocation proposals over HTTP: made, decided once by who may, and accepted ones in the plan."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from sensors.actors import Role
from tests.api.bench import Bench, Browser

MOVE: Mapping[str, Any] = {
    "id": "merge-a-201",
    "kind": "merge",
    "room": "a-201",
    "to": "a-202",
    "people": 1,
    "unit": None,
    "why": "underused",
    "workdays": None,
    "confidence": "fair",
    "area_m2": 18.0,
}
EMPTY = {"room": "a-204", "people_now": 0, "people_then": 0, "units_now": [], "units_then": [], "is_free": False}
HIDDEN = {**MOVE, "id": "merge-a-203", "room": "a-203"}


def document(_seconds: float) -> Mapping[str, Any]:
    return {
        "id": "p1",
        "made": "2026-11-23T08:00:00+00:00",
        "first": "2026-10-12",
        "last": "2026-11-22",
        "feasible": True,
        "rules": ["capacity"],
        "conflicts": [],
        "untouched": [],
        "no_capacity": [],
        "moves": [dict(MOVE), HIDDEN],
        "rooms": [],
        "freed_m2": 18.0,
        "empty_now_m2": 0.0,
        "leased_m2": 0.0,
        "whole_floors": [],
        "energy": None,
        "aims": [],
    }


def bench(folder: Path) -> Bench:
    made = Bench(folder)
    made.services = replace(made.services, reallocation=document)
    made.app = create_app(made.services)
    return made


def manager(folder: Path) -> Browser:
    browser = bench(folder).signed_in(Role.FACILITY_MANAGER)
    assert browser.post("/space/proposals").status_code == 200
    return browser


def test_there_is_no_proposal_before_somebody_asks(tmp_path: Path) -> None:
    browser = bench(tmp_path).signed_in(Role.FACILITY_MANAGER)
    assert browser.get("/space/proposals").json() == {"proposal": None, "decisions": {}}


def test_restricted_room_is_in_no_proposal(tmp_path: Path) -> None:
    told = manager(tmp_path).get("/space/proposals").json()
    assert [move["id"] for move in told["proposal"]["moves"]] == ["merge-a-201"]


def test_accepted_move_is_an_item_once(tmp_path: Path) -> None:
    browser = manager(tmp_path)
    path = "/space/proposals/moves/merge-a-201/accept"
    item = browser.post(path, {"proposal": "p1"}).json()
    assert (item["rule"], item["subject"], item["state"]) == ("", "room:a-201", "draft")
    assert browser.post(path, {"proposal": "p1"}).status_code == 409
    decision = browser.get("/space/proposals").json()["decisions"]["merge-a-201"]
    assert (decision["decided"], decision["item_id"]) == ("accepted", item["id"])


def test_dropped_move_keeps_its_reason_and_needs_one(tmp_path: Path) -> None:
    browser = manager(tmp_path)
    path = "/space/proposals/moves/merge-a-201/drop"
    assert browser.post(path, {"proposal": "p1"}).status_code == 409
    told = browser.post(path, {"proposal": "p1", "note": "moves in spring"}).json()
    assert told["decisions"]["merge-a-201"]["note"] == "moves in spring"


def test_move_of_an_older_proposal_cannot_be_decided(tmp_path: Path) -> None:
    answer = manager(tmp_path).post("/space/proposals/moves/merge-a-201/accept", {"proposal": "p0"})
    assert answer.status_code == 409


def test_viewer_neither_sees_nor_makes_proposals(tmp_path: Path) -> None:
    browser = bench(tmp_path).signed_in(Role.VIEWER)
    assert browser.get("/space/proposals").status_code == 403
    assert browser.post("/space/proposals").status_code == 403


@pytest.mark.parametrize("rooms", [[], [EMPTY]])
def test_page_does_not_praise_an_arrangement_that_it_could_not_judge(
    tmp_path: Path, rooms: list[dict[str, object]]
) -> None:
    made = bench(tmp_path)
    unjudged = {**document(0), "moves": [], "rooms": rooms, "untouched": [{"room": "a-201", "reason": "no_rank"}]}
    made.services = replace(made.services, reallocation=lambda _: unjudged)
    made.app = create_app(made.services)
    browser = made.signed_in(Role.FACILITY_MANAGER)
    browser.post("/space/proposals")
    page = browser.client.get("/space/proposals").text
    assert "没有能判断的房间" in page
    assert "今天的安排已经最好" not in page
