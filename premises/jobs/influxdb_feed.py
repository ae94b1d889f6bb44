"""The thread of serve that keeps InfluxDB told of findings, alerts, items and books, where it is the store."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import structlog

from analytics.ports import RollupStore
from api.data_ports import GatewayAccount
from premises.home import Home
from premises.intake.data_desk import SpoolFigures
from premises.settings import Settings
from sensors.clock import Clock
from sensors.errors import InputFault, NotNowError
from sensors.topology import Registry
from storage.records import SqlRecords

CHANGES_EVERY_S = 2.0
BOOKS_EVERY_S = 60.0
HOURS_EVERY_S = 6 * 3600.0
LONGEST_WAIT_S = 30.0

Work = Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the feed reads from."""

    home: Home
    settings: Settings
    records: SqlRecords
    registry: Callable[[], Registry]
    clock: Clock
    accounts: Callable[[], Sequence[GatewayAccount]]
    spool: Callable[[], SpoolFigures]
    rollups: RollupStore


@contextmanager
def influxdb_feed(around: Around) -> Iterator[None]:
    """Keep InfluxDB told until the block is left; nothing happens where the readings are elsewhere."""
    if around.settings.store.kind != "influxdb":
        yield
        return
    with _turns(around) as turns:
        loop = Loop(turns)
        loop.start()
        try:
            yield
        finally:
            loop.stop()


@contextmanager
def _turns(around: Around) -> Iterator[Sequence["Turn"]]:
    """Yield what the loop does, over a connection of its own."""
    # InfluxDB's client is heavy, and a home with a DuckDB file never needs it.
    from premises.jobs.influxdb_samples import Samples  # noqa: PLC0415 - see above
    from premises.jobs.influxdb_states import StateFeed  # noqa: PLC0415 - see above
    from premises.stores.influxdb import address_of, buckets_of  # noqa: PLC0415 - see above
    from storage.readings.influxdb_server import InfluxServer  # noqa: PLC0415 - see above
    from storage.readings.influxdb_state_notes import StateNotes  # noqa: PLC0415 - see above

    with closing(InfluxServer(address_of(around.settings.store))) as server:
        bucket = buckets_of(around.settings.store).raw.bucket
        feed = StateFeed(
            records=around.records,
            server=server,
            bucket=bucket,
            notes=StateNotes(around.home.influxdb_states),
            registry=around.registry,
            clock=around.clock,
        )
        samples = Samples(
            server=server,
            bucket=bucket,
            registry=around.registry,
            clock=around.clock,
            accounts=around.accounts,
            spool=around.spool,
            rollups=around.rollups,
        )
        yield [
            Turn("states", feed.once, CHANGES_EVERY_S, again_s=0.0),
            Turn("books", samples.books, BOOKS_EVERY_S),
            Turn("hours", samples.hours, HOURS_EVERY_S),
        ]


@dataclass(slots=True)
class Turn:
    """One work of the loop; `again_s` is how soon it comes again where it found something, None is as always."""

    name: str
    work: Work
    every_s: float
    again_s: float | None = None
    due_s: float = 0.0
    failures: int = 0
    words: str = field(default="")


class Loop:
    """Does works at their times in one thread; what fails is said once and tried again, ever more seldom."""

    def __init__(self, turns: Sequence[Turn], *, seconds: Callable[[], float] = time.monotonic) -> None:
        """Prepare; `start` begins."""
        self._turns = turns
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="influxdb-feed")
        self._log = structlog.get_logger(__name__)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the work under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for turn in self._turns:
                if turn.due_s <= self._seconds() and not self._stopping.is_set():
                    self.take(turn)
            next_s = min(turn.due_s for turn in self._turns) - self._seconds()
            self._stopping.wait(max(0.0, next_s))

    def take(self, turn: Turn) -> None:
        """Do one work, and say when it is due again."""
        try:
            done = turn.work()
        except (NotNowError, InputFault) as exc:
            self._failed(turn, str(exc))
        except Exception as exc:  # noqa: BLE001 - a task's boundary: what is not written is written later
            self._log.exception("influxdb_feed_failed", work=turn.name)
            self._failed(turn, str(exc), told=True)
        else:
            turn.failures, turn.words = 0, ""
            wait_s = turn.every_s if turn.again_s is None or not done else turn.again_s
            turn.due_s = self._seconds() + wait_s

    def _failed(self, turn: Turn, words: str, *, told: bool = False) -> None:
        if not told and words != turn.words:
            self._log.warning("influxdb_feed_waits", work=turn.name, detail=words)
        turn.failures, turn.words = turn.failures + 1, words
        turn.due_s = self._seconds() + min(LONGEST_WAIT_S, CHANGES_EVERY_S * 2.0 ** min(turn.failures - 1, 8))
