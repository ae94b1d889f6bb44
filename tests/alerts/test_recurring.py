"""Hours that come again, over midnight, over the week's edge, and where clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.recurring import end_of, is_within
from sensors.hours import parse_hours

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
NIGHT = parse_hours("22:00-24:00,00:00-07:00")
EVERY_DAY: frozenset[int] = frozenset()


def at(text: str, zone: ZoneInfo = BERLIN, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-23T23:30", "2026-11-24T07:00"),
        ("2026-11-24T00:00", "2026-11-24T07:00"),
        ("2026-11-24T07:00", "2026-11-24T07:00"),
        # The night in which clocks are set forward is an hour shorter, the other an hour longer.
        ("2026-03-28T23:00", "2026-03-29T07:00"),
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_night_ends_in_the_morning(now: str, end: str) -> None:
    assert end_of(at(now), NIGHT, EVERY_DAY, BERLIN) == at(end)


def test_week_ends_at_its_last_midnight() -> None:
    weekend = frozenset({5, 6})
    assert end_of(at("2026-11-21T10:00"), (), weekend, BERLIN) == at("2026-11-23T00:00")
    assert not is_within(at("2026-11-23T00:00"), (), weekend, BERLIN)


def test_hour_that_comes_twice_holds_twice() -> None:
    hours = parse_hours("02:00-03:00")
    assert is_within(at("2026-10-25T02:30"), hours, EVERY_DAY, BERLIN)
    assert is_within(at("2026-10-25T02:30", fold=1), hours, EVERY_DAY, BERLIN)
    assert end_of(at("2026-10-25T02:30"), hours, EVERY_DAY, BERLIN) == at("2026-10-25T03:00")


def test_hour_that_never_comes_holds_nothing() -> None:
    hours = parse_hours("02:00-03:00")
    assert not is_within(at("2026-03-29T03:00"), hours, EVERY_DAY, BERLIN)
    assert end_of(at("2026-03-29T01:30"), parse_hours("01:00-02:30"), EVERY_DAY, BERLIN) == at("2026-03-29T03:00")


@given(
    minutes=st.integers(0, 60 * 24 * 365),
    spans=st.sampled_from(["", "00:00-24:00", "22:00-24:00,00:00-07:00", "02:00-02:30", "12:00-13:00"]),
    weekdays=st.frozensets(st.integers(0, 6)),
    zone=st.sampled_from([BERLIN, SHANGHAI]),
)
def test_end_is_the_first_minute_outside(minutes: int, spans: str, weekdays: frozenset[int], zone: ZoneInfo) -> None:
    now, hours = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), parse_hours(spans)
    end = end_of(now, hours, weekdays, zone)
    assert now <= end <= now + timedelta(days=9)
    assert end == now or is_within(end - timedelta(minutes=1), hours, weekdays, zone)
    if end < now + timedelta(days=8):
        assert not is_within(end, hours, weekdays, zone)
