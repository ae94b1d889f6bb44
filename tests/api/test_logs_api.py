"""The logs over HTTP: written by those who keep them, read by all, edited by nobody."""

from datetime import timedelta
from pathlib import Path

import pytest

from sensors.actors import Role
from tests.api.bench import NOON, Bench, Browser, code
from tests.api.records import fire

ROUND = {"present": ["张三", "李四"], "panel_normal": True, "note": "一切正常"}
TEST = {
    "kind": "annual_test",
    "subject": "building:a",
    "day": "2026-03-02",
    "by": "安泰检测",
    "result": "passed",
    "next_due": "2027-03-01",
}
ISOLATION = {
    "subject": "device:panel1",
    "zone": "3F-12",
    "reason": "更换探测器",
    "planned_end": (NOON + timedelta(hours=4)).isoformat(),
}


def two(tmp_path: Path) -> tuple[Browser, Browser]:
    """Return the browsers of a safety officer and of a facility manager."""
    bench = Bench(tmp_path)
    return bench.signed_in(Role.SAFETY_OFFICER), bench.signed_in(Role.FACILITY_MANAGER, user_name="bert")


def test_a_round_is_written_corrected_and_struck_and_all_of_it_stays_to_be_seen(tmp_path: Path) -> None:
    officer, _ = two(tmp_path)
    wrong = officer.post("/duty", ROUND)
    assert wrong.status_code == 200, wrong.text
    officer.bench.clock.go_on(timedelta(minutes=1))
    right = officer.post(f"/duty/{wrong.json()['id']}/correct", ROUND | {"note": "2F 烟感故障"}).json()
    assert [(each["id"], each["holds"]) for each in officer.get("/duty").json()] == [
        (wrong.json()["id"], False),
        (right["id"], True),
    ]
    struck = officer.post(f"/duty/{right['id']}/strike", {"note": "写错班次"})
    assert struck.json()["void"]
    assert not any(each["holds"] for each in officer.get("/duty").json())
    assert officer.bench.audited()[-3:] == ["duty.enter", "duty.correct", "duty.strike"]


def test_what_cannot_be_is_refused_with_a_code(tmp_path: Path) -> None:
    officer, _ = two(tmp_path)
    assert code(officer.post("/duty", {"present": []})) == "log.nobody_present"
    ahead = (NOON + timedelta(hours=1)).isoformat()
    assert code(officer.post("/duty", ROUND | {"at": ahead})) == "log.in_future"
    assert code(officer.post("/duty/none/correct", ROUND)) == "not_found"
    assert code(officer.post("/fire-tests", TEST | {"next_due": "2026-01-01"})) == "log.ends_before"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/duty", {"present": ["x"] * 21}),
        ("/duty", {"present": ["x" * 101]}),
        ("/duty", {"present": [""]}),
        ("/duty", ROUND | {"note": "x" * 2001}),
        ("/duty", ROUND | {"at": "0001-01-01T00:00:00Z"}),
        ("/duty", ROUND | {"colour": "red"}),
        ("/fire-tests", TEST | {"subject": "nowhere"}),
        ("/fire-tests", TEST | {"day": "9999-12-31"}),
        ("/isolations", ISOLATION | {"zone": "x" * 201}),
    ],
)
def test_what_is_too_much_is_refused(tmp_path: Path, path: str, body: dict[str, object]) -> None:
    officer, _ = two(tmp_path)
    refused = officer.post(path, body)
    assert (refused.status_code, code(refused)) == (422, "invalid")


def test_tests_are_listed_with_what_corrects_them(tmp_path: Path) -> None:
    officer, manager = two(tmp_path)
    first = officer.post("/fire-tests", TEST).json()
    manager.post(f"/fire-tests/{first['id']}/correct", TEST | {"result": "failed"})
    listed = officer.get("/fire-tests").json()
    assert {(each["result"], each["holds"]) for each in listed} == {("passed", False), ("failed", True)}


def test_an_isolation_goes_through_two_pairs_of_hands(tmp_path: Path) -> None:
    officer, manager = two(tmp_path)
    asked = officer.post("/isolations", ISOLATION).json()
    path = f"/isolations/{asked['id']}"
    assert asked["state"] == "requested"
    assert code(officer.post(f"{path}/approve")) == "log.own_request"
    assert manager.post(f"{path}/approve").json()["state"] == "approved"
    later = (NOON + timedelta(hours=9)).isoformat()
    assert code(manager.post(f"{path}/extend", {"planned_end": later})) == "log.no_reason"
    assert manager.post(f"{path}/extend", {"planned_end": later, "note": "缺货"}).status_code == 200
    assert officer.post(f"{path}/file").status_code == 200
    ended = officer.post(f"{path}/end").json()
    assert ended["state"] == "ended"
    steps = [(each["action"], each["actor_name"]) for each in ended["steps"]]
    assert steps == [
        ("request", "Anna"),
        ("approve", "Bert"),
        ("extend", "Bert"),
        ("file", "Anna"),
        ("end", "Anna"),
    ]
    assert code(officer.post(f"{path}/end")) == "log.illegal_step"
    assert [each["state"] for each in manager.get("/isolations").json()] == ["ended"]


def test_an_alarm_is_verified_and_thereby_acknowledged(tmp_path: Path) -> None:
    officer, _ = two(tmp_path)
    alert = fire(officer.bench)
    officer.post(f"/alerts/{alert}/verify", {"truth": "real"})
    officer.bench.clock.go_on(timedelta(minutes=1))
    checked = officer.post(f"/alerts/{alert}/verify", {"truth": "false", "by": "张三", "note": "蒸汽"})
    assert (checked.json()["truth"], checked.json()["by"]) == ("false", "张三")
    assert officer.get(f"/alerts/{alert}").json()["alert"]["state"] == "acknowledged"
    listed = officer.get(f"/alerts/{alert}/checks").json()
    assert [(each["truth"], each["holds"]) for each in listed] == [("real", False), ("false", True)]
