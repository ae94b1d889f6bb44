"""How good the alarms were, over the API: of chosen days, with what people were told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from alerts.commands import DETECTION, clear
from analytics.ledger import FindingAction, Judgement
from api.alert_ports import NoDeliveries
from api.app import create_app
from sensors.actors import Role
from tests.api.bench import NOON, Bench
from tests.api.records import finding, fire


class Busy(NoDeliveries):
    """A guard who was told of eleven alarms within ten minutes."""

    def told(self, *, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        times = [NOON + timedelta(seconds=50 * number) for number in range(11)]
        return {"guard": [each for each in times if since <= each < until]}


def bench(folder: Path) -> Bench:
    made = Bench(folder)
    made.services = replace(made.services, alerts=Busy())
    made.app = create_app(made.services)
    return made


def test_quality_tells_how_fast_people_answered_and_who_was_flooded(tmp_path: Path) -> None:
    there = bench(tmp_path)
    alert_id = fire(there)
    officer = there.signed_in(Role.SAFETY_OFFICER)
    there.clock.go_on(timedelta(minutes=2))
    officer.post(f"/alerts/{alert_id}/acknowledge")
    there.clock.go_on(timedelta(minutes=8))
    with there.records.transaction() as tx:
        clear(tx, alert_id, actor=DETECTION, clock=there.clock)
    told = officer.get("/alerts/quality").json()
    assert (told["alarms"], told["by_severity"]["red"]) == (1, 1)
    assert (told["mean_acknowledge_s"], told["mean_clear_s"]) == (120.0, 600.0)
    [load] = told["loads"]
    assert (load["contact"], load["told"], load["is_flood"]) == ("guard", 11, True)


def test_rules_are_told_with_how_often_people_found_them_right(tmp_path: Path) -> None:
    there = bench(tmp_path)
    fire(there)
    there.clock.go_on(timedelta(minutes=1))
    judgements = {"f1": Judgement.ACCEPTED, "f2": Judgement.FALSE, "f3": None}
    for identifier, judgement in judgements.items():
        finding(there, rule="E05" if judgement else "A01", subject=f"room:{identifier}", identifier=identifier)
    with there.records.transaction() as tx:
        for record in tx.findings():
            judged = replace(record, judged=judgements[record.id])
            tx.save_finding(judged, action=FindingAction.JUDGE, actor_id="p1")
    first = NOON.date() - timedelta(days=8)
    told = there.signed_in(Role.VIEWER).get(f"/alerts/quality?first={first}").json()["rules"]
    assert [(each["rule"], each["told"], each["right"], each["false"], each["precision_pct"]) for each in told] == [
        ("E05", 2, 1, 1, 50.0),
        ("A01", 1, 0, 0, None),
        ("F01", 1, 0, 0, None),
    ]


def test_an_alarm_of_more_than_a_day_is_stale_on_the_days_on_which_it_stood(tmp_path: Path) -> None:
    there = bench(tmp_path)
    fire(there)
    there.clock.go_on(timedelta(days=3))
    viewer = there.signed_in(Role.VIEWER)
    day, after = NOON.date(), NOON.date() + timedelta(days=2)
    then = viewer.get(f"/alerts/quality?first={day}&last={day}").json()
    assert (then["alarms"], then["stale"]) == (1, [])
    later = viewer.get(f"/alerts/quality?first={after}&last={after}").json()
    assert (later["alarms"], later["mean_acknowledge_s"]) == (0, None)
    assert [each["subject"] for each in later["stale"]] == ["device:panel1"]


def test_days_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    viewer = bench(tmp_path).signed_in(Role.VIEWER)
    assert viewer.get("/alerts/quality?first=2026-11-23&last=2026-11-20").status_code == 422
    assert viewer.get("/alerts/quality?last=0001-01-01").status_code == 422
    assert viewer.get("/alerts/quality?first=9999-12-30&last=9999-12-31").status_code == 422
