"""A CSV file through a mapping: checked whole before anything of it is used, then read in chunks or row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.cells import MappedColumns, RowBlock
from ingest.csv_records import BLOCK_BYTES, CsvFile, FilePlace, Progress, TableFault
from ingest.mapping import CsvMapping
from ingest.registers import EVERYTHING, Converter, Registers, Selection
from ingest.survey import Surveyor, TableSurvey
from sensors.readings import ReadingBatch
from sensors.topology import SiteId

CHUNK = 100_000
"""Readings per chunk, or a few more: a block is not parted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlace:
    """Between two rows: where the next begins, how many were read, and how far the registers are."""

    place: FilePlace
    rows: int
    registers: Registers


@dataclass(frozen=True, slots=True)
class Chunk:
    """Readings of neighbouring rows, and where the next chunk begins."""

    batch: ReadingBatch
    end: TablePlace


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file and what its columns mean. Reading needs memory for one block and one chunk, whatever its size."""

    path: Path
    mapping: CsvMapping
    encoding: str = "utf-8"
    block_bytes: int = BLOCK_BYTES

    def survey(self, progress: Progress | None = None) -> TableSurvey:
        """Return what the file holds after a look at every cell of it. Raises TableFault at the first fault."""
        before = fingerprint(self.path)
        surveyor = Surveyor(self.path, self.mapping)
        columns, start = self._columns()
        for block in self._file.blocks(start, progress):
            if block.records:
                surveyor.take(block, columns)
        self.hold_unchanged(before)
        return surveyor.result(before)

    def chunks(
        self,
        site: SiteId,
        survey: TableSurvey,
        *,
        selection: Selection = EVERYTHING,
        start: TablePlace | None = None,
        progress: Progress | None = None,
        size: int = CHUNK,
    ) -> Iterator[Chunk]:
        """Yield the readings of the selected rows in chunks of `size` and a little more, in the order of the rows.

        From the end of any chunk the same chunks follow. Registers count from the file's first row whatever is
        selected, so parts read separately agree.
        """
        converter = self._converter(survey, selection)
        begun = start or self._start()
        registers, rows, batch = begun.registers, begun.rows, ReadingBatch(site=site)
        for block, end, next_ms in self._row_blocks(begun.place, survey, progress):
            registers = converter.convert(block, next_ms, registers, batch)
            rows += len(block.times_ms)
            if len(batch) >= size or next_ms is None:
                yield Chunk(batch, TablePlace(place=end, rows=rows, registers=registers))
                batch = ReadingBatch(site=site)

    def rows(
        self,
        site: SiteId,
        survey: TableSurvey,
        *,
        selection: Selection = EVERYTHING,
        progress: Progress | None = None,
    ) -> Iterator[tuple[int, ReadingBatch]]:
        """Yield the time of each selected row and its readings, where it has any."""
        converter = self._converter(survey, selection)
        start = self._start()
        registers = start.registers
        for block, _, next_ms in self._row_blocks(start.place, survey, progress):
            for row, following_ms in _single_rows(block, next_ms):
                batch = ReadingBatch(site=site)
                registers = converter.convert(row, following_ms, registers, batch)
                if batch:
                    yield row.times_ms[0], batch

    def hold_unchanged(self, seen: tuple[int, int]) -> None:
        """Raise TableFault where the file is not what it was when it had this fingerprint."""
        if fingerprint(self.path) != seen:
            raise TableFault(self.path, "the file changed while it was read; start again")

    @property
    def _file(self) -> CsvFile:
        return CsvFile(path=self.path, encoding=self.encoding, block_bytes=self.block_bytes)

    def _columns(self) -> tuple[MappedColumns, FilePlace]:
        header = self._file.header()
        names = header.records[0] if header.records else ()
        return MappedColumns.find(self.path, names, self.mapping), header.end

    def _start(self) -> TablePlace:
        _, place = self._columns()
        return TablePlace(place=place, rows=0, registers=Registers.at_start(len(self.mapping.columns)))

    def _converter(self, survey: TableSurvey, selection: Selection) -> Converter:
        return Converter(targets=self.mapping.columns, interval_ms=survey.interval_ms or 0, selection=selection)

    def _row_blocks(
        self, start: FilePlace, survey: TableSurvey, progress: Progress | None
    ) -> Iterator[tuple[RowBlock, FilePlace, int | None]]:
        """Yield rows, where the next block begins, and the time of its first row; None after the file's last.

        The check has seen every cell: what is different now is a file that changed.
        """
        self.hold_unchanged(survey.fingerprint)
        columns, _ = self._columns()
        waiting: tuple[RowBlock, FilePlace] | None = None
        for block in self._file.blocks(start, progress):
            if not block.records:
                continue
            rows = columns.block(block)
            if waiting is not None:
                yield *waiting, rows.times_ms[0]
            waiting = rows, block.end
        self.hold_unchanged(survey.fingerprint)
        if waiting is not None:
            yield *waiting, None


def _single_rows(block: RowBlock, next_ms: int | None) -> Iterator[tuple[RowBlock, int | None]]:
    following = [*block.times_ms[1:], next_ms]
    for row, (time_ms, after_ms) in enumerate(zip(block.times_ms, following, strict=True)):
        yield RowBlock(block.last_number, [time_ms], [[values[row]] for values in block.columns]), after_ms


def fingerprint(path: Path) -> tuple[int, int]:
    """Return what changes when somebody writes to a file: its size and time. Raises TableFault."""
    try:
        found = path.stat()
    except OSError as exc:
        raise TableFault(path, f"the file cannot be read: {exc.strerror}") from exc
    return found.st_size, found.st_mtime_ns
