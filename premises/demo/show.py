"""`premises demo` put together: a home of its own, a past, a present, and a look at whether the loop closes."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from premises.demo.history import DAYS, ROOMS, DemoHistory
from premises.demo.live import LiveBuilding
from premises.home import Home
from premises.processes.broker import is_listening
from premises.processes.remote import Server, ServerFault
from premises.processes.running import run
from premises.simulated.publishing import Broker
from sensors.errors import InputFault

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8088
CHECK_S = 300.0
"""When `--check` gives up waiting for the loop to close, from its start: late enough for a slow machine."""

POLL_S = 0.3
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """How the demo is wanted; `home` None means one that is removed at the end, `port` None any that is free."""

    home: Path | None = None
    port: int | None = None
    speed: float = 1.0


def demo(options: DemoOptions, said: Say, *, opened: Callable[[str], None] | None = None) -> str | None:
    """Run the demo until it is stopped; return why it could not go on. `opened` gets the console's address."""
    with _home(options.home) as home, _live(home, options, said):
        return run(home, said=_greeting(said, opened), serve_options=("--demo-visitors",))


def check(options: DemoOptions, said: Say) -> Mapping[str, object]:
    """Return what the demo came to, once it shows a finding, an alert, an item and a verified item.

    Raises CheckFault where that is not so in time.
    """
    started_s = time.monotonic()
    with _home(options.home) as home, _live(home, options, said):
        watch = _Watch(home, started_s)
        watch.thread.start()
        failure = run(home, said=said, serve_options=("--demo-visitors",))
        watch.stopping.set()
        watch.thread.join()
    if watch.result is None:
        raise CheckFault(failure, watch.seen)
    return watch.result


class CheckFault(InputFault):
    """The loop did not close in time."""

    def __init__(self, failure: str | None, seen: Mapping[str, object]) -> None:
        """Say what is missing."""
        missing = [name for name in _WANTED if not seen.get(name)]
        why = failure or f"not within {CHECK_S:g} s: {', '.join(missing)}"
        super().__init__(f"demo --check: {why}; there was {dict(seen) or 'no answer from the server'}")


_WANTED = ("readings", "findings", "alerts", "plan_items", "verified_items")


@dataclass(slots=True)
class _Watch:
    """Looks at the server until the loop is closed or time is up, then stops this process's supervisor."""

    home: Home
    started_s: float
    stopping: threading.Event = field(default_factory=threading.Event)
    seen: Mapping[str, object] = field(default_factory=dict)
    result: Mapping[str, object] | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name="demo-check")

    def _run(self) -> None:
        while not self.stopping.is_set() and time.monotonic() - self.started_s < CHECK_S:
            self.seen = self._look() or self.seen
            if all(self.seen.get(name) for name in _WANTED):
                ready_s = round(time.monotonic() - self.started_s, 1)
                self.result = {"ready_s": ready_s, **self.seen}
                break
            self.stopping.wait(POLL_S)
        if not self.stopping.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    def _look(self) -> Mapping[str, object] | None:
        server = Server.find(self.home)
        if server is None:
            return None
        try:
            return _counts(server.get("/internal/status"))
        except ServerFault:
            return None


def _counts(status: Mapping[str, Any]) -> Mapping[str, object]:
    items: Mapping[str, int] = status["items"]
    return {
        "readings": status["readings"],
        "findings": status["findings"],
        "alerts": status["alerts"],
        "plan_items": sum(items.values()),
        "verified_items": items.get("verified", 0) + items.get("signed_off", 0),
    }


@contextmanager
def _home(given: Path | None) -> Iterator[Home]:
    if given is None:
        with TemporaryDirectory(prefix="premises-demo-") as folder:
            yield Home.find(Path(folder))
        return
    if given.exists() and any(given.iterdir()):
        msg = f"{given}: is not empty; a demo fills a home of its own, name a folder that is not there yet"
        raise InputFault(msg)
    yield Home.find(given)


@contextmanager
def _live(home: Home, options: DemoOptions, said: Say) -> Iterator[None]:
    """Fill the home, then let the building go on beside the block."""
    mqtt_port, web_port = free_port(), _web_port(options.port)
    home.settings.write_text(
        f"[mqtt]\nport = {mqtt_port}\n[server]\nport = {web_port}\n[spool]\nmin_free_bytes = 0\n", encoding="utf-8"
    )
    said(f"simulating {DAYS} days of {ROOMS} rooms, with what people did about it")
    history = DemoHistory(home, datetime.now(UTC), said)
    history.fill()
    broker = Broker(host=LOOPBACK, port=mqtt_port)
    live = LiveBuilding(home, history.registry, history.world, broker, options.speed)
    live.start()
    try:
        yield
    finally:
        live.stop()


def _web_port(wanted: int | None) -> int:
    if wanted is not None:
        return wanted
    return free_port() if is_listening(LOOPBACK, USUAL_PORT) else USUAL_PORT


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _greeting(said: Say, opened: Callable[[str], None] | None) -> Say:
    def tell(line: str) -> None:
        said(line)
        address = line.removeprefix("console: ")
        if address != line:
            said("a fire alarm comes within half a minute; Ctrl-C ends the demo and removes what it made")
            if opened is not None:
                opened(address)

    return tell
