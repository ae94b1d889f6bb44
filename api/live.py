"""Live events: one task per process follows `changes` and tells every listening browser."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

import anyio.to_thread
import orjson
import structlog

from api.ports import Records
from sensors.journal import Change, ChangeKind

T = TypeVar("T")

QUEUE_SIZE = 256
"""Changes that wait for one browser; when it falls further behind it is told to load everything anew."""

BACKLOG = 1000
"""Changes that a browser which comes back is told one by one; after more it loads everything anew."""

MAX_LISTENERS = 500
RETRY_MS = 2000
AFTER_FAILURE_S = 2.0

log = structlog.get_logger()


class TooManyListenersError(Exception):
    """As many browsers listen as may."""


@dataclass(eq=False, slots=True)
class Listener:
    """One browser's queue. None in it means that changes were dropped, or that the feed stops."""

    queue: asyncio.Queue[Change | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_SIZE))

    def offer(self, change: Change) -> None:
        """Queue a change; when the queue is full, drop all of it and say so instead."""
        try:
            self.queue.put_nowait(change)
        except asyncio.QueueFull:
            self.interrupt()

    def interrupt(self) -> None:
        """Empty the queue but for the sign that something is missing."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What one browser wants: the number of the last change it knows, which kinds, and whether it still may.

    `may_go_on` is asked at every heartbeat, for a session can end while its page stays open.
    """

    after: int | None
    kinds: frozenset[ChangeKind]
    may_go_on: Callable[[], Awaitable[bool]]
    sees: Callable[[Change], Awaitable[bool]] | None = None
    """Says whether a change is within the listener's reach; None where everything is."""

    async def wants(self, change: Change) -> bool:
        """Say whether the browser is told of a change."""
        return change.kind in self.kinds and (self.sees is None or await self.sees(change))


class LiveFeed:
    """Follows `changes` for all listeners together. Lives in one event loop, which runs `run()` until `stop()`."""

    def __init__(self, records: Records, *, poll_s: float, heartbeat_s: float) -> None:
        """Say how often to look and how often to show that the line is alive."""
        self._records = records
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._listeners: set[Listener] = set()
        self._position: int | None = None
        self._positioning = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def listeners(self) -> int:
        """Return how many browsers listen."""
        return len(self._listeners)

    @property
    def is_full(self) -> bool:
        """Say whether no further browser may listen."""
        return len(self._listeners) >= MAX_LISTENERS

    def stop(self) -> None:
        """End all streams and the task; to be called in the event loop."""
        self._stopping.set()
        self._wanted.set()
        for listener in self._listeners:
            listener.interrupt()

    async def run(self) -> None:
        """Follow `changes` until `stop()`. What fails is logged and tried again."""
        while not self._stopping.is_set():
            pause_s = self._poll_s
            try:
                await self._look()
            except Exception as exc:  # noqa: BLE001 - the task's boundary: the feed outlives a database that is away
                log.warning("live_feed_failed", error=f"{type(exc).__name__}: {exc}")
                pause_s = AFTER_FAILURE_S
            await self._pause(pause_s)

    async def events(self, listening: Listening) -> AsyncIterator[bytes]:
        """Yield server-sent events: first what was missed, then what happens, with heartbeats between.

        The stream ends when the feed stops, when the listener may no longer listen, or when the records are away;
        the browser then comes back by itself.
        """
        yield f"retry: {RETRY_MS}\n\n".encode()
        try:
            async with aclosing(self._told(listening)) as told:
                async for event in told:
                    yield event
        except Exception as exc:  # noqa: BLE001 - the stream's boundary: its answer has begun, no error can be sent
            log.warning("live_stream_failed", error=f"{type(exc).__name__}: {exc}")

    async def _told(self, listening: Listening) -> AsyncGenerator[bytes, None]:
        await self._find_position()
        with self._listener() as listener:
            last, missed = await self._missed(listening.after)
            if missed is None:
                yield resync(last)
            for change in missed or ():
                if await listening.wants(change):
                    yield written(change)
            async with aclosing(self._follow(listener, listening, last)) as followed:
                async for event in followed:
                    yield event

    async def _follow(self, listener: Listener, listening: Listening, sent: int) -> AsyncGenerator[bytes, None]:
        heartbeat_at = _now_s() + self._heartbeat_s
        while not self._stopping.is_set():
            if _now_s() >= heartbeat_at:
                if not await listening.may_go_on():
                    return
                heartbeat_at = _now_s() + self._heartbeat_s
                yield b": still here\n\n"
            with suppress(TimeoutError):
                async with asyncio.timeout_at(heartbeat_at):
                    change = await listener.queue.get()
                if change is None and not self._stopping.is_set():
                    sent = max(sent, self._position or 0)
                    yield resync(sent)
                elif change is not None and change.id > sent:
                    sent = change.id
                    if await listening.wants(change):
                        yield written(change)

    async def _look(self) -> None:
        await self._wanted.wait()
        after = self._position
        if after is None or self._stopping.is_set():
            return
        changes = await _in_thread(self._changes, after, QUEUE_SIZE)
        if self._position != after:
            return
        for change in changes:
            self._position = change.id
            for listener in self._listeners:
                listener.offer(change)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _find_position(self) -> None:
        """Know where `changes` ends before a listener joins, so that nothing falls between backlog and feed."""
        async with self._positioning:
            if self._position is None:
                self._position = await _in_thread(self._last)

    @contextmanager
    def _listener(self) -> Iterator[Listener]:
        if self.is_full:
            raise TooManyListenersError
        listener = Listener()
        self._listeners.add(listener)
        self._wanted.set()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and not self._stopping.is_set():
                self._position = None
                self._wanted.clear()

    async def _missed(self, after: int | None) -> tuple[int, Sequence[Change] | None]:
        """Return the last number known, and what came after `after`: None where that is too much or unknown.

        Whoever knows nothing yet starts where the feed stood when it joined: looking again would swallow a change that
        came in between.
        """
        if after is None and self._position is not None:
            return self._position, ()
        last = await _in_thread(self._last)
        if after is None or after == last:
            return last, ()
        if after > last:
            return last, None
        missed = await _in_thread(self._changes, after, BACKLOG + 1)
        if not missed or len(missed) > BACKLOG or missed[0].id != after + 1:
            return last, None
        return missed[-1].id, missed

    def _last(self) -> int:
        with self._records.reading() as tx:
            return tx.last_change()

    def _changes(self, after: int, limit: int) -> Sequence[Change]:
        with self._records.reading() as tx:
            return tx.changes(after=after, limit=limit)


def written(change: Change) -> bytes:
    """Return a change as a server-sent event: its kind, its number, and what it is about."""
    data = {"id": change.id, "kind": change.kind, "subject": change.subject, "at": change.at}
    return _event(change.kind, change.id, orjson.dumps(data))


def resync(last: int) -> bytes:
    """Return the event that says: something was left out; load everything anew."""
    return _event("resync", last, b"{}")


def _event(name: str, number: int, data: bytes) -> bytes:
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), number, data)


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    return await anyio.to_thread.run_sync(work, *arguments)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
