"""Joins that make use of order: rows of one series stand together, and spans of time follow one another.

They give what polars' own joins give. Texts are compared with those of the row before and looked up only where they
change, and no row moves, so nothing need be sorted again.
"""

from collections.abc import Collection, Sequence

import polars as pl

_SPAN_OF_TIME_MS = 2**43
"""More than all times together, those before 1970 too: a number and a time make one whole number, in their order."""


def runs(rows: pl.DataFrame, on: Sequence[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Return the values of `on` in each run of rows that share them, and the number of each row's run."""
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in on)
    is_first = rows.select(is_first=differs | (pl.int_range(pl.len()) == 0)).to_series()
    return rows.filter(is_first).select(on), is_first.cast(pl.UInt32).cum_sum() - 1


def looked_up(rows: pl.DataFrame, table: pl.DataFrame, *, on: Sequence[str]) -> pl.DataFrame:
    """Return the rows with the columns of `table`, null where it has none; its keys `on` are unique."""
    if rows.is_empty():
        return rows.join(table, on=list(on), how="left")
    firsts, run = runs(rows, on)
    found = firsts.join(table, on=list(on), how="left", maintain_order="left").drop(on)
    return rows.with_columns(found.select(pl.all().gather(run)).get_columns())


def among(rows: pl.DataFrame, column: str, values: Collection[str]) -> pl.Series:
    """Return of each row whether its text in a column is one of these."""
    firsts, run = runs(rows, [column])
    return firsts[column].is_in(list(values)).gather(run)


def summed(rows: pl.DataFrame, column: str, *, by: Sequence[str]) -> pl.DataFrame:
    """Return `by` and the sum of a column for each of their values; whole numbers add up exactly in any order."""
    names, run = runs(rows, by)
    sums = rows.select(column, run=run).group_by("run").agg(pl.sum(column))
    placed = names.select(pl.all().gather(sums["run"])).with_columns(sums[column])
    return placed.group_by(by).agg(pl.sum(column))


def in_order(rows: pl.DataFrame, by: Sequence[str], then: str) -> pl.DataFrame:
    """Return the rows sorted by the texts `by`, and by `then`."""
    if rows.is_empty():
        return rows
    firsts, run = runs(rows, by)
    keys = firsts.unique().sort(by).with_row_index("rank")
    rank = firsts.join(keys, on=list(by), how="left", maintain_order="left", nulls_equal=True)["rank"].gather(run)
    ranked = rows.with_columns(rank.alias("rank"))
    same = pl.col("rank") == pl.col("rank").shift()
    onward = (pl.col("rank") > pl.col("rank").shift()) | (same & (pl.col(then) >= pl.col(then).shift()))
    if ranked.select(onward.slice(1).all()).item():
        return rows
    return ranked.sort("rank", then).drop("rank")


def keyed(number: pl.Expr, time_ms: pl.Expr) -> pl.Expr:
    """Return one whole number that sorts as a number and then a time do."""
    return number.cast(pl.Int64) * _SPAN_OF_TIME_MS + (time_ms + _SPAN_OF_TIME_MS // 2)


def number_of(key: pl.Expr) -> pl.Expr:
    """Return the number in a key."""
    return key // _SPAN_OF_TIME_MS


def time_of(key: pl.Expr) -> pl.Expr:
    """Return the time in a key, ms."""
    return key % _SPAN_OF_TIME_MS - _SPAN_OF_TIME_MS // 2


def latest_at(sought: pl.Series, rising: pl.Series) -> pl.Series:
    """Return the place of the last of the `rising` values that is not above each value sought, null before the first.

    What is sought must have values, none null.
    """
    at = rising.search_sorted(sought, side="right").cast(pl.Int64) - 1
    return at.to_frame("at").select(pl.when(pl.col("at") >= 0).then("at")).to_series()


def within(rows: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose `time_ms` lies in one of the spans, with the span's other columns.

    `spans` has `start_ms`, `end_ms` and others that `rows` has not; they do not overlap.
    """
    ordered = spans.sort("start_ms")
    at = latest_at(rows["time_ms"], ordered["start_ms"])
    is_inside = (rows["time_ms"] < ordered["end_ms"].gather(at)).fill_null(value=False)
    found = ordered.drop("start_ms", "end_ms").select(pl.all().gather(at.filter(is_inside)))
    return rows.filter(is_inside).with_columns(found.get_columns())


def states_at(rows: pl.DataFrame, track: pl.DataFrame) -> pl.Series:
    """Return the `state` of each row's `subject` at its `time_ms` by a track, null where it is not known."""
    if track.is_empty() or rows.is_empty():
        return pl.Series("state", [None] * rows.height, dtype=pl.Boolean)
    subjects = track.select("subject").unique().sort("subject").with_row_index("number")
    key = keyed(pl.col("number"), pl.col("start_ms"))
    ordered = looked_up(track, subjects, on=["subject"]).with_columns(key=key).sort("key")
    sought = looked_up(rows.select("subject", "time_ms"), subjects, on=["subject"])
    # who is not in the track is put before all that are
    number = pl.col("number").cast(pl.Int64).fill_null(-1)
    at = latest_at(sought.select(keyed(number, pl.col("time_ms"))).to_series(), ordered["key"])
    found = ordered.select(pl.col("number", "end_ms", "state").gather(at)).rename({"number": "of"})
    holds = (pl.col("of") == pl.col("number")) & (pl.col("time_ms") < pl.col("end_ms"))
    return sought.with_columns(found.get_columns()).select(pl.when(holds).then("state")).to_series()
