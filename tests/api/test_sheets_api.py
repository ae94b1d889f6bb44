"""Sheets, evidence, repairs and plans over HTTP: nobody overwrites another, and no file does anything in a browser."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from api.routes.evidence import POLICY, disposition
from rectification.evidence import MAX_BYTES
from rectification.notices import NoticeKind
from rectification.reminders import People, remind
from sensors.actors import Role
from tests.api.bench import NOON, Bench, Browser, code
from tests.api.records import finding, proven_item
from tests.pictures import office, photo

MANAGER, OFFICER = Role.FACILITY_MANAGER, Role.SAFETY_OFFICER
PDF = b"%PDF-1.7\n%%EOF\n"


def proposed(bench: Bench, manager: Browser, *, subject: str = "room:a-201", identifier: str = "f1") -> str:
    made = manager.post(f"/findings/{finding(bench, subject=subject, identifier=identifier)}/propose")
    return str(made.json()["id"])


def patch(browser: Browser, path: str, body: object, revision: object) -> Response:
    headers = {"X-CSRF-Token": browser.csrf_token}
    if revision is not None:
        headers["If-Match"] = f'"{revision}"'
    return browser.client.patch(f"/api/v1{path}", json=body, headers=headers)


def send(browser: Browser, item: str, content: bytes, name: str = "photo.jpg", **form: str) -> Response:
    return browser.client.post(
        f"/api/v1/items/{item}/evidence",
        files={"file": (name, content, "application/octet-stream")},
        data=form,
        headers={"X-CSRF-Token": browser.csrf_token},
    )


def test_a_sheet_says_what_follows_and_takes_what_is_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    path = f"/items/{proposed(bench, manager)}/sheet"
    read = manager.get(path)
    assert read.json()["told"]["location"]["zh"] == "主楼2层a-201 室"
    assert read.json()["written"]["goal"] == ""
    revision = read.headers["etag"].strip('"')
    written = patch(manager, path, {"goal": "夜间关闭", "funds_yuan": 1200, "measure": "定时器"}, revision).json()
    assert (written["told"]["goal"]["zh"], written["measure"], written["revision"]) == (
        "夜间关闭",
        "定时器",
        int(revision) + 1,
    )
    assert manager.get(path).json()["written"]["funds_yuan"] == 1200
    assert "item.edit" in bench.audited()


def test_an_edit_names_the_revision_that_was_read(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    path = f"/items/{proposed(bench, manager)}/sheet"
    revision = manager.get(path).json()["revision"]
    assert code(patch(manager, path, {"goal": "x"}, None)) == "revision_needed"
    assert patch(manager, path, {"goal": "one"}, revision).status_code == 200
    late = patch(manager, path, {"goal": "two"}, revision)
    assert (late.status_code, code(late)) == (412, "stale")
    assert code(patch(manager, path, {"goal": "two"}, "many")) == "stale"
    assert manager.get(path).json()["written"]["goal"] == "one"


@pytest.mark.parametrize(
    "body",
    [
        {"progress_pct": 101},
        {"funds_yuan": -1},
        {"unit": "nobody"},
        {"rule": "E05"},
        {"source": "person"},
        {"title": "\0"},
    ],
)
def test_what_no_sheet_has_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    path = f"/items/{proposed(bench, manager)}/sheet"
    assert code(patch(manager, path, body, manager.get(path).json()["revision"])) == "invalid"


def test_people_open_an_item_of_their_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    officer = bench.signed_in(OFFICER)
    body = {
        "subject": "room:a-201",
        "severity": "yellow",
        "title": "线路老化",
        "problem": "插座发黑",
        "source": "inspection",
    }
    made = officer.post("/items", body)
    assert (made.status_code, made.json()["rule"], made.json()["state"]) == (201, "", "draft")
    sheet = officer.get(f"/items/{made.json()['id']}/sheet").json()
    assert (sheet["told"]["title"]["en"], sheet["written"]["source"]) == ("线路老化", "inspection")
    assert code(officer.post("/items", body | {"subject": "cellar"})) == "invalid"


def test_a_photo_is_sent_shown_and_taken_away(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item = proposed(bench, manager)
    made = send(manager, item, photo(gps=True), "配电箱.JPG", shows="before")
    assert (made.status_code, made.json()["name"], made.json()["shows"]) == (201, "配电箱.jpg", "before")
    place = f"/items/{item}/evidence/{made.json()['id']}"
    shown = manager.get(place)
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["content-security-policy"] == POLICY
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"].startswith("inline")
    assert manager.get(f"{place}/thumbnail").content.startswith(b"\xff\xd8")
    assert code(manager.post(f"{place}/remove", {"note": ""})) == "note_missing"
    assert manager.post(f"{place}/remove", {"note": "wrong room"}).json()["removed_why"] == "wrong room"
    assert manager.get(place).status_code == 404
    assert [file["removed_why"] for file in manager.get(f"/items/{item}/evidence").json()] == ["wrong room"]
    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == []


def test_a_file_of_two_items_stays_for_the_other(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    one, two = (proposed(bench, manager, subject=f"room:a-20{n}", identifier=f"f{n}") for n in (1, 2))
    first, second = (send(manager, item, PDF, "a.pdf").json()["id"] for item in (one, two))
    manager.post(f"/items/{one}/evidence/{first}/remove", {"note": "twice"})
    assert manager.get(f"/items/{two}/evidence/{second}").content == PDF
    assert manager.get(f"/items/{two}/evidence/{first}").status_code == 404, "of another item"


def test_what_is_no_picture_is_only_saved(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item = proposed(bench, manager)
    made = send(manager, item, PDF, 'a"b\r\n.pdf').json()
    shown = manager.get(f"/items/{item}/evidence/{made['id']}")
    assert shown.headers["content-disposition"].startswith("attachment")
    assert manager.get(f"/items/{item}/evidence/{made['id']}/thumbnail").status_code == 404


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg onload=alert(1)>", b"GIF89a", photo()[:100], office("word/document.xml", "word/vbaProject.bin")],
)
def test_what_is_no_evidence_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item = proposed(bench, manager)
    assert code(send(manager, item, content)) == "evidence_refused"
    assert manager.get(f"/items/{item}/evidence").json() == []
    assert not (tmp_path / "evidence").exists()


def test_a_file_may_be_larger_than_any_other_body_and_not_larger_than_that(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item = proposed(bench, manager)
    assert send(manager, item, PDF + bytes(2 * bench.web.max_body_bytes), "scan.pdf").status_code == 201
    assert code(send(manager, item, PDF + bytes(MAX_BYTES), "scan2.pdf")) == "evidence_refused"
    assert code(send(manager, item, PDF + bytes(MAX_BYTES + 2**20), "scan3.pdf")) == "too_large"


def test_a_signed_sheet_takes_no_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    officer = bench.signed_in(OFFICER, user_name="wang")
    item = proven_item(bench, manager, officer, responsible="id-wang")
    signed = manager.post(f"/items/{item}/sign-off").json()
    assert (signed["look_back"], signed["signed_off"]) == ("2027-05-23", NOON.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert code(send(officer, item, PDF)) == "illegal_step"
    assert code(officer.post(f"/items/{item}/look-back", {"note": "fine"})) == "same_hands"
    assert manager.post(f"/items/{item}/look-back", {"note": "fine"}).json()["looked_back_by"] == "id-anna"


def test_a_repair_is_ordered_and_done(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item = proposed(bench, manager)
    repair = manager.post(f"/items/{item}/repairs", {"what": "更换接触器"}).json()
    assert manager.post(f"/repairs/{repair['id']}/order", {"contractor": "某公司", "cost_yuan": 800}).status_code == 200
    done = manager.post(f"/repairs/{repair['id']}/finish", {"result": "已换", "cost_yuan": 760}).json()
    assert (done["state"], done["cost_yuan"]) == ("done", 760)
    assert code(manager.post(f"/repairs/{repair['id']}/cancel", {"note": "x"})) == "illegal_step"
    alone = manager.post("/repairs", {"subject": "room:a-202", "what": "灯"}).json()
    assert alone["item_id"] is None
    assert [each["number"] for each in manager.get("/repairs").json()] == [2, 1]


def test_a_group_becomes_a_plan_that_is_issued_when_ready(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    items = [proposed(bench, manager, subject=f"room:a-20{n}", identifier=f"f{n}") for n in (1, 2)]
    [group] = manager.get("/plans/groups").json()
    assert (group["cause"], len(group["items"])) == ("energy@building:a", 2)
    made = manager.post("/plans", {"title": "节能整改", "items": items, "cause": group["cause"]}).json()
    path = f"/plans/{made['plan']['id']}"
    assert made["lacking"] == ["leader", "period", "responsible"]
    assert code(manager.post(f"{path}/issue")) == "plan_refused"
    body = {"leader": "id-anna", "first": "2026-11-23", "last": "2027-01-31", "phases": [{"phase": "survey"}]}
    assert patch(manager, path, body, made["plan"]["revision"]).status_code == 200
    assert code(patch(manager, path, body, made["plan"]["revision"])) == "stale"
    for item in items:
        manager.post(f"/items/{item}/assign", {"responsible": "id-anna"})
    assert manager.post(f"{path}/issue").json()["plan"]["state"] == "issued"
    assert code(manager.post(f"{path}/close")) == "plan_refused"
    assert manager.get("/plans/groups").json() == []


def test_a_dropped_group_is_proposed_no_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item = proposed(bench, manager)
    assert [each["is_apart"] for each in manager.post("/plans/apart", {"items": [item]}).json()] == [True]
    assert manager.get("/plans/groups").json() == []


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a.pdf", "inline; filename=\"a.pdf\"; filename*=UTF-8''a.pdf"),
        ('配"\r\n;.pdf', "inline; filename=\"_____.pdf\"; filename*=UTF-8''%E9%85%8D%22%0D%0A%3B.pdf"),
    ],
)
def test_a_name_breaks_out_of_no_header(name: str, written: str) -> None:
    assert disposition("inline", name) == written


def page(browser: Browser, path: str, sent: bytes | None = None, **form: Any) -> str:  # noqa: ANN401 - fields of any form
    files = None if sent is None else {"file": ("a.jpg", sent)}
    answer = browser.client.post(path, data={"csrf_token": browser.csrf_token, **form}, files=files)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_forms_of_an_item_do_what_the_api_does(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item = proposed(bench, manager)
    path, revision = f"/plan/{item}", manager.get(f"/items/{item}/sheet").json()["revision"]
    sheet: dict[str, Any] = {"revision": revision, "goal": "夜间关闭", "funds_yuan": "1,200", "deadline": "2026-11-25"}
    assert page(manager, f"{path}/sheet", **sheet).endswith("done=sheet")
    assert page(manager, f"{path}/sheet", **sheet).endswith("refused=stale")
    assert page(manager, f"{path}/sheet", **sheet | {"funds_yuan": "a lot"}).endswith("refused=sheet_invalid")
    assert page(manager, f"{path}/progress", note="half", progress_pct="50").endswith("done=progress")
    assert page(manager, f"{path}/progress", note="half", progress_pct="500").endswith("refused=sheet_invalid")
    assert page(manager, f"{path}/evidence", photo()).endswith("done=attached")
    assert page(manager, f"{path}/evidence", b"no").endswith("refused=evidence")
    assert page(manager, f"{path}/repairs", what="灯").endswith("done=repair")
    [repair] = manager.get(f"/items/{item}/repairs").json()
    assert page(manager, f"/repairs/{repair['id']}/finish", result="换", cost_yuan="9.5").endswith("done=repair")
    assert page(manager, f"{path}/seen").endswith("done=seen")
    shown = manager.client.get(path, headers={"Accept": "text/html"}).text
    assert all(word in shown for word in ("夜间关闭", "1,200", "50%", "a.jpg"))


def test_a_reminder_stands_on_the_plan_until_its_reader_puts_it_aside(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item = proposed(bench, manager)
    people = People(known=frozenset({"id-anna"}), managers=("id-anna",))
    with bench.records.transaction() as tx:
        [told] = remind(tx, today=date(2026, 11, 26), is_workday=lambda _: True, people=people, clock=bench.clock)
    assert told.kind is NoticeKind.DUE_TODAY
    assert [each["item_id"] for each in manager.get("/me/item-notices").json()] == [item]
    shown = manager.client.get("/plan", headers={"Accept": "text/html", "Accept-Language": "en"}).text
    assert "due on the day" in shown
    assert page(manager, f"/plan/{item}/seen").endswith("done=seen")
    assert "due on the day" not in manager.client.get("/plan", headers={"Accept-Language": "en"}).text


def test_the_forms_of_plans_do_what_the_api_does(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(MANAGER)
    item, other = (proposed(bench, manager, subject=f"room:a-20{n}", identifier=f"f{n}") for n in (1, 2))
    assert page(manager, "/plans", items=[other], step="apart").endswith("done=apart")
    place = page(manager, "/plans", title="节能", items=[item]).partition("?")[0]
    text: dict[str, Any] = {
        "revision": 1,
        "title": "节能整改",
        "leader": "局长",
        "first": "2026-11-23",
        "last": "2027-01-31",
    }
    assert page(manager, f"{place}/text", **text).endswith("done=sheet")
    assert page(manager, f"{place}/text", **text).endswith("refused=stale")
    plan = manager.get(place).json()["plan"]
    assert [phase["phase"] for phase in plan["phases"]] == ["survey", "rectify", "accept", "consolidate"]
    assert page(manager, f"{place}/items", number="#2").endswith("done=plan_items")
    assert page(manager, f"{place}/items", items=[other], step="remove").endswith("done=plan_items")
    assert page(manager, f"{place}/issue").endswith("refused=plan")
    assert "局长" in manager.client.get(place, headers={"Accept": "text/html"}).text
    assert page(manager, f"{place}/withdraw", note="two of one").endswith("done=plan_withdraw")
