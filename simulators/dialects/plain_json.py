"""JSON as gateways of many kinds write it: a device, its values by name; Neuron's groups; ThingsBoard's gateway API."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import orjson

from sensors.events import Event, EventState
from sensors.topology import Registry
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.names import ALARMS, NAMED
from simulators.dialects.spoken import Said

NOT_READ = 3002
"""Neuron's code of a tag that its device did not answer."""


class _NamedJson(Dialect):
    """Writes values and alarms by their names."""

    keys = NAMED
    events = frozenset(ALARMS)

    def tells(self, event: Event) -> bool:
        """Say whether there is a word for an event; none of these marks a test."""
        return super().tells(event) and not event.test

    def says(self, said: Said) -> Iterator[Message]:
        """Yield one message with everything in it."""
        values: dict[str, object] = {**self.written(said)}
        if said.event is not None and self.tells(said.event):
            values[ALARMS[said.event.type]] = said.event.state is EventState.ACTIVE
        if values:
            yield self._message(said, values)

    @abstractmethod
    def _message(self, said: Said, values: dict[str, object]) -> Message: ...


class PlainJson(_NamedJson):
    """A device that writes itself, its time and its values into one object."""

    topics: ClassVar = ("plain/#",)

    def _message(self, said: Said, values: dict[str, object]) -> Message:
        return f"plain/{said.device}", orjson.dumps({"device": said.device, "ts": said.time_ms, **values})


class Neuron(_NamedJson):
    """Neuron: a node for each device. Now and then a tag cannot be read and stands under `errors`, without a value."""

    topics: ClassVar = ("neuron/#",)
    every: ClassVar = 50

    def __init__(self, registry: Registry) -> None:
        """Count messages from 0."""
        super().__init__(registry)
        self._count = 0

    def _message(self, said: Said, values: dict[str, object]) -> Message:
        self._count += 1
        errors = {"spare": NOT_READ} if self._count % self.every == 0 else {}
        document = {
            "timestamp": said.time_ms,
            "node": said.device,
            "group": "premises",
            "values": {name: int(each) if isinstance(each, bool) else each for name, each in values.items()},
            "errors": errors,
        }
        return f"neuron/{said.device}", orjson.dumps(document)


class ThingsBoard(_NamedJson):
    """ThingsBoard's gateway API: devices as keys, each with a list of samples."""

    topics: ClassVar = ("v1/gateway/telemetry",)

    def _message(self, said: Said, values: dict[str, object]) -> Message:
        return "v1/gateway/telemetry", orjson.dumps({said.device: [{"ts": said.time_ms, "values": values}]})
