"""What is asked of the solver: who may move, what is left out and why, meeting rooms kept, and what is told of it."""

from datetime import date
from typing import Any

from analytics.reallocation.asking import Limits
from analytics.reallocation.cp_sat import CpSat
from analytics.reallocation.gathering import Gathered, Known, Untouched, gather
from analytics.reallocation.parts import ByParts, parts
from analytics.reallocation.telling import CircuitDays, Kind, propose
from sensors.space_wishes import SpaceWishes
from sensors.topology import (
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    Department,
    DepartmentId,
    Name,
    Person,
    PersonId,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
)
from sensors.utilisation import GroupUse, HourCell, RoomStanding, Scope, Utilisation
from storage.space_file import parse_wishes

UNIT = DepartmentId("admin")
HOUSE = BuildingId("a")
NAME = Name(zh="室", en="room")


def room(name: str, *holders: str, **more: Any) -> Room:  # noqa: ANN401 - fields of any type
    given: dict[str, Any] = {"usable_area_m2": 18.0, "capacity": 2, "category": RoomCategory.OFFICE, "department": UNIT}
    people = tuple(PersonId(holder) for holder in holders)
    return Room(id=RoomId(name), building=HOUSE, floor="1", name=NAME, holders=people, **{**given, **more})


def registry(*rooms: Room, ranks: str | None = "县级/科级以下", circuits: tuple[Circuit, ...] = ()) -> Registry:
    holders = dict.fromkeys(holder for each in rooms for holder in each.holders)
    return Registry(
        site=Site(id=SiteId("hq"), name=NAME, timezone="Asia/Shanghai", working_hours="09:00-17:00"),
        departments={UNIT: Department(id=UNIT, name=NAME)},
        people={each: Person(id=each, name="某", department=UNIT, rank=ranks) for each in holders},
        buildings={HOUSE: Building(id=HOUSE, name=NAME)},
        rooms={each.id: each for each in rooms},
        circuits={each.id: each for each in circuits},
    )


def known(of: Registry, uses: dict[str, str], *, wishes: SpaceWishes | None = None, hours: int = 0) -> Known:
    groups = tuple(
        GroupUse(
            scope=Scope.ROOM,
            id=each,
            rooms=(RoomId(each),),
            mean_pct=10,
            vacancies=0,
            longest_vacancy_h=0,
            mean_vacancy_h=0,
            cells=(HourCell(0, 9, float(hours)),),
        )
        for each in uses
    )
    rooms = tuple(RoomStanding(room=RoomId(each), use=use, workdays=28) for each, use in uses.items())
    use = Utilisation(first=date(2026, 10, 12), last=date(2026, 11, 22), groups=groups, rooms=rooms)
    return Known(registry=of, use=use, day=date(2026, 11, 23), wishes=wishes or SpaceWishes())


def moves(found: Gathered, of: Registry) -> list[tuple[Kind, str]]:
    answer = ByParts(CpSat()).best(found.question, Limits(seconds=10))
    assert answer is not None
    return [(move.kind, move.room) for move in propose(of, found, answer, {}).moves]


def test_room_without_enough_data_is_neither_left_nor_joined() -> None:
    site = registry(room("r1", "p1"), room("r2", "p2"))
    found = gather(known(site, {"r1": "underused", "r2": "unknown"}))
    assert found.untouched == {"r2": Untouched.INSUFFICIENT_DATA}
    assert moves(found, site) == []


def test_people_without_rank_and_rooms_without_area_are_said_and_not_guessed() -> None:
    site = registry(room("r1", "p1"), room("r2", usable_area_m2=0.0), ranks=None)
    found = gather(known(site, {"r1": "underused", "r2": "idle"}))
    assert found.untouched == {"r1": Untouched.NO_RANK, "r2": Untouched.NO_AREA}


def test_restricted_room_is_in_nothing() -> None:
    site = registry(room("r1", "p1", restricted=True))
    found = gather(known(site, {"r1": "idle"}))
    assert not found.untouched
    assert not found.question.spaces


def test_empty_idle_room_is_released() -> None:
    site = registry(room("r1"))
    assert moves(gather(known(site, {"r1": "idle"})), site) == [(Kind.RELEASE, "r1")]


def test_holder_in_normal_use_stays_and_gets_company() -> None:
    site = registry(room("r1", "p1"), room("r2", "p2"))
    assert moves(gather(known(site, {"r1": "underused", "r2": "normal"})), site) == [(Kind.MERGE, "r1")]


def test_meeting_rooms_stay_as_the_busiest_hour_needs_them() -> None:
    meeting = {"category": RoomCategory.SERVICE, "subtype": "meeting"}
    site = registry(*(room(f"m{number}", capacity=number, **meeting) for number in (1, 2, 3)))
    uses = dict.fromkeys(("m1", "m2", "m3"), "underused")
    # Three rooms half full in the busiest hour: 150 % ÷ 60 % is three rooms; at a tenth one suffices.
    assert moves(gather(known(site, uses, hours=50)), site) == []
    assert moves(gather(known(site, uses, hours=10)), site) == [(Kind.CLOSE, "m1"), (Kind.CLOSE, "m2")]


def test_saving_lies_between_days_off_and_all_use_of_the_freed_rooms_own_circuits() -> None:
    own, both = (
        Circuit(id=CircuitId(name), item=CircuitItem.PLUGS, serves=tuple(RoomId(each) for each in rooms))
        for name, rooms in (("c1", ("r1",)), ("c12", ("r1", "r2")))
    )
    site = registry(room("r1", "p1"), room("r2", "p2"), circuits=(own, both))
    found = gather(known(site, {"r1": "underused", "r2": "normal"}))
    answer = CpSat().best(found.question, Limits(seconds=10))
    assert answer is not None
    used = {each.id: CircuitDays(days=40, mean_kwh=2.0, days_off=12, mean_off_kwh=0.5) for each in (own, both)}
    told = propose(site, found, answer, used)
    assert told.energy is not None
    assert (told.freed_m2, told.energy.low_kwh, told.energy.high_kwh) == (18.0, 15.0, 60.0)
    assert told.energy.circuits == ("c1",)
    assert propose(site, found, answer, {}).energy is None


def test_units_on_other_floors_are_a_question_of_their_own() -> None:
    site = registry(room("r1", "p1"), room("r2", "p2"))
    assert len(parts(gather(known(site, {"r1": "underused", "r2": "underused"})).question)) == 1


def test_space_file_names_what_the_registry_does_not_have() -> None:
    written = b"leased: [r9]\nneeds:\n  - {id: n1, department: nobody, people: 2}\n"
    _, faults = parse_wishes(written, registry(room("r1")))
    assert len(faults) == 3
    assert all(fault.place is not None for fault in faults)


def test_space_file_is_read() -> None:
    written = b"leased: [r1]\nreachable: [a/1]\nneeds:\n  - {id: n1, department: admin, area_m2: 12}\n"
    wishes, faults = parse_wishes(written, registry(room("r1")))
    assert not faults
    assert wishes.leased == {"r1"}
    assert [(need.id, need.area_m2) for need in wishes.needs] == [("n1", 12.0)]
