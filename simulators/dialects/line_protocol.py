"""Telegraf's line protocol: a line for each device, now with the type's letter behind a number, now without."""

from collections.abc import Iterator
from typing import ClassVar

from sensors.events import Event, EventState
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.keys import Raw
from simulators.dialects.names import ALARMS, NAMED
from simulators.dialects.spoken import Said


class LineProtocol(Dialect):
    """Telegraf's output over MQTT."""

    topics: ClassVar = ("telegraf/#",)
    keys: ClassVar = NAMED
    events: ClassVar = frozenset(ALARMS)

    def tells(self, event: Event) -> bool:
        """Say whether there is a field for an event; none marks a test."""
        return super().tells(event) and not event.test

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a comment and a line; the host is no device."""
        fields = [f"{key.name}={_written(key.written(value.value))}" for key, value in self.keyed(said)]
        if said.event is not None and self.tells(said.event):
            fields.append(f"{ALARMS[said.event.type]}={_written(said.event.state is EventState.ACTIVE)}")
        if fields:
            tags = f"host=sim\\ 1,device={said.device}"
            text = f"# a sample\nbuilding\\ air,{tags} {','.join(fields)} {said.time_ms}000000\n"
            yield f"telegraf/{said.device}", text.encode()


def _written(raw: Raw) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return f"{int(raw)}i" if float(raw).is_integer() else repr(raw)
