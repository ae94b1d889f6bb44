"""MQTT packets out of a stream of bytes: messages at once, everything else whole, for paho to judge.

Building paho's `Properties` for every message, and asking the socket three times for each packet, costs more than all
that is done with a reading afterwards. What is unusual here (QoS 2, no topic, long properties, anything malformed)
is not judged twice: it goes to paho as it came.
"""

from ingest.messages import Message
from ingest.receipt_times import ReceiptTimes

_PUBLISH = 0x30
_DUP, _QOS, _QOS_1, _RETAIN = 0x08, 0x06, 0x02, 0x01
_CONTINUED = 0x80
"""The bit by which one byte of a length says that another follows."""

_LONGEST_LENGTH = 4
"""Bytes of a packet's length; a fifth is a protocol error."""


class PacketReader:
    """Cuts what one connection received into packets, wherever the network cut it."""

    def __init__(self, *, mqtt5: bool, times: ReceiptTimes | None = None) -> None:
        """Begin at the first byte of a connection."""
        self._mqtt5 = mqtt5
        self._times = times or ReceiptTimes()
        self._parts: list[bytes] = []
        self._held = 0
        self._wanted = 0

    def read(self, data: bytes, received_ms: int) -> list[Message | bytes]:
        """Return the packets that are complete now, in order: messages, and the bytes of all others."""
        if self._parts:
            self._parts.append(data)
            self._held += len(data)
            if self._held < self._wanted:
                return []
            data = b"".join(self._parts)
            self._parts = []
        self._times.begin(received_ms)
        return self._cut(data)

    def _cut(self, data: bytes) -> list[Message | bytes]:
        found: list[Message | bytes] = []
        start, end = 0, len(data)
        while start + 1 < end:
            first, length, body = data[start], data[start + 1], start + 2
            if length & _CONTINUED:
                length, body = _long_length(data, start + 1)
            stop = body + length
            if stop > end:
                break
            message = None
            if first & ~(_DUP | _QOS_1 | _RETAIN) == _PUBLISH:
                message = self._message(data, first, body, stop)
            found.append(data[start:stop] if message is None else message)
            start = stop
        self._hold(data, start)
        return found

    def _message(self, data: bytes, first: int, body: int, stop: int) -> Message | None:
        """Return what a PUBLISH packet carries; None for paho to say what is wrong with it."""
        begin = body + 2
        at = topic_end = begin + (data[body] << 8) + data[body + 1] if begin <= stop else stop
        packet_id = None
        if first & _QOS_1:
            at += 2
            packet_id = (data[at - 2] << 8) + data[at - 1] if at <= stop else None
        if self._mqtt5:
            # Nothing here asks what the properties say; at a stranger's length byte paho shall look.
            properties = data[at] if at < stop else _CONTINUED
            if properties >= _CONTINUED:
                return None
            at += 1 + properties
        if at > stop or topic_end <= begin:
            return None
        topic = data[begin:topic_end].decode(errors="replace")
        received_ms = self._times.of(topic)
        return Message(topic, data[at:stop], received_ms, packet_id, first & _DUP != 0, first & _RETAIN != 0)

    def _hold(self, data: bytes, start: int) -> None:
        """Keep the beginning of a packet, and note how much makes sense to wait for."""
        if start == len(data):
            return
        self._parts = [data[start:] if start else data]
        self._held = len(self._parts[0])
        length, body = _long_length(self._parts[0], 1)
        self._wanted = body + length


def _long_length(data: bytes, start: int) -> tuple[int, int]:
    """Return the length of a packet and where its body begins.

    Of a length that has not come whole, one byte more than there is; of one that never ends, what there is: paho
    refuses it.
    """
    length = 0
    for position, byte in enumerate(data[start : start + _LONGEST_LENGTH]):
        length |= (byte & ~_CONTINUED) << 7 * position
        if not byte & _CONTINUED:
            return length, start + position + 1
    if len(data) < start + _LONGEST_LENGTH + 1:
        return 1, len(data)
    return 0, len(data)
