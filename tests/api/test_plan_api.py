"""Findings and items over HTTP: from what a rule found to a signature by somebody who had no hand in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.app import create_app
from rectification.by_savings import Foretold, ItemSavings, outright
from sensors.actors import Role
from tests.api.bench import Bench, code
from tests.api.records import finding, proven_item

MANAGER = Role.FACILITY_MANAGER


def test_finding_is_shown_with_its_figures(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    finding(bench)
    [found] = bench.signed_in(Role.VIEWER).get("/findings?open_only=true").json()
    assert (found["rule"], found["subject"], found["value"], found["threshold"]) == ("E03", "room:a-201", 41.5, 20.0)
    assert found["evidence"] == {"empty_h": 40.0}


def test_finding_about_a_personal_room_shows_no_figures(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    finding(bench, subject="room:a-202")
    viewer = bench.signed_in(Role.VIEWER)
    for found in (viewer.get("/findings").json()[0], viewer.get("/findings/f1").json()):
        assert (found["value"], found["threshold"], found["energy_kwh"], found["evidence"]) == (None, None, None, {})
        assert found["started"] == "2026-11-15T16:00:00Z"  # midnight in Shanghai


def test_finding_about_a_restricted_room_is_not_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    finding(bench, subject="room:a-203")
    manager = bench.signed_in(MANAGER)
    assert manager.get("/findings").json() == []
    assert manager.get("/findings/f1").status_code == 404
    assert manager.post("/findings/f1/propose").status_code == 404
    assert manager.post("/findings/f1/judge", {"judgement": "false"}).status_code == 404


def test_finding_is_judged_and_the_judgement_taken_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager, path = bench.signed_in(MANAGER), f"/findings/{finding(bench)}/judge"
    accepted = manager.post(path, {"judgement": "accepted", "until": "2027-01-01T00:00:00+08:00"}).json()
    assert (accepted["judged"], accepted["judged_by"]) == ("accepted", "id-anna")
    assert accepted["judged_until"] == "2026-12-31T16:00:00Z"
    assert manager.post(path, {"judgement": None}).json()["judged"] is None


@pytest.mark.parametrize(
    "body", [{}, {"judgement": "maybe"}, {"judgement": "accepted", "until": "2027-01-01T00:00:00"}]
)
def test_judgement_that_says_nothing_clear_is_refused(tmp_path: Path, body: dict[str, str]) -> None:
    bench = Bench(tmp_path)
    assert code(bench.signed_in(MANAGER).post(f"/findings/{finding(bench)}/judge", body)) == "invalid"


def test_proposing_twice_makes_one_item_tied_to_the_finding(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager, path = bench.signed_in(MANAGER), f"/findings/{finding(bench)}/propose"
    first, second = manager.post(path), manager.post(path)
    assert first.status_code == 201
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["state"] == "draft"
    assert first.json()["deadline"] == "2026-11-26"
    assert manager.get("/findings/f1").json()["item_id"] == first.json()["id"]


def test_item_goes_from_finding_to_signature_through_four_hands(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager, worker = bench.signed_in(MANAGER), bench.signed_in(Role.SAFETY_OFFICER, user_name="ben")
    item_id = proven_item(bench, manager, worker, responsible="id-ben")
    signed = manager.post(f"/items/{item_id}/sign-off", {"note": "seen"})
    assert (signed.status_code, signed.json()["state"], signed.json()["signed_off_by"]) == (
        200,
        "signed_off",
        "id-anna",
    )
    steps = manager.get(f"/items/{item_id}").json()["steps"]
    assert [(step["action"], step["actor_name"]) for step in steps] == [
        ("propose", "Anna"),
        ("assign", "Anna"),
        ("start", "Ben"),
        ("report_done", "Ben"),
        ("verify", "system:verification"),
        ("sign_off", "Anna"),
    ]
    assert steps[4]["evidence"] == '{"days": 7}'


def test_who_mended_it_cannot_sign_it_off(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item_id = proven_item(bench, manager, manager, responsible="id-anna")
    refused = manager.post(f"/items/{item_id}/sign-off")
    assert (refused.status_code, code(refused)) == (409, "same_hands")
    assert manager.get(f"/items/{item_id}").json()["item"]["state"] == "verified"


def test_item_of_somebody_else_is_not_worked_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    ben = bench.signed_in(Role.SAFETY_OFFICER, user_name="ben")
    item_id = manager.post(f"/findings/{finding(bench)}/propose").json()["id"]
    manager.post(f"/items/{item_id}/assign", {"responsible": "id-anna"})
    assert code(ben.post(f"/items/{item_id}/start")) == "not_responsible"


def test_rejecting_needs_a_reason_and_sends_back_to_work(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager, worker = bench.signed_in(MANAGER), bench.signed_in(Role.SAFETY_OFFICER, user_name="ben")
    item_id = proven_item(bench, manager, worker, responsible="id-ben")
    assert code(manager.post(f"/items/{item_id}/reject")) == "note_missing"
    assert manager.post(f"/items/{item_id}/reject", {"note": "cable open"}).json()["state"] == "in_progress"


def test_what_readings_decide_nobody_vouches_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager, worker = bench.signed_in(MANAGER), bench.signed_in(Role.SAFETY_OFFICER, user_name="ben")
    item_id = manager.post(f"/findings/{finding(bench)}/propose").json()["id"]
    manager.post(f"/items/{item_id}/assign", {"responsible": "id-ben"})
    worker.post(f"/items/{item_id}/start")
    worker.post(f"/items/{item_id}/report-done")
    assert code(manager.post(f"/items/{item_id}/verify", {"note": "I looked"})) == "proof_by_readings"


@pytest.mark.parametrize("responsible", ["nobody", "id-eve", "id-dan", "system:analysis"])
def test_item_goes_only_to_somebody_who_can_work_on_it(tmp_path: Path, responsible: str) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER, user_name="eve")
    bench.account(MANAGER, user_name="dan", disabled=True)
    manager = bench.signed_in(MANAGER)
    item_id = manager.post(f"/findings/{finding(bench)}/propose").json()["id"]
    refused = manager.post(f"/items/{item_id}/assign", {"responsible": responsible})
    assert (refused.status_code, code(refused)) == (422, "not_a_worker")
    assert [person["id"] for person in manager.get("/people").json()] == ["id-anna"]


def test_step_out_of_turn_is_a_conflict_and_changes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item_id = manager.post(f"/findings/{finding(bench)}/propose").json()["id"]
    assert code(manager.post(f"/items/{item_id}/sign-off")) == "illegal_step"
    assert manager.get(f"/items/{item_id}").json()["item"]["state"] == "draft"
    assert manager.post(f"/items/{item_id}/cancel", {"note": "twice the same"}).json()["state"] == "cancelled"


def test_readings_behind_a_step_in_a_personal_room_are_not_shown(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    finding(bench, subject="room:a-202")
    item_id = manager.post("/findings/f1/propose").json()["id"]
    assert {step["evidence"] for step in manager.get(f"/items/{item_id}").json()["steps"]} == {""}


def test_every_write_is_audited_in_one_chain(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager, worker = bench.signed_in(MANAGER), bench.signed_in(Role.SAFETY_OFFICER, user_name="ben")
    manager.post(f"/items/{proven_item(bench, manager, worker, responsible='id-ben')}/sign-off")
    assert len([action for action in bench.audited() if action.startswith("item")]) == 6


def test_what_an_energy_item_saved_is_told_with_its_interval_and_of_a_personal_room_not(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    spent = Foretold(saved_kwh=50.0, half_width_kwh=10.0, actual_kwh=450.0, intervals=336)
    bench.services = replace(
        bench.services, item_savings=lambda item, _began: ItemSavings(item_id=item.id, saved=outright(spent))
    )
    bench.app = create_app(bench.services)
    manager = bench.signed_in(MANAGER)
    item_id = manager.post(f"/findings/{finding(bench)}/propose").json()["id"]
    told = manager.get(f"/items/{item_id}/savings").json()
    assert (told["conclusion"], told["savings_kwh"], told["ci90_kwh"]) == ("saved", 50.0, [40.0, 60.0])
    finding(bench, subject="room:a-202", identifier="f2")
    personal = manager.post("/findings/f2/propose").json()["id"]
    assert code(manager.get(f"/items/{personal}/savings")) == "personal_room"
    assert manager.get("/items/none/savings").status_code == 404
