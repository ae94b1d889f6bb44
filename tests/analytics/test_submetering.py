"""Sub-metering: who and what took the electricity, with sums kept to the last Wh."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.submetering import APART, Basis, By, Part, apportioned, divided
from sensors.topology import BuildingId, Circuit, CircuitId, CircuitItem, DepartmentId, Registry, RoomId, Share
from tests.analytics.sites import circuit, office, registry

ADMIN, FINANCE = DepartmentId("admin"), DepartmentId("finance")
ROOMS = [
    replace(office(RoomId("r1"), area_m2=30.0), department=ADMIN),
    replace(office(RoomId("r2"), area_m2=10.0), department=FINANCE, floor="3"),
    office(RoomId("r3"), area_m2=10.0),
]
CIRCUITS = [
    circuit("main", CircuitItem.TOTAL),
    circuit("light", CircuitItem.LIGHTING, RoomId("r1"), RoomId("r2"), parent="main"),
    circuit("plugs", CircuitItem.PLUGS, RoomId("r1"), parent="main"),
    circuit("lift", CircuitItem.POWER, parent="main"),
    circuit("srv", CircuitItem.SERVER_ROOM, RoomId("r3"), parent="main"),
    circuit("pv", CircuitItem.PV, parent="main"),
    circuit("hvac", CircuitItem.HVAC, parent="main"),
    circuit("fan", CircuitItem.HVAC, RoomId("r2"), parent="hvac"),
]
AMOUNTS = {"main": 900, "light": 100, "plugs": 200, "lift": 80, "srv": 300, "pv": 100, "hvac": 150, "fan": 50}


def site(*, shares: tuple[Share, ...] = ()) -> Registry:
    place = registry(rooms=ROOMS, circuits=CIRCUITS)
    building = replace(place.buildings[BuildingId("a")], shares=shares)
    return replace(place, buildings={building.id: building})


def amounts(**changed: int) -> dict[CircuitId, int]:
    return {CircuitId(name): wh for name, wh in (AMOUNTS | changed).items()}


def parts(by: By, place: Registry | None = None, **changed: int) -> dict[tuple[str, Basis], int]:
    found = divided(place or site(), amounts(**changed), by)
    return {(part.key, part.basis): part.wh for part in found.parts}


def test_items_and_what_no_meter_saw_make_the_load() -> None:
    """900 from outside and 100 from the roof, less 830 below: 170 unmetered."""
    found = divided(site(), amounts(), By.ITEM)
    assert (found.load_wh, found.pv_wh, found.unmetered_wh, found.over) == (1000, 100, 170, ())
    assert parts(By.ITEM) == {
        ("lighting", Basis.MEASURED): 100,
        ("plugs", Basis.MEASURED): 200,
        ("power", Basis.MEASURED): 80,
        ("server_room", Basis.MEASURED): 300,
        ("hvac", Basis.MEASURED): 150,
        ("unmetered", Basis.UNMETERED): 170,
    }


def test_floors_share_a_circuit_by_the_area_of_their_rooms() -> None:
    """Light of 30 m² on the second floor and 10 m² on the third: 75 and 25."""
    assert parts(By.ZONE) == {
        ("a/2", Basis.BY_AREA): 75,
        ("a/3", Basis.BY_AREA): 25,
        ("a/2", Basis.MEASURED): 200 + 300,
        ("a/3", Basis.MEASURED): 50,
        ("a/", Basis.MEASURED): 80 + 100,
        ("a/", Basis.UNMETERED): 170,
    }


def test_units_have_their_rooms_and_share_the_rest_by_area_where_nothing_else_is_written() -> None:
    assert parts(By.UNIT) == {
        ("admin", Basis.MEASURED): 200,
        ("admin", Basis.BY_AREA): 75 + 60 + 75,
        ("finance", Basis.BY_AREA): 25 + 20 + 25,
        ("finance", Basis.MEASURED): 50,
        ("server_room", Basis.MEASURED): 300,
        ("unmetered", Basis.UNMETERED): 170,
    }


def test_written_shares_go_before_area_and_what_they_leave_is_common() -> None:
    shares = (Share(department=ADMIN, share=0.5), Share(department=FINANCE, share=0.25))
    found = parts(By.UNIT, site(shares=shares))
    assert found["admin", Basis.BY_SHARES] == 40 + 50
    assert found["finance", Basis.BY_SHARES] == 20 + 25
    assert found["common", Basis.BY_SHARES] == 20 + 25


def test_circuit_of_a_unit_is_that_units_with_all_below_it() -> None:
    place = site()
    hvac = replace(place.circuits[CircuitId("hvac")], department=FINANCE)
    owned = replace(place, circuits={**place.circuits, hvac.id: hvac})
    assert parts(By.UNIT, owned)["finance", Basis.MEASURED] == 150


def test_sub_meters_that_say_more_than_the_main_are_named() -> None:
    found = divided(site(), amounts(main=700), By.ITEM)
    assert (found.unmetered_wh, found.over) == (-30, ((CircuitId("main"), 30),))
    assert sum(part.wh for part in found.parts) == found.load_wh == 800


def test_circuit_without_an_amount_is_named_and_stays_in_what_is_above_it() -> None:
    known = {name: wh for name, wh in amounts().items() if name != "hvac"}
    found = divided(site(), known, By.ITEM)
    assert found.unknown == (CircuitId("hvac"),)
    assert (found.unmetered_wh, found.load_wh) == (270, 1000)


@pytest.mark.parametrize("wh", [10, -10])
def test_apportioning_gives_what_is_left_to_the_largest_remainders(wh: int) -> None:
    sign = wh // 10
    assert apportioned(wh, {"a": 1, "b": 1, "c": 1}) == {"a": 4 * sign, "b": 3 * sign, "c": 3 * sign}


@given(
    wh=st.integers(-(10**12), 10**12),
    weights=st.dictionaries(st.text(max_size=3), st.floats(0.01, 1e6), min_size=1, max_size=9),
)
def test_apportioning_loses_nothing(wh: int, weights: dict[str, float]) -> None:
    assert sum(apportioned(wh, weights).values()) == wh


@st.composite
def trees(draw: st.DrawFn) -> tuple[Registry, dict[CircuitId, int]]:
    items = st.sampled_from([item for item in CircuitItem if item is not CircuitItem.TOTAL])
    circuits = [circuit("c0", CircuitItem.TOTAL)]
    for number in range(1, draw(st.integers(1, 8))):
        parent = draw(st.sampled_from([one.id for one in circuits if one.item is not CircuitItem.PV]))
        serves = draw(st.lists(st.sampled_from([room.id for room in ROOMS]), unique=True))
        unit = draw(st.sampled_from([None, ADMIN, FINANCE]))
        made: Circuit = circuit(f"c{number}", draw(items), *serves, parent=parent)
        circuits.append(replace(made, department=unit))
    read = {one.id: draw(st.integers(0, 10**9)) for one in circuits}
    unread = draw(st.sets(st.sampled_from([one.id for one in circuits[1:]]))) if len(circuits) > 1 else set()
    place = registry(rooms=ROOMS, circuits=circuits)
    return place, {name: wh for name, wh in read.items() if name not in unread}


@given(tree=trees(), by=st.sampled_from(By))
def test_parts_add_up_to_the_load_to_the_last_wh(tree: tuple[Registry, dict[CircuitId, int]], by: By) -> None:
    place, read = tree
    found = divided(place, read, by)
    assert sum(part.wh for part in found.parts) == found.load_wh == read[CircuitId("c0")] + found.pv_wh
    negative: list[Part] = [part for part in found.parts if part.wh < 0]
    assert bool(negative) <= bool(found.over)
    assert found.unmetered_wh >= -sum(wh for _, wh in found.over)


def test_what_counts_apart_is_no_office_load() -> None:
    assert {item.value for item in APART} == {"server_room", "kitchen", "charging"}
