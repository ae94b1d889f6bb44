"""Roles limited to buildings and units: what lies elsewhere is not there, in no list, object, page, paper or count."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.ports import EnergyAsked, RecordsTransaction
from api.security.held import HeldActor
from api.security.limited_records import PLAIN, RULES
from api.security.limited_services import limit_services
from premises.plan_papers.served import ServedPapers
from sensors.actors import Actor, Limit, Permission, Role
from tests.api.bench import Bench, Browser, code, in_three_days
from tests.api.records import finding, fire
from tests.api.test_live import last_change, next_event, served
from tests.api.test_page_permissions import page_routes
from tests.api.test_permissions import GUARDED
from tests.api.two_buildings import BOTH, MANAGER, MARK, Filled, fill, limited, registry, two_buildings
from tests.servers import eventually

PAGE = {"Accept": "text/html", "Accept-Language": "en"}
SELDOM_NAMES = {"/api/v1/live"}
"""An answer without end."""


def furnished(folder: Path) -> tuple[Bench, Filled, Filled]:
    """Return both buildings with one of everything in each: the bench, what is in `a`, what is in the other."""
    bench = two_buildings(folder)
    boss = bench.signed_in(*BOTH, user_name="boss")
    return bench, fill(bench, boss, "a", "alpha-mark"), fill(bench, boss, MARK, MARK)


def answers(browser: Browser, *filled: Filled) -> Iterator[tuple[str, str]]:
    """Yield what every address says that only reads, of the API and of the console."""
    for (method, path), _ in sorted(GUARDED.items()):
        if method == "GET" and path not in SELDOM_NAMES:
            yield from ((path, browser.client.get(each).text) for each in {one.path(path) for one in filled})
    for method, path in sorted(set(page_routes())):
        if method == "GET":
            template = re.sub(r"{(\w+?)(_id)?}", r"{\1_id}", path)
            for address in {one.path(template) for one in filled if _is_known(template, one)}:
                # A page's links lead back to the address that was typed, whatever it was.
                yield path, browser.client.get(address, headers=PAGE).text.replace(address, "")


def _is_known(template: str, filled: Filled) -> bool:
    return set(re.findall(r"{(\w+)}", template)) <= filled.ids.keys()


def naming(browser: Browser, *filled: Filled) -> set[str]:
    return {path for path, text in answers(browser, *filled) if MARK in text}


@pytest.mark.parametrize("place", ["building:a", "department:alpha"])
def test_nothing_of_another_building_is_ever_named(tmp_path: Path, place: str) -> None:
    bench, mine, theirs = furnished(tmp_path)
    assert naming(limited(bench, place), mine, theirs) == set()


def test_somebody_without_limits_reads_the_mark_in_all_of_them(tmp_path: Path) -> None:
    bench, mine, theirs = furnished(tmp_path)
    shown = naming(bench.signed_in(*BOTH), mine, theirs)
    lists = ("alerts", "findings", "items", "plans", "repairs", "rooms", "fire-tests", "isolations", "standing", "duty")
    more = ("bills", "inspections", "utilisation", "ingest")
    assert {f"/api/v1/{each}" for each in (*lists, *more)} | {"/", "/rooms", "/alerts", "/plan", "/logs"} <= shown


def test_objects_of_ones_own_building_are_there_and_those_of_another_are_404(tmp_path: Path) -> None:
    bench, mine, theirs = furnished(tmp_path)
    anna = limited(bench, "building:a")
    for kind in ("alert", "finding", "item", "plan", "room", "inspection"):
        template = f"/{kind}s/{{{kind}_id}}"
        assert anna.get(mine.path(template)).status_code == 200, kind
        assert anna.get(theirs.path(template)).status_code == 404, kind


def test_lists_hold_what_is_ones_own(tmp_path: Path) -> None:
    bench, mine, _ = furnished(tmp_path)
    anna = limited(bench, "building:a")
    for kind in ("alert", "finding", "item"):
        assert [each["id"] for each in anna.get(f"/{kind}s").json()] == [mine.ids[f"{kind}_id"]]
    assert [each["id"] for each in anna.get("/rooms").json()] == ["a-201", "a-202"]
    assert [each["subject"] for each in anna.get("/bills").json()] == ["building:a"]
    assert len(anna.get("/standing").json()["silences"]) == 1
    assert [each["gateway"] for each in anna.get("/ingest").json()["gateways"]] == ["gw1"]


def test_what_is_elsewhere_cannot_be_changed(tmp_path: Path) -> None:
    bench, mine, theirs = furnished(tmp_path)
    anna = limited(bench, "building:a")
    assert anna.post(theirs.path("/alerts/{alert_id}/acknowledge")).status_code == 404
    assert anna.post(theirs.path("/items/{item_id}/cancel"), {"note": "x"}).status_code == 404
    assert anna.post(theirs.path("/standing/silences/{silence_id}/end")).status_code == 404
    assert anna.post(mine.path("/alerts/{alert_id}/acknowledge")).status_code == 200
    elsewhere = {"subject": f"room:{MARK}-1", "what": "lamp"}
    assert code(anna.post("/repairs", elsewhere)) in {"not_permitted", "repair_refused", "invalid", "not_found"}
    with bench.records.reading() as tx:
        assert len(tx.repairs()) == 2


def test_role_acts_within_its_own_limits_and_another_may_read_elsewhere(tmp_path: Path) -> None:
    bench, mine, theirs = furnished(tmp_path)
    anna = limited(bench, "building:a", roles=(Role.SAFETY_OFFICER,))
    with bench.records.transaction() as tx:
        account = tx.account("id-anna")
        assert account is not None
        tx.save_account(replace(account, roles=frozenset({Role.SAFETY_OFFICER, Role.VIEWER})))
    assert anna.get(theirs.path("/alerts/{alert_id}")).status_code == 200
    assert anna.post(theirs.path("/alerts/{alert_id}/acknowledge")).status_code in {403, 404}
    form = {"csrf_token": anna.csrf_token}
    refused = anna.client.post(theirs.path("/alerts/{alert_id}/acknowledge"), data=form, headers=PAGE)
    assert refused.status_code == 404 or "refused=" in refused.headers["location"]
    assert anna.post(mine.path("/alerts/{alert_id}/acknowledge")).status_code == 200
    with bench.records.reading() as tx:
        assert [step.actor_id for step in tx.alert_steps(theirs.ids["alert_id"])] == ["system:detection"]


def test_plan_that_holds_an_item_of_another_building_is_not_there(tmp_path: Path) -> None:
    bench, mine, theirs = furnished(tmp_path)
    boss = bench.browser()
    boss.sign_in("boss")
    items = [boss.post(f"/items/{each.ids['item_id']}/recur").status_code for each in (mine, theirs)]
    assert items  # neither has ended: both stay in their plans
    plan = mine.path("/plans/{plan_id}")
    boss.post(theirs.path("/plans/{plan_id}/remove"), {"items": [theirs.ids["item_id"]]})
    assert boss.post(f"{plan}/items", {"items": [theirs.ids["item_id"]]}).status_code == 200
    assert limited(bench, "building:a").get(plan).status_code == 404


def test_whole_site_as_a_limit_is_no_limit_to_what_has_a_place(tmp_path: Path) -> None:
    bench, _, theirs = furnished(tmp_path)
    anna = limited(bench, "site:hq")
    assert anna.get(theirs.path("/alerts/{alert_id}")).status_code == 200
    assert len(anna.get("/items").json()) == 2


def test_two_limits_add_up(tmp_path: Path) -> None:
    bench, _, _ = furnished(tmp_path)
    assert len(limited(bench, "building:a", f"building:{MARK}").get("/items").json()) == 2


def test_limit_to_a_place_that_is_gone_reaches_nothing(tmp_path: Path) -> None:
    bench, _, _ = furnished(tmp_path)
    anna = limited(bench, "building:torn-down")
    assert anna.get("/items").json() == anna.get("/rooms").json() == []


def test_token_is_held_to_the_limits_of_its_person(tmp_path: Path) -> None:
    bench, mine, theirs = furnished(tmp_path)
    secret = limited(bench, "building:a").post("/me/tokens", {"name": "x", "scopes": ["read"]}).json()["secret"]
    client = TestClient(bench.app, base_url="http://127.0.0.1:8088", headers={"Authorization": f"Bearer {secret}"})
    with client:
        assert client.get(f"/api/v1{mine.path('/items/{item_id}')}").status_code == 200
        assert client.get(f"/api/v1{theirs.path('/items/{item_id}')}").status_code == 404


def test_changes_elsewhere_are_not_told_of(tmp_path: Path) -> None:
    bench, mine, theirs = furnished(tmp_path)
    limits = frozenset({Limit.parse("facility_manager@building:a")})
    actor = HeldActor(id="anna", name="Anna", roles=MANAGER.roles, limits=limits)
    with limit_services(bench.services, actor).records.reading() as tx:
        told = {change.subject for change in tx.changes(after=0)}
    assert set(mine.ids.values()) & told
    assert not set(theirs.ids.values()) & told


def test_every_method_of_the_records_says_what_it_is_about() -> None:
    methods = {name for name, _ in inspect.getmembers(RecordsTransaction, inspect.isfunction) if name[0] != "_"}
    assert methods == RULES.keys() | PLAIN
    assert not RULES.keys() & PLAIN


def test_where_a_role_counts() -> None:
    limits = frozenset({Limit.parse("viewer@building:a")})
    both = Actor(id="x", name="X", roles=frozenset({Role.VIEWER, Role.SAFETY_OFFICER}), limits=limits)
    assert both.where(Permission.READ) is None
    viewer = Actor(id="x", name="X", roles=frozenset({Role.VIEWER}), limits=limits)
    assert viewer.where(Permission.READ) == limits
    assert viewer.where(Permission.MANAGE_ITEM) == frozenset()


SECURITY = Role.SECURITY_ADMINISTRATOR


def test_administrator_limits_an_account_and_its_sessions_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    ben = bench.signed_in(Role.VIEWER, user_name="ben")
    admin = bench.signed_in(SECURITY)
    limits = [{"role": "viewer", "kind": "building", "id": "a"}]
    answer = admin.post("/accounts/id-ben/limits", {"limits": limits}, method="PUT")
    assert answer.json()["limits"] == limits
    assert ben.get("/me").status_code == 401
    ben.sign_in("ben")
    assert ben.get("/me").json()["limits"] == limits
    assert bench.audited()[-2] == "limits_changed"
    assert admin.post("/accounts/id-ben/limits", {"limits": []}, method="PUT").json()["limits"] == []


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        ({"role": "viewer", "kind": "building", "id": "nowhere"}, "limit_unknown"),
        ({"role": "safety_officer", "kind": "building", "id": "a"}, "account.limit_role"),
        ({"role": "auditor", "kind": "building", "id": "a"}, "account.limit_whole"),
        ({"role": "viewer", "kind": "floor", "id": "a/2"}, "invalid"),
    ],
)
def test_limit_that_cannot_be_is_refused(tmp_path: Path, limit: dict[str, str], problem: str) -> None:
    bench = Bench(tmp_path)
    bench.account(Role.VIEWER, Role.AUDITOR, user_name="ben")
    admin = bench.signed_in(SECURITY)
    assert code(admin.post("/accounts/id-ben/limits", {"limits": [limit]}, method="PUT")) == problem


def test_role_that_goes_takes_its_limits_with_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    admin = bench.signed_in(SECURITY)
    limits = [{"role": "viewer", "kind": "building", "id": "a"}]
    new = {"user_name": "ben", "name": "Ben", "roles": ["viewer"], "limits": limits}
    made = admin.post("/accounts", new).json()["account"]
    assert made["limits"] == limits
    kept = admin.post(f"/accounts/{made['id']}/roles", {"roles": ["viewer", "auditor"]}, method="PUT").json()
    assert kept["limits"] == limits
    gone = admin.post(f"/accounts/{made['id']}/roles", {"roles": ["auditor"]}, method="PUT").json()
    assert gone["limits"] == []


def written_in(content: bytes) -> str:
    """Return all text of a file; of Word and Excel that of its parts."""
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with ZipFile(BytesIO(content)) as parts:
        return " ".join(parts.read(name).decode(errors="replace") for name in parts.namelist())


@pytest.mark.parametrize("form", ["html", "docx", "xlsx"])
def test_paper_holds_nothing_of_another_building(tmp_path: Path, form: str) -> None:
    bench, mine, theirs = furnished(tmp_path)
    papers = ServedPapers(registry=registry, clock=bench.clock, records=bench.records, deadline=in_three_days)
    bench.services = replace(bench.services, plan_papers=papers)
    bench.app = create_app(bench.services)
    boss = bench.browser()
    boss.sign_in("boss")
    anna = limited(bench, "building:a")
    own = [mine.path(each) for each in ("/ledger", "/plans/{plan_id}/paper", "/items/{item_id}/closing")]
    for path in own:
        told = anna.client.get(f"/api/v1{path}?format={form}")
        assert told.status_code == 200, path
        assert MARK not in written_in(told.content), path
    assert MARK in written_in(boss.client.get(f"/api/v1/ledger?format={form}").content)
    for path in ("/plans/{plan_id}/paper", "/items/{item_id}/closing", "/ledger?plan={plan_id}"):
        assert anna.get(theirs.path(path)).status_code == 404
    edited = {"file": ("ledger.xlsx", b"whatever")}
    refused = anna.client.post("/api/v1/ledger/edited", files=edited, headers={"X-CSRF-Token": anna.csrf_token})
    assert code(refused) == "not_permitted"


def test_use_of_energy_is_told_of_ones_own_building_alone(tmp_path: Path) -> None:
    bench = two_buildings(tmp_path)
    asked: list[str | None] = []

    def energy(given: EnergyAsked) -> dict[str, object]:
        asked.append(given.building)
        return {"load_kwh": 5.0}

    bench.services = replace(bench.services, energy=energy)
    bench.app = create_app(bench.services)
    anna = limited(bench, "building:a")
    assert anna.get("/energy?building=a").json()["load_kwh"] == 5.0
    assert anna.get("/energy").json()["load_kwh"] is None
    assert anna.get(f"/energy?building={MARK}").status_code == 404
    assert asked == ["a"]


def test_unit_is_told_nothing_of_a_building_it_shares(tmp_path: Path) -> None:
    bench = two_buildings(tmp_path)
    bench.services = replace(bench.services, energy=lambda _asked: {"load_kwh": 5.0})
    bench.app = create_app(bench.services)
    assert limited(bench, "department:alpha").get("/energy?building=a").json()["load_kwh"] is None


def test_live_line_tells_of_what_is_within_reach_alone(tmp_path: Path) -> None:
    with served(tmp_path) as site:
        with site.bench.records.transaction() as tx:
            account = tx.account("id-anna")
            assert account is not None
            tx.save_account(replace(account, limits=frozenset({Limit.parse("viewer@building:a")})))
        known = last_change(site.bench)
        fire(site.bench)  # from a panel that no registry places
        seen = finding(site.bench)
        with site.events(**{"Last-Event-ID": str(known)}) as missed:
            assert next_event(missed)["event"] == "finding"
        with site.events() as events:
            eventually(lambda: site.listeners > 0, what="the browser listens")
            fire(site.bench, zone="3F")
            finding(site.bench, identifier="f2", subject="room:a-202")
            event = next_event(events)
        assert (event["event"], seen) == ("finding", "f1")


def test_code_on_a_door_works_for_everybody_who_stands_before_it(tmp_path: Path) -> None:
    bench, _, _ = furnished(tmp_path)
    with bench.records.reading() as tx:
        theirs = next(each for each in tx.room_codes() if MARK in each.room)
    assert limited(bench, "building:a").client.get(f"/r/{theirs.token}", headers=PAGE).status_code == 200
