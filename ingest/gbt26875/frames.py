"""The packets of GB/T 26875.3-2011, 6.6: bytes of a stream become frames, and frames become bytes.

    4040 | seq 2 | version 2 | s m h D M YY | source 6 | destination 6 | length 2 | command | data | sum | 2323

Numbers lie low byte first. The sum covers everything between the start mark and itself.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final
from zoneinfo import ZoneInfo

START: Final = b"@@"
END: Final = b"##"
MOST_DATA: Final = 1024
"""6.6: the application data unit has at most 1,024 bytes."""

_HEADER = struct.Struct("<2sH2s6s6s6sHB")
_TAIL = 3
LONGEST: Final = _HEADER.size + MOST_DATA + _TAIL
_GARBAGE_AT_ONCE = 4_096
_CENTURY = 2000
"""The year has two digits; the standard is of 2011."""


class Command(IntEnum):
    """The command byte: table 2 of the standard. 7 to 127 are reserved, 128 and above are the user's."""

    CONTROL = 1
    SEND = 2
    CONFIRM = 3
    REQUEST = 4
    ANSWER = 5
    NEGATIVE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One packet. `label` is the time of sending as six bytes, `raw` how it came."""

    seq: int
    command: int
    source: int
    destination: int
    label: bytes
    data: bytes = b""
    version: bytes = b"\x01\x01"
    raw: bytes = field(default=b"", compare=False, repr=False)

    def encoded(self) -> bytes:
        """Return the bytes to send."""
        head = _HEADER.pack(
            START,
            self.seq,
            self.version,
            self.label,
            self.source.to_bytes(6, "little"),
            self.destination.to_bytes(6, "little"),
            len(self.data),
            self.command,
        )
        body = head[len(START) :] + self.data
        return START + body + bytes((_sum(body),)) + END

    def reply(self, command: Command, label: bytes) -> "Frame":
        """Return the answer to this frame: its number, the addresses changed over, no data."""
        return Frame(
            seq=self.seq,
            command=command,
            source=self.destination,
            destination=self.source,
            label=label,
            version=self.version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Bytes that are no frame, with the reason; `head` is what its first 27 bytes say, where there are so many."""

    reason: str
    detail: str
    raw: bytes
    head: Frame | None = None


def label_of(time: datetime) -> bytes:
    """Return a time of 2000 to 2099 as six bytes, second first, as its own clock shows it."""
    return bytes((time.second, time.minute, time.hour, time.day, time.month, time.year % 100))


def time_of(label: bytes, zone: ZoneInfo) -> datetime | None:
    """Return the aware time of a label, which names no zone; None for what no clock shows."""
    second, minute, hour, day, month, year = label
    try:
        return datetime(_CENTURY + year, month, day, hour, minute, second, tzinfo=zone) if year < 100 else None  # noqa: PLR2004 - two digits
    except ValueError:
        return None


class FrameReader:
    """Takes a stream in any pieces and gives its frames; holds at most one unfinished frame and 4 KiB of garbage."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rest = b""
        self._garbage = b""

    @property
    def is_waiting(self) -> bool:
        """Say whether bytes lie here that have become nothing yet."""
        return bool(self._rest or self._garbage)

    def feed(self, data: bytes) -> list[Frame | Unreadable]:
        """Return what these bytes finish, in order. Raises nothing."""
        self._rest += data
        return list(self._finished())

    def flush(self) -> list[Unreadable]:
        """Return what is left over as unreadable: whoever sent it never finished it."""
        left, self._rest = self._rest, b""
        half = [_unreadable("half_frame", f"{len(left)} bytes of a frame that was never finished", left)]
        return [*self._told_garbage(), *(half if left else ())]

    def _finished(self) -> Iterator[Frame | Unreadable]:
        while True:
            self._skip_to_start()
            if len(self._garbage) >= _GARBAGE_AT_ONCE:
                yield from self._told_garbage()
            if len(self._rest) < len(START):
                return
            found = self._first()
            if found is None:
                return
            if isinstance(found, Unreadable) and found.head is None:
                self._garbage += found.raw
                continue
            yield from self._told_garbage()
            yield found

    def _skip_to_start(self) -> None:
        begin = self._rest.find(START)
        if begin < 0:
            begin = len(self._rest) - self._rest.endswith(START[:1])
        self._garbage, self._rest = self._garbage + self._rest[:begin], self._rest[begin:]

    def _told_garbage(self) -> Iterator[Unreadable]:
        garbage, self._garbage = self._garbage, b""
        if garbage:
            yield Unreadable(reason="garbage", detail=f"{len(garbage)} bytes between frames", raw=garbage)

    def _first(self) -> Frame | Unreadable | None:
        """Return what the rest begins with, None where more bytes must come first."""
        end, reason, detail = _judged(self._rest)
        if not reason:
            return _frame(self._taken(end))
        if reason != _SHORT:
            return _unreadable(reason, detail, self._taken(end))
        # A frame that lost bytes swallows the next one: a whole one further on is taken at once, for it may be a fire.
        whole = _whole_frame_in(self._rest)
        return None if whole is None else _unreadable("half_frame", detail, self._taken(whole))

    def _taken(self, end: int) -> bytes:
        taken, self._rest = self._rest[:end], self._rest[end:]
        return taken


_SHORT = "short"


def _judged(data: bytes) -> tuple[int, str, str]:
    """Return where the frame at the beginning ends, and the reason and detail of what is wrong, empty if nothing."""
    if len(data) < _HEADER.size:
        return 0, _SHORT, "the header is not whole"
    length = int.from_bytes(data[24:26], "little")
    if length > MOST_DATA:
        return _resumed(data, _HEADER.size), "too_long", f"{length} bytes of data; at most {MOST_DATA}"
    end = _HEADER.size + length + _TAIL
    if len(data) < end:
        return 0, _SHORT, f"{len(data)} of {end} bytes"
    if data[end - 2 : end] != END:
        return _resumed(data, end), "no_end", f"{data[end - 2 : end].hex()} where the end mark 2323 should be"
    said, counted = data[end - _TAIL], _sum(data[2 : end - _TAIL])
    if said != counted:
        return end, "wrong_checksum", f"the frame says {said:02x}, its bytes add up to {counted:02x}"
    return end, "", ""


def _resumed(data: bytes, end: int) -> int:
    """Return where to go on after a frame without a right end: at the next start mark within it, else behind it."""
    found = data.find(START, 1, end + 1)
    return end if found < 0 else found


def _whole_frame_in(data: bytes) -> int | None:
    at = data.find(START, 1)
    while at >= 0:
        if not _judged(data[at : at + LONGEST])[1]:
            return at
        at = data.find(START, at + 1)
    return None


def _frame(raw: bytes) -> Frame:
    _, seq, version, label, source, destination, _, command = _HEADER.unpack_from(raw)
    return Frame(
        seq=seq,
        version=version,
        label=label,
        source=int.from_bytes(source, "little"),
        destination=int.from_bytes(destination, "little"),
        command=command,
        data=raw[_HEADER.size : -_TAIL],
        raw=raw,
    )


def _unreadable(reason: str, detail: str, raw: bytes) -> Unreadable:
    head = _frame(raw) if len(raw) >= _HEADER.size and raw.startswith(START) else None
    return Unreadable(reason=reason, detail=detail, raw=raw, head=head)


def _sum(data: bytes) -> int:
    return sum(data) & 0xFF
