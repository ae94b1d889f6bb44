"""Intervals of time per subject: how samples become them, how they are laid over each other and cut.

A track is a frame with `subject`, `start_ms`, `end_ms` and values that hold during [start_ms, end_ms).
Within one subject the intervals of a track do not overlap; where there is none, the value is unknown.
"""

import polars as pl

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
    following = pl.col("time_ms").shift(-1).over(by)
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


def merged(track: pl.DataFrame) -> pl.DataFrame:
    """Return a track sorted by `subject` and `start_ms` with adjoining intervals of equal `state` made one."""
    same = (
        (pl.col("subject") == pl.col("subject").shift())
        & (pl.col("start_ms") == pl.col("end_ms").shift())
        & (pl.col("state") == pl.col("state").shift())
    )
    return (
        track.with_columns(run=(~same.fill_null(value=False)).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(pl.first("subject", "start_ms"), pl.last("end_ms"), pl.first("state"))
        .drop("run")
    )


def cut(tracks: list[pl.DataFrame], parts: pl.DataFrame) -> pl.DataFrame:
    """Return the segments in which no track and no part of the day changes, for every subject of any track.

    `parts` is a calendar's frame. Columns: `subject`, SPAN, the tracks' values (null where unknown), the
    columns of `parts`, and `length_ms`. Time outside the parts is left out.
    """
    edges = pl.concat([parts["start_ms"], parts["end_ms"]]).unique()
    subjects = pl.concat([track.select("subject") for track in tracks]).unique()
    points = [subjects.join(edges.to_frame("start_ms"), how="cross")]
    for track in tracks:
        points += [
            track.select("subject", "start_ms"),
            track.select("subject", pl.col("end_ms").alias("start_ms")),
        ]
    segments = (
        pl.concat(points)
        .unique()
        .sort("subject", "start_ms")
        .with_columns(end_ms=pl.col("start_ms").shift(-1).over("subject"))
        .drop_nulls("end_ms")
    )
    for track in tracks:
        segments = _read_off(segments, track)
    return _with_parts(segments, parts).with_columns(length_ms=pl.col("end_ms") - pl.col("start_ms"))


def _read_off(segments: pl.DataFrame, track: pl.DataFrame) -> pl.DataFrame:
    values = [name for name in track.columns if name not in {"subject", *SPAN}]
    joined = segments.join_asof(
        track.rename({"end_ms": "until_ms"}).sort("subject", "start_ms"),
        on="start_ms",
        by="subject",
        strategy="backward",
        check_sortedness=False,
    )
    valid = pl.col("start_ms") < pl.col("until_ms")
    return joined.with_columns(pl.when(valid).then(pl.col(name)).alias(name) for name in values).drop("until_ms")


def _with_parts(segments: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    ordered = segments.sort("start_ms")
    joined = ordered.join_asof(
        parts.rename({"end_ms": "until_ms"}).sort("start_ms"), on="start_ms", strategy="backward"
    )
    inside = joined.filter(pl.col("start_ms") < pl.col("until_ms"))
    return inside.drop("until_ms").sort("subject", "start_ms")
