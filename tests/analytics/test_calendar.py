from dataclasses import replace
from datetime import date

import pytest

from analytics.calendar import ChineseHolidays, DayKind, ListedHolidays, WeekdaysOnly, WorkCalendar
from sensors.topology import SeasonHours, Site
from tests.analytics.sites import site


def calendar(zone: str = "Asia/Shanghai", hours: str = "08:30-12:00,14:00-18:00") -> WorkCalendar:
    place = site(hours)
    return WorkCalendar(Site(id=place.id, name=place.name, timezone=zone, working_hours=hours), WeekdaysOnly())


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 2, 17), DayKind.RESTDAY),  # Spring Festival, a Tuesday
        (date(2026, 2, 28), DayKind.WORKDAY),  # the Saturday worked for it
        (date(2026, 10, 1), DayKind.RESTDAY),
        (date(2026, 3, 2), DayKind.WORKDAY),
        (date(2026, 3, 7), DayKind.RESTDAY),
    ],
)
def test_chinese_calendar_knows_holidays_and_makeup_workdays(day: date, kind: DayKind) -> None:
    assert ChineseHolidays().kind(day) is kind


def test_a_year_without_a_notice_is_unknown_not_guessed() -> None:
    assert ChineseHolidays().kind(date(ChineseHolidays.last_year() + 1, 6, 1)) is DayKind.UNKNOWN


def test_a_sites_own_list_wins_and_ends_with_its_years() -> None:
    listed = ListedHolidays(years=frozenset({2027}), exceptions={date(2027, 1, 2): DayKind.WORKDAY})
    assert listed.kind(date(2027, 1, 2)) is DayKind.WORKDAY
    assert listed.kind(date(2027, 1, 3)) is DayKind.RESTDAY
    assert listed.kind(date(2028, 1, 3)) is DayKind.UNKNOWN


def test_parts_cover_a_day_without_gap_and_mark_lunch() -> None:
    parts = list(calendar().parts(date(2026, 3, 2), date(2026, 3, 2)))
    assert [part.start_ms for part in parts[1:]] == [part.end_ms for part in parts[:-1]]
    assert sum(part.end_ms - part.start_ms for part in parts) == 24 * 3_600_000
    assert sum(part.end_ms - part.start_ms for part in parts if part.working) == 7.5 * 3_600_000
    assert sum(part.end_ms - part.start_ms for part in parts if part.lunch) == 2 * 3_600_000
    assert sum(part.end_ms - part.start_ms for part in parts if part.night) == 5 * 3_600_000


def test_a_rest_day_has_neither_working_hours_nor_lunch() -> None:
    parts = list(calendar().parts(date(2026, 3, 7), date(2026, 3, 7)))
    assert not any(part.working or part.lunch for part in parts)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23.0), (date(2026, 10, 25), 25.0)])
def test_a_day_of_clock_change_has_its_true_length(day: date, hours: float) -> None:
    frame = calendar("Europe/Berlin").day_frame(day, day)
    assert frame["day_h"].to_list() == [pytest.approx(hours)]


def test_hours_of_a_season_hold_on_its_dates_and_over_the_turn_of_the_year() -> None:
    summer = SeasonHours(first_month_day=(6, 1), last_month_day=(9, 30), working_hours="08:00-12:00,15:00-18:30")
    winter = SeasonHours(first_month_day=(12, 1), last_month_day=(2, 28), working_hours="09:00-12:00,13:00-17:00")
    site = replace(calendar().site, season_hours=(summer, winter))
    days = WorkCalendar(site, WeekdaysOnly()).day_frame(date(2026, 1, 1), date(2026, 12, 31))
    work_h = dict(days.select("day", "work_h").iter_rows())
    assert [work_h[day] for day in (date(2026, 7, 1), date(2026, 10, 1), date(2026, 12, 1), date(2026, 1, 5))] == [
        7.5,
        7.5,
        7.0,
        7.0,
    ]
    lunches = [
        part for part in WorkCalendar(site, WeekdaysOnly()).parts(date(2026, 7, 1), date(2026, 7, 1)) if part.lunch
    ]
    assert sum(part.end_ms - part.start_ms for part in lunches) == 3 * 3_600_000
