"""`premises occupancy` put together: readings of one room in, occupancy of each row out, without any store."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from math import isfinite, nan
from pathlib import Path

import numpy as np

from analytics.occupancy_doubts import DETAILS
from analytics.occupancy_series import SeriesOccupancy, series_occupancy
from ingest.csv_records import TableFault, csv_records
from premises.csv_times import named_zone, row_time
from premises.table_out import write_table
from sensors.local_time import TimeError
from sensors.metrics import METRICS
from sensors.readings import epoch_ms, from_epoch_ms

TIME = "timestamp"
POWER_COLUMNS = ("lighting_power_w", "plug_power_w")
COLUMNS = (
    "co2_ppm",
    "illuminance_lux",
    "temperature_c",
    "relative_humidity_pct",
    "motion",
    "sound_level_dba",
    "wifi_devices",
    *POWER_COLUMNS,
)
"""What a file may say of a room; each is told from the name of a column."""
OUT_COLUMNS = (TIME, "occupied", "probability")
DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFile:
    """What a file says of a room, in its order; a value is NaN where its cell is blank or no room can have it."""

    written: Sequence[str] = field(repr=False)
    """The times as they were written."""
    time_ms: "array[int]" = field(repr=False)
    values: "dict[str, array[float]]" = field(repr=False)
    ignored: tuple[str, ...]
    """Columns that tell nothing of people, or that are unknown."""
    impossible: int
    """How many values lie outside what is physically possible; they are not used."""
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class OccupancyAnswer:
    """A file and what was found in it."""

    file: RoomFile
    found: SeriesOccupancy

    def document(self) -> dict[str, object]:
        """Return the summary as JSON values."""
        known = ~np.isnan(self.found.probability)
        first, last = min(self.file.time_ms), max(self.file.time_ms)
        return {
            "first": from_epoch_ms(first).astimezone(self.file.zone).isoformat(),
            "last": from_epoch_ms(last).astimezone(self.file.zone).isoformat(),
            "rows": len(known),
            "known_rows": int(known.sum()),
            "occupied_rows": int(self.found.occupied.sum()),
            "step_min": self.found.step_min,
            "signals": {name: round(value, 2) for name, value in sorted(self.found.spoken.items())},
            "doubts": [{"code": doubt.value, "detail": DETAILS[doubt]} for doubt in self.found.doubts],
            "ignored_columns": list(self.file.ignored),
            "impossible_values": self.file.impossible,
        }


def answer(path: Path, *, timezone: str | None, encoding: str = "utf-8") -> OccupancyAnswer:
    """Return the occupancy of each row of a file. Raises InputFault, with file, row and column."""
    file = read_room(path, named_zone(timezone), encoding=encoding)
    metrics = {name: np.asarray(values, dtype=np.float64) for name, values in file.values.items()}
    return OccupancyAnswer(file=file, found=series_occupancy(np.asarray(file.time_ms, dtype=np.int64), metrics))


def write_occupancy(told: OccupancyAnswer, path: Path) -> None:
    """Write `timestamp,occupied,probability`, a row for each row read; unknown is blank. Raises InputFault."""
    found = told.found
    rows = (
        (written, "", "") if np.isnan(probability) else (written, int(occupied), round(float(probability), DIGITS))
        for written, occupied, probability in zip(told.file.written, found.occupied, found.probability, strict=True)
    )
    write_table(path, OUT_COLUMNS, rows)


def read_room(path: Path, zone: tzinfo | None, *, encoding: str = "utf-8") -> RoomFile:
    """Return what a file says of a room. Raises TableFault at the first fault."""
    rows = csv_records(path, encoding=encoding)
    _, header = next(rows, (0, []))
    names = [name.strip().lower() for name in header]
    _must_tell(path, names)
    places = [(names.index(name), name) for name in COLUMNS if name in names]
    reader = _Reader(path, zone, names.index(TIME))
    values: dict[str, array[float]] = {name: array("d") for _, name in places}
    for number, fields in rows:
        if len(fields) != len(header):
            reason = f"{len(fields)} fields where the header has {len(header)}; mend the row"
            raise TableFault(path, reason, row=number)
        reader.take_time(number, fields)
        for at, name in places:
            values[name].append(reader.value(number, name, fields[at].strip()))
    if reader.zone is None:
        raise TableFault(path, "the file has a header and no rows; nothing to infer from")
    return RoomFile(
        written=reader.written,
        time_ms=reader.time_ms,
        values=values,
        ignored=tuple(name for name in names if name not in {TIME, *COLUMNS}),
        impossible=reader.impossible,
        zone=reader.zone,
    )


def _must_tell(path: Path, names: Sequence[str]) -> None:
    wanted = f"the header must be {TIME} and any of {','.join(COLUMNS)}"
    if not any(names):
        raise TableFault(path, f"the file is empty; {wanted}")
    for column in (TIME, *COLUMNS):
        if names.count(column) > 1:
            raise TableFault(path, f"the column is there twice; {wanted}", row=1, column=column)
    if TIME not in names:
        raise TableFault(path, f"the column is missing; {wanted}", row=1, column=TIME)
    if not set(names) & set(COLUMNS):
        raise TableFault(path, f"no column tells of people; {wanted}", row=1)


@dataclass(slots=True)
class _Reader:
    path: Path
    zone: tzinfo | None
    at_time: int
    written: list[str] = field(default_factory=list)
    time_ms: "array[int]" = field(default_factory=lambda: array("q"))
    impossible: int = 0

    def take_time(self, number: int, fields: Sequence[str]) -> None:
        text = fields[self.at_time].strip()
        try:
            instant = row_time(text, self.zone, self.time_ms[-1] if self.time_ms else None)
        except TimeError as exc:
            raise TableFault(self.path, str(exc), row=number, column=TIME) from exc
        self.zone = self.zone or instant.tzinfo
        self.written.append(text)
        self.time_ms.append(epoch_ms(instant))

    def value(self, number: int, name: str, text: str) -> float:
        """Return a cell's number, NaN where it is blank or no room can have it."""
        if not text:
            return nan
        try:
            value = float(text)
        except ValueError:
            value = nan
        if not isfinite(value) or "_" in text or not text.isascii():
            reason = f"{text[:40]!r} is no number; leave the cell blank where nothing was measured"
            raise TableFault(self.path, reason, row=number, column=name)
        metric = METRICS["active_power_w" if name in POWER_COLUMNS else name]
        if metric.in_range(value):
            return value
        self.impossible += 1
        return nan
