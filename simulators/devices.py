"""How devices fail to tell what they show: stages over a block, each taking values away or altering them.

What a stage does to a value follows from the seed, the device and the instant alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.arithmetic import Flags
from simulators.block import Block, Series
from simulators.chance import key, uniform
from simulators.days import MINUTE_MS
from simulators.faults import Fault, FaultKind

LOST_SHARE = 0.35
"""The share of half hours that a device with gaps leaves out, at severity 1."""
LOST_BLOCK_MS = 30 * MINUTE_MS

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Troubles:
    """The faults of devices, and which rows of a block each device has."""

    seed: int
    faults: tuple[Fault, ...]
    rows: Mapping[str, Rows]

    @classmethod
    def of(cls, seed: int, faults: Iterable[Fault], series: tuple[Series, ...]) -> "Troubles":
        """Return the troubles of a site."""
        rows: dict[str, list[int]] = {}
        for row, (device, _, _) in enumerate(series):
            rows.setdefault(device, []).append(row)
        troubled = tuple(fault for fault in faults if fault.kind in STAGES)
        return cls(seed, troubled, {device: np.array(found, dtype=np.int64) for device, found in rows.items()})

    def befall(self, block: Block) -> None:
        """Alter a block by the troubles that are there in its time."""
        for fault in self.faults:
            start, end = fault.span
            during = (start <= block.times_ms) & (block.times_ms < end)
            rows = self.rows.get(fault.subject.id)
            if rows is not None and during.any():
                STAGES[fault.kind](block, rows, during, fault, self.seed)


Stage = Callable[[Block, Rows, Flags, Fault, int], None]
"""Alters the rows of a device in a block at the times of a fault; the last argument is the seed."""


def _silent(block: Block, rows: Rows, during: Flags, _fault: Fault, _seed: int) -> None:
    block.values[np.ix_(rows, np.flatnonzero(during))] = np.nan


def _gaps(block: Block, rows: Rows, during: Flags, fault: Fault, seed: int) -> None:
    of = np.array([key(seed, "loss", fault.subject.id)], dtype=np.uint64)
    lost = during & (uniform(of, block.times_ms // LOST_BLOCK_MS) < LOST_SHARE * fault.severity)
    block.values[np.ix_(rows, np.flatnonzero(lost))] = np.nan


STAGES: Mapping[FaultKind, Stage] = {FaultKind.SILENT_DEVICE: _silent, FaultKind.GAPS: _gaps}
