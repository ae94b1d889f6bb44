"""A fire panel behind a transmission device that speaks GB/T 26875.3: what it sends, as bytes. Nothing is sent here.

Written from the standard's tables on its own, beside the reader in `ingest`, so that a test of the one is not a test
against itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

SEND, CONFIRM, NEGATIVE = 2, 3, 6
FIRE, FAULT, ISOLATED, SUPERVISED = 0x0002, 0x0004, 0x0008, 0x0010
NORMAL = 0x0001
MAINS_FAULT, BACKUP_FAULT, MANUAL, RESET = 0x0100, 0x0200, 0x0800, 0x2000
OPERATED_RESET, OPERATED_SILENCE, OPERATED_CALL, OPERATED_ROLL_CALL = 0x01, 0x02, 0x04, 0x20
SMOKE_DETECTOR = 40
FIRE_ALARM_SYSTEM = 1
_ROLL_CALL = 91
_HEADER, _DATA_AT = 27, 27


def frame(
    *, seq: int, command: int, source: int, destination: int, at: datetime, data: bytes = b"", version: bytes = b"\1\1"
) -> bytes:
    """Return one packet."""
    body = b"".join(
        (
            seq.to_bytes(2, "little"),
            version,
            label(at),
            source.to_bytes(6, "little"),
            destination.to_bytes(6, "little"),
            len(data).to_bytes(2, "little"),
            bytes((command,)),
            data,
        )
    )
    return b"@@" + body + bytes((sum(body) % 256,)) + b"##"


def label(at: datetime) -> bytes:
    """Return a time as the panel's own clock shows it: six bytes, second first."""
    return bytes((at.second, at.minute, at.hour, at.day, at.month, at.year % 100))


@dataclass(slots=True, kw_only=True)
class FirePanel:
    """A panel with its own number; every packet but an answer takes the next."""

    address: int = 889
    centre: int = 88_888
    seq: int = field(default=0)

    def heartbeat(self, at: datetime) -> bytes:
        """Return what is sent every half minute: a packet without data."""
        return self._next(b"", at)

    def component(
        self,
        at: datetime,
        bits: int,
        *,
        zone: int = 10,
        position: int = 2,
        text: str = "",
        kind: int = SMOKE_DETECTOR,
        seen: datetime | None = None,
    ) -> bytes:
        """Return a component's status (type 2): a detector on fire, faulty, isolated; `seen` is when it became so."""
        where = bytes((FIRE_ALARM_SYSTEM, 1, kind)) + zone.to_bytes(2, "little") + position.to_bytes(2, "little")
        said = text.encode("gb18030")[:31].ljust(31, b"\0")
        return self._next(bytes((2, 1)) + where + bits.to_bytes(2, "little") + said + label(seen or at), at)

    def system(self, at: datetime, bits: int, *, system: int = FIRE_ALARM_SYSTEM, address: int = 1) -> bytes:
        """Return a system's status (type 1)."""
        return self._next(bytes((1, 1, system, address)) + bits.to_bytes(2, "little") + label(at), at)

    def transmitter(self, at: datetime, bits: int) -> bytes:
        """Return the transmission device's own status (type 21)."""
        return self._next(bytes((21, 1, bits)) + label(at), at)

    def operated(self, at: datetime, bits: int) -> bytes:
        """Return what a person did at the panel (type 4)."""
        return self._next(bytes((4, 1, FIRE_ALARM_SYSTEM, 1, bits, 1)) + label(at), at)

    def transmitter_operated(self, at: datetime, bits: int) -> bytes:
        """Return what a person did at the transmission device (type 24), such as answering a roll call."""
        return self._next(bytes((24, 1, bits, 1)) + label(at), at)

    def measured(self, at: datetime, values: Iterable[tuple[int, int]], *, zone: int = 10, position: int = 2) -> bytes:
        """Return measured values (type 3), each a quantity and a number of its smallest units."""
        where = (
            bytes((FIRE_ALARM_SYSTEM, 1, SMOKE_DETECTOR)) + zone.to_bytes(2, "little") + position.to_bytes(2, "little")
        )
        objects: Sequence[bytes] = [
            where + bytes((quantity,)) + value.to_bytes(2, "little", signed=True) + label(at)
            for quantity, value in values
        ]
        return self._next(bytes((3, len(objects))) + b"".join(objects), at)

    def confirmation(self, command: bytes, at: datetime, *, answer: int = CONFIRM) -> bytes:
        """Return the answer to a packet of the centre."""
        return frame(
            seq=int.from_bytes(command[2:4], "little"),
            command=answer,
            source=self.address,
            destination=self.centre,
            at=at,
        )

    def _next(self, data: bytes, at: datetime) -> bytes:
        made = frame(seq=self.seq, command=SEND, source=self.address, destination=self.centre, at=at, data=data)
        self.seq = (self.seq + 1) % 65_536
        return made


def asks_roll_call(packet: bytes) -> bool:
    """Say whether a packet of the centre is a roll call (查岗)."""
    return len(packet) > _DATA_AT and packet[_HEADER - 1] == 1 and packet[_DATA_AT] == _ROLL_CALL
