from hypothesis import given
from hypothesis import strategies as st

from simulators.timeline import Timeline, clipped, counted, gaps, joined, without

SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair))), max_size=8)


def moments(spans: list[tuple[int, int]]) -> set[int]:
    return {moment for start, end in spans for moment in range(start, end)}


@given(SPANS)
def test_joined_spans_cover_the_same_and_do_not_touch(spans: list[tuple[int, int]]) -> None:
    found = joined(spans)
    assert moments(found) == moments(spans)
    assert all(start < end for start, end in gaps(found))


@given(SPANS, SPANS)
def test_what_is_taken_is_gone(spans: list[tuple[int, int]], taken: list[tuple[int, int]]) -> None:
    assert moments(without(spans, taken)) == moments(spans) - moments(taken)


@given(SPANS, st.integers(0, 50))
def test_count_is_the_number_of_spans_that_hold(spans: list[tuple[int, int]], moment: int) -> None:
    assert counted(spans, 0).at(moment) == sum(start <= moment < end for start, end in spans)


@given(SPANS, st.integers(0, 50), st.integers(0, 50))
def test_pieces_fill_a_stretch_with_what_holds_there(spans: list[tuple[int, int]], one: int, other: int) -> None:
    line, moment, end = counted(spans, 0), min(one, other), max(one, other)
    for length, value in line.pieces(moment, end):
        assert {line.at(at) for at in range(moment, moment + length)} == {value}
        moment += length
    assert moment == end


def test_clipping_leaves_what_is_inside() -> None:
    assert clipped([(0, 5), (8, 12), (20, 30)], (4, 10)) == [(4, 5), (8, 10)]


def test_first_value_holds_before_the_first_start() -> None:
    assert Timeline((10, 20), ("a", "b")).at(0) == "a"
