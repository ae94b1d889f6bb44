"""What became of an edited ledger, cell by cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reports.ledger import Wording
from reports.ledger_columns import LedgerColumn


class Fate(StrEnum):
    """What became of one cell."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOTED = "noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One edited cell, or a whole row where there is no column. `why` is in the ledger's language."""

    row: int
    column: LedgerColumn | None
    old: str
    new: str
    fate: Fate
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditReport:
    """All that was edited. `is_kept` says whether the records hold it now."""

    file: str
    sheet: str
    changes: Sequence[CellChange]
    is_kept: bool

    @property
    def refused(self) -> Sequence[CellChange]:
        """Return what was refused."""
        return [change for change in self.changes if change.fate is Fate.REFUSED]

    @property
    def accepted(self) -> Sequence[CellChange]:
        """Return what was accepted."""
        return [change for change in self.changes if change.fate is Fate.ACCEPTED]

    def lines(self, wording: Wording) -> list[str]:
        """Return one line for each cell: file, sheet, row, column, what was and is, and what became of it."""
        return [_line(self, change, wording) for change in self.changes]

    def as_json(self) -> dict[str, object]:
        """Return the report for other programs."""
        return {
            "file": self.file,
            "kept": self.is_kept,
            "accepted": len(self.accepted),
            "refused": len(self.refused),
            "changes": [
                {
                    "sheet": self.sheet,
                    "row": change.row,
                    "column": change.column,
                    "old": change.old,
                    "new": change.new,
                    "fate": change.fate,
                    "why": change.why,
                }
                for change in self.changes
            ],
        }


def fate_text(fate: Fate, wording: Wording) -> str:
    """Return what became of a cell, in words."""
    words = {Fate.ACCEPTED: "edited.accepted", Fate.REFUSED: "edited.refused", Fate.NOTED: "edited.noted"}
    return wording.text(words[fate])


def column_text(column: LedgerColumn | None, wording: Wording) -> str:
    """Return the heading of a column; of a whole row that it is one."""
    return wording.text("edited.row") if column is None else wording.text(f"column.{column}")


def _line(report: EditReport, change: CellChange, wording: Wording) -> str:
    return wording.text(
        "edited.line",
        file=report.file,
        sheet=report.sheet,
        row=change.row,
        column=column_text(change.column, wording),
        old=_short(change.old),
        new=_short(change.new),
        fate=fate_text(change.fate, wording),
        why=f" ({change.why})" if change.why else "",
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"  # noqa: PLR2004 - what a line of a terminal holds twice
