"""The use of energy over HTTP: which days may be asked for, and what is told of whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

from analytics.submetering import By
from api.app import create_app
from api.ports import EnergyAsked
from sensors.actors import Role
from sensors.topology import (
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    Department,
    DepartmentId,
    Name,
    Registry,
    RoomId,
)
from tests.api.bench import Bench, Browser, code, registry, room

MAIN, OFFICES, CHIEF, CIPHER = (CircuitId(each) for each in ("main", "offices", "chief", "cipher"))
SHARED, PERSONAL, CLOSED = RoomId("a-201"), RoomId("a-202"), RoomId("a-203")
ADMIN, FINANCE, LAW = (DepartmentId(each) for each in ("admin", "finance", "law"))


def site() -> Registry:
    """Three units, one of them a person alone; a circuit each for what is shared, personal and closed."""
    rooms = registry().rooms
    units = {SHARED: ADMIN, PERSONAL: LAW, RoomId("a-204"): FINANCE, CLOSED: ADMIN}
    known = {**rooms, RoomId("a-204"): room("a-204")}
    return replace(
        registry(),
        rooms={each: replace(known[each], department=unit) for each, unit in units.items()},
        departments={each: Department(id=each, name=Name(zh=each, en=each)) for each in (ADMIN, FINANCE, LAW)},
        circuits={
            MAIN: Circuit(id=MAIN, item=CircuitItem.TOTAL, building=BuildingId("a")),
            OFFICES: Circuit(
                id=OFFICES, item=CircuitItem.PLUGS, parent=MAIN, serves=(SHARED, PERSONAL, RoomId("a-204"))
            ),
            CHIEF: Circuit(id=CHIEF, item=CircuitItem.LIGHTING, parent=MAIN, serves=(PERSONAL,)),
            CIPHER: Circuit(id=CIPHER, item=CircuitItem.HVAC, parent=MAIN, serves=(CLOSED,)),
        },
    )


def part(key: str, kwh: float, basis: str = "measured", cost_cny: float | None = 1.0) -> Mapping[str, object]:
    named = {"key": key, "name": {"zh": key, "en": key}, "basis": basis, "apart": False}
    return {**named, "kwh": kwh, "cost_cny": cost_cny, "carbon_kg": None}


@dataclass
class Told:
    """Answers with these parts, and keeps what was asked."""

    parts: tuple[Mapping[str, object], ...] = ()
    asked: list[EnergyAsked] = field(default_factory=list)

    def __call__(self, asked: EnergyAsked) -> Mapping[str, object] | None:
        self.asked.append(asked)
        if not self.parts:
            return None
        circuits: Mapping[str, int] = {MAIN: 1, CHIEF: 2, CIPHER: 3}
        over = [{"circuit": each, "kwh": 1.0} for each in circuits]
        return {"load_kwh": 100.0, "parts": self.parts, "over": over, "missing_days": circuits, "unknown": [CIPHER]}


def viewer(folder: Path, told: Told) -> Browser:
    bench = Bench(folder)
    bench.services = replace(bench.services, registry=site, energy=told)
    bench.app = create_app(bench.services)
    return bench.signed_in(Role.VIEWER)


def test_last_thirty_whole_days_are_told_where_none_are_asked_for(tmp_path: Path) -> None:
    told = Told()
    answer = viewer(tmp_path, told).get("/energy").json()
    [asked] = told.asked
    assert ((asked.last - asked.first).days, asked.by, asked.building) == (29, By.ITEM, None)
    assert (answer["first"], answer["last"]) == (asked.first.isoformat(), asked.last.isoformat())
    assert (answer["load_kwh"], answer["parts"]) == (None, [])


def test_days_division_and_building_are_asked_for(tmp_path: Path) -> None:
    told = Told()
    viewer(tmp_path, told).get("/energy?by=zone&first=2026-03-02&last=2026-03-04&building=a")
    assert told.asked == [
        EnergyAsked(by=By.ZONE, first=date(2026, 3, 2), last=date(2026, 3, 4), building=BuildingId("a"))
    ]


@pytest.mark.parametrize(
    "query",
    [
        "first=2026-03-05&last=2026-03-04",
        "first=2020-01-01&last=2026-03-04",
        "last=9999-12-31",
        "last=0001-01-01",
        "first=0001-01-01",
        "first=soon",
        "by=person",
        f"building={'a' * 101}",
    ],
)
def test_odd_questions_are_refused(tmp_path: Path, query: str) -> None:
    told = Told()
    assert code(viewer(tmp_path, told).get(f"/energy?{query}")) == "invalid"
    assert told.asked == []


def test_building_that_is_none_is_not_found(tmp_path: Path) -> None:
    assert code(viewer(tmp_path, Told()).get("/energy?building=b")) == "not_found"


def test_unit_of_one_person_is_told_only_with_another(tmp_path: Path) -> None:
    parts = (part(ADMIN, 50), part(FINANCE, 20, "by_area"), part(LAW, 5), part("unmetered", 25, "unmetered"))
    answer = viewer(tmp_path, Told(parts)).get("/energy?by=unit").json()
    assert [(each["key"], each["kwh"], each["basis"], each["cost_cny"]) for each in answer["parts"]] == [
        (ADMIN, 50, "measured", 1),
        ("unmetered", 25, "unmetered", 1),
        ("together", 25, None, 2),
    ]


def test_item_of_one_persons_room_is_told_only_with_another(tmp_path: Path) -> None:
    parts = (part("plugs", 50), part("lighting", 5, cost_cny=None), part("hvac", 1), part("unmetered", 44, "unmetered"))
    answer = viewer(tmp_path, Told(parts)).get("/energy?by=item").json()
    assert [(each["key"], each["kwh"], each["cost_cny"]) for each in answer["parts"]] == [
        ("unmetered", 44, 1),
        ("together", 56, None),
    ]


def test_circuits_of_shielded_rooms_are_not_named(tmp_path: Path) -> None:
    answer = viewer(tmp_path, Told((part("plugs", 100),))).get("/energy").json()
    assert ([each["circuit"] for each in answer["over"]], answer["missing_days"], answer["unknown"]) == (
        [MAIN],
        {MAIN: 1},
        [],
    )
