"""Many registers are read quickly: by number, and in detail only where something may have happened."""

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import meter_scale
from analytics import meters as meters_module
from analytics.meter_limits import believed
from analytics.meter_series import SERIES, in_order, named, numbered
from analytics.meters import Meters, corrected
from tests.analytics.registers import HOUR_MS, MONDAY_MS, Register, office_register
from tests.analytics.test_meters import spoilt, spoilt_registers

LimitsOf = Callable[[pl.DataFrame], pl.DataFrame | None]


def rows(*told: tuple[str, int, float]) -> pl.DataFrame:
    frame = pl.DataFrame(told, schema={"device": pl.String, "time_ms": pl.Int64, "value": pl.Float64}, orient="row")
    return frame.with_columns(metric=pl.lit("energy_import_kwh"), phase=pl.lit(""))


def read_in_detail(readings: pl.DataFrame, limits: pl.DataFrame | None) -> Meters:
    """Put registers right with every one of them read step by step, as if there might be an event in each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meters_module, "perhaps_eventful", lambda all_of_them, _limits: all_of_them)
        return corrected(readings, limits=limits)


def floor_of(readings: pl.DataFrame) -> pl.DataFrame:
    return believed(readings.select("device", "metric"))


def circuit_of(readings: pl.DataFrame) -> pl.DataFrame:
    return floor_of(readings).with_columns(limit_per_h=pl.lit(20.0))


@given(
    register=spoilt_registers(),
    other=spoilt_registers(),
    limits_of=st.sampled_from([lambda _readings: None, floor_of, circuit_of]),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_what_is_not_read_in_detail_would_have_come_to_the_same(
    register: Register, other: Register, limits_of: LimitsOf
) -> None:
    clean = office_register(days=3)
    readings = pl.concat([register.frame("a"), clean.frame("b"), clean.without(40, 80).frame("c"), other.frame("d")])
    limits = limits_of(readings)
    quick, careful = corrected(readings, limits=limits), read_in_detail(readings, limits)
    edges = pl.Series(range(MONDAY_MS, MONDAY_MS + 22 * 24 * HOUR_MS, HOUR_MS))
    assert quick.track.equals(careful.track)
    assert quick.problems.equals(careful.problems)
    assert quick.amounts(edges).equals(careful.amounts(edges))


def test_only_registers_that_fell_or_leapt_are_read_in_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    known = meter_scale.with_scale

    def counted(odd: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
        read.append(odd["series"].n_unique())
        return known(odd, limits)

    monkeypatch.setattr(meters_module, "with_scale", counted)
    clean = office_register(days=3)
    readings = pl.concat([clean.frame(f"m{number}") for number in range(20)])
    corrected(readings, limits=floor_of(readings))
    assert read == []
    corrected(pl.concat([readings, spoilt(clean, 50, 0.0).frame("wrong")]), limits=floor_of(readings))
    assert read == [1]


def test_series_are_numbered_in_their_order_wherever_their_rows_stand() -> None:
    names, said = numbered(rows(("b", 1, 1.0), ("a", 1, 2.0), ("b", 2, 3.0)))
    assert names.select("series", "device").rows() == [(0, "a"), (1, "b")]
    assert said["series"].to_list() == [1, 0, 1]
    assert named(said, names)["device"].to_list() == ["b", "a", "b"]
    assert named(said, names).columns[:3] == list(SERIES)


@pytest.mark.parametrize(
    "told",
    [
        [("b", 1, 1.0), ("a", 5, 2.0)],
        [("a", 5, 2.0), ("b", 1, 1.0)],
        [("b", 1, 1.0), ("a", 5, 0.0), ("a", 5, 2.0)],
        [("a", 5, 0.0), ("b", 1, 1.0), ("a", 5, 2.0)],
        [("a", 5, 0.0), ("a", 5, 2.0), ("b", 1, 1.0)],
    ],
)
def test_rows_come_in_order_and_of_one_time_the_last(told: list[tuple[str, int, float]]) -> None:
    _, said = numbered(rows(*told))
    assert in_order(said).select("series", "time_ms", "value").rows() == [(0, 5, 2.0), (1, 1, 1.0)]


def test_no_rows_have_no_series() -> None:
    names, said = numbered(rows())
    assert names.is_empty()
    assert named(in_order(said), names).is_empty()
