"""Bills over HTTP: entered by whoever keeps the data, read by all."""

from pathlib import Path

import pytest

from sensors.actors import Role
from tests.api.bench import Bench, code

JANUARY = {
    "subject": "building:a",
    "utility": "electricity",
    "first": "2026-01-01",
    "last": "2026-01-31",
    "quantity": 12500.0,
    "fee": 9000.0,
}


def test_a_bill_is_entered_and_read(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    entered = bench.signed_in(Role.FACILITY_MANAGER).post("/bills", JANUARY)
    assert entered.status_code == 200, entered.text
    [found] = bench.signed_in(Role.VIEWER).get("/bills").json()
    assert {name: found[name] for name in JANUARY} == JANUARY
    assert (found["unit"], found["note"]) == ("kWh", "")


def test_the_same_period_again_corrects_and_one_that_overlaps_is_refused(tmp_path: Path) -> None:
    manager = Bench(tmp_path).signed_in(Role.FACILITY_MANAGER)
    manager.post("/bills", JANUARY)
    assert manager.post("/bills", JANUARY | {"fee": 9100.0}).json()["fee"] == 9100.0
    assert len(manager.get("/bills").json()) == 1
    refused = manager.post("/bills", JANUARY | {"first": "2026-01-15", "last": "2026-02-15"})
    assert (refused.status_code, code(refused)) == (422, "bill")
    assert "overlaps" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"subject": "building:nowhere"}, "bill"),
        ({"subject": "nowhere"}, "bill"),
        ({"last": "2025-01-31"}, "bill"),
        ({"quantity": -1.0}, "invalid"),
        ({"fee": -1.0}, "invalid"),
        ({"first": "0001-01-01"}, "invalid"),
        ({"price": 1.0}, "invalid"),
    ],
)
def test_a_bill_that_cannot_be_is_refused(tmp_path: Path, wrong: dict[str, object], problem: str) -> None:
    manager = Bench(tmp_path).signed_in(Role.FACILITY_MANAGER)
    refused = manager.post("/bills", JANUARY | wrong)
    assert (refused.status_code, code(refused)) == (422, problem)
