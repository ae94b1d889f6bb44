"""Alerts over HTTP: listed, opened, acknowledged once, by name."""

from pathlib import Path

from sensors.actors import Role
from tests.api.bench import Bench, code
from tests.api.records import fire


def test_alert_is_listed_with_message_and_parameters_in_no_language(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    fire(bench)
    [alert] = bench.signed_in(Role.VIEWER).get("/alerts").json()
    assert alert["message"] == "alert.fire"
    assert alert["parameters"] == {"event": "fire", "zone": "2F"}
    assert (alert["state"], alert["severity"], alert["subject"]) == ("raised", "red", "device:panel1")
    assert alert["onset"] == "2026-11-23T12:00:00Z"


def test_acknowledging_is_told_by_name_time_and_note(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    alert_id = fire(bench)
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    done = officer.post(f"/alerts/{alert_id}/acknowledge", {"note": "on my way"})
    assert (done.status_code, done.json()["state"]) == (200, "acknowledged")
    steps = officer.get(f"/alerts/{alert_id}").json()["steps"]
    assert [step["action"] for step in steps] == ["raise", "acknowledge"]
    assert (steps[1]["actor_id"], steps[1]["actor_name"], steps[1]["note"]) == ("id-anna", "Anna", "on my way")
    assert steps[0]["actor_name"] == "system:detection"


def test_second_acknowledgement_is_a_conflict(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    path = f"/alerts/{fire(bench)}/acknowledge"
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    officer.post(path)
    again = officer.post(path)
    assert (again.status_code, code(again)) == (409, "illegal_step")


def test_unknown_alert_is_not_found(tmp_path: Path) -> None:
    officer = Bench(tmp_path).signed_in(Role.SAFETY_OFFICER)
    assert code(officer.get("/alerts/none")) == "not_found"
    assert code(officer.post("/alerts/none/acknowledge")) == "not_found"


def test_list_can_be_cut_and_kept_to_what_is_open(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    fire(bench, zone="1F")
    fire(bench, zone="2F")
    viewer = bench.signed_in(Role.VIEWER)
    assert len(viewer.get("/alerts?limit=1").json()) == 1
    assert len(viewer.get("/alerts?open_only=true").json()) == 2
    assert code(viewer.get("/alerts?limit=0")) == "invalid"
    assert code(viewer.get("/alerts?limit=501")) == "invalid"


def test_note_has_an_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    assert code(officer.post(f"/alerts/{fire(bench)}/acknowledge", {"note": "x" * 2001})) == "invalid"


def test_an_alert_is_ended_with_a_note_and_a_fire_only_after_somebody_has_seen_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    path = f"/alerts/{fire(bench)}"
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    unseen = officer.post(f"{path}/clear", {"note": "the sensor is gone"})
    assert (unseen.status_code, code(unseen)) == (409, "fire_unseen")
    officer.post(f"{path}/acknowledge")
    assert officer.post(f"{path}/clear", {"note": ""}).status_code == 422
    assert code(officer.post(f"{path}/clear", {"note": " "})) == "note_missing"
    assert officer.post(f"{path}/clear", {"note": "the sensor is gone"}).json()["state"] == "cleared"
    assert officer.get(path).json()["steps"][-1]["note"] == "the sensor is gone"
    assert code(officer.post(f"{path}/clear", {"note": "again"})) == "illegal_step"
    assert code(officer.post("/alerts/none/clear", {"note": "again"})) == "not_found"


def test_the_page_of_an_alert_offers_to_end_it_and_says_why_it_cannot(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    path = f"/alerts/{fire(bench)}"
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    assert f'action="{path}/clear"' in officer.client.get(path).text
