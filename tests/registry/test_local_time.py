from datetime import UTC, datetime

import pytest

from sensors.local_time import TimeError, find_timezone, parse_time

BERLIN = find_timezone("Europe/Berlin")
SINGAPORE = find_timezone("Asia/Singapore")


@pytest.mark.parametrize(
    "text", ["2021-09-07 00:00 +08:00", "2021-09-07T00:00+08:00", "2021-09-06T16:00:00Z", "2021-09-06 16:00:00 +0000"]
)
def test_time_with_an_offset_is_itself_whatever_the_zone(text: str) -> None:
    assert parse_time(text, BERLIN) == datetime(2021, 9, 6, 16, tzinfo=UTC)


def test_time_without_an_offset_is_of_the_zone() -> None:
    assert parse_time("2021-09-07 00:00", SINGAPORE) == datetime(2021, 9, 6, 16, tzinfo=UTC)


def test_time_of_another_layout_is_read_by_it() -> None:
    assert parse_time("2021/9/7 0:05", SINGAPORE, "%Y/%m/%d %H:%M") == datetime(2021, 9, 6, 16, 5, tzinfo=UTC)
    assert parse_time("1630944300", None, "unix_s") == datetime(2021, 9, 6, 16, 5, tzinfo=UTC)
    assert parse_time("1630944300000", None, "unix_ms") == datetime(2021, 9, 6, 16, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2021-10-31 02:30", "happens twice in Europe/Berlin"),
        ("2021-03-28 02:30", "happens never in Europe/Berlin"),
        ("2021/9/7 0:05", "is no time ISO 8601"),
        ("1970-01-01 00:00", "the clock was not set"),
        ("", "is no time"),
        ("２０２１-09-07", "is no time"),
    ],
)
def test_time_that_names_no_instant_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(TimeError, match=says):
        parse_time(text, BERLIN)


def test_time_without_offset_and_zone_is_refused() -> None:
    with pytest.raises(TimeError, match="has no offset and no timezone is named"):
        parse_time("2021-09-07 00:00", None)
