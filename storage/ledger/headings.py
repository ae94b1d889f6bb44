"""Which sheet of a workbook is which section, and which of its columns say what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from sensors.documents import Place
from storage.ledger.cells import folded
from storage.ledger.columns import PASSED_OVER, SHEETS, TOTALS, Column, SheetPlan
from storage.ledger.raw import CellFault, RawSheet

HEADINGS_WITHIN = 15
"""A title and who filled the ledger in stand above its headings, no more."""
_FEWEST = 2
_LIKE = 0.7
"""A heading so like a known one is taken for a slip, not for a column of the user's own. Our choice."""
_BRACKETED = re.compile(r"\(.*?\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What stands in a cell of a known column."""

    column: Column
    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry: its cells by the key of their columns, and where each column is."""

    sheet: str
    number: int
    cells: Mapping[str, Cell]
    columns: Mapping[str, int]

    @property
    def place(self) -> Place:
        """Return where the entry begins."""
        return Place(self.number, min((cell.place.column for cell in self.cells.values()), default=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The entries that a sheet holds of a section, what is wrong with its headings, what is not read of it."""

    plan: SheetPlan
    rows: tuple[Row, ...]
    faults: tuple[CellFault, ...] = ()
    notes: tuple[str, ...] = ()


def section_of(sheet: RawSheet) -> Section | None:
    """Return what a sheet holds, None where it is no part of a registry."""
    plan = _plan(sheet)
    if plan is None:
        return None
    known = _known(plan)
    head = _heading_row(sheet, plan)
    if head is None:
        reason = (
            f"no headings of {plan.section} are in the first {HEADINGS_WITHIN} rows; see `premises registry export`"
        )
        return Section(plan=plan, rows=(), faults=(CellFault(sheet=sheet.title, place=Place(1, 1), reason=reason),))
    columns: dict[int, Column] = {}
    faults: list[CellFault] = []
    notes: list[str] = []
    for number, text in sheet.rows[head].items():
        found = known.get(_key(text)) or known.get(_short(text))
        if found is not None and found in columns.values():
            reason = f"two columns are {found.zh} ({found.en}); keep one"
            faults.append(CellFault(sheet=sheet.title, place=Place(head, number), reason=reason))
        elif found is not None:
            columns[number] = found
        elif _short(text) not in PASSED_OVER:
            _strange(sheet, Place(head, number), text, known, faults, notes)
    rows = tuple(_rows(sheet, head, columns, known))
    return Section(plan=plan, rows=rows, faults=tuple(faults), notes=tuple(notes))


def _strange(
    sheet: RawSheet, place: Place, text: str, known: Mapping[str, Column], faults: list[CellFault], notes: list[str]
) -> None:
    near = get_close_matches(_short(text), known, n=1, cutoff=_LIKE)
    if near:
        column = known[near[0]]
        reason = f"heading {text!r} is not known; did you mean {column.zh} ({column.en})?"
        faults.append(CellFault(sheet=sheet.title, place=place, reason=reason))
    else:
        notes.append(f"{sheet.title}: the column {text!r} is not read")


def _plan(sheet: RawSheet) -> SheetPlan | None:
    title = folded(sheet.title)
    for plan in SHEETS.values():
        names = {plan.section, plan.zh, plan.title, *plan.also}
        if title in {folded(name) for name in names}:
            return plan
    rooms = SHEETS["rooms"]
    head = _heading_row(sheet, rooms)
    known = _known(rooms)
    texts = [] if head is None else sheet.rows[head].values()
    keys = {found.key for text in texts if (found := known.get(_key(text)) or known.get(_short(text)))}
    return rooms if {"name.zh", "usable_area_m2"} <= keys else None


def _known(plan: SheetPlan) -> dict[str, Column]:
    """Return the columns of a sheet by every heading that means them; an earlier column has the first right to one."""
    known: dict[str, Column] = {}
    for name in ("key", "zh", "en"):
        for column in plan.columns:
            known.setdefault(_key(getattr(column, name)), column)
            known.setdefault(_short(getattr(column, name)), column)
    for column in plan.columns:
        for also in column.also:
            known.setdefault(_key(also), column)
    return known


def _key(text: str) -> str:
    return folded(text)


def _short(text: str) -> str:
    """Return a heading without the unit in brackets behind it."""
    return _BRACKETED.sub("", folded(text))


def _heading_row(sheet: RawSheet, plan: SheetPlan) -> int | None:
    known = _known(plan)
    found = {number: _recognised(cells, known) for number, cells in sheet.rows.items() if number <= HEADINGS_WITHIN}
    best = max(found, key=lambda number: (found[number], -number), default=None)
    return None if best is None or found[best] < _FEWEST else best


def _recognised(cells: Mapping[int, str], known: Mapping[str, Column]) -> int:
    return sum(_key(text) in known or _short(text) in known for text in cells.values())


def _rows(sheet: RawSheet, head: int, columns: Mapping[int, Column], known: Mapping[str, Column]) -> list[Row]:
    where = {column.key: number for number, column in columns.items()}
    rows = []
    for number, cells in sheet.rows.items():
        is_heading = len(cells) >= _FEWEST and _recognised(cells, known) == len(cells)
        is_total = folded(next(iter(cells.values()))) in TOTALS
        taken = {
            columns[at].key: Cell(column=columns[at], text=text, place=Place(number, at))
            for at, text in cells.items()
            if at in columns
        }
        if number > head and taken and not is_heading and not is_total:
            rows.append(Row(sheet=sheet.title, number=number, cells=taken, columns=where))
    return rows
