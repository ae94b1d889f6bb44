"""The TCP listener for fire panels: one thread, a turn at a time.

A turn reads what there is on every connection, makes it durable in one commit and only then confirms it. While nothing
can be made durable nothing is confirmed, so the panels send it again (6.5). Everything is bounded: connections, bytes
in, bytes out, and how long a half frame or a silent connection may last.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, Self

import structlog

from ingest.gbt26875.connections import Connection, OverError
from ingest.gbt26875.downlink import Downlink, Ended, Line, Schedule
from ingest.gbt26875.frames import Command, Frame, Unreadable, label_of
from ingest.gbt26875.intake import Arrival, Intake
from ingest.gbt26875.units import UnitError, answers_roll_call, parse_unit
from ingest.ports import NoRoomError
from ingest.repeats import Repeats

HALF_FRAME_S: Final = 10.0
"""How long a frame may take to come whole: the standard's own timeout (6.5)."""

AGAIN_S: Final = 5.0
"""How long after a failure, such as a port that is taken, it is tried again."""

_TICK_S: Final = 1.0
_BACKLOG: Final = 32
_PER_ADDRESS: Final = 4
"""The share of all connections that one address may hold: a quarter."""

_MOST_LINES: Final = 1_024
"""How many panels may be reached at once: a relay can speak for many on one connection. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions:
    """Where to listen, and who may connect."""

    host: str = "127.0.0.1"
    port: int = 0
    allowed: Sequence[IPv4Network | IPv6Network] = ()
    max_connections: int = 64
    idle_s: float = 300.0

    def admits(self, address: str) -> bool:
        """Say whether a panel may connect from here."""
        found = ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None) or found
        return any(mapped in network for network in self.allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the listener calls in its own thread: with its port, while it goes round, and before each turn."""

    listening: Callable[[int], None] = lambda _: None
    waiting: Callable[[], None] = lambda: None
    tick: Callable[[Intake], None] = lambda _: None


@dataclass(slots=True)
class _Lines:
    """Who speaks where: the way to each panel, by its address."""

    lines: dict[int, Line] = field(default_factory=dict)
    connections: dict[int, Connection] = field(default_factory=dict)

    def heard(self, frame: Frame, connection: Connection) -> bool:
        """Note who spoke on which connection; say whether it is a new one."""
        if frame.source not in self.lines and len(self.lines) >= _MOST_LINES:
            return False
        is_new = self.connections.get(frame.source) is not connection
        line = self.lines.get(frame.source)
        self.lines[frame.source] = Line(
            address=frame.source, centre=frame.destination, version=frame.version, seq=0 if line is None else line.seq
        )
        self.connections[frame.source] = connection
        return is_new

    def gone(self, connection: Connection) -> list[int]:
        """Return the panels that spoke on this connection last."""
        lost = [address for address, each in self.connections.items() if each is connection]
        for address in lost:
            del self.connections[address], self.lines[address]
        return lost


