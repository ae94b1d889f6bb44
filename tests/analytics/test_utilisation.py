"""Use by hour and weekday, of rooms and of what they add up to; nothing of shielded rooms, not even by difference."""

from dataclasses import replace
from datetime import datetime

from analytics.calendar import WeekdaysOnly
from analytics.runs import Analysis, Request, analyse
from premises.outputs import USE, outputs
from premises.utilisation_json import utilisation_from_json, utilisation_json
from sensors.readings import ReadingBatch
from sensors.topology import DepartmentId, Person, PersonId, Registry, RoomId
from sensors.utilisation import GroupUse, HourCell, Scope, Utilisation, visible_utilisation
from storage.readings.memory import MemoryReadingStore
from tests.analytics.sites import A201, A202, MONDAY, batch, days_from, name, office, registry, room_device, sampled

FOUR_WEEKS = days_from(MONDAY, 28)
A203 = RoomId("a-203")
ANNA = Person(id=PersonId("p1"), name="p1")


def place() -> Registry:
    """Two shared rooms and one with a holder, all on one floor and of one department."""
    admin = DepartmentId("admin")
    rooms = [replace(office(room), department=admin) for room in (A201, A202)]
    own = replace(office(A203), department=admin, holders=(ANNA.id,))
    devices = [room_device(f"cam-{room}", room, "presence") for room in (A201, A202, A203)]
    return replace(registry(rooms=[*rooms, own], devices=devices), people={ANNA.id: ANNA})


def readings() -> ReadingBatch:
    """a-201 is used from nine to eleven on workdays, a-202 from ten to eleven, a-203 all the time."""
    told = batch()
    used = {"a-201": range(9, 11), "a-202": range(10, 11), "a-203": range(24)}
    for room, hours in used.items():

        def there(t: datetime, hours: range = hours) -> float:
            return float(t.weekday() < 5 and t.hour in hours)

        sampled(told, f"cam-{room}", "presence", FOUR_WEEKS, there)
    return told


def analysis() -> Analysis:
    store = MemoryReadingStore()
    store.append(readings())
    request = Request(rules=("S02", "S03"), utilisation=True)
    return analyse(registry=place(), holidays=WeekdaysOnly(), store=store, request=request)


def group(scope: Scope, identifier: str) -> GroupUse:
    (found,) = [each for each in analysis().use if (each.scope, each.id) == (scope, identifier)]
    return found


def test_a_rooms_hours_are_shares_of_the_hours_known() -> None:
    room = group(Scope.ROOM, A201)
    cells = {(cell.weekday, cell.hour): cell.used_pct for cell in room.cells}
    assert (cells[0, 9], cells[0, 10], cells[0, 11], cells[6, 9]) == (100.0, 100.0, 0.0, 0.0)
    assert (room.mean_pct, room.peak) == (25.0, HourCell(0, 9, 100.0))  # 2 of 8 working hours


def test_vacancies_are_spells_of_working_hours_of_an_hour_or_longer() -> None:
    room = group(Scope.ROOM, A201)  # 8 to 9, 11 to 12, 14 to 18 on each of 20 workdays
    assert (room.vacancies, room.longest_vacancy_h, room.mean_vacancy_h) == (60, 4.0, 2.0)


def test_floors_buildings_and_departments_add_up_their_open_rooms_alone() -> None:
    for scope, identifier in ((Scope.FLOOR, "a/2"), (Scope.BUILDING, "a"), (Scope.DEPARTMENT, "admin")):
        found = group(scope, identifier)
        assert found.rooms == (A201, A202)
        assert found.mean_pct == 18.8  # 3 of 16 hours; with a-203 it would be 45.8
        assert found.peak == HourCell(0, 10, 100.0)


def test_of_a_room_with_a_holder_there_is_a_class_and_no_figure() -> None:
    told = utilisation_from_json(outputs(analysis(), (USE,), "en")[USE])
    assert all(A203 not in each.rooms for each in told.groups)
    standing = {each.room: (each.use, each.workdays) for each in told.rooms}
    assert standing[A203] == ("normal", 20)
    assert standing[A201] == ("underused", 20)


def test_a_room_that_got_a_holder_since_takes_its_figures_and_sums_with_it() -> None:
    told = Utilisation(first=MONDAY, last=FOUR_WEEKS[-1], groups=analysis().use)
    now = place()
    taken = replace(now, rooms={**now.rooms, A202: replace(now.rooms[A202], holders=(ANNA.id,))})
    assert [(each.scope, each.id) for each in visible_utilisation(taken, told).groups] == [(Scope.ROOM, A201)]


def test_a_restricted_room_is_nowhere() -> None:
    told = utilisation_from_json(outputs(analysis(), (USE,), "en")[USE])
    now = place()
    closed = replace(now, rooms={**now.rooms, A203: replace(now.rooms[A203], restricted=True)})
    assert A203 not in [each.room for each in visible_utilisation(closed, told).rooms]


def test_it_comes_back_from_json_as_it_was() -> None:
    told = Utilisation(first=MONDAY, last=FOUR_WEEKS[-1], groups=analysis().use)
    assert utilisation_from_json(utilisation_json(told)) == told


def test_without_readings_there_is_no_use() -> None:
    store = MemoryReadingStore()
    empty = batch()
    sampled(empty, "other", "temperature_c", FOUR_WEEKS[:1], lambda _: 20.0)
    store.append(empty)
    bare = registry(rooms=[replace(office(), name=name("x"))], devices=[room_device("other", A201, "temperature_c")])
    request = Request(rules=("S02",), utilisation=True)
    assert analyse(registry=bare, holidays=WeekdaysOnly(), store=store, request=request).use == ()
