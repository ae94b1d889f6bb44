"""Intervals against the plain definition: at every instant, what the members say."""

from datetime import date
from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.calendar import WeekdaysOnly, WorkCalendar
from analytics.intervals import cut, merged, votes
from tests.analytics.sites import site

Span = tuple[int, int]
LAST = 24

spans = st.tuples(st.integers(0, LAST - 1), st.integers(1, 8)).map(lambda s: (s[0], min(s[0] + s[1], LAST)))
answers_of_one = st.lists(st.tuples(spans, st.booleans()), max_size=4)


def disjoint(answers: list[tuple[Span, bool]]) -> list[tuple[Span, bool]]:
    """Keep what does not overlap: one member says one thing at a time."""
    kept: list[tuple[Span, bool]] = []
    for span, state in sorted(answers):
        if not kept or kept[-1][0][1] <= span[0]:
            kept.append((span, state))
    return kept


def track(rows: list[tuple[int, int, bool]]) -> pl.DataFrame:
    schema = {"subject": pl.String, "start_ms": pl.Int64, "end_ms": pl.Int64, "state": pl.Boolean}
    return pl.DataFrame([("r", *row) for row in rows], schema=schema, orient="row")


def said(answers: list[tuple[Span, bool]], instant: int) -> bool | None:
    return next((state for (start, end), state in answers if start <= instant < end), None)


@settings(max_examples=200, deadline=None)
@given(st.lists(answers_of_one, min_size=1, max_size=3))
def test_votes_are_true_where_one_says_so_and_false_only_where_all_do(members: list[list[tuple[Span, bool]]]) -> None:
    answers = [disjoint(member) for member in members]
    rows = [(start, end, state) for member in answers for (start, end), state in member]
    due = track([(0, LAST, True)] * len(members)).drop("state")
    result = votes(track(rows), due)
    for instant in range(LAST):
        voices = [said(member, instant) for member in answers]
        expected = True if True in voices else None if None in voices else False
        covering = result.filter((pl.col("start_ms") <= instant) & (pl.col("end_ms") > instant))["state"].to_list()
        assert covering == ([] if expected is None else [expected])


@settings(max_examples=100, deadline=None)
@given(answers_of_one)
def test_merging_changes_no_instant_and_leaves_no_seam(answers: list[tuple[Span, bool]]) -> None:
    parts = disjoint(answers)
    result = merged(track([(start, end, state) for (start, end), state in parts]))
    found = [
        ((start, end), state)
        for _, start, end, state in result.select("subject", "start_ms", "end_ms", "state").iter_rows()
    ]
    assert [said(found, instant) for instant in range(LAST)] == [said(parts, instant) for instant in range(LAST)]
    assert not any(a[0][1] == b[0][0] and a[1] == b[1] for a, b in pairwise(found))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 47), st.integers(1, 5), st.booleans()), max_size=6))
def test_cutting_divides_the_days_without_gap_or_overlap(hours: list[tuple[int, int, bool]]) -> None:
    calendar = WorkCalendar(site(), WeekdaysOnly())
    first, last = date(2026, 3, 2), date(2026, 3, 3)
    begin = calendar.midnight_ms(first)
    answers = disjoint([((start, min(start + length, 48)), state) for start, length, state in hours])
    rows = [(begin + start * 3_600_000, begin + end * 3_600_000, state) for (start, end), state in answers]
    segments = cut([track([*rows, (begin - 1, begin, True)])], calendar.frame(first, last))
    assert segments["length_ms"].sum() == 48 * 3_600_000
    assert segments["start_ms"].to_list()[1:] == segments["end_ms"].to_list()[:-1]
    occupied = segments.filter(pl.col("state").fill_null(value=False))["length_ms"].sum()
    assert occupied == 3_600_000 * sum(end - start for (start, end), state in answers if state)
