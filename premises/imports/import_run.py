"""An import from its first chunk to its last: what it is made of, where it goes on, and what it came to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from ingest.survey import TableSurvey
from ingest.tables import CHUNK, Chunk, fingerprint
from premises.imports.import_journal import ImportCounts, ImportJournal, ImportNote, ImportPlan, Mark, digest_of
from premises.imports.table_input import TableInput
from premises.imports.table_progress import TableProgress
from premises.processes.interrupts import interrupts_held_back
from sensors.errors import InputFault
from sensors.readings import ReadingBatch
from storage.errors import StoreError
from storage.ports import AppendResult

MOST_WORDS = 5
"""How many of a store's reasons are told."""


class ImportTarget(Protocol):
    """A store that remembers how far each import came into it: the part of `storage.ports.SpoolTarget` used here."""

    def append_from_spool(self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = ...) -> AppendResult:
        """Store the batches and the number of their chunk in one transaction, unless that was done before."""
        ...

    def drained_to(self, spool: str) -> int:
        """Return the number of the last chunk stored, 0 before the first."""
        ...


class ImportBrokeOffError(InputFault):
    """The store, or the server before it, did not take a chunk."""

    def __init__(self, file: str, rows: int, cause: Exception) -> None:
        """Say how far the import came and what to do."""
        super().__init__(
            f"{file}: the import broke off after {rows:,} rows: {cause}; start it again and it goes on from there"
        )


class ImportChangedError(InputFault):
    """What an import is made of is not what it was when it broke off."""

    def __init__(self, file: str, rows: int, what: str) -> None:
        """Say what changed and what to do."""
        super().__init__(
            f"{file}: an import of it broke off after {rows:,} rows, and {what} since; "
            "import with --restart to begin anew, or bring back what it was"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """An import of a table that was checked, with the journal that is kept of it."""

    found: TableInput
    journal: ImportJournal
    note: ImportNote

    @classmethod
    def of(
        cls,
        found: TableInput,
        mapping: Path,
        journal: ImportJournal,
        check: Callable[[], TableSurvey],
        *,
        size: int = CHUNK,
    ) -> "ImportRun":
        """Return the import that broke off, or a new one after `check`. Raises ImportChangedError, TableFault.

        A file that broke off was checked before, and has the same content still: it is not checked again.
        """
        seen = fingerprint(found.table.path)
        plan = _plan(found, mapping, size)
        note = journal.read()
        if note is None:
            note = ImportNote(name=f"import:{uuid4().hex}", plan=plan, survey=check())
            found.table.hold_unchanged(seen)
        else:
            _hold_same(note, plan)
            note = replace(note, survey=replace(note.survey, fingerprint=seen))
        return cls(found=found, journal=journal, note=note)

    def into(self, target: ImportTarget, progress: TableProgress | None, said: Callable[[str], None]) -> ImportCounts:
        """Return what the whole import came to, after every chunk of it is stored. Raises ImportBrokeOffError."""
        stored = target.drained_to(self.note.name)
        mark = self.note.mark(stored)
        if stored:
            said(f"{self.note.plan.file}: goes on after {mark.rows:,} of {self.note.survey.rows:,} rows")
        refusals: dict[str, None] = {}
        for chunk in self._chunks(mark, progress):
            after = mark.after(chunk)
            if after.chunks > stored:
                done = self._put(target, mark, after, chunk.batch)
                after = replace(after, counts=_added(mark.counts, done, len(chunk.batch)))
                refusals |= {refusal.words: None for refusal in done.refused}
            if progress is not None:
                progress.stored(len(chunk.batch))
            mark = after
        self.journal.forget()
        for words in islice(refusals, MOST_WORDS):
            said(f"{self.note.plan.file}: the store refused readings: {words}")
        return mark.counts

    def _chunks(self, mark: Mark, progress: TableProgress | None) -> Iterator[Chunk]:
        return self.found.table.chunks(
            self.found.registry.site.id,
            self.note.survey,
            selection=self.found.selection,
            start=mark.place,
            progress=progress,
            size=self.note.plan.pieces[0],
        )

    def _put(self, target: ImportTarget, before: Mark, after: Mark, batch: ReadingBatch) -> AppendResult:
        try:
            with interrupts_held_back():
                return self._put_whole(target, before, after, batch)
        except (StoreError, InputFault, OSError) as exc:
            raise ImportBrokeOffError(self.note.plan.file, before.rows, exc) from exc

    def _put_whole(self, target: ImportTarget, before: Mark, after: Mark, batch: ReadingBatch) -> AppendResult:
        self.journal.write(replace(self.note, marks=(before, after)))
        done = target.append_from_spool(self.note.name, last_entry=after.chunks, batches=[batch])
        if done.refused:
            # The store waits to be told that the refusal was heard before it counts the chunk as done.
            target.append_from_spool(self.note.name, last_entry=after.chunks)
        return done


def _plan(found: TableInput, mapping: Path, size: int) -> ImportPlan:
    return ImportPlan(
        file=str(found.table.path.resolve()),
        encoding=found.table.encoding,
        content=digest_of(found.table.path),
        mapping=digest_of(mapping),
        pieces=(size, found.table.block_bytes),
    )


def _hold_same(note: ImportNote, plan: ImportPlan) -> None:
    changes = {
        "the file has changed": note.plan.content != plan.content,
        "the mapping has changed": note.plan.mapping != plan.mapping,
        "--encoding has changed": note.plan.encoding != plan.encoding,
        "this version of Premises reads files in other pieces": note.plan.pieces != plan.pieces,
    }
    for what, is_so in changes.items():
        if is_so:
            raise ImportChangedError(plan.file, note.certain.rows, what)


def _added(counts: ImportCounts, done: AppendResult, readings: int) -> ImportCounts:
    refused = readings - done.new - done.replaced - done.unchanged
    return counts.plus(new=done.new, replaced=done.replaced, unchanged=done.unchanged, refused=refused)
