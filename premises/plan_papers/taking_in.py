"""An edited ledger taken in: all of it or nothing, by somebody, with every cell told."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time
from typing import Any, Protocol

from premises.plan_papers.cells import CellReader, Fields
from premises.plan_papers.edit_report import CellChange, EditReport, Fate
from premises.plan_papers.edited import EditedLedger, EditedRow
from premises.plan_papers.gathering import PaperReader, entries_of, wording_of
from premises.plan_papers.judging import Judged, judged_new, judged_row
from rectification.commands import (
    DeadlineBeforeFoundError,
    Deadlines,
    NoteMissingError,
    StepRefusedError,
    assign,
    is_postponed,
)
from rectification.model import IllegalItemStepError, Item, ItemAction, ItemState
from rectification.particulars import Particulars, Source
from rectification.particulars_checks import ParticularsRefusedError, Sheet, checked
from rectification.sheets import Found, edit, open_item, sheet_of
from reports.ledger import Entry, Wording
from reports.ledger_columns import LedgerColumn
from sensors.actors import Actor, NotPermittedError, Permission
from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.topology import Registry

REFUSALS = (StepRefusedError, IllegalItemStepError, NotPermittedError, ParticularsRefusedError)
_PARTICULARS = frozenset(each.name for each in fields(Particulars))
_SHEET = _PARTICULARS | {"measure", "deadline"}


class PaperRecords(Protocol):
    """The records, for one transaction at a time."""

    def transaction(self) -> AbstractContextManager[PaperReader]:
        """Yield a transaction of which nothing is kept when an exception leaves it."""
        ...


class OtherSiteFault(InputFault):
    """The ledger is another site's."""

    def __init__(self, ledger: EditedLedger, site: str) -> None:
        """Name both."""
        super().__init__(f"{ledger.file}: a ledger of the site {ledger.site!r}; this is {site!r}")


class _NothingKept(Exception):  # noqa: N818 - no error: it takes a transaction back
    """Carries the report out of a transaction of which nothing is to stay."""

    def __init__(self, report: EditReport) -> None:
        super().__init__()
        self.report = report


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingIn:
    """Takes edited ledgers in. `is_dry` keeps nothing; `takes_rest` keeps what is accepted beside what is refused."""

    registry: Registry
    clock: Clock
    deadline: Deadlines
    actor: Actor
    is_dry: bool = True
    takes_rest: bool = False

    def take_in(self, records: PaperRecords, ledger: EditedLedger) -> EditReport:
        """Return what became of each edited cell. Raises OtherSiteFault, NotPermittedError."""
        self.actor.must(Permission.MANAGE_ITEM)
        if ledger.site != self.registry.site.id:
            raise OtherSiteFault(ledger, self.registry.site.id)
        try:
            with records.transaction() as tx:
                return _kept(_Edits(how=self, tx=tx, ledger=ledger).made())
        except _NothingKept as stopped:
            return stopped.report


