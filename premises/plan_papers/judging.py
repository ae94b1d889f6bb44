"""Which cells of an edited ledger change what, held against the records as they stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from premises.plan_papers.cells import TEXTS, CellReader, CellRefusedError, Fields
from premises.plan_papers.edit_report import CellChange, Fate
from premises.plan_papers.edited import EditedCell, EditedRow
from rectification.model import ItemState
from rectification.particulars import Source
from reports.ledger import Entry, LedgerRow, digest, ledger_row
from reports.ledger_columns import COLUMNS, LedgerColumn

KEPT_BY_SYSTEM = frozenset(
    {
        LedgerColumn.NUMBER,
        LedgerColumn.SOURCE,
        LedgerColumn.FOUND,
        LedgerColumn.LEVEL,
        LedgerColumn.EVIDENCE,
        LedgerColumn.ACCEPTED,
        LedgerColumn.STATE,
        LedgerColumn.LOOK_BACK,
    }
)
"""Columns that nobody edits in a sheet: what happened is written down where it happens."""

NEW_FIXED = frozenset({LedgerColumn.EVIDENCE, LedgerColumn.ACCEPTED, LedgerColumn.LOOK_BACK, LedgerColumn.STATE})
"""Columns that are empty in an added row."""

_WHY: Mapping[LedgerColumn, str] = {LedgerColumn.STATE: "refused.state", LedgerColumn.LEVEL: "refused.level"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One edited cell; `fields` is what it writes where it is accepted."""

    change: CellChange
    fields: Fields


def judged_row(row: EditedRow, entry: Entry, reader: CellReader) -> tuple[Judged, ...]:
    """Return the edited cells of an item's row, each accepted with what it writes, or refused."""
    if len(row.checks) != len(COLUMNS):
        return (_row_refused(row, reader.wording.text("refused.check")),)
    present = ledger_row(entry, reader.wording, 1)
    found = (_judged(row, column, cell, present, entry, reader) for column, cell in row.cells.items())
    return tuple(each for each in found if each is not None)


def judged_new(row: EditedRow, reader: CellReader) -> tuple[Judged, ...]:
    """Return the cells of a row that somebody added."""
    filled = {column: cell for column, cell in row.cells.items() if cell.text or cell.joined}
    return tuple(_missing(row, filled, reader)) + tuple(
        _new_cell(row, column, cell, reader)
        for column, cell in filled.items()
        if column not in {LedgerColumn.ROW, LedgerColumn.NUMBER}
    )


def _judged(
    row: EditedRow, column: LedgerColumn, cell: EditedCell, present: LedgerRow, entry: Entry, reader: CellReader
) -> Judged | None:
    """Return an edited cell; None where nobody touched it, or it says what holds already."""
    now, exported = present.cells[column], row.checks[COLUMNS.index(column)]
    is_untouched = not cell.joined and digest(cell.text) == exported
    if column is LedgerColumn.ROW or is_untouched or (cell.joined and not now.text):
        return None
    if digest(cell.text) == now.digest and not cell.is_formula:
        return None
    change = _Cell(row=row.number, column=column, old=now.text, cell=cell)
    ended = {ItemState.SIGNED_OFF: "refused.signed", ItemState.CANCELLED: "refused.ended"}.get(entry.item.state)
    if ended is not None:
        return change.refused(reader.wording.text(ended))
    if column in KEPT_BY_SYSTEM:
        return change.refused(reader.wording.text(_WHY.get(column, "refused.fixed")))
    if now.digest != exported:
        return change.refused(reader.wording.text("refused.meanwhile", now=now.text))
    return change.read(reader)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """An edited cell on its way to be accepted or refused."""

    row: int
    column: LedgerColumn
    old: str
    cell: EditedCell

    def refused(self, why: str) -> Judged:
        return Judged(change=self._change(Fate.REFUSED, why), fields={})

    def accepted(self, fields: Fields, why: str = "") -> Judged:
        return Judged(change=self._change(Fate.ACCEPTED, why), fields=fields)

    def read(self, reader: CellReader) -> Judged:
        """Return the cell with what it writes; a formula in a text is kept as text, elsewhere it is refused."""
        text, say = self.cell.text, reader.wording.text
        if self.cell.joined:
            return self.refused(say("refused.joined", cell=self.cell.joined))
        if text.startswith("#") and text.endswith(("!", "?", "/A")):
            return self.refused(say("refused.error_value", text=text))
        if self.cell.is_formula and self.column not in TEXTS:
            return self.refused(say("refused.formula"))
        try:
            fields = reader.fields(self.column, text)
        except CellRefusedError as exc:
            return self.refused(exc.why)
        return self.accepted(fields, say("noted.formula") if self.cell.is_formula else "")

    def _change(self, fate: Fate, why: str) -> CellChange:
        return CellChange(row=self.row, column=self.column, old=self.old, new=self.cell.text, fate=fate, why=why)


def _missing(row: EditedRow, filled: Mapping[LedgerColumn, EditedCell], reader: CellReader) -> Iterator[Judged]:
    """Yield what an added row lacks."""
    if LedgerColumn.PROBLEM not in filled:
        yield _empty(row, LedgerColumn.PROBLEM, reader.wording.text("refused.problem"))
    if LedgerColumn.LEVEL not in filled:
        try:
            reader.level("")
        except CellRefusedError as exc:
            yield _empty(row, LedgerColumn.LEVEL, exc.why)


def _empty(row: EditedRow, column: LedgerColumn, why: str) -> Judged:
    return _Cell(row=row.number, column=column, old="", cell=EditedCell(text="")).refused(why)


def _new_cell(row: EditedRow, column: LedgerColumn, cell: EditedCell, reader: CellReader) -> Judged:
    change = _Cell(row=row.number, column=column, old="", cell=cell)
    if column in NEW_FIXED:
        return change.refused(reader.wording.text("refused.new_fixed"))
    if column is LedgerColumn.SOURCE:
        is_same = cell.text == reader.wording.text(f"origin.{Source.PERSON}")
        return change.accepted({}, "" if is_same else reader.wording.text("noted.source"))
    if column not in {LedgerColumn.LEVEL, LedgerColumn.FOUND}:
        return change.read(reader)
    try:
        value = reader.level(cell.text) if column is LedgerColumn.LEVEL else reader.day(cell.text)
    except CellRefusedError as exc:
        return change.refused(exc.why)
    return change.accepted({"severity" if column is LedgerColumn.LEVEL else "since": value})


def _row_refused(row: EditedRow, why: str) -> Judged:
    change = CellChange(row=row.number, column=None, old="", new="", fate=Fate.REFUSED, why=why)
    return Judged(change=change, fields={})
