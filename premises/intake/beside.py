"""What runs beside MQTT in the ingest process and shares its spool: the fire panels' line, the rules over events."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Self

from premises.clock import SystemClock
from premises.home import Home
from premises.intake.fire_panel import OpenSpool, Service, fire_panel
from premises.intake.thresholds_now import ThresholdsNow
from premises.intake.watching import Ticker, Watching
from premises.intake.written import Records, Written
from premises.settings import Settings
from sensors.intake import SpoolEntry
from sensors.topology import Registry
from storage.spool_watch import SpoolWatch, Watched


class Beside:
    """Owns their threads. One of all who write commits at a time."""

    def __init__(self, *, writing: threading.Lock, watching: Watching, services: Sequence[Service]) -> None:
        """Take what was made; nothing runs yet."""
        self._writing = writing
        self._watching = watching
        self._services = services

    @classmethod
    def of(
        cls,
        home: Home,
        settings: Settings,
        *,
        registry: Callable[[], Registry],
        open_spool: OpenSpool,
        wake: Callable[[], None],
    ) -> Self:
        """Make it; the spool must have been opened once, so that its tables are there."""
        writing = threading.Lock()
        written = Written(lambda: _records(home), site=lambda: registry().site.id, clock=SystemClock())
        with closing(SpoolWatch(home.spool)) as spool:
            watching = Watching(
                spool,
                registry=registry,
                now_ms=lambda: time.time_ns() // 1_000_000,
                facts=lambda: written.facts,
                thresholds=ThresholdsNow(home.registry),
            )
        ticker = Ticker(watching, home.spool, writing=writing, wake=wake)
        panels = fire_panel(
            home,
            settings,
            registry=registry,
            open_spool=open_spool,
            writing=writing,
            watching=watching,
            wake=wake,
        )
        return cls(writing=writing, watching=watching, services=(panels, ticker, written))

    @contextmanager
    def committing(self, entries: Sequence[SpoolEntry]) -> Iterator[Watched]:
        """Wait for one's turn to commit entries, and yield what the rules make of them."""
        with self._writing, self._watching.over(entries) as watched:
            yield watched

    def start(self) -> None:
        """Begin."""
        for service in self._services:
            service.start()

    def stop(self) -> None:
        """Begin nothing new and wait for what is under way."""
        for service in self._services:
            service.stop()


def _records(home: Home) -> Records:
    # In the thread that needs them: opening the records takes longer than all of ingest's own start.
    from premises.stores.records import open_records  # noqa: PLC0415

    return open_records(home)
