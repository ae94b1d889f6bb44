"""Live events through a real server: what changes is told, what was missed is told later, and all of it stops."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
import uvicorn

from api.app import live_feed
from api.live import BACKLOG, MAX_LISTENERS, QUEUE_SIZE, Listener, Listening, LiveFeed, resync, written
from api.ports import Records, RecordsTransaction
from sensors.actors import Role
from sensors.journal import Change, ChangeKind
from tests.api.bench import NOON, PASSWORD, Bench, web
from tests.api.records import finding, fire
from tests.servers import eventually, free_port


class Web(uvicorn.Server):
    """uvicorn as `premises serve` runs it: the live streams end before it waits for its connections."""

    def __init__(self, bench: Bench, port: int) -> None:
        config = uvicorn.Config(bench.app, port=port, log_config=None, timeout_graceful_shutdown=20)
        super().__init__(config)
        self._bench = bench

    async def shutdown(self, sockets: Any = None) -> None:  # noqa: ANN401 - uvicorn's signature
        live_feed(self._bench.app).stop()
        await super().shutdown(sockets)


@dataclass
class Site:
    """A served application and somebody signed in there."""

    bench: Bench
    server: Web
    thread: threading.Thread
    client: httpx2.Client

    @contextmanager
    def events(self, **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
        with self.client.stream("GET", "/api/v1/live", headers=headers) as answer:
            assert answer.status_code == 200
            yield told(answer.iter_lines())

    @property
    def listeners(self) -> int:
        return live_feed(self.bench.app).listeners

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive(), "the server does not stop"


@contextmanager
def served(folder: Path, *roles: Role, **settings: object) -> Iterator[Site]:
    port = free_port()
    bench = Bench(folder, web=web(origin=f"http://127.0.0.1:{port}", **settings))
    bench.account(*(roles or (Role.VIEWER,)))
    server = Web(bench, port)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started, what="uvicorn serves")
        with httpx2.Client(base_url=bench.web.origin, timeout=30, trust_env=False) as client:
            client.post("/api/v1/sign-in", json={"user_name": "anna", "password": PASSWORD}).raise_for_status()
            yield Site(bench, server, thread, client)
    finally:
        server.should_exit = True
        thread.join(30)


def told(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield events as `event`, `id`, `data`; a heartbeat as `heartbeat`."""
    event: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line.startswith(":"):
            event = {"event": "heartbeat"}
        elif not line:
            if "event" in event:
                yield event
            event = {}
        elif name != "retry":
            event[name] = value


def next_event(events: Iterator[dict[str, Any]], *, patience_s: float = 60) -> dict[str, Any]:
    """Return the next change. A line that shows only that it is alive is a failure after a while, no endless wait."""
    until = time.monotonic() + patience_s
    for event in events:
        if event["event"] != "heartbeat":
            return event
        assert time.monotonic() < until, "nothing but heartbeats"
    pytest.fail("the stream ended without the change")


def last_change(bench: Bench) -> int:
    with bench.records.reading() as tx:
        return tx.last_change()


def test_change_in_the_records_is_told_with_its_number(tmp_path: Path) -> None:
    with served(tmp_path) as site, site.events() as events:
        eventually(lambda: site.listeners == 1, what="the browser listens")
        alert_id = fire(site.bench)
        event = next_event(events)
        data = orjson.loads(event["data"])
        assert event["event"] == "alert"
        assert data == {
            "id": last_change(site.bench),
            "kind": "alert",
            "subject": alert_id,
            "at": "2026-11-23T12:00:00+00:00",
        }
        assert event["id"] == str(data["id"])


def test_browser_that_comes_back_is_told_what_it_missed_in_order(tmp_path: Path) -> None:
    with served(tmp_path) as site:
        known = last_change(site.bench)
        alert_id, finding_id = fire(site.bench), finding(site.bench)
        with site.events(**{"Last-Event-ID": str(known)}) as events:
            missed = [next_event(events), next_event(events)]
            assert [orjson.loads(event["data"])["subject"] for event in missed] == [alert_id, finding_id]
            second = fire(site.bench, zone="3F")
            assert orjson.loads(next_event(events)["data"])["subject"] == second


def test_number_that_the_records_never_gave_means_loading_anew(tmp_path: Path) -> None:
    with served(tmp_path) as site, site.events(**{"Last-Event-ID": "999999"}) as events:
        event = next_event(events)
        assert (event["event"], event["id"]) == ("resync", str(last_change(site.bench)))


def test_too_long_an_absence_means_loading_anew(tmp_path: Path) -> None:
    with served(tmp_path) as site:
        known = last_change(site.bench)
        with site.bench.records.transaction() as tx:
            for _ in range(BACKLOG + 1):
                tx.note_change(ChangeKind.READING, "hq", at=NOON)
        with site.events(**{"Last-Event-ID": str(known)}) as events:
            assert next_event(events)["event"] == "resync"
            alert_id = fire(site.bench)
            assert orjson.loads(next_event(events)["data"])["subject"] == alert_id


def test_quiet_line_shows_that_it_is_alive(tmp_path: Path) -> None:
    with served(tmp_path) as site, site.events() as events:
        assert next(events)["event"] == "heartbeat"
        assert next(events)["event"] == "heartbeat"


def test_accounts_are_told_of_only_to_who_manages_them(tmp_path: Path) -> None:
    with served(tmp_path) as site, site.events() as events:
        eventually(lambda: site.listeners == 1, what="the browser listens")
        site.bench.account(Role.VIEWER, user_name="ben")
        fire(site.bench)
        assert next_event(events)["event"] == "alert"


