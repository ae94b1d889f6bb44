"""What the benches publish: readings as gateways send them, made up, and a process that sends them.

The publisher writes packets that it made beforehand, so that it is never what limits the measured side.
"""

import json
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from struct import pack

SITE = "bench"
_METRIC, _UNIT, _USUAL_W = "active_power", "W", 2_600
_STEP_MS = 10

_WINDOW = 2_000
"""How many messages may be unacknowledged: enough to keep the broker busy."""

_AT_ONCE = 200
_PACE_S = 0.005
"""How much of a paced second goes out in one write."""

_PUBLISH_QOS_1 = 0x32
CONNACK_BYTES = 4
_PUBACK_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """So many messages of so many devices, each gateway's in turn; no reading comes twice.

    A message carries one reading on its device's topic, or several on its gateway's. `numbered` ones carry `boot`,
    `seq` and `ts` as a gateway writes them, the others only what the contract asks for.
    """

    messages: int
    devices: int = 100
    readings: int = 1
    numbered: bool = True
    devices_per_gateway: int = 100
    start_ms: int = 0
    boot: str = "b1"
    site: str = SITE
    per_s: float = 0.0
    """At most so many messages a second; 0 is as fast as the broker takes them."""

    @classmethod
    def beginning_now(cls, messages: int, *, devices: int = 100, per_s: float = 0.0) -> "Traffic":
        """Return traffic whose readings lie within the last hours."""
        start_ms = time.time_ns() // 1_000_000 - 6 * 3_600_000
        return cls(messages=messages, devices=devices, per_s=per_s, start_ms=start_ms)

    def at_site(self, site: str) -> "Traffic":
        """Return the same traffic of another site."""
        return replace(self, site=site)

    @property
    def gateways(self) -> int:
        """Return the number of gateways."""
        return max(1, self.devices // self.devices_per_gateway)

    def device_ids(self) -> list[str]:
        """Return every device."""
        per_gateway = self.devices // self.gateways
        return [f"g{gateway}-m{device}" for gateway in range(self.gateways) for device in range(per_gateway)]

    def published(self) -> Iterator[tuple[str, bytes]]:
        """Yield topic and payload of each message."""
        per_gateway = self.devices // self.gateways
        for number in range(self.messages):
            turn, gateway = divmod(number, self.gateways)
            first = turn * self.readings
            ids = [f"g{gateway}-m{(first + each) % per_gateway}" for each in range(self.readings)]
            yield self._message(f"g{gateway}", ids, turn, self.start_ms + first // per_gateway * _STEP_MS)

    def _message(self, gateway: str, devices: list[str], turn: int, time_ms: int) -> tuple[str, bytes]:
        numbers = f'"boot":"{self.boot}","seq":{turn},"ts":{time_ms},' if self.numbered else ""
        value = _USUAL_W + turn % 100
        if self.readings == 1:
            topic = f"premises/v1/{self.site}/{gateway}/{devices[0]}/readings"
            return topic, f'{{{numbers}"readings":[{{"m":"{_METRIC}","v":{value},"u":"{_UNIT}"}}]}}'.encode()
        records = ",".join(f'{{"dev":"{each}","m":"{_METRIC}","v":{value},"u":"{_UNIT}"}}' for each in devices)
        return f"premises/v1/{self.site}/{gateway}/readings", f'{{{numbers}"readings":[{records}]}}'.encode()


def connect_packet(client: str) -> bytes:
    """Return a CONNECT of MQTT 3.1.1 with a clean session and a keep-alive of a minute."""
    name = client.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x3c" + pack("!H", len(name)) + name
    return bytes((0x10, len(body))) + body


def publish_packet(topic: str, payload: bytes, packet_id: int) -> bytes:
    """Return a PUBLISH of MQTT 3.1.1 with QoS 1."""
    name = topic.encode()
    body = pack("!H", len(name)) + name + pack("!H", packet_id) + payload
    length, left = bytearray(), len(body)
    while True:
        left, low = divmod(left, 128)
        length.append(low | (0x80 if left else 0))
        if not left:
            return bytes((_PUBLISH_QOS_1, *length)) + body


def send(traffic: Traffic, port: int) -> None:
    """Publish all of it to the broker on this loopback port, once a line comes on standard input."""
    packets = (
        publish_packet(topic, payload, 1 + number % 65_000)
        for number, (topic, payload) in enumerate(traffic.published())
    )
    waiting = list(islice(packets, min(traffic.messages, 50_000)))
    with socket.create_connection(("127.0.0.1", port)) as broker:
        broker.sendall(connect_packet("bench-traffic"))
        _received(broker, CONNACK_BYTES)
        sys.stdin.readline()
        unanswered, at_once, began_s = 0, _at_once(traffic.per_s), time.monotonic()
        for number in range(0, traffic.messages, at_once):
            ready = waiting[number : number + at_once] or list(islice(packets, at_once))
            _hold_back(traffic.per_s, number, time.monotonic() - began_s)
            broker.sendall(b"".join(ready))
            unanswered += len(ready)
            while unanswered > _WINDOW:
                unanswered -= _received(broker, _PUBACK_BYTES)
        while unanswered:
            unanswered -= _received(broker, _PUBACK_BYTES)


def _at_once(per_s: float) -> int:
    """Return how many go out in one write: fewer where they are paced, for gateways do not speak all at once."""
    return max(1, min(_AT_ONCE, int(per_s * _PACE_S))) if per_s else _AT_ONCE


def _hold_back(per_s: float, sent: int, spent_s: float) -> None:
    """Wait while more was sent than the pace allows; what is late is made up for."""
    if per_s and (ahead_s := sent / per_s - spent_s) > 0:
        time.sleep(ahead_s)


def _received(broker: socket.socket, size: int) -> int:
    """Return how many whole answers came, at least one."""
    data = broker.recv(size * _WINDOW)
    while len(data) % size or not data:
        more = broker.recv(size * _WINDOW)
        if not more:
            msg = "the broker closed the connection"
            raise ConnectionError(msg)
        data += more
    return len(data) // size


def arguments(traffic: Traffic, port: int) -> list[str]:
    """Return the command that sends this traffic from a process of its own."""
    return [sys.executable, "-P", "-m", "premises.bench.traffic", json.dumps({"port": port, **asdict(traffic)})]


if __name__ == "__main__":
    _fields = json.loads(sys.argv[1])
    send(port=_fields.pop("port"), traffic=Traffic(**_fields))
