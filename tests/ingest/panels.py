"""Intakes, listeners and clients for the tests of the fire panels' line."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from ingest.gbt26875.downlink import Downlink, Schedule
from ingest.gbt26875.frames import Frame, FrameReader, Unreadable
from ingest.gbt26875.intake import Arrival, Intake
from ingest.gbt26875.listener import Hooks, ListenOptions, PanelListener
from ingest.gbt26875.memory import Texts
from ingest.gbt26875.panels import Panel, Panels
from sensors.events import Event
from sensors.intake import SpoolEntry
from storage.spool import SqliteSpool
from tests.ingest.intake import NOW_MS, pipeline_of, registry_of, spool_in

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime.fromtimestamp(NOW_MS / 1000, SHANGHAI)
PANEL = Panel(address=889, gateway="utd1", device="panel1")
DEVICES = ("panel1", "hydrants", "heat1")


def later(seconds: float) -> datetime:
    """Return the panel's time so long after the test's own."""
    return AT + timedelta(seconds=seconds)


def frames_of(*packets: bytes) -> list[Frame | Unreadable]:
    return FrameReader().feed(b"".join(packets))


@dataclass(slots=True)
class Line:
    """An intake over a real spool, and what it committed."""

    intake: Intake
    spool: SqliteSpool
    entries: list[SpoolEntry]

    def take(self, *packets: bytes, after_s: float = 0) -> list[SpoolEntry]:
        """Return the entries that packets became, all taken in one turn."""
        return self.take_items(frames_of(*packets), after_s=after_s)

    def take_items(self, items: Sequence[Frame | Unreadable], *, after_s: float = 0) -> list[SpoolEntry]:
        before = len(self.entries)
        received_ms = NOW_MS + int(after_s * 1000)
        self.intake.take([Arrival(item=each, received_ms=received_ms, peer="10.0.0.9", speaker=889) for each in items])
        assert all(book.balances for book in self.spool.books().values())
        return self.entries[before:]

    def events(self, *packets: bytes, after_s: float = 0) -> list[Event]:
        return [event for entry in self.take(*packets, after_s=after_s) for event in entry.events]

    def said(self, *packets: bytes, after_s: float = 0) -> list[str]:
        """Return the events in short: type, state and zone."""
        return [f"{each.type} {each.state} {each.zone}".strip() for each in self.events(*packets, after_s=after_s)]


@contextmanager
def line(folder: Path, panel: Panel = PANEL) -> Iterator[Line]:
    with closing(spool_in(folder)) as spool:
        yield line_over(spool, folder, panel)


def line_over(spool: SqliteSpool, folder: Path, panel: Panel = PANEL) -> Line:
    entries: list[SpoolEntry] = []

    def commit(new: Sequence[SpoolEntry]) -> None:
        spool.commit(new)
        entries.extend(new)

    intake = Intake(
        panels=Panels((panel,)),
        registry=registry_of(*DEVICES),
        pipeline=pipeline_of(spool, *DEVICES),
        memory=spool,
        texts=Texts(folder / "texts.json"),
        commit=commit,
    )
    return Line(intake, spool, entries)


class Client:
    """A panel's socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._reader = FrameReader()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *packets: bytes) -> None:
        self.socket.sendall(b"".join(packets))

    def replies(self, count: int) -> list[Frame]:
        """Return so many frames of the centre, in order."""
        found: list[Frame] = []
        while len(found) < count:
            data = self.socket.recv(4096)
            assert data, f"closed after {len(found)} of {count} replies"
            found += [each for each in self._reader.feed(data) if isinstance(each, Frame)]
        return found

    def is_closed(self) -> bool:
        """Wait for the other end to close, and say whether it did without a word."""
        try:
            return self.socket.recv(4096) == b""
        except ConnectionError:
            return True


@contextmanager
def listening(
    folder: Path,
    *,
    schedule: Schedule | None = None,
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    **options: Any,  # noqa: ANN401 - any option
) -> Iterator[int]:
    """Yield the port of a listener in this process."""
    ports: list[int] = []
    ready = threading.Event()

    def told(port: int) -> None:
        ports.append(port)
        ready.set()

    listener = PanelListener(
        ListenOptions(**{"allowed": (ip_network("127.0.0.1"),), **options}),
        open_intake=lambda: _intake_of(folder),
        downlink=Downlink(schedule or Schedule(), (PANEL.address,)),
        hooks=Hooks(listening=told),
        now_ms=now_ms,
    )
    listener.start()
    try:
        assert ready.wait(30), "the listener does not listen"
        yield ports[0]
    finally:
        listener.stop()


@contextmanager
def _intake_of(folder: Path) -> Iterator[Intake]:
    with line(folder) as made:
        yield made.intake
