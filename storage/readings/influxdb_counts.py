"""How many readings an InfluxDB holds, counted a slice of time at once and remembered until the slice changes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from threading import Lock

import polars as pl

from storage.readings import influxdb_answers as answers
from storage.readings import influxdb_queries as queries
from storage.readings.influxdb_queries import ALL_METRICS, Bucket
from storage.readings.influxdb_server import InfluxServer

SLICE_MS = 31 * 86_400_000
"""How much time one question counts: a year of a large building takes a server longer than it is given to answer."""


class ReadingCounts:
    """The counts of one bucket. Any thread may call any method; what writes calls `forget` before and after."""

    def __init__(self, server: InfluxServer, bucket: Bucket) -> None:
        """Know nothing yet."""
        self._server = server
        self._bucket = bucket
        self._lock = Lock()
        self._known: dict[int, int] = {}
        self._changes: Counter[int] = Counter()

    def forget(self, times_ms: Iterable[pl.Series]) -> None:
        """Take the slices of these times for changed."""
        with self._lock:
            for times in times_ms:
                for number in (times // SLICE_MS).unique():
                    self._known.pop(number, None)
                    self._changes[number] += 1

    def total(self) -> int:
        """Return the number of readings of all sites; only slices that changed are counted anew.

        What the retention took is noticed when its whole slice is gone. Raises StoreAwayError, StoreDeniedError.
        """
        return sum(map(self._of_slice, self._slices()))

    def _slices(self) -> Iterator[int]:
        asked = [queries.edge(self._bucket, metric, which) for metric in ALL_METRICS for which in ("first", "last")]
        times = answers.times_ms(self._server.ask(asked))
        if times:
            yield from range(min(times) // SLICE_MS, max(times) // SLICE_MS + 1)

    def _of_slice(self, number: int) -> int:
        with self._lock:
            known, changes = self._known.get(number), self._changes[number]
        if known is not None:
            return known
        start_ms, end_ms = number * SLICE_MS, (number + 1) * SLICE_MS
        asked = [queries.count(self._bucket, metric, start_ms, end_ms) for metric in ALL_METRICS]
        counted = answers.total(self._server.ask(asked))
        with self._lock:
            if changes == self._changes[number]:
                self._known[number] = counted
        return counted
