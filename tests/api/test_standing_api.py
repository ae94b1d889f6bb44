"""What holds alerts back, over HTTP: made, listed and ended by those who may, bounded and audited."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sensors.actors import Role
from tests.api.bench import NOON, Bench, Browser, code
from tests.api.records import fire

HOUR = timedelta(hours=1)
END = (NOON + HOUR).isoformat()
SILENCE = {"matcher": {"kinds": ["door"], "zones": ["2F"]}, "comment": "换门锁", "ends": END, "hours": "12:00-13:00"}


def post(browser: Browser, path: str, body: object) -> Any:  # noqa: ANN401 - whatever JSON comes back
    answer = browser.client.post(f"/api/v1{path}", json=body, headers={"X-CSRF-Token": browser.csrf_token})
    return answer.json() if answer.is_success else code(answer)


def test_silence_is_made_listed_and_ended(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    made = post(officer, "/standing/silences", SILENCE)
    assert made["matcher"] == {"kinds": ["door"], "zones": ["2F"]}
    assert (made["hours"], made["comment"], made["ended_by"]) == ([[720, 780]], "换门锁", "")
    [listed] = officer.client.get("/api/v1/standing").json()["silences"]
    assert listed == made
    bench.clock.go_on(timedelta(minutes=1))
    assert post(officer, f"/standing/silences/{made['id']}/end", {})["ended_by"] == made["author"]
    assert post(officer, f"/standing/silences/{made['id']}/end", {}) == "standing.over_already"


def test_drill_and_what_is_out_of_service_are_made_and_ended(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    drill = post(officer, "/standing/drills", {"matcher": {"zones": ["2F"]}, "comment": "演练", "ends": END})
    out = post(officer, "/standing/out-of-service", {"subject": "device:d1", "comment": "battery", "until": END})
    bench.clock.go_on(timedelta(minutes=1))
    assert post(officer, f"/standing/drills/{drill['id']}/end", {})["ended_by"]
    assert post(officer, f"/standing/out-of-service/{out['id']}/end", {})["ended_by"]


def test_fire_is_shelved_only_after_it_was_seen(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    alert = fire(bench)
    officer = bench.signed_in(Role.SAFETY_OFFICER)
    aside = {"comment": "toast", "until": END}
    assert post(officer, f"/alerts/{alert}/shelve", aside) == "illegal_step"
    post(officer, f"/alerts/{alert}/acknowledge", {})
    assert post(officer, f"/alerts/{alert}/shelve", aside)["state"] == "shelved"
    assert post(officer, f"/alerts/{alert}/unshelve", {"note": "back"})["state"] == "raised"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"comment": " "}, "standing.comment_missing"),
        ({"matcher": {}}, "standing.asks_nothing"),
        ({"ends": NOON.isoformat()}, "standing.ends_before_it_starts"),
        ({"ends": (NOON + timedelta(days=400)).isoformat()}, "standing.too_long"),
        ({"hours": "25:00-26:00"}, "invalid"),
        ({"weekdays": [7]}, "invalid"),
        ({"matcher": {"kinds": ["dragons"]}}, "invalid"),
        ({"matcher": {"subjects": ["d1"]}}, "invalid"),
        ({"matcher": {"zone": ["2F"]}}, "invalid"),
    ],
)
def test_what_cannot_stand_is_refused_with_a_reason(tmp_path: Path, change: dict[str, object], problem: str) -> None:
    assert post(Bench(tmp_path).signed_in(Role.SAFETY_OFFICER), "/standing/silences", SILENCE | change) == problem


def test_unknown_silence_is_not_found(tmp_path: Path) -> None:
    assert post(Bench(tmp_path).signed_in(Role.SAFETY_OFFICER), "/standing/silences/none/end", {}) == "not_found"
