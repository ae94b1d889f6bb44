"""What the API tells of an alert beside its steps: clocks, calls, what holds it, what never arrived."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from alerts.decisions import Hold
from alerts.dispatch import NoticeKind
from api.alert_ports import Call, CallState, NoDeliveries, Telling
from api.app import create_app
from sensors.actors import Role
from tests.api.bench import NOON, Bench
from tests.api.records import fire


@dataclass
class Given(NoDeliveries):
    """One call, given up, of whatever alert is asked for."""

    retried: list[Collection[int] | None] = field(default_factory=list)

    def calls(self, alert_id: str) -> Sequence[Call]:
        return (
            Call(
                number=7,
                alert_id=alert_id,
                kind=NoticeKind.RAISED,
                channel="sms:duty:1",
                level=0,
                state=CallState.FAILED,
                due=NOON,
                detail="HTTP 400",
            ),
        )

    def tellings(self, alert_ids: Collection[str]) -> Mapping[str, Telling]:
        return dict.fromkeys(alert_ids, Telling(held=Hold.QUIET, until=NOON, drill="d1"))

    def undelivered(self, *, limit: int = 100) -> Sequence[Call]:
        return self.calls("x")[:limit]

    def retry(self, numbers: Collection[int] | None = None) -> int:
        self.retried.append(numbers)
        return 1


def bench(folder: Path) -> tuple[Bench, Given]:
    made, given = Bench(folder), Given()
    made.services = replace(made.services, alerts=given)
    made.app = create_app(made.services)
    return made, given


def test_an_alert_tells_its_clocks_and_calls_and_what_holds_it(tmp_path: Path) -> None:
    there, _ = bench(tmp_path)
    alert_id = fire(there)
    told = there.signed_in(Role.VIEWER).get(f"/alerts/{alert_id}").json()
    clocks = {each["name"]: each for each in told["clocks"]}
    assert list(clocks) == ["acknowledge", "verify", "repair"]
    assert clocks["acknowledge"]["done"] is None
    assert (told["calls"][0]["channel"], told["calls"][0]["state"]) == ("sms:duty:1", "failed")
    assert (told["telling"]["held"], told["telling"]["drill"]) == ("quiet", "d1")


def test_acknowledging_stops_its_clock_and_looking_on_site_both(tmp_path: Path) -> None:
    there, _ = bench(tmp_path)
    alert_id = fire(there)
    officer = there.signed_in(Role.SAFETY_OFFICER)
    there.clock.go_on(timedelta(seconds=20))
    officer.post(f"/alerts/{alert_id}/acknowledge")
    clocks = officer.get(f"/alerts/{alert_id}").json()["clocks"]
    assert [each["done"] is not None for each in clocks] == [True, False, False]
    officer.post(f"/alerts/{alert_id}/verify", {"truth": "false"})
    clocks = officer.get(f"/alerts/{alert_id}").json()["clocks"]
    assert [each["done"] is not None for each in clocks] == [True, True, False]


def test_what_never_arrived_is_listed_and_sent_again_by_who_may(tmp_path: Path) -> None:
    there, given = bench(tmp_path)
    officer = there.signed_in(Role.SAFETY_OFFICER)
    assert [each["number"] for each in officer.get("/alerts/undelivered").json()] == [7]
    assert officer.post("/alerts/undelivered/retry", {"numbers": [7]}).json() == {"calls": 1}
    viewer = there.signed_in(Role.VIEWER, user_name="vera")
    assert viewer.post("/alerts/undelivered/retry").status_code == 403
    assert given.retried == [(7,)]
    assert "alert.retry" in there.audited()
