import pytest

from sensors.hours import HoursError, parse_hours


def test_hours_are_minutes_since_midnight() -> None:
    assert parse_hours("08:30-12:00,14:00-18:00") == ((510, 720), (840, 1080))


def test_hours_are_sorted_and_may_touch() -> None:
    assert parse_hours("14:00-24:00, 8:00-14:00") == ((480, 840), (840, 1440))


def test_hours_typed_with_a_chinese_keyboard_are_the_same() -> None:
    assert parse_hours("08：30～12：00，14：00–18：00") == ((510, 720), (840, 1080))


def test_no_hours_are_none() -> None:
    assert parse_hours(" ") == ()


@pytest.mark.parametrize(
    "text", ["8-12", "08:60-09:00", "08:00-24:01", "12:00-08:00", "08:00-08:00", "08:00-12:00,11:59-13:00", "08:00-,"]
)
def test_hours_that_no_day_has_are_refused(text: str) -> None:
    with pytest.raises(HoursError, match="write hours like"):
        parse_hours(text)
