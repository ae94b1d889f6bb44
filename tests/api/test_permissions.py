"""Who may use which route: one table, held against every role and against the application's own list of routes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sensors.actors import PERMISSIONS, Permission, Role
from tests.api.bench import Bench, code

PUBLIC = "public"
SIGNED_IN = "signed in"

TABLE: dict[tuple[str, str], Permission | str] = {
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/api/v1/quarantine"): Permission.MANAGE_DATA,
    ("GET", "/api/v1/quarantine/devices"): Permission.MANAGE_DATA,
    ("POST", "/api/v1/quarantine/replay"): Permission.MANAGE_DATA,
    ("POST", "/api/v1/sign-in"): PUBLIC,
    ("POST", "/api/v1/set-up"): PUBLIC,
    ("POST", "/api/v1/sign-out"): SIGNED_IN,
    ("GET", "/api/v1/me"): SIGNED_IN,
    ("POST", "/api/v1/me/password"): SIGNED_IN,
    ("GET", "/api/v1/me/tokens"): SIGNED_IN,
    ("POST", "/api/v1/me/tokens"): SIGNED_IN,
    ("POST", "/api/v1/me/tokens/{token_id}/revoke"): SIGNED_IN,
    ("GET", "/api/v1/tokens"): Permission.MANAGE_USERS,
    ("POST", "/api/v1/tokens/{token_id}/revoke"): Permission.MANAGE_USERS,
    ("POST", "/api/v1/me/second-factor/offer"): SIGNED_IN,
    ("POST", "/api/v1/me/second-factor"): SIGNED_IN,
    ("POST", "/api/v1/me/second-factor/end"): SIGNED_IN,
    ("POST", "/api/v1/accounts/{account_id}/second-factor/reset"): Permission.MANAGE_USERS,
    ("GET", "/api/v1/people"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/accounts"): Permission.MANAGE_USERS,
    ("POST", "/api/v1/accounts"): Permission.MANAGE_USERS,
    ("POST", "/api/v1/accounts/{account_id}/link"): Permission.MANAGE_USERS,
    ("PUT", "/api/v1/accounts/{account_id}/roles"): Permission.MANAGE_USERS,
    ("PUT", "/api/v1/accounts/{account_id}/limits"): Permission.MANAGE_USERS,
    ("POST", "/api/v1/accounts/{account_id}/disable"): Permission.MANAGE_USERS,
    ("POST", "/api/v1/accounts/{account_id}/enable"): Permission.MANAGE_USERS,
    ("GET", "/api/v1/audit"): Permission.READ_AUDIT,
    ("GET", "/api/v1/audit/integrity"): Permission.READ_AUDIT,
    ("GET", "/api/v1/alerts"): Permission.READ,
    ("GET", "/api/v1/alerts/quality"): Permission.READ,
    ("GET", "/api/v1/alerts/undelivered"): Permission.READ,
    ("POST", "/api/v1/alerts/undelivered/retry"): Permission.ACKNOWLEDGE_ALERT,
    ("GET", "/api/v1/alerts/{alert_id}"): Permission.READ,
    ("POST", "/api/v1/alerts/{alert_id}/acknowledge"): Permission.ACKNOWLEDGE_ALERT,
    ("POST", "/api/v1/alerts/{alert_id}/clear"): Permission.ACKNOWLEDGE_ALERT,
    ("POST", "/api/v1/alert-replies/sms"): PUBLIC,  # by its own secret and source address
    ("GET", "/api/v1/alert-replies/wecom/{app}"): PUBLIC,  # by a signature
    ("POST", "/api/v1/alert-replies/wecom/{app}"): PUBLIC,  # by a signature
    ("GET", "/api/v1/findings"): Permission.READ,
    ("GET", "/api/v1/findings/{finding_id}"): Permission.READ,
    ("POST", "/api/v1/findings/{finding_id}/judge"): Permission.JUDGE_FINDING,
    ("POST", "/api/v1/findings/{finding_id}/propose"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/items"): Permission.READ,
    ("GET", "/api/v1/items/{item_id}"): Permission.READ,
    ("POST", "/api/v1/items/{item_id}/assign"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/items/{item_id}/start"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/items/{item_id}/report-done"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/items/{item_id}/verify"): Permission.SIGN_OFF_ITEM,
    ("POST", "/api/v1/items/{item_id}/sign-off"): Permission.SIGN_OFF_ITEM,
    ("POST", "/api/v1/items/{item_id}/reject"): Permission.SIGN_OFF_ITEM,
    ("POST", "/api/v1/items/{item_id}/cancel"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/items"): Permission.WORK_ON_ITEM,
    ("GET", "/api/v1/items/{item_id}/sheet"): Permission.READ,
    ("PATCH", "/api/v1/items/{item_id}/sheet"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/items/{item_id}/progress"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/items/{item_id}/look-back"): Permission.SIGN_OFF_ITEM,
    ("POST", "/api/v1/items/{item_id}/recur"): Permission.SIGN_OFF_ITEM,
    ("GET", "/api/v1/ledger"): Permission.EXPORT,
    ("POST", "/api/v1/ledger/edited"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/plans/{plan_id}/paper"): Permission.EXPORT,
    ("GET", "/api/v1/items/{item_id}/closing"): Permission.EXPORT,
    ("GET", "/api/v1/items/{item_id}/evidence"): Permission.READ,
    ("POST", "/api/v1/items/{item_id}/evidence"): Permission.WORK_ON_ITEM,
    ("GET", "/api/v1/items/{item_id}/evidence/{file_id}"): Permission.READ,
    ("GET", "/api/v1/items/{item_id}/evidence/{file_id}/thumbnail"): Permission.READ,
    ("POST", "/api/v1/items/{item_id}/evidence/{file_id}/remove"): Permission.WORK_ON_ITEM,
    ("GET", "/api/v1/items/{item_id}/repairs"): Permission.READ,
    ("POST", "/api/v1/items/{item_id}/repairs"): Permission.WORK_ON_ITEM,
    ("GET", "/api/v1/repairs"): Permission.READ,
    ("POST", "/api/v1/repairs"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/repairs/{repair_id}/order"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/repairs/{repair_id}/finish"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/repairs/{repair_id}/cancel"): Permission.WORK_ON_ITEM,
    ("GET", "/api/v1/checklists"): Permission.READ,
    ("GET", "/api/v1/inspections"): Permission.READ,
    ("GET", "/api/v1/inspections/figures"): Permission.READ,
    ("GET", "/api/v1/inspections/schedules"): Permission.READ,
    ("POST", "/api/v1/inspections"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/inspections/schedules/{schedule_id}/end"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/inspections/{inspection_id}"): Permission.READ,
    ("PATCH", "/api/v1/inspections/{inspection_id}"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/inspections/{inspection_id}/lines/{line_id}/evidence"): Permission.WORK_ON_ITEM,
    ("GET", "/api/v1/inspections/{inspection_id}/photos/{photo_id}"): Permission.READ,
    ("POST", "/api/v1/inspections/{inspection_id}/submit"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/inspections/{inspection_id}/correct"): Permission.WORK_ON_ITEM,
    ("POST", "/api/v1/inspections/{inspection_id}/assign"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/inspections/{inspection_id}/cancel"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/reports"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/reports/{report_id}"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/reports/{report_id}/photo"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/reports/{report_id}/accept"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/reports/{report_id}/merge"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/reports/{report_id}/reject"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/reports/{report_id}/spam"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/plans"): Permission.READ,
    ("GET", "/api/v1/plans/groups"): Permission.READ,
    ("POST", "/api/v1/plans"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/plans/apart"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/plans/{plan_id}"): Permission.READ,
    ("PATCH", "/api/v1/plans/{plan_id}"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/plans/{plan_id}/items"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/plans/{plan_id}/remove"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/plans/{plan_id}/issue"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/plans/{plan_id}/close"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/plans/{plan_id}/withdraw"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/me/item-notices"): Permission.READ,
    ("POST", "/api/v1/me/item-notices/{item_id}/seen"): Permission.READ,
    ("GET", "/api/v1/rooms"): Permission.READ,
    ("GET", "/api/v1/rooms/{room_id}"): Permission.READ,
    ("GET", "/api/v1/rooms/{room_id}/series"): Permission.READ,
    ("GET", "/api/v1/utilisation"): Permission.READ,
    ("GET", "/api/v1/space/proposals"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/space/proposals"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/space/proposals/moves/{move_id}/accept"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/space/proposals/moves/{move_id}/drop"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/energy"): Permission.READ,
    ("GET", "/api/v1/energy-reports"): Permission.READ,
    ("POST", "/api/v1/energy-reports"): Permission.MANAGE_ITEM,
    ("GET", "/api/v1/energy-reports/{report_id}"): Permission.READ,
    ("GET", "/api/v1/energy-reports/{report_id}/figures"): Permission.READ,
    ("GET", "/api/v1/energy-reports/{report_id}/paper"): Permission.EXPORT,
    ("POST", "/api/v1/energy-reports/{report_id}/adopt"): Permission.MANAGE_ITEM,
    ("POST", "/api/v1/energy-reports/{report_id}/review"): Permission.SIGN_OFF_ITEM,
    ("POST", "/api/v1/energy-reports/{report_id}/issue"): Permission.SIGN_OFF_ITEM,
    ("POST", "/api/v1/energy-reports/{report_id}/return"): Permission.SIGN_OFF_ITEM,
    ("GET", "/api/v1/savings"): Permission.READ,
    ("GET", "/api/v1/items/{item_id}/savings"): Permission.READ,
    ("GET", "/api/v1/ingest"): Permission.READ,
    ("GET", "/api/v1/bills"): Permission.READ,
    ("POST", "/api/v1/bills"): Permission.MANAGE_DATA,
    ("GET", "/api/v1/duty"): Permission.READ,
    ("POST", "/api/v1/duty"): Permission.KEEP_LOG,
    ("POST", "/api/v1/duty/{entry_id}/correct"): Permission.KEEP_LOG,
    ("POST", "/api/v1/duty/{entry_id}/strike"): Permission.KEEP_LOG,
    ("GET", "/api/v1/fire-tests"): Permission.READ,
    ("POST", "/api/v1/fire-tests"): Permission.KEEP_LOG,
    ("POST", "/api/v1/fire-tests/{test_id}/correct"): Permission.KEEP_LOG,
    ("POST", "/api/v1/fire-tests/{test_id}/strike"): Permission.KEEP_LOG,
    ("GET", "/api/v1/alerts/{alert_id}/checks"): Permission.READ,
    ("POST", "/api/v1/alerts/{alert_id}/verify"): Permission.KEEP_LOG,
    ("GET", "/api/v1/isolations"): Permission.READ,
    ("POST", "/api/v1/isolations"): Permission.KEEP_LOG,
    ("POST", "/api/v1/isolations/{isolation_id}/approve"): Permission.APPROVE_ISOLATION,
    ("POST", "/api/v1/isolations/{isolation_id}/refuse"): Permission.APPROVE_ISOLATION,
    ("POST", "/api/v1/isolations/{isolation_id}/extend"): Permission.APPROVE_ISOLATION,
    ("POST", "/api/v1/isolations/{isolation_id}/file"): Permission.KEEP_LOG,
    ("POST", "/api/v1/isolations/{isolation_id}/end"): Permission.KEEP_LOG,
    ("POST", "/api/v1/isolations/{isolation_id}/withdraw"): Permission.KEEP_LOG,
    ("GET", "/api/v1/standing"): Permission.READ,
    ("POST", "/api/v1/standing/silences"): Permission.ACKNOWLEDGE_ALERT,
    ("POST", "/api/v1/standing/silences/{silence_id}/end"): Permission.ACKNOWLEDGE_ALERT,
    ("POST", "/api/v1/standing/drills"): Permission.HOLD_DRILL,
    ("POST", "/api/v1/standing/drills/{drill_id}/end"): Permission.ACKNOWLEDGE_ALERT,
    ("POST", "/api/v1/standing/out-of-service"): Permission.ACKNOWLEDGE_ALERT,
    ("POST", "/api/v1/standing/out-of-service/{out_id}/end"): Permission.ACKNOWLEDGE_ALERT,
    ("POST", "/api/v1/alerts/{alert_id}/shelve"): Permission.ACKNOWLEDGE_ALERT,
    ("POST", "/api/v1/alerts/{alert_id}/unshelve"): Permission.ACKNOWLEDGE_ALERT,
    ("GET", "/api/v1/live"): Permission.READ,
    ("GET", "/api/v1/openapi.json"): Permission.READ,
}
GUARDED = {route: needed for route, needed in TABLE.items() if needed != PUBLIC}

BODIES: dict[str, object] = {
    "replay": {"all": True},
    "assign": {"responsible": "nobody"},
    "judge": {"judgement": None},
    "roles": {"roles": ["viewer"]},
    "accounts": {"user_name": "eve", "name": "Eve", "roles": ["viewer"]},
    "limits": {"limits": []},
    "tokens": {"name": "ci", "scopes": ["read"]},
    "password": {"old": "x", "new": "y"},
    "energy-reports": {"period": "2026-06"},
}


def routes(bench: Bench) -> Iterator[tuple[str, str]]:
    described = bench.app.openapi()["paths"]
    for path, operations in described.items():
        for method in operations:
            yield method.upper(), path


def test_table_names_every_route_of_the_api(tmp_path: Path) -> None:
    hidden = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/api/v1/openapi.json")}
    assert set(routes(Bench(tmp_path))) == set(TABLE) - hidden


def ask(bench: Bench, role: Role | None, method: str, path: str) -> tuple[int, str]:
    """Return the status and the problem of a request about something that does not exist."""
    browser = bench.browser() if role is None else bench.signed_in(role)
    place = path.replace("{room_id}", "a-201").format_map({f"{kind}_id": "none" for kind in KINDS})
    answer = browser.client.request(
        method,
        place,
        json=BODIES.get(path.rsplit("/", 1)[-1], {}) if method != "GET" else None,
        headers={"X-CSRF-Token": browser.csrf_token},
    )
    problem = "" if answer.is_success else code(answer)
    return answer.status_code, problem


KINDS = (
    "alert",
    "move",
    "item",
    "finding",
    "account",
    "entry",
    "test",
    "isolation",
    "silence",
    "drill",
    "out",
    "file",
    "repair",
    "plan",
    "inspection",
    "schedule",
    "line",
    "photo",
    "report",
    "token",
)


@pytest.mark.parametrize(("method", "path"), sorted(GUARDED))
def test_nobody_passes_without_signing_in(tmp_path: Path, method: str, path: str) -> None:
    assert ask(Bench(tmp_path), None, method, path) == (401, "sign_in_needed")


@pytest.mark.parametrize("role", list(Role))
def test_role_passes_where_its_permissions_say_so_and_nowhere_else(tmp_path: Path, role: Role) -> None:
    bench = Bench(tmp_path)
    for (method, path), needed in GUARDED.items():
        if path == "/api/v1/live" and Permission.READ in PERMISSIONS[role]:
            continue  # an answer without end, see test_live
        status, problem = ask(bench, role, method, path)
        may = needed == SIGNED_IN or needed in PERMISSIONS[role]
        assert (problem != "not_permitted") == may, f"{role} {method} {path}: {status} {problem}"
        assert status < 500
