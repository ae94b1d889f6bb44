"""Tables read in the plainest way, cell by cell and row by row: what the quick way in blocks is held against."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.cells import MappedColumns, Row
from ingest.csv_records import ENCODINGS, TableFault
from ingest.registers import Selection
from ingest.tables import CsvTable
from sensors.local_time import LATEST
from sensors.readings import Quality, ReadingBatch, epoch_ms
from sensors.topology import SiteId


@dataclass(frozen=True, slots=True)
class Learned:
    rows: int
    first_ms: int
    last_ms: int
    blanks: int
    jumps: int
    interval_ms: int | None


def survey(table: CsvTable) -> Learned:
    """Return what the check learns; raises the fault that it must raise."""
    mapping = table.mapping
    steps: Counter[int] = Counter()
    sums = [0.0] * len(mapping.columns)
    seen: list[Row] = []
    for row in rows(table):
        step = row.time_ms - seen[-1].time_ms if seen else 0
        if seen and step <= 0 and mapping.has_interval_energy:
            reason = f"not later than row {seen[-1].number}; interval energy needs rows in the order of time"
            raise TableFault(table.path, reason, row=row.number, column=mapping.time.column)
        if step > 0:
            steps[step] += 1
        add_up(table, row, sums)
        seen.append(row)
    if not seen:
        raise TableFault(table.path, "the file has a header and no rows; nothing to read")
    interval_ms = interval(table, steps)
    if mapping.has_interval_energy and seen[-1].time_ms + (interval_ms or 0) >= epoch_ms(LATEST):
        reason = f"the last interval, {(interval_ms or 0) / 1000:g} s, ends after 2100; mend the times"
        raise TableFault(table.path, reason, row=seen[-1].number, column=mapping.time.column)
    times = [row.time_ms for row in seen]
    blanks = sum(row.values.count(None) for row in seen)
    jumps = 0 if interval_ms is None else steps.total() - steps[interval_ms]
    return Learned(len(seen), min(times), max(times), blanks, jumps, interval_ms)


def add_up(table: CsvTable, row: Row, sums: list[float]) -> None:
    for position, (target, value) in enumerate(zip(table.mapping.columns, row.values, strict=True)):
        if not target.interval_energy or value is None:
            continue
        if value < 0:
            reason = f"{value:g} {target.metric.unit}: energy of an interval cannot be negative; use sign: negated"
            raise TableFault(table.path, reason, row=row.number, column=target.column)
        sums[position] += value
        if not target.metric.in_range(sums[position]):
            reason = f"the sum so far passes {target.metric.high:g} {target.metric.unit}; is the unit right?"
            raise TableFault(table.path, reason, row=row.number, column=target.column)


def interval(table: CsvTable, steps: Counter[int]) -> int | None:
    mapping = table.mapping
    step_ms = steps.most_common(1)[0][0] if steps else None
    if mapping.interval_s is None:
        if step_ms is None and mapping.has_interval_energy:
            raise TableFault(table.path, "one row shows no interval; write interval_s into the mapping")
        return step_ms
    if step_ms is not None and mapping.interval_s * 1000 > 1.5 * step_ms:
        reason = (
            f"the rows are mostly {step_ms / 1000:g} s apart, and the mapping's interval_s is longer, "
            f"{mapping.interval_s:g}; mend interval_s or leave it out"
        )
        raise TableFault(table.path, reason)
    return round(mapping.interval_s * 1000)


def readings(table: CsvTable, site: SiteId, selection: Selection) -> ReadingBatch:
    """Return all readings of the selected rows, row after row."""
    interval_ms = survey(table).interval_ms
    found = list(rows(table))
    batch = ReadingBatch(site=site)
    targets = table.mapping.columns
    registers = {at: Register(interval_ms or 0) for at, target in enumerate(targets) if target.interval_energy}
    for row, following in zip(found, [*found[1:], None], strict=True):
        for at, (target, value) in enumerate(zip(targets, row.values, strict=True)):
            held = selection.holds(row.time_ms)
            if at in registers:
                points = registers[at].advance(row.time_ms, value, following and following.time_ms, held=held)
            else:
                points = [] if value is None else [(row.time_ms, value, Quality.GOOD)]
            for time_ms, point, quality in points if held else []:
                batch.add(time_ms, target.device, target.metric.name, point, phase=target.phase, quality=quality)
    return batch


class Register:
    """A running sum of interval energy and the time up to which it is known."""

    def __init__(self, interval_ms: int) -> None:
        self.interval_ms = interval_ms
        self.total = 0.0
        self.until_ms: int | None = None
        self.quality = Quality.GOOD
        self.opened = False

    def advance(
        self, start_ms: int, energy: float | None, next_ms: int | None, *, held: bool
    ) -> list[tuple[int, float, Quality]]:
        points = []
        jumped = self.until_ms is not None and start_ms > self.until_ms
        if jumped:
            self.quality = Quality.ESTIMATED
        if held and (jumped or not self.opened):
            self.opened = True
            points.append((start_ms, self.total, self.quality))
        end_ms = start_ms + self.interval_ms
        self.until_ms = end_ms if next_ms is None else min(end_ms, next_ms)
        self.total += energy or 0.0
        self.quality = Quality.ESTIMATED if energy is None else Quality.GOOD
        return [*points, (self.until_ms, self.total, self.quality)]


def rows(table: CsvTable) -> Iterator[Row]:
    found = records(table.path, table.encoding)
    _, header = next(found, (0, []))
    columns = MappedColumns.find(table.path, header, table.mapping)
    for number, fields in found:
        yield columns.row(number, fields)


def records(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    lines = Lines(path, encoding)
    reader = csv.reader(lines, strict=True)
    while True:
        number = lines.number + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise TableFault(path, f"not CSV: {exc}", row=number) from exc
        if fields:
            yield number, fields


class Lines:
    def __init__(self, path: Path, encoding: str) -> None:
        self.number = 0
        self.path = path
        self.encoding = encoding
        self.left = io.BytesIO(path.read_bytes())

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = next(self.left)
        self.number += 1
        try:
            text = raw.decode(self.encoding)
        except UnicodeDecodeError as exc:
            other = next(name for name in ENCODINGS if name != self.encoding)
            raise TableFault(self.path, f"not {self.encoding}; try --encoding {other}", row=self.number) from exc
        return text.removeprefix("\ufeff") if self.number == 1 else text
