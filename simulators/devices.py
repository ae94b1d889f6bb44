"""How devices fail to tell what is so: stages over a block, each taking values away or altering them.

What a stage does to a value follows from the seed, the device and the instant alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.topology import Registry
from simulators.arithmetic import Flags, Floats, Ints
from simulators.block import Block, Series
from simulators.chance import key, noise
from simulators.days import MINUTE_MS
from simulators.device_profiles import BATTERY
from simulators.faults import Fault, FaultKind
from simulators.instruments import IN_ROOMS
from simulators.levels import LEVELS, Shown, devices_of
from simulators.timeline import Span

SAMPLE_MS = 5 * MINUTE_MS
LEVEL_NOISE = 0.003
"""A level wavers by so much: within the distance of any severity from 1 that tells a fault from a near miss."""
SENSOR_NOISE: Mapping[str, float] = MappingProxyType(
    {metric: IN_ROOMS[metric].error for metric in ("relative_humidity_pct", "temperature_c")}
)
"""These waver as the sensor does: by less, coarse devices would show one value for days, which is G02's matter."""
LAST_PCT, LAST_MS = 9.0, 14 * 24 * 60 * MINUTE_MS
"""From so much a battery that was not changed falls for so long: the project's own choice."""
SHARES = frozenset({FaultKind.GAPS, FaultKind.WEAK_BATTERY})
"""Faults that leave out a share of the samples."""
STEADY = frozenset({FaultKind.FROZEN, FaultKind.DRIFT, FaultKind.CLOCK_DRIFT, FaultKind.UNBALANCE})
"""Levels that add no noise of their own."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of devices, and the rows of a block that it touches."""

    fault: Fault
    rows: Ints


@dataclass(frozen=True, slots=True)
class Troubles:
    """The faults of devices at a site."""

    seed: int
    registry: Registry
    troubles: tuple[Trouble, ...]

    @classmethod
    def of(cls, seed: int, faults: Iterable[Fault], series: tuple[Series, ...], registry: Registry) -> "Troubles":
        """Return the troubles of a site whose blocks have these series."""
        return cls(
            seed,
            registry,
            tuple(
                Trouble(fault, rows)
                for fault in faults
                if fault.kind in STAGES or fault.kind in LEVELS
                if len(rows := _rows(fault, series, registry))
            ),
        )

    def befall(self, block: Block) -> None:
        """Alter a block by the troubles that are there in its time; silence comes last."""
        for trouble in sorted(self.troubles, key=lambda each: each.fault.kind in STAGES):
            start, end = trouble.fault.span
            during = (start <= block.times_ms) & (block.times_ms < end)
            if not during.any():
                continue
            stage = STAGES.get(trouble.fault.kind)
            if stage is None:
                self._set_level(block, trouble, during)
            else:
                stage(block, trouble, during, self.seed)

    def leaves_out(self, times_ms: Ints) -> Flags:
        """Say of each time whether a fault leaves out a share of the samples then: the share of all that are lost."""
        found = np.zeros(len(times_ms), dtype=np.bool_)
        for trouble in self.troubles:
            if trouble.fault.kind in SHARES:
                start, end = trouble.fault.span
                found |= (start <= times_ms) & (times_ms < end)
        return found

    def _set_level(self, block: Block, trouble: Trouble, during: Flags) -> None:
        fault, times = trouble.fault, block.times_ms[during]
        _, level = LEVELS[fault.kind]
        for row in trouble.rows.tolist():
            values = level(Shown(fault, block.series[row], times, block.values[row, during], self.registry))
            if fault.kind not in STEADY:
                of = np.array([key(self.seed, "level", *block.series[row])], dtype=np.uint64)
                error = SENSOR_NOISE.get(block.series[row][1], LEVEL_NOISE * np.abs(values))
                values = np.round(values + error * noise(of, times), 3)
            block.values[row, during] = values


def _rows(fault: Fault, series: tuple[Series, ...], registry: Registry) -> Ints:
    """Return the rows of the devices of a fault; of a level, those of the metrics that it sets."""
    devices = devices_of(registry, fault)
    metrics = LEVELS[fault.kind][0] if fault.kind in LEVELS else None
    found = [
        row
        for row, (device, metric, _) in enumerate(series)
        if device in devices and (metrics is None or metric in metrics)
    ]
    return np.array(found, dtype=np.int64)


Stage = Callable[[Block, Trouble, Flags, int], None]
"""Takes values away from a block at the times of a fault; the last argument is the seed."""


def _silent(block: Block, trouble: Trouble, during: Flags, _seed: int) -> None:
    block.values[np.ix_(trouble.rows, np.flatnonzero(during))] = np.nan


def _gaps(block: Block, trouble: Trouble, during: Flags, seed: int) -> None:
    """Leave out G05's limit times the severity of all samples, spread as evenly as can be: every day has its share.

    Source: the golden ratio's multiples modulo 1 are of low discrepancy; Knuth, TAOCP volume 3, section 6.4, theorem S.
    """
    share = CATALOGUE["G05"].parameter("missing_pct") / 100 * trouble.fault.severity
    turn = key(seed, "loss", trouble.fault.subject.id) % SAMPLE_MS / SAMPLE_MS
    golden = (5**0.5 - 1) / 2
    lost = during & ((block.times_ms // SAMPLE_MS * golden + turn) % 1.0 < share)
    block.values[np.ix_(trouble.rows, np.flatnonzero(lost))] = np.nan


def _weak_battery(block: Block, trouble: Trouble, during: Flags, seed: int) -> None:
    """Let a battery show its last percent, and the device drop out as G05's limit times the severity says."""
    times = np.flatnonzero(during)
    for row in trouble.rows.tolist():
        if block.series[row][1] == BATTERY:
            block.values[row, times] = _last_pct(block.times_ms[times], trouble.fault.span)
    _gaps(block, trouble, during, seed)


def _last_pct(times_ms: Ints, span: Span) -> Floats:
    """Return what a battery shows that falls from LAST_PCT to 1 in LAST_MS, or in the time of its fault if shorter."""
    start, end = span
    used = np.minimum((times_ms - start) / min(end - start, LAST_MS), 1.0)
    return np.round(LAST_PCT - (LAST_PCT - 1.0) * used)


STAGES: Mapping[FaultKind, Stage] = {
    FaultKind.GAPS: _gaps,
    FaultKind.WEAK_BATTERY: _weak_battery,
    FaultKind.SILENT_DEVICE: _silent,
    FaultKind.SILENT_GATEWAY: _silent,
    FaultKind.LOST_LINK: _silent,
    FaultKind.SILENT_DOOR: _silent,
}
