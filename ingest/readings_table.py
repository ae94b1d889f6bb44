"""A CSV with one reading or event per row: timestamp,device,metric,value[,phase].

An event is a row whose metric is `event` and whose value is `type:state`, such as `fire:active`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.csv_records import Progress, TableFault, csv_records
from sensors.events import Event, EventState, EventType
from sensors.local_time import TimeError, parse_time
from sensors.metrics import Metric, UnknownMetricError, find_metric
from sensors.readings import ReadingBatch, ReadingFlag, epoch_ms, from_epoch_ms
from sensors.topology import DeviceId, Registry, SiteId

COLUMNS = ("timestamp", "device", "metric", "value")
PHASE = "phase"
EVENT = "event"
FROM_FILE = "file"
"""The gateway that events of a file are said to come from where the registry names none."""
CHUNK = 100_000


@dataclass(slots=True)
class Records:
    """Readings and events of one site, in the order of the file."""

    site: SiteId
    readings: ReadingBatch = field(init=False)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no reading."""
        self.readings = ReadingBatch(site=self.site)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsTable:
    """The file and what its devices are; `zone` serves times without an offset."""

    path: Path
    registry: Registry
    zone: ZoneInfo | None = None
    encoding: str = "utf-8"

    def records(self, progress: Progress | None = None) -> Iterator[Records]:
        """Yield the file in chunks. Raises TableFault at the first fault, before its chunk is yielded."""
        rows = csv_records(self.path, encoding=self.encoding, progress=progress)
        _, header = next(rows, (0, []))
        columns = self._columns(header)
        chunk, taken = Records(self.registry.site.id), 0
        for number, fields in rows:
            if len(fields) != len(header):
                reason = f"{len(fields)} fields where the header has {len(header)}; mend the row"
                raise TableFault(self.path, reason, row=number)
            self._take(number, [fields[at] if at is not None else "" for at in columns], chunk)
            taken += 1
            if taken % CHUNK == 0:
                yield chunk
                chunk = Records(self.registry.site.id)
        if taken == 0:
            raise TableFault(self.path, "the file has a header and no rows; nothing to analyse")
        yield chunk

    def _columns(self, header: Sequence[str]) -> list[int | None]:
        names = [name.strip().lower() for name in header]
        if not any(names):
            raise TableFault(self.path, f"the file is empty; the first row must be {','.join(COLUMNS)}")
        for column in COLUMNS:
            if names.count(column) != 1:
                problem = "is there twice" if column in names else "is missing"
                reason = f"the column {problem}; the header must be {','.join(COLUMNS)}[,{PHASE}]"
                raise TableFault(self.path, reason, row=1, column=column)
        return [names.index(name) if name in names else None for name in (*COLUMNS, PHASE)]

    def _take(self, number: int, fields: Sequence[str], chunk: Records) -> None:
        time, device, metric, value, phase = (text.strip() for text in fields)
        time_ms = self._time(number, time)
        if device not in self.registry.devices:
            reason = f"{device[:60]!r} is not in the registry; add the device or drop the row"
            raise TableFault(self.path, reason, row=number, column="device")
        if metric == EVENT:
            chunk.events.append(self._event(number, time_ms, DeviceId(device), value))
            return
        found = self._metric(number, metric)
        if value:  # a blank cell is a missing value: no reading
            chunk.readings.add(time_ms, device, found.name, self._value(number, found, value), phase=phase)

    def _time(self, number: int, text: str) -> int:
        try:
            return _parse(text, self.zone)
        except TimeError as exc:
            reason = str(exc).replace("no timezone is named", "no --timezone is given")
            raise TableFault(self.path, reason, row=number, column="timestamp") from exc

    def _metric(self, number: int, name: str) -> Metric:
        try:
            return find_metric(name)
        except UnknownMetricError as exc:
            raise TableFault(self.path, str(exc), row=number, column="metric") from exc

    def _value(self, number: int, metric: Metric, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isfinite(value) or "_" in text or not text.isascii():
            reason = f"{text[:40]!r} is not a finite number; mend it or leave the cell blank"
            raise TableFault(self.path, reason, row=number, column="value")
        if not metric.in_range(value):
            reason = f"{value:g} is outside {metric.low:g} to {metric.high:g} {metric.unit}; is the unit right?"
            raise TableFault(self.path, reason, row=number, column="value")
        return value

    def _event(self, number: int, time_ms: int, device: DeviceId, text: str) -> Event:
        kind, _, state = text.partition(":")
        try:
            event_type, event_state = EventType(kind), EventState(state or EventState.MOMENTARY)
        except ValueError as exc:
            reason = f"{text[:60]!r} is no event; write TYPE:STATE such as fire:active, with TYPE one of "
            raise TableFault(self.path, reason + ", ".join(EventType), row=number, column="value") from exc
        time = from_epoch_ms(time_ms)
        return Event(
            site=self.registry.site.id,
            gateway=self.registry.devices[device].gateway or FROM_FILE,
            device=device,
            type=event_type,
            state=event_state,
            time=time,
            received=time,
            flags=ReadingFlag.BACKFILL,
        )


@lru_cache(maxsize=4096)
def _parse(text: str, zone: ZoneInfo | None) -> int:
    """Return UTC ms; many rows share a time, so the last ones are remembered."""
    return epoch_ms(parse_time(text, zone))
