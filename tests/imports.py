"""Imports into a store of the test's own, in small chunks, that break off when the test says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.registers import EVERYTHING
from premises.home import Home
from premises.imports.import_journal import ImportCounts, ImportJournal, key_of
from premises.imports.import_run import ImportRun, ImportTarget
from premises.imports.table_input import TableInput
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.ports import AppendResult
from storage.readings.memory import MemoryReadingStore
from tests.tables.csv_files import HEADER, MAPPING, REGISTRY, registry_in, table_in, written

SITE = SiteId("hq")
CHUNK = 8
"""Readings; with blocks of a line it makes a chunk of every three rows or so."""


class PowerCutError(BaseException):
    """What happens between two instructions."""


@dataclass(slots=True)
class Flaky:
    """A store at which the power fails once, before or after the chunk of a number is stored."""

    store: MemoryReadingStore = field(default_factory=MemoryReadingStore)
    fails_at: int | None = None
    after_commit: bool = False
    failure: BaseException = field(default_factory=PowerCutError)
    taken: list[int] = field(default_factory=list)

    def append_from_spool(self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = ()) -> AppendResult:
        """Store a chunk, or fail."""
        if last_entry == self.fails_at and not self.after_commit:
            self._fail()
        self.taken.append(last_entry)
        done = self.store.append_from_spool(spool, last_entry=last_entry, batches=batches)
        if last_entry == self.fails_at:
            self._fail()
        return done

    def drained_to(self, spool: str) -> int:
        """Return how many chunks are stored."""
        return self.store.drained_to(spool)

    def readings(self) -> list[tuple[object, ...]]:
        """Return everything that is stored."""
        return self.store.readings(SITE, start_ms=0, end_ms=2**53).rows()

    def _fail(self) -> None:
        self.fails_at = None
        raise self.failure


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a table and its mapping, and what was said of its imports."""

    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def table(self) -> Path:
        """Return the table."""
        return self.folder / "t.csv"

    @property
    def mapping(self) -> Path:
        """Return the mapping."""
        return self.folder / "map.yaml"

    @property
    def journal(self) -> ImportJournal:
        """Return the journal of the table's import."""
        home = Home.find(self.folder / "home")
        written(home.root, home.registry.name, REGISTRY)
        return ImportJournal(home, key_of(str(self.table.resolve()), SITE, None, None))

    def imported(self, target: ImportTarget) -> ImportCounts:
        """Import the table."""
        table = replace(
            table_in(self.folder, self.table.read_text(encoding="utf-8"), self.mapping.read_text(encoding="utf-8")),
            block_bytes=1,
        )
        journal = self.journal
        home = Home.find(self.folder / "home")
        found = TableInput(home=home, registry=registry_in(self.folder), table=table, selection=EVERYTHING)
        run = ImportRun.of(found, self.mapping, journal, table.survey, size=CHUNK)
        return run.into(target, None, self.said.append)


def desk_in(folder: Path, *, rows: int = 40) -> Desk:
    """Return a table with blanks and a jump in a folder."""
    desk = Desk(folder)
    desk.table.write_text(HEADER + "".join(map(_row, range(rows))), encoding="utf-8")
    desk.mapping.write_text(MAPPING, encoding="utf-8")
    return desk


def _row(number: int) -> str:
    minute = number * 5 + (60 if number > 25 else 0)
    energy = "" if number % 7 == 3 else f"{0.1 * (number % 9 + 1):.1f}"
    return f"2021-09-07 {minute // 60:02}:{minute % 60:02},{400 + number},{energy},{number % 2}\n"
