"""The calendar file: what it may say, and every fault with its line and column."""

from datetime import date
from pathlib import Path

import pytest

from analytics.calendar import ChangedHolidays, DayKind
from premises.holidays import CalendarFault, holidays_of
from sensors.day_changes import Scope, with_absences
from sensors.topology import Absence, DepartmentId, PersonId, Registry, RoomId
from storage.calendar_file import parse_calendar
from storage.registry_file import load_registry
from tests.registry.good import GOOD

DAYS = """\
source: 机关事务局 2026 第 3 号
who: 张三
overtime:
  - {first: 2026-03-07, hours: "09:00-12:00", department: admin}
  - {first: 2026-03-09, last: 2026-03-11, hours: "18:00-21:00", room: a-202, source: 加班申请 17, who: 李四}
closures:
  - {first: 2026-03-02, last: 2026-03-20, building: a, floor: 2, reason: 装修}
cleaning:
  - {first: 2026-03-09, hours: "12:00-14:00"}
absences:
  - {first: 2026-03-02, last: 2026-03-06, department: admin}
"""


def home(folder: Path, days: str | None = DAYS, registry: str = GOOD) -> tuple[Path, Registry]:
    path = folder / "registry.yaml"
    path.write_text(registry, encoding="utf-8")
    if days is not None:
        (folder / "calendar.yaml").write_text(days, encoding="utf-8")
    return path, load_registry(path)


def test_entries_tell_their_source_and_who_wrote_them_down(tmp_path: Path) -> None:
    _, registry = home(tmp_path, None)
    calendar, faults = parse_calendar(DAYS.encode(), registry)
    assert calendar is not None, faults
    of_unit, of_room = calendar.changes.overtime
    assert (of_unit.source, of_unit.who, of_unit.last) == ("机关事务局 2026 第 3 号", "张三", date(2026, 3, 7))
    assert (of_room.source, of_room.who, of_room.hours) == ("加班申请 17", "李四", ((1080, 1260),))
    assert of_room.scope == Scope(room=RoomId("a-202"))


def test_the_file_beside_the_registry_goes_with_any_calendar(tmp_path: Path) -> None:
    path, registry = home(tmp_path)
    holidays = holidays_of(registry.site, path, registry)
    assert isinstance(holidays, ChangedHolidays)
    assert holidays.kind(date(2026, 3, 9)) is DayKind.WORKDAY
    assert len(holidays.changes.closures) == 1


def test_one_file_may_hold_the_years_and_the_days(tmp_path: Path) -> None:
    own = GOOD.replace("calendar: cn", "calendar: calendar.yaml")
    path, registry = home(tmp_path, f"years: [2026]\nholidays: [2026-03-03]\n{DAYS}", own)
    holidays = holidays_of(registry.site, path, registry)
    assert isinstance(holidays, ChangedHolidays)
    assert [holidays.kind(date(year, 3, 3)) for year in (2026, 2027)] == [DayKind.RESTDAY, DayKind.UNKNOWN]


def test_a_department_that_is_away_is_all_its_people(tmp_path: Path) -> None:
    _, registry = home(tmp_path, None)
    calendar, _ = parse_calendar(DAYS.encode(), registry)
    assert calendar is not None
    person = with_absences(registry, calendar.changes.absences).people[PersonId("p01")]
    assert person.department == DepartmentId("admin")
    assert person.absences[-1] == Absence(first=date(2026, 3, 2), last=date(2026, 3, 6))


FAULTY = """\
overtime:
  - {first: 2026-03-09, hours: "21:00-18:00", room: a-999, source: x, who: y}
  - {first: 2026-03-09, last: 2026-03-01, source: x, who: y}
closures:
  - {first: 2026-03-09, floor: 2, reason: 装修, who: y}
  - {first: 2026-03-09, building: a, floor: 9, source: x, who: y}
absences:
  - {first: 2026-03-09, source: x, who: y, reason: ill}
"""


def shortened(line: str) -> str:
    return line.partition("midnight")[0] + "…" if "midnight" in line else line


def test_every_fault_is_told_with_line_and_column(tmp_path: Path) -> None:
    path, registry = home(tmp_path, FAULTY)
    with pytest.raises(CalendarFault) as refused:
        holidays_of(registry.site, path, registry)
    told = [line.removeprefix(f"{tmp_path}/calendar.yaml:") for line in str(refused.value).splitlines()]
    assert [shortened(line.partition(";")[0]) for line in told] == [
        "2:25: overtime: hours '21:00-18:00' ends before it starts in '21:00-18:00' (a span may not cross …",
        "2:47: overtime: room a-999 is not in the registry",
        "3:5: overtime: has no hours",
        "3:25: overtime: ends 2026-03-01, before 2026-03-09",
        "5:5: closures: has no source",
        "5:25: closures: floor 2 is of no building",
        "6:5: closures: has no reason",
        "6:38: closures: building a has no room on floor 9",
        "8:5: absences: names a person or a department, one of them",
        "8:44: absences: unknown key 'reason'",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("years: [2026]\nholidays: [2027-01-01]\n", "2:12: holidays: 2027-01-01 is in no year of `years`"),
        ("years: [2026]\nholidays: [2026-01-01]\nworkdays: [2026-01-01]\n", "3:12: 2026-01-01 is both a holiday"),
        ("holiday: [2026-01-01]\n", "1:1: unknown key 'holiday'; did you mean holidays?"),
        ("- 1\n", "1:1: must be a mapping"),
        ("years: [soon]\n", "1:9: years must be a whole number"),
    ],
)
def test_what_no_calendar_says_is_told(text: str, reason: str, tmp_path: Path) -> None:
    path, registry = home(tmp_path, text)
    with pytest.raises(CalendarFault) as refused:
        holidays_of(registry.site, path, registry)
    assert reason in str(refused.value)


def test_a_calendar_of_a_site_needs_years(tmp_path: Path) -> None:
    path, registry = home(tmp_path, DAYS, GOOD.replace("calendar: cn", "calendar: calendar.yaml"))
    with pytest.raises(CalendarFault, match="has no years"):
        holidays_of(registry.site, path, registry)
