"""Readings: single values at the edges, columns on the hot path."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, IntFlag
from math import isnan, nan
from typing import Self

from sensors.topology import DeviceId, SiteId


class Quality(IntEnum):
    """How far a value can be trusted. A field beside the value, never part of its key."""

    GOOD = 0
    ESTIMATED = 1
    SUSPECT = 2
    FAULT = 3


class ReadingFlag(IntFlag):
    """What else is known of a reading."""

    NONE = 0
    TIME_OF_RECEIPT = 1
    """The device gave no time; the time of receipt stands in."""
    BACKFILL = 2
    """Sent afterwards (`hist`); never alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one metric. `value` is None where the device says that it has none.

    Its key within a site is (device, metric, phase, time): the last received wins.
    `phase` is empty for what is not measured per phase.
    """

    time: datetime
    device: DeviceId
    metric: str
    value: float | None
    phase: str = ""
    quality: Quality = Quality.GOOD
    flags: ReadingFlag = ReadingFlag.NONE


@dataclass(slots=True, kw_only=True)
class ReadingBatch:
    """Columns of equal length for one site; NaN stands for `no value` and only with Quality.FAULT."""

    site: SiteId
    time_ms: "array[int]" = field(default_factory=lambda: array("q"))
    device: list[str] = field(default_factory=list)
    metric: list[str] = field(default_factory=list)
    phase: list[str] = field(default_factory=list)
    value: "array[float]" = field(default_factory=lambda: array("d"))
    quality: bytearray = field(default_factory=bytearray)
    flags: bytearray = field(default_factory=bytearray)

    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self.device)

    def add(
        self,
        time_ms: int,
        device: str,
        metric: str,
        value: float,
        *,
        phase: str = "",
        quality: int = Quality.GOOD,
        flags: int = ReadingFlag.NONE,
    ) -> None:
        """Append one reading to the columns."""
        self.time_ms.append(time_ms)
        self.device.append(device)
        self.metric.append(metric)
        self.phase.append(phase)
        self.value.append(value)
        self.quality.append(quality)
        self.flags.append(flags)

    def extend(self, other: Self) -> None:
        """Append all readings of another batch of the same site, in order."""
        self.time_ms.extend(other.time_ms)
        self.device.extend(other.device)
        self.metric.extend(other.metric)
        self.phase.extend(other.phase)
        self.value.extend(other.value)
        self.quality.extend(other.quality)
        self.flags.extend(other.flags)

    @classmethod
    def of(cls, site: SiteId, readings: Iterable[Reading]) -> Self:
        """Return the columns of single readings, in their order."""
        batch = cls(site=site)
        for reading in readings:
            batch.add(
                epoch_ms(reading.time),
                reading.device,
                reading.metric,
                nan if reading.value is None else reading.value,
                phase=reading.phase,
                quality=reading.quality,
                flags=reading.flags,
            )
        return batch

    def readings(self) -> Iterator[Reading]:
        """Yield the single readings, in order."""
        for index, time_ms in enumerate(self.time_ms):
            value = self.value[index]
            yield Reading(
                time=from_epoch_ms(time_ms),
                device=DeviceId(self.device[index]),
                metric=self.metric[index],
                phase=self.phase[index],
                value=None if isnan(value) else value,
                quality=Quality(self.quality[index]),
                flags=ReadingFlag(self.flags[index]),
            )


def joined(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """Return the readings of batches of one site, in order; a single one is returned as it is."""
    if len(batches) == 1:
        return batches[0]
    whole = ReadingBatch(site=batches[0].site)
    for batch in batches:
        whole.extend(batch)
    return whole


def epoch_ms(time: datetime) -> int:
    """Return UTC milliseconds since 1970; the time must be aware."""
    if time.tzinfo is None:
        msg = f"a time without offset: {time.isoformat()}"
        raise ValueError(msg)
    delta = time - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def from_epoch_ms(time_ms: int) -> datetime:
    """Return the aware UTC time of milliseconds since 1970."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
