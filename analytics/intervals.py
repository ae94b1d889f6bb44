"""Intervals of time per subject: how samples become them, how they are laid over each other and cut.

A track is a frame with `subject`, `start_ms`, `end_ms` and values that hold during [start_ms, end_ms).
Within one subject the intervals of a track do not overlap; where there is none, the value is unknown.
"""

from collections.abc import Sequence

import polars as pl

from analytics.lookups import keyed, latest_at, looked_up, number_of, time_of

SPAN = ("start_ms", "end_ms")
MS_PER_HOUR = 3_600_000


def in_hours(milliseconds: pl.Expr) -> pl.Expr:
    """Return milliseconds as hours; an hour is 1.0 and not 0.9999999999999999.

    polars divides by a constant through its reciprocal; the rounding takes back what that leaves, far below 1 ms.
    """
    return (milliseconds / MS_PER_HOUR).round(9)


def length_h() -> pl.Expr:
    """Return the length of each interval, h."""
    return in_hours(pl.col("end_ms") - pl.col("start_ms"))


def held(samples: pl.DataFrame, *, by: list[str]) -> pl.DataFrame:
    """Return each sample as an interval that lasts until the next one, at most `hold_ms`.

    `samples` has the columns of `by`, `time_ms` and `hold_ms`, sorted by `by` and `time_ms`; others are carried.
    """
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(-1)) for name in by)
    following = pl.when(same).then(pl.col("time_ms").shift(-1))
    until = pl.col("time_ms") + pl.col("hold_ms")
    return samples.with_columns(
        start_ms=pl.col("time_ms"), end_ms=pl.min_horizontal(until, following.fill_null(until))
    ).filter(pl.col("start_ms") < pl.col("end_ms"))


def within_spans(intervals: pl.DataFrame, spans: pl.DataFrame, *, on: str) -> pl.DataFrame:
    """Return the intervals joined to `spans` by the column `on` and clipped to each span."""
    joined = intervals.join(spans, on=on, how="inner", suffix="_span")
    return (
        joined.with_columns(
            start_ms=pl.max_horizontal("start_ms", "start_ms_span"),
            end_ms=pl.min_horizontal("end_ms", "end_ms_span"),
        )
        .filter(pl.col("start_ms") < pl.col("end_ms"))
        .drop("start_ms_span", "end_ms_span")
    )


