"""The site's own thresholds as they stand: followed while their file changes, and never a reason not to judge.

A file that cannot be used leaves the last good one, at the start the catalogue's values; either is said.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

import structlog

from sensors.errors import InputFault
from sensors.readings import from_epoch_ms
from sensors.thresholds import NO_OVERRIDES, Overrides
from sensors.topology import Registry
from storage.thresholds_file import FILE, load_thresholds

if TYPE_CHECKING:
    from datetime import date

LONGEST_DETAIL = 300

_Stamp = tuple[int, int, int] | None


class Thresholds(Protocol):
    """What the watch judges by: the same object for as long as it is the same."""

    @property
    def overrides(self) -> Overrides:
        """Return what holds today."""
        ...

    @property
    def refused(self) -> str:
        """Return what is wrong with the file, empty where nothing is."""
        ...

    def look(self, registry: Registry, now_ms: int) -> None:
        """Take in what has changed."""
        ...


class CatalogueOnly:
    """Nothing is overridden."""

    overrides, refused = NO_OVERRIDES, ""

    def look(self, registry: Registry, now_ms: int) -> None:
        """Look at nothing."""


class ThresholdsNow:
    """Follows the file beside a registry. `look` is for one thread; what it found is for any."""

    def __init__(self, registry_path: Path) -> None:
        """Read nothing yet."""
        self._path = registry_path
        self._read: tuple[_Stamp, Registry] | None = None
        self._kept = NO_OVERRIDES
        self._day: date | None = None
        self.overrides = NO_OVERRIDES
        self.refused = ""
        self._log = structlog.get_logger(__name__)

    def look(self, registry: Registry, now_ms: int) -> None:
        """Read the file where it or the registry changed; each day count what holds from then on."""
        today = from_epoch_ms(now_ms).astimezone(ZoneInfo(registry.site.timezone)).date()
        stamp = _stamped(self._path.parent / FILE)
        is_read = self._read is not None and self._read[0] == stamp and self._read[1] is registry
        if is_read and today == self._day:
            return
        if not is_read:
            self._read = stamp, registry
            self._take(registry)
        self._day, holding = today, self._kept.on(today)
        if holding != self.overrides:
            self.overrides = holding

    def _take(self, registry: Registry) -> None:
        try:
            self._kept = load_thresholds(self._path, registry)
        except Exception as exc:  # noqa: BLE001 - a task's boundary: no file whatever may stop the rules
            told = str(exc) if isinstance(exc, InputFault) else f"{type(exc).__name__}: {exc}"
            self.refused = told[:LONGEST_DETAIL]
            self._log.error("thresholds_refused", detail=self.refused, kept=len(self._kept.entries))
            return
        self.refused = ""
        self._log.info("thresholds_read", overrides=len(self._kept.entries))


def _stamped(path: Path) -> _Stamp:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return (0, 0, 0)
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
