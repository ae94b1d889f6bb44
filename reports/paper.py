"""A paper as values: title, facts, tables, a line of remarks, places to sign; every format is made from this."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column and its share of the width, %."""

    head: str
    width_pct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTable:
    """A table with its heading; `empty` stands in it where there are no rows."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole paper in one language. `signatures` are what stands before each line to sign on."""

    language: str
    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[PaperTable]
    remarks: Sequence[str]
    signatures: Sequence[str]