def test_administrator_who_may_read_is_told_of_accounts(tmp_path: Path) -> None:
    with (
        served(tmp_path, Role.VIEWER, Role.SECURITY_ADMINISTRATOR) as site,
        site.events() as events,
    ):
        eventually(lambda: site.listeners == 1, what="the browser listens")
        site.bench.account(Role.VIEWER, user_name="ben")
        assert next_event(events)["event"] == "account"


def test_stream_ends_when_its_session_does(tmp_path: Path) -> None:
    with served(tmp_path) as site, site.events() as events:
        eventually(lambda: site.listeners == 1, what="the browser listens")
        with site.bench.records.transaction() as tx:
            tx.end_sessions_of("id-anna")
        assert [event for event in events if event["event"] != "heartbeat"] == []
        eventually(lambda: site.listeners == 0, what="nobody listens")


def test_stream_ends_when_a_role_is_taken_away(tmp_path: Path) -> None:
    with served(tmp_path) as site, site.events() as events:
        eventually(lambda: site.listeners == 1, what="the browser listens")
        site.bench.account(Role.AUDIT_ADMINISTRATOR)
        assert {event["event"] for event in events} <= {"heartbeat"}


def test_browser_that_leaves_is_forgotten_and_the_next_one_misses_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as site:
        with site.events():
            eventually(lambda: site.listeners == 1, what="the browser listens")
        eventually(lambda: site.listeners == 0, what="the browser is forgotten")
        fire(site.bench)
        with site.events() as events:
            eventually(lambda: site.listeners == 1, what="the next browser listens")
            finding(site.bench)
            assert next_event(events)["event"] == "finding"


def test_many_browsers_are_told_by_one_reader(tmp_path: Path) -> None:
    with served(tmp_path) as site, site.events() as first, site.events() as second, site.events() as third:
        eventually(lambda: site.listeners == 3, what="three browsers listen")
        alert_id = fire(site.bench)
        for events in (first, second, third):
            assert orjson.loads(next_event(events)["data"])["subject"] == alert_id


def test_server_with_open_streams_stops(tmp_path: Path) -> None:
    with served(tmp_path) as site, site.events() as events:
        eventually(lambda: site.listeners == 1, what="the browser listens")
        site.stop()
        assert {event["event"] for event in events} <= {"heartbeat"}


def test_stream_needs_a_reader(tmp_path: Path) -> None:
    with served(tmp_path, Role.AUDIT_ADMINISTRATOR) as site:
        assert site.client.get("/api/v1/live").status_code == 403
        assert httpx2.get(f"{site.bench.web.origin}/api/v1/live", trust_env=False).status_code == 401


def test_more_browsers_than_may_listen_are_asked_to_come_back(tmp_path: Path) -> None:
    with served(tmp_path) as site:
        feed = live_feed(site.bench.app)
        crowd = {Listener() for _ in range(MAX_LISTENERS)}
        feed._listeners.update(crowd)  # noqa: SLF001 - five hundred connections would say the same, slowly
        answer = site.client.get("/api/v1/live")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def change(number: int) -> Change:
    return Change(id=number, kind=ChangeKind.ITEM, subject=f"i{number}", at=NOON)


def test_browser_that_falls_behind_keeps_a_bounded_queue_and_is_told_to_load_anew() -> None:
    listener = Listener()
    for number in range(QUEUE_SIZE + 1):
        listener.offer(change(number))
    assert listener.queue.get_nowait() is None
    assert listener.queue.empty()
    listener.offer(change(QUEUE_SIZE + 1))
    assert listener.queue.get_nowait() == change(QUEUE_SIZE + 1)


def test_events_are_written_as_the_standard_says() -> None:
    assert resync(7) == b"event: resync\nid: 7\ndata: {}\n\n"
    assert written(change(8)).startswith(b"event: item\nid: 8\ndata: {")


@dataclass
class Flaky:
    """Records that are away while `is_away`."""

    records: Records
    is_away: bool = False

    def transaction(self) -> AbstractContextManager[RecordsTransaction]:
        return self.records.transaction()

    def reading(self) -> AbstractContextManager[RecordsTransaction]:
        if self.is_away:
            raise ConnectionError
        return self.records.reading()


async def follow_through_an_outage(bench: Bench) -> list[bytes]:
    """Return what a listener is told: a fire while the records were away, once they are back."""
    flaky = Flaky(bench.records)
    feed = LiveFeed(flaky, poll_s=0.01, heartbeat_s=0.05)
    task = asyncio.create_task(feed.run())
    heard: list[bytes] = []
    listening = Listening(after=None, kinds=frozenset(ChangeKind), may_go_on=lambda: asyncio.sleep(0, result=True))
    async with asyncio.timeout(30):
        async for event in feed.events(listening):
            heard.append(event)
            if event.startswith(b": ") and not flaky.is_away and len(heard) == 2:
                flaky.is_away = True
                fire(bench)
            elif event.startswith(b": "):
                flaky.is_away = False
            elif event.startswith(b"event: "):
                feed.stop()
        await task
    return heard


def test_feed_outlives_records_that_are_away(tmp_path: Path) -> None:
    # in a thread of its own: where a browser test ran before, its driver keeps a loop in this one
    with ThreadPoolExecutor(1) as thread:
        heard = thread.submit(lambda: asyncio.run(follow_through_an_outage(Bench(tmp_path)))).result()
    assert heard[-1].startswith(b"event: alert\n")
