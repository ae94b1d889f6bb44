"""Rows to readings, a block at a time; energy per interval becomes a register.

The register stands at 0 at the file's first row, and each row adds what flowed from its time to the interval's end.
Where nobody measured it is repeated, marked estimated, and the file's total stays what it was. What a register has come
to is a value of its own, so that an interrupted import goes on with the very same sums.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, compress

from ingest.cells import RowBlock, Values
from ingest.mapping import ColumnTarget
from sensors.readings import Quality, ReadingBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows of [start_ms, end_ms); None is open."""

    start_ms: int | None = None
    end_ms: int | None = None

    def holds(self, time_ms: int) -> bool:
        """Say whether a row of this time is selected."""
        after = self.start_ms is None or time_ms >= self.start_ms
        return after and (self.end_ms is None or time_ms < self.end_ms)

    def held(self, times_ms: Sequence[int]) -> Sequence[bool]:
        """Say it of each."""
        if self == EVERYTHING:
            return [True] * len(times_ms)
        return list(map(self.holds, times_ms))


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """How far the registers are: sums and qualities by column (0 and good where a column is none).

    `until_ms` is the time up to which they are known, None before the first row; `opened` says whether any was written.
    """

    sums: tuple[float, ...]
    qualities: tuple[int, ...]
    until_ms: int | None = None
    opened: bool = False

    @classmethod
    def at_start(cls, columns: int) -> "Registers":
        """Return registers at 0."""
        return cls(sums=(0.0,) * columns, qualities=(int(Quality.GOOD),) * columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """Turns rows into readings; `interval_ms` is that of interval energy."""

    targets: Sequence[ColumnTarget]
    interval_ms: int
    selection: Selection = EVERYTHING

    def convert(self, rows: RowBlock, next_ms: int | None, before: Registers, batch: ReadingBatch) -> Registers:
        """Add the readings of the selected rows to the batch; return the registers after the last row.

        `next_ms` is the time of the row after these, None after the file's last.
        """
        held = self.selection.held(rows.times_ms)
        times = _Times.of(rows.times_ms, next_ms, self.interval_ms, before.until_ms)
        sums, qualities = list(before.sums), list(before.qualities)
        for position, (target, values) in enumerate(zip(self.targets, rows.columns, strict=True)):
            if not target.interval_energy:
                _add_values(target, rows.times_ms, values, held, batch)
                continue
            register = _Register.of(values, sums[position], qualities[position])
            register.add_to(batch, target, times, held, opened=before.opened)
            sums[position], qualities[position] = register.sums[-1], register.qualities[-1]
        return Registers(
            sums=tuple(sums),
            qualities=tuple(qualities),
            until_ms=times.ends_ms[-1],
            opened=before.opened or any(held),
        )


@dataclass(frozen=True, slots=True)
class _Times:
    """Start and end of each row's interval; `jumps` are the rows that do not begin where the one before ended."""

    starts_ms: Sequence[int]
    ends_ms: Sequence[int]
    jumps: Sequence[int]

    @classmethod
    def of(cls, starts_ms: Sequence[int], next_ms: int | None, interval_ms: int, until_ms: int | None) -> "_Times":
        after = [*starts_ms[1:], starts_ms[-1] + interval_ms if next_ms is None else next_ms]
        # A clock that wanders puts the next row a little early: the interval then ends where the next begins.
        ends_ms = [min(start + interval_ms, following) for start, following in zip(starts_ms, after, strict=True)]
        known = [starts_ms[0] if until_ms is None else until_ms, *ends_ms[:-1]]
        jumps = [row for row, (start, until) in enumerate(zip(starts_ms, known, strict=True)) if start > until]
        return cls(starts_ms, ends_ms, jumps)


@dataclass(frozen=True, slots=True)
class _Register:
    """What a register stands at: before the first row, then at the end of each."""

    sums: Sequence[float]
    qualities: Sequence[int]

    @classmethod
    def of(cls, energies: Values, total: float, quality: int) -> "_Register":
        sums = list(accumulate([energy or 0.0 for energy in energies], initial=total))
        blank, measured = int(Quality.ESTIMATED), int(Quality.GOOD)
        return cls(sums, [quality, *(blank if energy is None else measured for energy in energies)])

    def add_to(
        self, batch: ReadingBatch, target: ColumnTarget, times: _Times, held: Sequence[bool], *, opened: bool
    ) -> None:
        """Add the register at each end, and at a start where no row before gave it."""
        first = next((row for row, is_held in enumerate(held) if is_held), None)
        starts = {row: int(Quality.ESTIMATED) for row in times.jumps if held[row]}
        if first is not None and not opened:
            starts.setdefault(first, self.qualities[first])
        written = 0
        for row, quality in sorted(starts.items()):
            self._add_ends(batch, target, times, held, slice(written, row))
            _add(batch, target, [times.starts_ms[row]], [self.sums[row]], [quality])
            written = row
        self._add_ends(batch, target, times, held, slice(written, len(held)))

    def _add_ends(
        self, batch: ReadingBatch, target: ColumnTarget, times: _Times, held: Sequence[bool], rows: slice
    ) -> None:
        ends = slice(rows.start + 1, rows.stop + 1)
        wanted = held[rows]
        ends_ms, sums, qualities = times.ends_ms[rows], self.sums[ends], self.qualities[ends]
        _add(
            batch,
            target,
            list(compress(ends_ms, wanted)),
            list(compress(sums, wanted)),
            bytes(compress(qualities, wanted)),
        )


def _add_values(
    target: ColumnTarget, times_ms: Sequence[int], values: Values, held: Sequence[bool], batch: ReadingBatch
) -> None:
    if None in values or not all(held):
        times_ms = [
            time_ms
            for time_ms, is_held, value in zip(times_ms, held, values, strict=True)
            if is_held and value is not None
        ]
        values = list(compress(values, held))
    measured = [value for value in values if value is not None]
    _add(batch, target, times_ms, measured, bytes(len(measured)))


def _add(
    batch: ReadingBatch,
    target: ColumnTarget,
    times_ms: Sequence[int],
    values: Sequence[float],
    qualities: Sequence[int],
) -> None:
    count = len(values)
    batch.time_ms.extend(array("q", times_ms))
    batch.device += [target.device] * count
    batch.metric += [target.metric.name] * count
    batch.phase += [target.phase] * count
    batch.value.extend(array("d", values))
    batch.quality += bytes(qualities)
    batch.flags += bytes(count)
