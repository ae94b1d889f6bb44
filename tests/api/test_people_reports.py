"""Reports by the code on a room's door: what is taken from whom, who sees it, and what becomes of it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import Response

from rectification.evidence import Shows
from rectification.model import Item
from rectification.particulars import CATEGORIES, Source, category_of
from rectification.reporting import erase_contacts, make_codes
from rectification.reports import PER_ADDRESS, PER_CODE, Report, ReportState
from sensors.actors import Actor, Role
from sensors.catalogue.model import Family
from sensors.topology import RoomId
from sensors.verdicts import Severity
from tests import pictures
from tests.api.bench import HQ, Bench, Browser

MANAGER = Actor(id="id-anna", name="Anna", roles=frozenset({Role.FACILITY_MANAGER}))
PAGE = {"Accept": "text/html", "Accept-Language": "en"}
TOLD = {"category": "water", "text": "The tap drips"}


def code_of(bench: Bench, room: str = "a-201") -> str:
    with bench.records.transaction() as tx:
        [code] = make_codes(tx, [RoomId(room)], site=HQ, actor=MANAGER, clock=bench.clock)
    return code.token


def tell(browser: Browser, code: str, *, photo: bytes = b"", **form: str) -> Response:
    files = {"photo": ("IMG_1.jpg", photo, "image/jpeg")}
    return browser.client.post(f"/r/{code}/evidence", data={**TOLD, **form}, files=files, headers=PAGE)


def only_report(bench: Bench) -> Report:
    with bench.records.reading() as tx:
        [report] = tx.reports(states=tuple(ReportState))
    return report


def act(browser: Browser, path: str, **form: str) -> str:
    answer = browser.client.post(path, data={"csrf_token": browser.csrf_token, **form}, headers=PAGE)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def items(bench: Bench) -> list[Item]:
    with bench.records.reading() as tx:
        return list(tx.items())


def kept(bench: Bench) -> int:
    return sum(path.is_file() for path in (bench.folder / "evidence").rglob("*"))


def shown(bench: Bench, number: str) -> str:
    return bench.browser().client.get(f"/reported?number={number}", headers=PAGE).text


def test_report_is_thanked_for_with_a_number_that_tells_its_state_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    answer = tell(bench.browser(), code_of(bench))
    page = bench.browser().client.get(answer.headers["location"], headers=PAGE).text
    number = only_report(bench).number
    assert f"{number[:5]}-{number[5:]}" in page
    assert "Received" in shown(bench, f" {number[:5].lower()}-{number[5:]}")
    assert "drips" not in page + shown(bench, number)


def test_form_is_in_the_browser_s_language_and_names_no_restricted_room(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    client = bench.browser().client
    open_room, restricted = code_of(bench), code_of(bench, "a-203")
    assert "Room a-201" in client.get(f"/r/{open_room}", headers=PAGE).text
    assert "a-201 室" in client.get(f"/r/{open_room}", headers=PAGE | {"Accept-Language": "zh-CN"}).text
    assert "a-203" not in client.get(f"/r/{restricted}", headers=PAGE).text


def test_policy_of_the_form_lets_no_script_of_others_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    answer = bench.browser().client.get(f"/r/{code_of(bench)}", headers=PAGE)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text


def test_photo_is_kept_without_place_and_camera(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert tell(bench.browser(), code_of(bench), photo=pictures.photo(gps=True)).status_code == 303
    content = bench.services.evidence.read(only_report(bench).photo or "")
    assert content.startswith(b"\xff\xd8\xff")
    assert b"Exif" not in content
    assert b"secret" not in content


@pytest.mark.parametrize(
    ("form", "photo"),
    [
        ({"text": "  "}, b""),
        ({"text": "x" * 1001}, b""),
        ({"text": "bell \a"}, b""),
        ({"contact": "1" * 101}, b""),
        ({}, b"%PDF-1.7 not a photo"),
        ({}, b"\xff\xd8\xff broken"),
        ({}, b"\xff\xd8\xff" + bytes(10 * 1024 * 1024)),
    ],
)
def test_what_cannot_be_taken_is_said_and_what_was_written_stays(
    tmp_path: Path, form: dict[str, str], photo: bytes
) -> None:
    bench = Bench(tmp_path)
    answer = tell(bench.browser(), code_of(bench), photo=photo, **form)
    assert answer.status_code == 422
    assert 'id="refusal"' in answer.text
    assert "The tap drips" in answer.text or "text" in form
    with bench.records.reading() as tx:
        assert tx.waiting_reports() == 0
    assert kept(bench) == 0


def test_machine_that_fills_the_hidden_field_is_thanked_and_forgotten(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    answer = tell(bench.browser(), code_of(bench), website="https://spam.example")
    assert answer.headers["location"] == "/reported?sent=1"
    with bench.records.reading() as tx:
        assert tx.waiting_reports() == 0


def test_other_site_s_page_sends_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    answer = bench.browser().client.post(
        f"/r/{code_of(bench)}/evidence", data=TOLD, headers=PAGE | {"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def test_one_address_and_one_code_send_so_many_an_hour(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = code_of(bench)
    addresses = [f"192.0.2.{number}" for number in range(1, 4)]
    taken = {
        address: [tell(bench.browser(address=address), code).status_code for _ in range(PER_ADDRESS + 1)].count(303)
        for address in addresses
    }
    assert list(taken.values()) == [PER_ADDRESS, PER_ADDRESS, PER_CODE - 2 * PER_ADDRESS]
    bench.clock.go_on(timedelta(hours=1, minutes=1))
    assert tell(bench.browser(address=addresses[0]), code).status_code == 303


def test_revoked_code_looks_like_one_that_never_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = code_of(bench)
    act(bench.signed_in(Role.FACILITY_MANAGER), "/room-codes/revoke", room="a-201")
    answers = [bench.browser().client.get(f"/r/{each}", headers=PAGE) for each in (code, "never-made")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert re.sub(code, "never-made", answers[0].text) == answers[1].text
    assert tell(bench.browser(), code).status_code == 404


def test_accepted_report_becomes_an_item_with_its_photo(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    tell(bench.browser(), code_of(bench), photo=pictures.photo(gps=True), contact="8812")
    manager = bench.signed_in(Role.FACILITY_MANAGER)
    report = only_report(bench)
    assert "The tap drips" in manager.client.get("/reports", headers=PAGE).text
    where = act(manager, f"/reports/{report.id}/accept", severity="orange", title="Dripping tap")
    assert where == "/reports?done=report_accepted"
    [item] = items(bench)
    with bench.records.reading() as tx:
        given, [file] = tx.particulars(item.id), tx.evidence_files(item.id)
    assert given is not None
    assert (given.source, given.source_ref, given.problem) == (Source.PEOPLE, report.id, "The tap drips")
    assert category_of(item, given) == CATEGORIES[Family.WATER]
    assert (item.severity, str(item.subject), file.shows) == (Severity.ORANGE, "room:a-201", Shows.BEFORE)
    assert "Taken up" in shown(bench, report.number)


def test_merged_report_adds_to_an_item_that_is_open(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = code_of(bench)
    manager = bench.signed_in(Role.FACILITY_MANAGER)
    tell(bench.browser(), code)
    act(manager, f"/reports/{only_report(bench).id}/accept")
    tell(bench.browser(), code, text="It still drips", photo=pictures.photo(gps=True))
    with bench.records.reading() as tx:
        [second] = tx.reports(states=(ReportState.NEW,))
    assert act(manager, f"/reports/{second.id}/merge", number="999") == "/reports?refused=report"
    [item] = items(bench)
    assert act(manager, f"/reports/{second.id}/merge", number=f"#{item.number}") == "/reports?done=report_merged"
    with bench.records.reading() as tx:
        assert "It still drips" in [step.note for step in tx.item_steps(item.id)]
        assert len(tx.evidence_files(item.id)) == 1
    assert "Known" in shown(bench, second.number)


@pytest.mark.parametrize(("step", "form"), [("reject", {"note": "not ours"}), ("spam", {})])
def test_photo_and_contact_go_with_what_is_put_aside(tmp_path: Path, step: str, form: dict[str, str]) -> None:
    bench = Bench(tmp_path)
    tell(bench.browser(), code_of(bench), photo=pictures.photo(gps=True), contact="8812")
    report = only_report(bench)
    act(bench.signed_in(Role.FACILITY_MANAGER), f"/reports/{report.id}/{step}", **form)
    with bench.records.reading() as tx:
        assert tx.contact(report.id) is None
    assert kept(bench) == 0
    assert "nothing needs to be done" in shown(bench, report.number)


def test_photo_that_another_report_holds_stays(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = code_of(bench)
    for _ in range(2):
        tell(bench.browser(), code, photo=pictures.photo(gps=True))
    with bench.records.reading() as tx:
        first, second = tx.reports(states=(ReportState.NEW,))
    act(bench.signed_in(Role.FACILITY_MANAGER), f"/reports/{first.id}/spam")
    assert bench.services.evidence.read(second.photo or "")


def test_rejecting_needs_a_reason(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    tell(bench.browser(), code_of(bench))
    path = f"/reports/{only_report(bench).id}/reject"
    assert act(bench.signed_in(Role.FACILITY_MANAGER), path, note=" ") == "/reports?refused=report"
    assert only_report(bench).state is ReportState.NEW


def test_contact_is_erased_when_the_item_has_ended(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    tell(bench.browser(), code_of(bench), contact="8812")
    manager = bench.signed_in(Role.FACILITY_MANAGER)
    report = only_report(bench)
    act(manager, f"/reports/{report.id}/accept")
    with bench.records.transaction() as tx:
        assert erase_contacts(tx) == 0
    act(manager, f"/plan/{items(bench)[0].id}/cancel", note="double")
    with bench.records.transaction() as tx:
        assert erase_contacts(tx) == 1
        assert tx.contact(report.id) is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SAFETY_OFFICER, Role.AUDITOR])
def test_nothing_of_a_report_shows_to_those_who_do_not_moderate(tmp_path: Path, role: Role) -> None:
    bench = Bench(tmp_path)
    code = code_of(bench)
    tell(bench.browser(), code, photo=pictures.photo(gps=True), contact="8812")
    browser, report = bench.signed_in(role), only_report(bench)
    page = browser.client.get("/reports", headers=PAGE).text
    assert "1 report waits" in page
    assert "drips" not in page
    assert "8812" not in page
    assert code not in browser.client.get("/room-codes", headers=PAGE).text
    for path in (f"/reports/{report.id}/photo", f"/reports/{report.id}/thumbnail", "/room-codes/sheet?building=a"):
        assert browser.client.get(path, headers=PAGE).status_code == 404
    assert act(browser, f"/reports/{report.id}/accept") == "/reports?refused=not_permitted"
    assert act(browser, "/room-codes", building="a") == "/room-codes?refused=not_permitted"


def test_audit_log_tells_who_did_what_and_neither_token_nor_contact(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(Role.FACILITY_MANAGER)
    act(manager, "/room-codes", building="a")
    with bench.records.reading() as tx:
        code = tx.room_codes()[0]
    tell(bench.browser(), code.token, contact="8812")
    act(manager, f"/reports/{only_report(bench).id}/spam")
    with bench.records.reading() as tx:
        entries = tx.audit_entries()
    assert [entry.action for entry in entries][:2] == ["report.mark_spam", "report.send"]
    told = repr(entries)
    assert code.token not in told
    assert "8812" not in told


def test_sheet_has_a_code_for_each_room_and_names_no_restricted_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    manager = bench.signed_in(Role.FACILITY_MANAGER)
    act(manager, "/room-codes", building="a")
    page = manager.client.get("/room-codes/sheet?building=a", headers=PAGE).text
    assert page.count("<svg") == 3
    assert "Room a-201" in page
    assert "a-203" not in page