@dataclass(frozen=True, kw_only=True)
class _Edits:
    """The edits of one ledger within one transaction."""

    how: TakingIn
    tx: PaperReader
    ledger: EditedLedger
    told: list[CellChange] = field(default_factory=list)

    def made(self) -> EditReport:
        reader = CellReader(
            wording=wording_of(self.tx, self.how.registry, self.ledger.language),
            accounts=self.tx.accounts(),
            today=self.how.clock.now().astimezone(self._zone).date(),
        )
        self.told.extend(self._of_the_whole(reader))
        entries = self._entries()
        seen: dict[str, int] = {}
        for row in self.ledger.rows:
            self._row(row, entries.get(row.item_id), seen, reader)
        is_refused = any(change.fate is Fate.REFUSED for change in self.told)
        return EditReport(
            file=self.ledger.file,
            sheet=self.ledger.sheet,
            changes=tuple(self.told),
            is_kept=not self.how.is_dry and (self.how.takes_rest or not is_refused),
        )

    @property
    def _zone(self) -> Any:  # noqa: ANN401 - as the time's own method takes it
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - of the registry's name of it

        return ZoneInfo(self.how.registry.site.timezone)

    def _entries(self) -> dict[str, Entry]:
        known = (self.tx.item(identifier) for identifier in {row.item_id for row in self.ledger.rows if row.item_id})
        entries = entries_of(self.tx, [item for item in known if item is not None], self.how.registry)
        return {entry.item.id: entry for entry in entries}

    def _of_the_whole(self, reader: CellReader) -> Iterator[CellChange]:
        """Yield what is told of columns, of rows that are gone, and of their order."""
        say, head = reader.wording.text, self.ledger.head_row
        for column in self.ledger.missing:
            yield _told(head, Fate.REFUSED, say("refused.column_gone"), column=column)
        there = [row.item_id for row in self.ledger.rows if row.item_id]
        for identifier in self.ledger.exported:
            if identifier not in there:
                item = self.tx.item(identifier)
                old = "" if item is None else f"#{item.number}"
                yield _told(head, Fate.REFUSED, say("refused.deleted"), old=old)
        kept = [identifier for identifier in self.ledger.exported if identifier in there]
        if list(dict.fromkeys(there)) != kept and set(there) == set(kept):
            yield _told(head, Fate.NOTED, say("noted.sorted"))

    def _row(self, row: EditedRow, entry: Entry | None, seen: dict[str, int], reader: CellReader) -> None:
        say = reader.wording.text
        if not row.item_id:
            self._add(row, judged_new(row, reader), reader)
        elif row.item_id in seen:
            self.told.append(_told(row.number, Fate.REFUSED, say("refused.twice", row=seen[row.item_id])))
        elif entry is None:
            self.told.append(_told(row.number, Fate.REFUSED, say("refused.unknown")))
        else:
            seen[row.item_id] = row.number
            self._change(row, entry.item, judged_row(row, entry, reader), reader.wording)

    def _change(self, row: EditedRow, item: Item, judged: Sequence[Judged], wording: Wording) -> None:
        """Write what was accepted of one item, and tell of each cell what became of it."""
        cells = self._written(row, item, list(judged), wording)
        given = [each for each in cells if each.change.fate is Fate.ACCEPTED and "responsible" in each.fields]
        for each in given:
            try:
                self._assign(row, item.id, each.fields["responsible"])
            except REFUSALS as exc:
                cells[cells.index(each)] = _refused(each, _why(exc, wording))
        self.told.extend(each.change for each in cells)

    def _written(self, row: EditedRow, item: Item, cells: list[Judged], wording: Wording) -> list[Judged]:
        """Return the cells after the sheet was written; those that a check of the sheet refuses are told so."""
        while wanted := [each for each in cells if _SHEET.intersection(each.fields)]:
            try:
                self._edit(row, item, _merged(wanted))
            except ParticularsRefusedError as exc:
                why = _why(exc, wording)
                cells = [_refused(each, why) if exc.field in each.fields else each for each in cells]
            except (DeadlineBeforeFoundError, NoteMissingError) as exc:
                why = _why(exc, wording)
                cells = [_refused(each, why) if "deadline" in each.fields else each for each in cells]
            except REFUSALS as exc:
                return [_refused(each, _why(exc, wording)) if each in wanted else each for each in cells]
            else:
                break
        return cells

    def _edit(self, row: EditedRow, item: Item, written: Fields) -> None:
        sheet = _over(sheet_of(self.tx, item), written)
        is_promised = item.state is not ItemState.DRAFT
        if is_promised and is_postponed(item.deadline, sheet.deadline) and not written.get("remark"):
            raise NoteMissingError(ItemAction.EDIT)
        tidy = replace(sheet, given=checked(sheet.given, self.how.registry), measure=sheet.measure.strip())
        how = self.how
        edit(self.tx, item.id, tidy, revision=item.revision, actor=how.actor, clock=how.clock, note=self._note(row))

    def _assign(self, row: EditedRow, item_id: str, account: str) -> None:
        how = self.how
        assign(self.tx, item_id, responsible=account, actor=how.actor, clock=how.clock, note=self._note(row))

    def _note(self, row: EditedRow) -> str:
        return f"{self.ledger.file} · {self.ledger.sheet} · {row.number}"

    def _add(self, row: EditedRow, judged: Sequence[Judged], reader: CellReader) -> None:
        """Open an item for an added row, unless anything of it is refused: half of a row is no item."""
        if any(each.change.fate is Fate.REFUSED for each in judged):
            self.told.extend(each.change for each in judged)
            return
        written = _merged(judged)
        try:
            item = self._opened(row, written, reader)
        except ParticularsRefusedError as exc:
            why = _why(exc, reader.wording)
            self.told.extend((_refused(each, why) if exc.field in each.fields else each).change for each in judged)
            return
        key = "noted.new_dry" if self.how.is_dry else "noted.new"
        why = reader.wording.text(key, number=item.number)
        self.told.append(_told(row.number, Fate.ACCEPTED, why, new=str(written["problem"])))
        self.told.extend(each.change for each in judged)

    def _opened(self, row: EditedRow, written: Fields, reader: CellReader) -> Item:
        how, ledger = self.how, self.ledger
        given = Particulars(source=Source.PERSON, source_ref=f"{ledger.file}:{row.number}"[:100])
        sheet = _over(Sheet(given=given), written)
        place = sheet.given.location
        since = written.get("since")
        found = Found(
            site=how.registry.site.id,
            subject=reader.subject(place),
            severity=written["severity"],
            given=checked(sheet.given, how.registry),
            measure=sheet.measure,
            since=None if since is None else datetime.combine(since, time(), self._zone),
            deadline=sheet.deadline,
        )
        item = open_item(self.tx, found, deadline=how.deadline, actor=how.actor, clock=how.clock, note=self._note(row))
        if written.get("responsible"):
            self._assign(row, item.id, written["responsible"])
        return item


def _kept(report: EditReport) -> EditReport:
    """Return a report whose edits are to stay. Raises _NothingKept, which takes the transaction back."""
    if not report.is_kept:
        raise _NothingKept(report)
    return report


def _why(exc: Exception, wording: Wording) -> str:
    """Return why something was refused, in the ledger's language."""
    if isinstance(exc, IllegalItemStepError):
        return wording.text("refused.step", state=wording.text(f"itemstate.{exc.state}"))
    if isinstance(exc, DeadlineBeforeFoundError):
        return wording.text("refused.deadline_early")
    if isinstance(exc, NoteMissingError):
        return wording.text("refused.postponed")
    return wording.text("refused.sheet") if isinstance(exc, ParticularsRefusedError) else str(exc)


def _merged(cells: Iterable[Judged]) -> dict[str, Any]:
    return {name: value for each in cells for name, value in each.fields.items()}


def _over(sheet: Sheet, written: Fields) -> Sheet:
    """Return a sheet with some fields written anew."""
    given = {name: value for name, value in written.items() if name in _PARTICULARS}
    own = {name: value for name, value in written.items() if name in _SHEET - _PARTICULARS}
    return replace(sheet, given=replace(sheet.given, **given), **own)


def _refused(judged: Judged, why: str) -> Judged:
    return Judged(change=replace(judged.change, fate=Fate.REFUSED, why=why), fields={})


def _told(
    row: int, fate: Fate, why: str, *, column: LedgerColumn | None = None, old: str = "", new: str = ""
) -> CellChange:
    return CellChange(row=row, column=column, old=old, new=new, fate=fate, why=why)
