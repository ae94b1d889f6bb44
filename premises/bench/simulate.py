"""`premises bench simulate`: a building-year simulated and stored, the way `premises simulate` does it."""

import resource
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from premises.simulated.simulated_history import store_history
from simulators.building import office_building
from simulators.world import World
from storage.readings.duckdb import DuckDBReadingStore

ROOMS, DAYS, SEED = 100, 365, 1
START = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """What it took, from nothing to a closed file."""

    rooms: int
    days: int
    readings: int
    events: int
    seconds: float
    cpu_seconds: float
    file_mb: float
    peak_rss_mb: float

    def as_json(self) -> Mapping[str, object]:
        """Return the figures for other programs."""
        return {name: getattr(self, name) for name in self.__slots__}

    def text(self) -> str:
        """Return the figures in one line."""
        return (
            f"{self.readings} readings and {self.events} events of {self.rooms} rooms over {self.days} days stored in "
            f"{self.seconds} s ({self.cpu_seconds} s of processor time), {self.file_mb} MB, at most {self.peak_rss_mb} "
            "MB of memory"
        )


def measure(*, rooms: int = ROOMS, days: int = DAYS, tell: Callable[[float], None]) -> Result:
    """Return what simulating and storing so much takes; `tell` hears the share that is done."""
    whole = timedelta(days=days)
    with TemporaryDirectory(prefix="premises-bench-") as folder:
        file = Path(folder) / "readings.duckdb"
        began, began_cpu = time.perf_counter(), time.process_time()
        world = World(office_building(rooms, start=START.date()), SEED, START)
        with closing(DuckDBReadingStore(file)) as store:
            stored = store_history(world, store, START + whole, tell=lambda now: tell((now - START) / whole))
        seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        size = file.stat().st_size
    return Result(
        rooms=rooms,
        days=days,
        readings=stored.readings,
        events=stored.events,
        seconds=round(seconds, 1),
        cpu_seconds=round(cpu, 1),
        file_mb=round(size / 1e6, 1),
        peak_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )
