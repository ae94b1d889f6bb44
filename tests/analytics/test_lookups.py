"""Joins that make use of order give what polars' own joins give, whatever the order."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.lookups import in_order, keyed, looked_up, number_of, states_at, time_of, within

NAMES = st.sampled_from(["a", "b", "c"])
TIMES = st.integers(-20, 20)
ROWS = st.lists(st.tuples(NAMES, NAMES, TIMES), max_size=30)
SCHEMA = {"subject": pl.String, "phase": pl.String, "time_ms": pl.Int64}
SPANS = st.lists(st.tuples(TIMES, st.booleans()), max_size=10, unique_by=lambda each: each[0])


def _rows(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _spans(spans: list[tuple[int, bool]]) -> pl.DataFrame:
    ordered = sorted(spans)
    ends = [start for start, _ in ordered[1:]] + [25]
    rows = [(start, min(start + 5, end), state) for (start, state), end in zip(ordered, ends, strict=False)]
    return pl.DataFrame(rows, schema={"start_ms": pl.Int64, "end_ms": pl.Int64, "state": pl.Boolean}, orient="row")


@given(rows=ROWS)
def test_what_is_looked_up_by_runs_is_what_a_left_join_gives(rows: list[tuple[str, str, int]]) -> None:
    frame = _rows(rows)
    table = pl.DataFrame({"subject": ["a", "b"], "rank": [1, 2]})
    joined = frame.join(table, on="subject", how="left", maintain_order="left")
    assert_frame_equal(looked_up(frame, table, on=["subject"]), joined)


@given(rows=ROWS)
def test_order_is_that_of_the_texts_and_the_times(rows: list[tuple[str, str, int]]) -> None:
    assert in_order(_rows(rows), ["subject", "phase"], "time_ms").rows() == sorted(rows)


@given(number=st.integers(0, 100_000), time_ms=st.integers(-(2**41), 2**42 - 1))
def test_key_gives_back_its_number_and_its_time(number: int, time_ms: int) -> None:
    key = pl.select(key=keyed(pl.lit(number), pl.lit(time_ms)))
    assert key.select(number_of(pl.col("key")), time=time_of(pl.col("key"))).row(0) == (number, time_ms)


@given(rows=ROWS, spans=SPANS)
def test_rows_within_spans_are_those_of_a_cross_join(
    rows: list[tuple[str, str, int]], spans: list[tuple[int, bool]]
) -> None:
    frame, track = _rows(rows), _spans(spans)
    inside = pl.col("time_ms").is_between("start_ms", "end_ms", closed="left")
    expected = frame.join(track, how="cross").filter(inside).drop("start_ms", "end_ms")
    assert sorted(within(frame, track).rows()) == sorted(expected.rows())


@given(rows=ROWS, spans=SPANS)
def test_state_is_that_of_the_subjects_own_track_at_the_time(
    rows: list[tuple[str, str, int]], spans: list[tuple[int, bool]]
) -> None:
    frame, track = _rows(rows), _spans(spans)
    of_two = pl.concat([track.with_columns(subject=pl.lit(name)) for name in ("b", "a")])
    told = states_at(frame, of_two).to_list()
    for (subject, _, time_ms), state in zip(rows, told, strict=True):
        own = [value for start, end, value in track.rows() if start <= time_ms < end and subject != "c"]
        assert state is (own[0] if own else None)
