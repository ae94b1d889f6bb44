"""What ingest says of itself, in `run/ingest.json`: for `doctor`, `/readyz` and `/metrics`, which run elsewhere.

On the hot path it only adds to numbers in memory; the file is written from the tick, whole, and never waited for.
"""

import json
import os
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from premises.home import Home

WRITTEN_EVERY_MS = 5_000
STALE_MS = 30_000
"""An ingest that has written nothing for so long is stuck: it ticks once a second."""

COMMIT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the histogram of commits, seconds."""

_LONGEST_ERROR = 500


class LinkState(StrEnum):
    """How the connection to the broker fares."""

    CONNECTING = "connecting"
    SUBSCRIBED = "subscribed"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """How long the transactions of the spool took: how many within each bound, one more count above them all."""

    counts: tuple[int, ...] = (0,) * (len(COMMIT_BUCKETS_S) + 1)
    total_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What ingest said last. Times in UTC milliseconds; None where it has not happened."""

    pid: int
    started_ms: int
    written_ms: int
    link: LinkState
    link_since_ms: int
    error: str | None = None
    error_ms: int | None = None
    last_commit_ms: int | None = None
    messages: int = 0
    commits: Commits = field(default_factory=Commits)


class IngestReporter:
    """Gathers what ingest says of itself; all of it in ingest's own thread."""

    def __init__(self, home: Home, *, now_ms: Callable[[], int]) -> None:
        """Begin as connecting."""
        self._path = path_of(home)
        self._now_ms = now_ms
        self._started_ms = now_ms()
        self._link = LinkState.CONNECTING
        self._link_since_ms = self._started_ms
        self._error: tuple[str, int] | None = None
        self._last_commit_ms: int | None = None
        self._messages = 0
        self._counts = [0] * (len(COMMIT_BUCKETS_S) + 1)
        self._total_s = 0.0
        self._next_write_ms = 0

    def subscribed(self) -> None:
        """Note that messages come from now on."""
        self._turn(LinkState.SUBSCRIBED)

    def lost(self, reason: str) -> None:
        """Note that the connection ended, or was refused, and why."""
        self._error = reason[:_LONGEST_ERROR], self._now_ms()
        self._turn(LinkState.LOST)

    def committed(self, messages: int, seconds: float) -> None:
        """Count a transaction of the spool."""
        self._messages += messages
        self._total_s += seconds
        self._counts[bisect_left(COMMIT_BUCKETS_S, seconds)] += 1
        self._last_commit_ms = self._now_ms()

    def tick(self) -> None:
        """Write the file when it is time."""
        if self._now_ms() >= self._next_write_ms:
            self.write()

    def write(self) -> None:
        """Write the file now; a disk that takes nothing is no reason to stop taking readings in."""
        self._next_write_ms = self._now_ms() + WRITTEN_EVERY_MS
        draft = self._path.with_name(".ingest.json")
        try:
            draft.write_text(json.dumps(asdict(self.report())), encoding="utf-8")
            draft.replace(self._path)
        except OSError:
            return

    def report(self) -> IngestReport:
        """Return what there is to say."""
        return IngestReport(
            pid=os.getpid(),
            started_ms=self._started_ms,
            written_ms=self._now_ms(),
            link=self._link,
            link_since_ms=self._link_since_ms,
            error=None if self._error is None else self._error[0],
            error_ms=None if self._error is None else self._error[1],
            last_commit_ms=self._last_commit_ms,
            messages=self._messages,
            commits=Commits(counts=tuple(self._counts), total_s=self._total_s),
        )

    def _turn(self, link: LinkState) -> None:
        if link is not self._link:
            self._link, self._link_since_ms = link, self._now_ms()
        self.write()


def path_of(home: Home) -> Path:
    """Return where the file is."""
    return home.run / "ingest.json"


def read(home: Home) -> IngestReport | None:
    """Return what ingest said last, None where it never did or the file is of another version."""
    try:
        told = json.loads(path_of(home).read_text(encoding="utf-8"))
        commits = Commits(counts=tuple(told["commits"]["counts"]), total_s=float(told["commits"]["total_s"]))
        return IngestReport(**{**told, "link": LinkState(told["link"]), "commits": commits})
    except (OSError, ValueError, TypeError, KeyError):
        return None
