"""A column of written times as UTC milliseconds, several times quicker than one by one and with the same result."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sensors.local_time import EARLIEST, LATEST, parse_time, read_time
from sensors.readings import epoch_ms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - what times without an offset are counted from
_MS = timedelta(milliseconds=1)
_HOURS = [timedelta(hours=hour) for hour in range(25)]
_EARLIEST_MS, _LATEST_MS = epoch_ms(EARLIEST), epoch_ms(LATEST)


def parse_times(texts: Sequence[str], zone: ZoneInfo | None, layout: str | None) -> list[int]:
    """Return UTC milliseconds of each text, as `parse_time` reads it. Raises TimeError for one of them."""
    times = _read(texts, layout)
    offsets = _day_offsets(zone)
    parsed = []
    for time in times:
        if time.tzinfo is not None:
            parsed.append((time - _EPOCH) // _MS)
            continue
        offset_ms = offsets[time.date()]
        if offset_ms is None:
            return _one_by_one(texts, zone, layout)
        parsed.append((time - _LOCAL_EPOCH) // _MS - offset_ms)
    if parsed and not _EARLIEST_MS <= min(parsed) <= max(parsed) < _LATEST_MS:
        return _one_by_one(texts, zone, layout)
    return parsed


def _read(texts: Sequence[str], layout: str | None) -> list[datetime]:
    if layout is None:
        try:
            return list(map(datetime.fromisoformat, texts))
        except ValueError:
            pass  # a blank before the offset, say: the careful way knows more forms, and what to tell
    return [read_time(text, layout) for text in texts]


def _one_by_one(texts: Sequence[str], zone: ZoneInfo | None, layout: str | None) -> list[int]:
    return [epoch_ms(parse_time(text, zone, layout)) for text in texts]


class _DayOffsets(dict[date, int | None]):
    """The offset of a zone on each local date in ms; None where clocks change on it, or nothing is known."""

    def __init__(self, zone: ZoneInfo | None) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, day: date) -> int | None:
        self[day] = offset = self._offset_ms(day)
        return offset

    def _offset_ms(self, day: date) -> int | None:
        if self._zone is None or not EARLIEST.year <= day.year <= LATEST.year:
            return None
        # Every hour and not only both ends: a clock that is put forward and back again on one day is still caught.
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        offsets = {(midnight + hour).replace(fold=fold).utcoffset() for hour in _HOURS for fold in (0, 1)}
        (offset,) = offsets if len(offsets) == 1 else (None,)
        return None if offset is None else offset // _MS


@lru_cache(maxsize=16)
def _day_offsets(zone: ZoneInfo | None) -> _DayOffsets:
    return _DayOffsets(zone)