def votes(answers: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return what several members of a subject say together, as a track with the column `state`.

    `answers` holds `subject`, SPAN and the boolean `state`; intervals of different members may overlap.
    `members` holds `subject` and SPAN, one interval per member that ought to answer.
    State is true where any member says so, false where every member answers and none says so, else null.
    """
    changes = pl.concat(
        [
            _changes(answers, yes=pl.col("state").cast(pl.Int32), answered=pl.lit(1), expected=pl.lit(0)),
            _changes(members, yes=pl.lit(0), answered=pl.lit(0), expected=pl.lit(1)),
        ]
    )
    totals = (
        changes.group_by("subject", "start_ms")
        .agg(pl.sum("yes", "answered", "expected"))
        .sort("subject", "start_ms")
        .with_columns(
            pl.col("yes", "answered", "expected").cum_sum().over("subject"),
            end_ms=pl.col("start_ms").shift(-1).over("subject"),
        )
        .drop_nulls("end_ms")
    )
    everyone = (pl.col("answered") >= pl.col("expected")) & (pl.col("expected") > 0)
    state = pl.when(pl.col("yes") > 0).then(statement=True).when(everyone).then(statement=False)
    return merged(totals.select("subject", *SPAN, state=state).drop_nulls("state"))


def _changes(intervals: pl.DataFrame, *, yes: pl.Expr, answered: pl.Expr, expected: pl.Expr) -> pl.DataFrame:
    counts = [yes.cast(pl.Int32).alias("yes"), answered.cast(pl.Int32).alias("answered")]
    counts.append(expected.cast(pl.Int32).alias("expected"))
    opening = intervals.select("subject", "start_ms", *counts)
    closing = intervals.select("subject", pl.col("end_ms").alias("start_ms"), *[-count for count in counts])
    return pl.concat([opening, closing])


def merged(track: pl.DataFrame, *, by: Sequence[str] = ("subject",), value: str = "state") -> pl.DataFrame:
    """Return a track sorted by `by` and `start_ms` with adjoining intervals of equal `value` made one."""
    same = pl.all_horizontal(
        pl.col("start_ms") == pl.col("end_ms").shift(),
        pl.col(value) == pl.col(value).shift(),
        *(pl.col(name) == pl.col(name).shift() for name in by),
    )
    return (
        track.with_columns(run=(~same.fill_null(value=False)).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(pl.first(*by, "start_ms"), pl.last("end_ms"), pl.first(value))
        .drop("run")
    )


def cut(tracks: list[pl.DataFrame], parts: pl.DataFrame) -> pl.DataFrame:
    """Return the segments in which no track and no part of the day changes, for every subject of any track.

    `parts` is a calendar's frame. Columns: `subject`, SPAN, the tracks' values (null where unknown), the
    columns of `parts`, and `length_ms`. Time outside the parts is left out.
    """
    subjects = pl.concat([track.select("subject") for track in tracks]).unique().sort("subject").with_row_index("of")
    # of what lies before and after nothing is kept: left out at once it takes half the time for a single day
    own = [_keyed(_reaching_into(track, parts), subjects) for track in tracks]
    edges = pl.concat([parts["start_ms"], parts["end_ms"]]).unique()
    points = [
        subjects.join(edges.to_frame("start_ms"), how="cross").select(key=keyed(pl.col("of"), pl.col("start_ms")))
    ]
    for track in own:
        points += [track.select("key"), track.select(key=keyed(pl.col("of"), pl.col("end_ms")))]
    following = pl.col("key").shift(-1)
    is_same = number_of(following) == number_of(pl.col("key"))
    ordered = pl.concat(points).sort("key")
    # what is sorted shows its repetitions to the row before, which takes less than to look each up among all
    segments = (
        ordered.filter(pl.col("key").ne_missing(pl.col("key").shift()))
        .with_columns(start_ms=time_of(pl.col("key")), end_ms=pl.when(is_same).then(time_of(following)))
        .drop_nulls("end_ms")
    )
    for track in own:
        segments = _read_off(segments, track)
    named = segments.select(
        subjects["subject"].gather(segments.select(number_of(pl.col("key"))).to_series()), pl.exclude("key")
    )
    return _with_parts(named, parts).with_columns(length_ms=pl.col("end_ms") - pl.col("start_ms"))


def _reaching_into(track: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    return track.filter((pl.col("end_ms") > parts["start_ms"].min()) & (pl.col("start_ms") < parts["end_ms"].max()))


def _keyed(track: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """Return a track with the number `of` each subject for its name, and the `key` of both number and start; sorted."""
    numbered = looked_up(track, subjects, on=["subject"]).drop("subject")
    track_keys = numbered.with_columns(key=keyed(pl.col("of"), pl.col("start_ms")))
    return track_keys if track_keys["key"].is_sorted() else track_keys.sort("key")


def _read_off(segments: pl.DataFrame, track: pl.DataFrame) -> pl.DataFrame:
    values = [name for name in track.columns if name not in {"of", "key", *SPAN}]
    at = latest_at(segments["key"], track["key"])
    found = track.select(pl.col("of", "end_ms", *values).gather(at)).rename({"end_ms": "until_ms"})
    holds = (pl.col("of") == number_of(pl.col("key"))) & (pl.col("start_ms") < pl.col("until_ms"))
    read = segments.with_columns(found.get_columns())
    return read.with_columns(pl.when(holds).then(pl.col(name)).alias(name) for name in values).drop("of", "until_ms")


def _with_parts(segments: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    ordered = parts.sort("start_ms")
    at = latest_at(segments["start_ms"], ordered["start_ms"])
    is_inside = (segments["start_ms"] < ordered["end_ms"].gather(at)).fill_null(value=False)
    found = ordered.drop(SPAN).select(pl.all().gather(at.filter(is_inside)))
    return segments.filter(is_inside).with_columns(found.get_columns())
