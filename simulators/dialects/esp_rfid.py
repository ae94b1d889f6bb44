"""esp-rfid: who was let through which door, with a name and a card, truth as texts, and heartbeats between."""

import zlib
from collections.abc import Iterator
from typing import ClassVar, Final

import orjson

from sensors.events import Event, EventType
from simulators.dialects.dialect import SECOND, Dialect, Message
from simulators.dialects.spoken import Said, Value

_ACCESS: Final = {EventType.GRANTED: "Always", EventType.DENIED: "Denied"}


class EspRfid(Dialect):
    """Boards at doors. They measure nothing, and a button is not told."""

    topics: ClassVar = ("esp/+/send",)
    events: ClassVar = frozenset(_ACCESS)
    time_step_ms: ClassVar = SECOND

    def tells(self, event: Event) -> bool:
        """Say whether it is a card at a reader."""
        return super().tells(event) and not event.test

    def step(self, device: str, value: Value) -> None:
        """Tell no value."""
        del device, value

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield what a board says once it is up: its uptime stands for a time."""
        for device in self.devices:
            if not device.metrics:
                document = {"type": "boot", "time": time_ms % 100, "uptime": 4, "ip": "10.0.0.7", "hostname": device.id}
                yield f"esp/{device.id}/send", orjson.dumps(document)

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a log of the access, and a heartbeat behind it."""
        event = said.event
        if event is None or not self.tells(event):
            return
        seconds = said.time_ms // 1000
        # Each passage has a card of nobody: the simulated building names no one.
        card = f"{zlib.crc32(f'{event.device}/{event.credential or seconds}'.encode()):08x}"
        granted = event.type is EventType.GRANTED
        document = {
            "cmd": "log",
            "type": "access",
            "time": seconds,
            "isKnown": "true" if granted else "false",
            "access": _ACCESS[event.type],
            "username": "Somebody" if granted else "Unknown",
            "uid": card,
            "door": event.device,
        }
        yield f"esp/{event.device}/send", orjson.dumps(document)
        yield f"esp/{event.device}/send", orjson.dumps({"type": "heartbeat", "time": seconds, "hostname": event.device})
