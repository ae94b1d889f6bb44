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
class Picture:
    """A picture with what it shows; `width_pct` is its share of the text's width. PNG or JPEG."""

    caption: str
    content: bytes
    width_pct: int = 100

    @property
    def media_type(self) -> str:
        """Return what it is, by its first bytes."""
        return "image/png" if self.content.startswith(b"\x89PNG") else "image/jpeg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole paper in one language. `signatures` are what stands before each line to sign on.

    `pictures` come after the tables. A wide paper is A3 on its side, in small type.
    """

    language: str
    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[PaperTable]
    remarks: Sequence[str]
    signatures: Sequence[str]
    pictures: Sequence[Picture] = ()
    is_wide: bool = False
