"""Ids of records."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from premises.clock import SystemClock
from sensors.clock import Clock
from sensors.ids import new_id


@given(clock_ms=st.integers(0, 2**48 - 1))
def test_an_id_is_a_uuid_of_version_7_that_holds_its_time(clock_ms: int) -> None:
    made = uuid.UUID(new_id(clock_ms))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == clock_ms


@given(times=st.lists(st.integers(0, 2**48 - 1), unique=True))
def test_ids_sort_by_their_times(times: list[int]) -> None:
    assert [uuid.UUID(made).int >> 80 for made in sorted(map(new_id, times))] == sorted(times)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_id(1_795_392_000_000) for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("clock_ms", [-1, 2**48])
def test_a_time_that_does_not_fit_is_refused(clock_ms: int) -> None:
    with pytest.raises(ValueError, match="milliseconds since 1970"):
        new_id(clock_ms)


def has_offset(clock: Clock) -> bool:
    return clock.now().utcoffset() is not None


def test_the_real_clock_is_aware() -> None:
    assert has_offset(SystemClock())
