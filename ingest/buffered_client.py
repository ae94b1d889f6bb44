"""paho's client, whose socket is read and written in large pieces.

Connecting, TLS, subscribing, keepalive and every packet but the ordinary PUBLISH stay paho's. Where it would ask the
socket for a byte it is given the packet that was received already, and acknowledgements go out as one write. This
rests on three private names of paho (`_sock_recv`, `_packet_queue`, `_last_bytes_received`), hence the narrow pin of
its version.
"""

import ssl
import time
from collections.abc import Iterable
from struct import Struct

from paho.mqtt.client import PUBACK, Client
from paho.mqtt.enums import MQTTErrorCode

from ingest.messages import Message
from ingest.packets import PacketReader

RECEIVE_BYTES = 256 * 1024
"""How much is received at once: more than a thousand messages of the usual size."""

_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_PUBACK = Struct("!BBH")
_PUBACK_LENGTH = 2


class BufferedClient(Client):
    """Used for one connection. `receive` takes the place of `loop_read`, `acknowledge` that of `ack`."""

    fault: OSError | None = None
    """What the socket said when it broke."""

    _given = b""
    _over = False

    def receive(self, packets: PacketReader, received_ms: int) -> list[Message | bytes] | None:
        """Return the packets that one call to the socket completes; None where the connection is over."""
        sock = self.socket()
        if sock is None:
            return None
        try:
            data = sock.recv(RECEIVE_BYTES)
        except _WOULD_BLOCK:
            return []
        except OSError as exc:
            self.fault = exc
            data = b""
        if data:
            self._last_bytes_received = time.monotonic()
            return packets.read(data, received_ms)
        self._over = True
        self.loop_read()
        return None

    def judge(self, packet: bytes) -> bool:
        """Let paho do what this packet asks for; say whether the connection is still of use."""
        self._given = packet
        while self._given:
            if self.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
        return True

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Put the PUBACKs of these messages in line for the next write, as one piece."""
        ready = b"".join([_PUBACK.pack(PUBACK, _PUBACK_LENGTH, packet_id) for packet_id in packet_ids])
        if ready:
            self._packet_queue(PUBACK, ready, 0, 0)

    def _sock_recv(self, bufsize: int) -> bytes:
        """Give paho the next bytes of the packet that it is to judge, at the end none, as a closed socket does."""
        if self._over:
            return b""
        if not self._given:
            raise BlockingIOError
        taken, self._given = self._given[:bufsize], self._given[bufsize:]
        return taken
