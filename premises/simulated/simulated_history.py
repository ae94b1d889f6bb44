"""The history of a simulated building into a store of readings: simulated in one thread, stored in another."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import polars as pl

from sensors.readings import epoch_ms
from simulators.field import Field, Post
from simulators.world import HISTORY_STEP, Stretch, World

if TYPE_CHECKING:
    from storage.readings.duckdb import DuckDBReadingStore

ROWS_AT_ONCE, DAYS_AT_ONCE = 2_000_000, 31
"""So many readings, or days, go into one transaction: with fewer its fixed costs show, with more the memory does."""
AHEAD = 2
"""So many transactions' worth may wait between the two threads."""
POLL_S = 0.2

Tell = Callable[[datetime], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stored:
    """What went into the store."""

    readings: int
    events: int


def store_history(
    world: World,
    store: "DuckDBReadingStore",
    until: datetime,
    *,
    step: timedelta = HISTORY_STEP,
    tell: Tell | None = None,
) -> Stored:
    """Bring a store up to a time, from where the world stands; `tell` hears how far it is."""
    readings = events = 0
    for stretches in _ahead(_portions(world, until, step)):
        readings += _append(store, stretches)
        happened = tuple(chain.from_iterable(stretch.events for stretch in stretches))
        events += store.append_events(happened)
        if tell is not None:
            tell(world.now)
    return Stored(readings, events)


def store_posts(field: Field, store: "DuckDBReadingStore", until: datetime, *, tell: Tell | None = None) -> Stored:
    """Bring a store up to a time by what the gateways deliver before it: late, and each record once."""
    readings = events = 0
    until_ms = epoch_ms(until)
    for posts in _ahead(_bundles(field, until)):
        rows = post_rows(posts, until_ms)
        store.append_frame(posts[0].site, posts[0].series, rows)
        readings += rows.height
        events += store.append_events([event for post in posts for event in post.events(until_ms)])
        if tell is not None:
            tell(field.world.now)
    return Stored(readings, events)


def post_rows(posts: Sequence[Post], until_ms: int) -> pl.DataFrame:
    """Return the columns place, time_ms, value of what arrived before a time, by place and time, each pair once."""
    arrived = [post.delivered(until_ms) for post in posts]
    columns = {
        "place": np.concatenate([each.row for each in arrived]).astype(np.uint32),
        "time_ms": np.concatenate([each.time_ms for each in arrived]),
        "value": np.concatenate([each.value for each in arrived]),
    }
    return pl.DataFrame(columns).unique(["place", "time_ms"], keep="last").sort("place", "time_ms")


def block_rows(stretches: tuple[Stretch, ...]) -> pl.DataFrame:
    """Return the columns place, time_ms, value of stretches with the same series, by place and time."""
    blocks = [stretch.block for stretch in stretches]
    times = np.concatenate([block.times_ms for block in blocks])
    values = np.concatenate([block.values for block in blocks], axis=1)
    said = ~np.isnan(values)
    places = np.broadcast_to(np.arange(len(values), dtype=np.uint32)[:, None], values.shape)
    moments = np.broadcast_to(times, values.shape)
    if said.all():
        return pl.DataFrame({"place": places.ravel(), "time_ms": moments.ravel(), "value": values.ravel()})
    return pl.DataFrame({"place": places[said], "time_ms": moments[said], "value": values[said]})


def _append(store: "DuckDBReadingStore", stretches: tuple[Stretch, ...]) -> int:
    block = stretches[0].block
    rows = block_rows(stretches)
    store.append_frame(block.site, block.series, rows)
    return rows.height


def _portions(world: World, until: datetime, step: timedelta) -> Iterator[tuple[Stretch, ...]]:
    """Yield stretches in portions of about ROWS_AT_ONCE readings or DAYS_AT_ONCE days."""
    portion: list[Stretch] = []
    size = 0
    for stretch in world.stretches(until, step):
        portion.append(stretch)
        size += stretch.block.values.size
        if size >= ROWS_AT_ONCE or len(portion) >= DAYS_AT_ONCE:
            yield tuple(portion)
            portion, size = [], 0
    if portion:
        yield tuple(portion)


def _bundles(field: Field, until: datetime) -> Iterator[tuple[Post, ...]]:
    """Yield posts in bundles as large as the portions of stretches."""
    bundle: list[Post] = []
    for post in field.posts(until):
        bundle.append(post)
        if sum(len(each.row) for each in bundle) >= ROWS_AT_ONCE or len(bundle) >= DAYS_AT_ONCE:
            yield tuple(bundle)
            bundle = []
    if bundle:
        yield tuple(bundle)


def _ahead(portions: Iterator[tuple[T, ...]]) -> Iterator[tuple[T, ...]]:
    """Yield what another thread makes, which is at most AHEAD portions ahead, and stops when this one does."""
    waiting: Queue[tuple[T, ...] | BaseException | None] = Queue(AHEAD)
    stopping = Event()

    def put(item: tuple[T, ...] | BaseException | None) -> None:
        while not stopping.is_set():
            with suppress(Full):
                waiting.put(item, timeout=POLL_S)
                return

    def make() -> None:
        try:
            for portion in portions:
                put(portion)
            put(None)
        except BaseException as exc:  # noqa: BLE001 - the thread's boundary: raised again in the one that waits
            put(exc)

    maker = Thread(target=make, name="simulation")
    maker.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopping.set()
        with suppress(Empty):
            waiting.get_nowait()
        maker.join()
