"""One TCP connection of a panel: what came and is no frame yet, what goes out and is not taken yet, both bounded."""

import socket
from dataclasses import dataclass, field
from typing import Final

from ingest.gbt26875.frames import Frame, FrameReader, Unreadable

READ_AT_ONCE: Final = 16_384
"""What one connection may bring in a turn, so that a flood on one does not keep another waiting."""

MOST_UNSENT: Final = 65_536
"""A panel that takes none of two thousand confirmations is not listening."""


class OverError(Exception):
    """The connection is over; the message says why."""


@dataclass(eq=False, slots=True, kw_only=True)
class Connection:
    """A connection and its two buffers.

    `frame_ms` is when the last whole frame came, or the connection began, by a clock that nobody sets.
    """

    socket: socket.socket
    peer: str
    frame_ms: int
    waiting_since_ms: int | None = None
    speaker: int | None = None
    reader: FrameReader = field(default_factory=FrameReader)
    unsent: bytes = b""

    def read(self, now_ms: int) -> list[Frame | Unreadable]:
        """Return what the bytes that are there finish; OverError where the other end is gone."""
        try:
            data = self.socket.recv(READ_AT_ONCE)
        except BlockingIOError:
            return []
        except OSError as exc:
            raise OverError(str(exc)) from exc
        if not data:
            msg = "closed by the panel"
            raise OverError(msg)
        items = self.reader.feed(data)
        self._note(items, now_ms)
        return items

    def send(self, data: bytes) -> None:
        """Send, or keep for when there is room; OverError where nobody takes it."""
        self.unsent += data
        if len(self.unsent) > MOST_UNSENT:
            msg = f"takes nothing: {len(self.unsent)} bytes unsent"
            raise OverError(msg)
        self.flush()

    def flush(self) -> None:
        """Send what is kept, as far as there is room."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            return
        except OSError as exc:
            raise OverError(str(exc)) from exc

    def _note(self, items: list[Frame | Unreadable], now_ms: int) -> None:
        """Note when the last frame came, and since when an unfinished one lies here."""
        frames = [each for each in items if isinstance(each, Frame)]
        if frames:
            self.frame_ms, self.speaker = now_ms, frames[-1].source
        if not self.reader.is_waiting:
            self.waiting_since_ms = None
        elif items or self.waiting_since_ms is None:
            self.waiting_since_ms = now_ms
