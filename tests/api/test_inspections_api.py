"""Inspections over HTTP: planned, filled in bit by bit, submitted and frozen; faults become items, items are proven."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from httpx2 import Response

from rectification.commands import assign, report_done, start
from rectification.inspection_figures import figures
from rectification.inspection_rounds import Today, open_rounds, remind_of_inspections, report_overdue
from rectification.inspections import InspectionState
from rectification.model import Item, ItemState
from rectification.notices import NoticeKind
from rectification.particulars import Source
from sensors.actors import Actor, Role
from storage.checklists_file import built_in
from tests import pictures
from tests.api.bench import NOON, Bench, Browser, code, in_three_days, registry

MANAGER = Actor(id="id-anna", name="Anna", roles=frozenset({Role.FACILITY_MANAGER}))
TODAY = NOON.date()
ONCE = {
    "checklist": "fire-patrol",
    "subject": "building:a",
    "floor": "2",
    "assignee": "id-anna",
    "first": str(TODAY),
    "due": str(TODAY),
}
LINES = [line.id for line in built_in()["fire-patrol"].lines]
BLOCKED = {"exits-clear": {"result": "fault", "note": "boxes before the east exit"}}
Filled = dict[str, dict[str, str]]


def bench_with_lists(folder: Path) -> Bench:
    bench = Bench(folder)
    object.__setattr__(bench.services, "checklists", built_in)
    return bench


def send(browser: Browser, path: str, revision: int, *, method: str = "POST", **more: Any) -> Response:  # noqa: ANN401 - what the client takes
    headers = {"X-CSRF-Token": browser.csrf_token, "If-Match": f'"{revision}"'}
    return browser.client.request(method, f"/api/v1{path}", headers=headers, **more)


def planned(browser: Browser, **changes: str) -> str:
    answer = browser.post("/inspections", ONCE | changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["inspection"]["id"])


def fill(browser: Browser, inspection: str, revision: int, lines: Filled) -> Response:
    return send(browser, f"/inspections/{inspection}", revision, method="PATCH", json={"lines": lines})


def submitted(browser: Browser, inspection: str, lines: Filled) -> Any:  # noqa: ANN401 - JSON
    filled = fill(browser, inspection, 0, {line: {"result": "ok"} for line in LINES} | lines)
    assert filled.status_code == 200, filled.text
    answer = send(browser, f"/inspections/{inspection}/submit", 1)
    assert answer.status_code == 200, answer.text
    return answer.json()


def items(bench: Bench) -> list[Item]:
    with bench.records.reading() as tx:
        return list(tx.items())


def mended(bench: Bench, item: Item, *, by: Actor) -> None:
    clock = bench.clock
    with bench.records.transaction() as tx:
        assign(tx, item.id, responsible=by.id, actor=MANAGER, clock=clock)
        start(tx, item.id, actor=by, clock=clock)
        report_done(tx, item.id, actor=by, clock=clock)
    clock.go_on(timedelta(hours=1))


def test_half_an_inspection_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    browser = bench_with_lists(tmp_path).signed_in(Role.FACILITY_MANAGER)
    inspection = planned(browser)
    assert fill(browser, inspection, 0, {LINES[0]: {"result": "ok"}}).headers["ETag"] == '"1"'
    early = send(browser, f"/inspections/{inspection}/submit", 1)
    assert (early.status_code, code(early), early.json()["line"]) == (409, "inspection.unanswered", LINES[1])
    assert code(fill(browser, inspection, 0, {LINES[1]: {"result": "ok"}})) == "stale"
    assert fill(browser, inspection, 1, {line: {"result": "ok"} for line in LINES[1:]}).status_code == 200
    assert send(browser, f"/inspections/{inspection}/submit", 2).json()["state"] == "submitted"
    assert fill(browser, inspection, 3, {LINES[0]: {"result": "fault"}}).status_code == 409


def test_a_fault_becomes_an_item_with_clause_place_and_photo(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    inspection = planned(browser)
    fill(browser, inspection, 0, {line: {"result": "ok"} for line in LINES} | BLOCKED)
    sent = {"photo": ("IMG_1.jpg", pictures.photo(), "image/jpeg")}
    path = f"/inspections/{inspection}/lines/exits-clear/evidence"
    assert send(browser, path, 1, files=sent).status_code == 200
    done = send(browser, f"/inspections/{inspection}/submit", 2).json()
    [item] = items(bench)
    with bench.records.reading() as tx:
        given, [file] = tx.particulars(item.id), tx.evidence_files(item.id)
    assert given is not None
    assert (given.source, given.source_ref, given.location) == (Source.INSPECTION, "1:exits-clear", "主楼2层")
    assert "第二十五条" in given.clause
    assert given.title.startswith("boxes before the east exit")
    assert given.problem.startswith("boxes before the east exit（检查项：")
    [answer] = [each for each in done["answers"] if each["line"] == "exits-clear"]
    assert (answer["item_id"], answer["photos"][0]["sha256"]) == (item.id, file.sha256)
    assert browser.get(f"/inspections/{inspection}/photos/{file.sha256}").headers["content-type"] == "image/jpeg"


def test_a_fault_without_a_word_is_not_submitted(tmp_path: Path) -> None:
    browser = bench_with_lists(tmp_path).signed_in(Role.FACILITY_MANAGER)
    inspection = planned(browser)
    fill(browser, inspection, 0, {line: {"result": "ok"} for line in LINES} | {LINES[2]: {"result": "fault"}})
    assert code(send(browser, f"/inspections/{inspection}/submit", 1)) == "inspection.fault_without_note"


def test_the_next_round_proves_what_another_mended_and_finds_the_same_fault_once(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    ben = bench.account(Role.SAFETY_OFFICER, user_name="ben").actor()
    submitted(browser, planned(browser), BLOCKED)
    submitted(browser, planned(browser), BLOCKED)
    [item] = items(bench)
    mended(bench, item, by=ben)
    proof = submitted(browser, planned(browser), {})
    [item] = items(bench)
    assert item.state is ItemState.VERIFIED
    assert [each["line"] for each in proof["answers"] if each["proves"]] == ["exits-clear"]
    with bench.records.reading() as tx:
        last = tx.item_steps(item.id)[-1]
    assert '"inspection": 3' in last.evidence
    assert last.actor_id == "id-anna"


def test_nobody_proves_by_an_inspection_what_they_mended_themselves(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    submitted(browser, planned(browser), BLOCKED)
    mended(bench, items(bench)[0], by=MANAGER)
    answers = submitted(browser, planned(browser), {})["answers"]
    assert items(bench)[0].state is ItemState.REPORTED_DONE
    assert not any(each["proves"] for each in answers)


def test_what_is_still_wrong_goes_back_to_work(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    ben = bench.account(Role.SAFETY_OFFICER, user_name="ben").actor()
    submitted(browser, planned(browser), BLOCKED)
    mended(bench, items(bench)[0], by=ben)
    submitted(browser, planned(browser), BLOCKED)
    assert items(bench)[0].state is ItemState.IN_PROGRESS


def test_another_checklist_of_the_place_asks_whether_the_item_is_mended(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    ben = bench.account(Role.SAFETY_OFFICER, user_name="ben").actor()
    submitted(browser, planned(browser), BLOCKED)
    mended(bench, items(bench)[0], by=ben)
    other = planned(browser, checklist="cleaning", floor="")
    asked = browser.get(f"/inspections/{other}").json()["lines"][-1]
    assert (asked["id"], asked["item_id"]) == ("item-1", items(bench)[0].id)
    lines = {line.id: {"result": "ok"} for line in built_in()["cleaning"].lines} | {"item-1": {"result": "ok"}}
    assert fill(browser, other, 0, lines).status_code == 200
    assert send(browser, f"/inspections/{other}/submit", 1).status_code == 200
    assert items(bench)[0].state is ItemState.VERIFIED


def test_a_correction_is_a_new_version_and_the_old_one_stays(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    inspection = planned(browser)
    submitted(browser, inspection, BLOCKED)
    new = browser.post(f"/inspections/{inspection}/correct", {"note": "it was the west exit"}).json()
    assert (new["version"], new["corrects"], new["state"]) == (2, inspection, "started")
    west = {"exits-clear": {"result": "fault", "note": "boxes before the west exit"}}
    fill(browser, new["id"], 0, west)
    assert send(browser, f"/inspections/{new['id']}/submit", 1).status_code == 200
    old = browser.get(f"/inspections/{inspection}").json()
    assert old["state"] == "superseded"
    assert "east" in str(old["answers"])
    assert len(items(bench)) == 1


def test_who_is_not_asked_does_not_fill_in_and_who_only_looks_does_not_plan(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    inspection = planned(bench.signed_in(Role.FACILITY_MANAGER))
    ben = bench.signed_in(Role.SAFETY_OFFICER, user_name="ben")
    assert code(fill(ben, inspection, 0, {LINES[0]: {"result": "ok"}})) == "inspection.not_yours"
    assert ben.post("/inspections", ONCE).status_code == 403


def test_places_lines_and_people_that_are_not_there_are_refused(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    bench.account(Role.VIEWER, user_name="eve")
    wrong = {"subject": "building:z", "floor": "9", "assignee": "id-eve"}
    for name, value in wrong.items():
        assert browser.post("/inspections", ONCE | {name: value}).status_code == 422, name
    assert code(fill(browser, planned(browser), 0, {"nothing": {"result": "ok"}})) == "inspection.unknown_line"


def on(bench: Bench, day: date) -> Today:
    bench.clock.time = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    return Today(
        day=day,
        is_workday=lambda each: each.weekday() < 5,
        registry=registry(),
        checklists=built_in(),
        clock=bench.clock,
    )


def test_daily_rounds_open_on_workdays_are_told_of_reported_and_missed(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    rounds = {name: value for name, value in ONCE.items() if name != "due"}
    assert browser.post("/inspections", rounds).json()["schedule"]["interval"] == "daily"
    week = [TODAY + timedelta(days=day) for day in range(8)]  # Monday to the next one
    opened, told = [], []
    for day in week:
        today = on(bench, day)
        with bench.records.transaction() as tx:
            opened += [each.due for each in open_rounds(tx, today)]
            told += [(each.due, each.told) for each in remind_of_inspections(tx, today)]
            assert list(open_rounds(tx, today)) == []
            report_overdue(tx, today, in_three_days)
    assert opened == [day for day in week if day.weekday() < 5]
    assert (TODAY, NoticeKind.INSPECTION_DUE) in told
    assert (TODAY, NoticeKind.INSPECTION_OVERDUE) in told
    with bench.records.reading() as tx:
        missed = tx.inspections(states=(InspectionState.MISSED,))
        [counted] = figures(tx.inspections_due(week[0], week[-1]), today=week[-1], zone=UTC)
    assert len(missed) == 4
    assert (counted.planned, counted.missed, counted.overdue, counted.in_time_pct) == (6, 4, 1, 0.0)


def test_an_inspection_three_workdays_late_becomes_an_item_until_it_is_done(tmp_path: Path) -> None:
    bench = bench_with_lists(tmp_path)
    browser = bench.signed_in(Role.FACILITY_MANAGER)
    inspection = planned(browser)
    today = on(bench, TODAY + timedelta(days=3))
    for _ in range(2):
        with bench.records.transaction() as tx:
            report_overdue(tx, today, in_three_days)
    [item] = items(bench)
    assert item.state is ItemState.DRAFT
    browser = bench.browser()
    browser.sign_in()
    submitted(browser, inspection, {})
    assert items(bench)[0].state is ItemState.CANCELLED
