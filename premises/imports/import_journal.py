"""How far an import is, in a small file of the home: so that one that broke off goes on where it was.

The store remembers the number of the last chunk in the transaction of that chunk. The journal is written before each
chunk and says where it begins and ends; whichever of the two the store then has, the import goes on from there.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.csv_records import FilePlace
from ingest.registers import Registers
from ingest.survey import TableSurvey
from ingest.tables import Chunk, TablePlace
from premises.home import Home
from premises.processes.locks import TakenError, sole
from sensors.errors import InputFault


class ImportRunningFault(InputFault):
    """The same import runs already."""

    def __init__(self, file: str, holder: int | None) -> None:
        """Name the file and the process."""
        who = "another process" if holder is None else f"process {holder}"
        super().__init__(f"{file}: {who} imports it already; wait for its end, or stop it and start again to go on")


class JournalFault(InputFault):
    """What is written of an import that broke off cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the journal and what is wrong with it."""
        super().__init__(f"{path}: {reason}; import with --restart to begin anew")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What an import is made of: digests of the contents, and how the file is read."""

    file: str
    encoding: str
    content: str
    mapping: str
    pieces: tuple[int, int]
    """Readings in a chunk and bytes in a block: where the chunks end depends on them, and their numbers with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """What became of the readings; `refused` are those that the store will never take.

    `uncounted` are stored: those of a chunk whose answer was lost when the import broke off.
    """

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    refused: int = 0
    uncounted: int = 0

    @property
    def readings(self) -> int:
        """Return all of them."""
        return self.new + self.replaced + self.unchanged + self.refused + self.uncounted

    def plus(
        self, *, new: int = 0, replaced: int = 0, unchanged: int = 0, refused: int = 0, uncounted: int = 0
    ) -> "ImportCounts":
        """Return both together."""
        return ImportCounts(
            new=self.new + new,
            replaced=self.replaced + replaced,
            unchanged=self.unchanged + unchanged,
            refused=self.refused + refused,
            uncounted=self.uncounted + uncounted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The end of a chunk; `place` is None before the first."""

    chunks: int = 0
    place: TablePlace | None = None
    counts: ImportCounts = ImportCounts()

    def after(self, chunk: Chunk) -> "Mark":
        """Return the end of the next chunk; what its readings come to is not known yet."""
        counts = self.counts.plus(uncounted=len(chunk.batch))
        return Mark(chunks=self.chunks + 1, place=chunk.end, counts=counts)

    @property
    def rows(self) -> int:
        """Return how many rows of the file lie before it."""
        return 0 if self.place is None else self.place.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportNote:
    """An import under way. `name` is what the store knows it by, and no other import has it."""

    name: str
    plan: ImportPlan
    survey: TableSurvey
    marks: tuple[Mark, ...] = ()

    @property
    def certain(self) -> Mark:
        """Return the mark before the chunk that was under way."""
        return min(self.marks, key=lambda mark: mark.chunks, default=Mark())

    def mark(self, stored: int) -> Mark:
        """Return the last mark that is not past what is stored."""
        reached = [mark for mark in self.marks if mark.chunks <= stored]
        return max(reached, key=lambda mark: mark.chunks, default=Mark())


class ImportJournal:
    """The note of one import."""

    def __init__(self, home: Home, key: str) -> None:
        """Make the folder where it is absent."""
        folder = home.run / "imports"
        folder.mkdir(exist_ok=True)
        self.path = folder / f"{key}.json"

    @contextmanager
    def held(self, file: str) -> Iterator[None]:
        """Keep others from the same import. Raises ImportRunningFault."""
        with ExitStack() as stack:
            try:
                stack.enter_context(sole(self.path.with_suffix(".lock"), "imports into"))
            except TakenError as exc:
                raise ImportRunningFault(file, exc.holder) from exc
            yield

    def read(self) -> ImportNote | None:
        """Return the note of an import that broke off, None where there is none. Raises JournalFault."""
        try:
            return _note(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise JournalFault(self.path, "what is written of the import that broke off cannot be read") from exc

    def write(self, note: ImportNote) -> None:
        """Put the note in place, whole, and on the disk before the store hears of the chunk."""
        new = self.path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(note), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def forget(self) -> None:
        """Take the note away: the import is done, or is to begin anew."""
        self.path.unlink(missing_ok=True)


def key_of(*what: object) -> str:
    """Return a name for a file from what tells one import from another."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:32]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _note(written: dict[str, Any]) -> ImportNote:
    plan, survey = written["plan"], written["survey"]
    return ImportNote(
        name=written["name"],
        plan=ImportPlan(**{**plan, "pieces": tuple(plan["pieces"])}),
        survey=TableSurvey(**{**survey, "fingerprint": tuple(survey["fingerprint"])}),
        marks=tuple(map(_mark, written["marks"])),
    )


def _mark(written: dict[str, Any]) -> Mark:
    place = written["place"]
    return Mark(
        chunks=written["chunks"],
        place=None if place is None else _place(place),
        counts=ImportCounts(**written["counts"]),
    )


def _place(written: dict[str, Any]) -> TablePlace:
    registers = written["registers"]
    return TablePlace(
        place=FilePlace(**written["place"]),
        rows=written["rows"],
        registers=Registers(
            sums=tuple(registers["sums"]),
            qualities=tuple(registers["qualities"]),
            until_ms=registers["until_ms"],
            opened=registers["opened"],
        ),
    )
