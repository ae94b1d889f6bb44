"""Spells: unbroken stretches of something, and the findings that gather them."""

import polars as pl


def numbered(segments: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """Return the segments in which `condition` holds, with `spell` numbering the unbroken stretches.

    `segments` has `subject`, `start_ms` and `end_ms`, sorted by subject and start.
    """
    inside = segments.filter(condition)
    joined = (pl.col("subject") == pl.col("subject").shift()) & (pl.col("start_ms") == pl.col("end_ms").shift())
    return inside.with_columns(spell=(~joined.fill_null(value=False)).cum_sum())


def gathered(spells: pl.DataFrame, *, gap_ms: int) -> pl.DataFrame:
    """Return the spells with `group` numbering those of a subject that follow each other within `gap_ms`.

    `spells` has one row per spell: `subject`, `start_ms`, `end_ms`, sorted by subject and start.
    """
    near = (pl.col("subject") == pl.col("subject").shift()) & (pl.col("start_ms") - pl.col("end_ms").shift() <= gap_ms)
    return spells.with_columns(group=(~near.fill_null(value=False)).cum_sum())
