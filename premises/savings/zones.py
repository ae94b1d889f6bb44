"""The zone of a file whose times carry offsets and which names none."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo, available_timezones

from sensors.readings import from_epoch_ms

HOUR = timedelta(hours=1)
FIXED_ZONES = ("Etc/", "GMT", "UCT", "UTC", "posix/", "right/", "Factory", "localtime")


def zone_of(offsets: Sequence[tuple[int, timedelta]]) -> ZoneInfo | None:
    """Return a zone whose clocks show what was written: UTC ms and offset of each change; None where there is none.

    One offset in whole hours is a zone that never changes its clocks; else the first of the zones that agree, by name.
    """
    written = {offset for _, offset in offsets}
    if len(written) == 1:
        (offset,) = written
        if not offset % HOUR:
            hours = offset // HOUR
            return ZoneInfo(f"Etc/GMT{-hours:+d}" if hours else "UTC")
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith(FIXED_ZONES))
    zones = (ZoneInfo(name) for name in places)
    return next((zone for zone in zones if _agrees(zone, offsets)), None)


def _agrees(zone: ZoneInfo, offsets: Sequence[tuple[int, timedelta]]) -> bool:
    return all(from_epoch_ms(time_ms).astimezone(zone).utcoffset() == offset for time_ms, offset in offsets)
