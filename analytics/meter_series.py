"""Series by number: what is worked out of many registers at once goes by one whole number instead of three texts.

Frames with `series` are sorted by it and by `time_ms`, so that a row's neighbours are those of its series, or it is
the first or the last.
"""

import polars as pl

SERIES = ("device", "metric", "phase")


def numbered(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the series of the rows, `series` and SERIES in their order, and the rows with `series` for SERIES.

    Texts are compared with those of the row before, and looked up only where they change.
    """
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in SERIES)
    is_first = rows.select(is_first=differs | (pl.int_range(pl.len()) == 0)).to_series()
    firsts = rows.filter(is_first).select(SERIES)
    names = firsts.unique().sort(SERIES).with_row_index("series")
    of_run = firsts.join(names, on=SERIES, how="left", maintain_order="left", nulls_equal=True)["series"]
    run = is_first.cast(pl.UInt32).cum_sum() - 1
    return names, rows.drop(SERIES).insert_column(0, of_run.gather(run).alias("series"))


def named(rows: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with SERIES for `series`, as `numbered` gave them numbers."""
    texts = names.select(pl.col(SERIES).gather(rows["series"])) if rows.height else names.select(SERIES).clear()
    return pl.concat([texts, rows.drop("series")], how="horizontal")


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows sorted by `series` and `time_ms`, of one time the last."""
    later = (pl.col("series") > pl.col("series").shift()) | (pl.col("time_ms") > before("time_ms"))
    if rows.select(later.slice(1).fill_null(value=False).all()).item():
        return rows
    return rows.unique(["series", "time_ms"], keep="last", maintain_order=True).sort("series", "time_ms")


def before(column: str | pl.Expr) -> pl.Expr:
    """Return what the row before says, null in the first row of a series."""
    return _beside(column, 1)


def after(column: str | pl.Expr) -> pl.Expr:
    """Return what the row after says, null in the last row of a series."""
    return _beside(column, -1)


def _beside(column: str | pl.Expr, rows: int) -> pl.Expr:
    value = pl.col(column) if isinstance(column, str) else column
    return pl.when(pl.col("series") == pl.col("series").shift(rows)).then(value.shift(rows))


def change(column: str) -> pl.Expr:
    """Return the difference to the row before, null in the first row of a series."""
    return pl.col(column) - before(column)


def of_series(rows: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """Return all rows of the series in which the condition holds anywhere."""
    wanted = rows.filter(condition)["series"].unique()
    return rows.clear() if wanted.is_empty() else rows.filter(pl.col("series").is_in(wanted.implode()))