class PanelListener:
    """Owns the thread. `open_intake` is called in it, for the spool's connection belongs to one thread."""

    def __init__(
        self,
        options: ListenOptions,
        *,
        open_intake: Callable[[], AbstractContextManager[Intake]],
        downlink: Downlink | None = None,
        hooks: Hooks | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """Prepare; `start` begins to listen."""
        self._options = options
        self._open_intake = open_intake
        self._downlink = downlink or Downlink(Schedule())
        self._hooks = hooks or Hooks()
        self._now_ms = now_ms
        self._log = structlog.get_logger(__name__)
        self._wake_in, self._wake_out = socket.socketpair()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fire-panel", daemon=True)

    def start(self) -> None:
        """Listen, in a thread of its own, and go on trying where that fails."""
        self._thread.start()

    def stop(self, wait_s: float = 7.0) -> None:
        """Finish the turn, confirm it and close everything."""
        self._stopping.set()
        with suppress(OSError):
            self._wake_out.send(b"\0")
        if self._thread.ident is not None:
            self._thread.join(wait_s)
        if not self._thread.is_alive():
            self._wake_in.close()
            self._wake_out.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._open_intake() as intake, self._server() as server:
                    self._serve(intake, server)
            except OSError as exc:
                self._log.error(
                    "fire_panel_not_listening", host=self._options.host, port=self._options.port, reason=str(exc)
                )
            except Exception:  # noqa: BLE001 - the thread's boundary: panels send again what was not confirmed
                self._log.exception("fire_panel_failed")
            self._pause()

    def _pause(self) -> None:
        until = time.monotonic() + AGAIN_S
        while not self._stopping.wait(_TICK_S) and time.monotonic() < until:
            self._hooks.waiting()

    def _server(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._options.host else socket.AF_INET
        return socket.create_server((self._options.host, self._options.port), family=family, backlog=_BACKLOG)

    def _serve(self, intake: Intake, server: socket.socket) -> None:
        port: int = server.getsockname()[1]
        with _Exchange(self._options, self._downlink, intake, server, self._wake_in, self._now_ms) as exchange:
            self._log.info("fire_panel_listening", host=self._options.host, port=port)
            self._hooks.listening(port)
            while not self._stopping.is_set():
                self._hooks.waiting()
                self._hooks.tick(intake)
                exchange.turn()


class _Exchange:
    """All connections from one beginning to listen until the end."""

    def __init__(
        self,
        options: ListenOptions,
        downlink: Downlink,
        intake: Intake,
        server: socket.socket,
        wake: socket.socket,
        now_ms: Callable[[], int],
    ) -> None:
        self._options = options
        self._downlink = downlink
        self._intake = intake
        self._server = server
        self._now_ms = now_ms
        self._log = structlog.get_logger(__name__)
        self._repeats = Repeats()
        self._lines = _Lines()
        self._connections: list[Connection] = []
        self._selector = selectors.DefaultSelector()
        server.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self._selector.register(server, selectors.EVENT_READ)
        self._selector.register(wake, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in list(self._connections):
            self._close(connection)
        self._selector.close()

    def turn(self) -> None:
        """Wait for something, a second at most, and do all there is to do."""
        arrivals: list[tuple[Connection, Arrival]] = []
        for key, events in self._selector.select(_TICK_S):
            if key.fileobj is self._server:
                self._accept()
            elif isinstance(key.data, Connection):
                arrivals += self._served(key.data, events)
        arrivals += self._overdue()
        self._take(arrivals)
        self._drop_silent()
        self._ask()

    # In.

    def _accept(self) -> None:
        try:
            accepted, address = self._server.accept()
        except OSError:
            return
        accepted.setblocking(False)  # noqa: FBT003 - the socket's own signature
        peer = str(address[0])
        if not self._options.admits(peer):
            accepted.close()
            self._say("fire_panel_refused", peer, "not among fire_panel.allowed")
        elif self._has_room(peer):
            connection = Connection(socket=accepted, peer=peer, frame_ms=_monotonic_ms())
            self._connections.append(connection)
            self._selector.register(accepted, selectors.EVENT_READ, connection)
        else:
            accepted.close()
            self._say("fire_panel_refused", peer, f"{self._options.max_connections} connections are open")

    def _has_room(self, peer: str) -> bool:
        """Say whether one more may come; an address that holds its share gives up what was silent longest."""
        same = [each for each in self._connections if each.peer == peer]
        if len(same) >= max(1, self._options.max_connections // _PER_ADDRESS):
            self._end(min(same, key=lambda each: each.frame_ms), "another connection from there came")
        return len(self._connections) < self._options.max_connections

    def _served(self, connection: Connection, events: int) -> list[tuple[Connection, Arrival]]:
        try:
            if events & selectors.EVENT_WRITE:
                connection.flush()
                self._watch(connection)
            items = connection.read(_monotonic_ms()) if events & selectors.EVENT_READ else []
        except OverError as exc:
            left = connection.reader.flush()
            arrivals = self._arrived(connection, left)
            self._end(connection, str(exc))
            return arrivals
        return self._arrived(connection, items)

    def _arrived(self, connection: Connection, items: Sequence[Frame | Unreadable]) -> list[tuple[Connection, Arrival]]:
        now_ms = self._now_ms()
        return [
            (connection, Arrival(item=each, received_ms=now_ms, peer=connection.peer, speaker=connection.speaker))
            for each in items
        ]

    def _overdue(self) -> list[tuple[Connection, Arrival]]:
        """Return the half frames that nobody finished; their connections are out of step and end."""
        now_ms = _monotonic_ms()
        arrivals = []
        for connection in list(self._connections):
            since_ms = connection.waiting_since_ms
            if since_ms is not None and now_ms - since_ms >= HALF_FRAME_S * 1000:
                arrivals += self._arrived(connection, connection.reader.flush())
                self._end(connection, f"a frame was not finished in {HALF_FRAME_S:g} s")
        return arrivals

    def _take(self, arrivals: Sequence[tuple[Connection, Arrival]]) -> None:
        if not arrivals:
            return
        try:
            self._intake.take([arrival for _, arrival in arrivals])
        except NoRoomError as exc:
            self._say("fire_panel_not_taken", "", str(exc))
            return
        for connection, arrival in arrivals:
            self._heard(connection, arrival.item)
            self._answer(connection, arrival.item)

    def _heard(self, connection: Connection, item: Frame | Unreadable) -> None:
        if not isinstance(item, Frame):
            return
        if connection in self._connections and self._lines.heard(item, connection):
            gateway = self._intake.panel(item.source).gateway
            self._say("fire_panel_connected", connection.peer, f"gateway {gateway}, address {item.source}")
        if item.command in {Command.CONFIRM, Command.NEGATIVE}:
            self._downlink.heard(item, self._now_ms())
        elif _answers_roll_call(item):
            self._downlink.answered(item.source)

    def _answer(self, connection: Connection, item: Frame | Unreadable) -> None:
        reply = _reply(item)
        if reply is not None:
            head = item if isinstance(item, Frame) else item.head
            if head is not None:
                self._send(connection, head.reply(reply, self._label()))

    # Out.

    def _send(self, connection: Connection, frame: Frame) -> None:
        if connection not in self._connections:
            return
        try:
            connection.send(frame.encoded())
            self._watch(connection)
        except OverError as exc:
            self._end(connection, str(exc))

    def _watch(self, connection: Connection) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        self._selector.modify(connection.socket, wanted, connection)

    def _ask(self) -> None:
        """Send the commands that are due, and make durable which roll calls nobody answered."""
        for each in self._downlink.due(self._lines.lines, self._label(), self._now_ms()):
            if isinstance(each, Ended):
                self._note(each)
            elif each.address in self._lines.connections:
                self._send(self._lines.connections[each.address], each.frame)

    def _note(self, ended: Ended) -> None:
        key = f"roll-call-{ended.asked_ms}"
        with suppress(NoRoomError):
            self._intake.roll_call(ended.address, ended.outcome, key=key, received_ms=self._now_ms())

    def _label(self) -> bytes:
        return label_of(datetime.fromtimestamp(self._now_ms() / 1000, self._intake.zone))

    # The end of connections.

    def _drop_silent(self) -> None:
        limit_ms = _monotonic_ms() - self._options.idle_s * 1000
        for connection in [each for each in self._connections if each.frame_ms < limit_ms]:
            self._end(connection, f"no frame for {self._options.idle_s:g} s")

    def _end(self, connection: Connection, reason: str) -> None:
        """Close a connection, and make durable which panels are out of reach by that."""
        self._close(connection)
        for address in self._lines.gone(connection):
            gateway = self._intake.panel(address).gateway
            self._say("fire_panel_lost", connection.peer, f"gateway {gateway}: {reason}")
            with suppress(NoRoomError):
                self._intake.lost(address, received_ms=self._now_ms())

    def _close(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._selector.unregister(connection.socket)
            connection.socket.close()

    def _say(self, event: str, peer: str, reason: str) -> None:
        """Write a line, one a minute for each address."""
        held = self._repeats.due((event, peer), self._now_ms())
        if held is not None:
            self._log.warning(event, peer=peer, reason=reason, held=held)


def _answers_roll_call(frame: Frame) -> bool:
    try:
        return frame.command == Command.SEND and answers_roll_call(parse_unit(frame.data))
    except UnitError:
        return False


def _reply(item: Frame | Unreadable) -> Command | None:
    """Return how 6.3 asks to answer: what is durable is confirmed, what did not pass the check is refused."""
    if isinstance(item, Unreadable):
        return Command.NEGATIVE
    if item.command == Command.SEND:
        return Command.CONFIRM
    return Command.NEGATIVE if item.command not in set(Command) else None


def _monotonic_ms() -> int:
    """Return what timeouts are measured by: a clock that is set does not touch it."""
    return time.monotonic_ns() // 1_000_000
