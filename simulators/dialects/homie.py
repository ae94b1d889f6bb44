"""Homie 5: each value a retained text without a time; `$state` from init to lost; units in the description."""

from collections.abc import Iterator
from typing import ClassVar, Final

import orjson

from sensors.events import Event, EventState
from sensors.metrics import METRICS
from sensors.topology import Device
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.keys import Key, Keys
from simulators.dialects.names import ALARMS, NAMED
from simulators.dialects.spoken import Said

BASE: Final = "homie/5"
_NODE: Final = "sensor"
_PROPERTIES: Final[Keys] = {metric: key._replace(name=key.name.replace("_", "-")) for metric, key in NAMED.items()}
"""Ids of Homie are of small letters, digits and `-`."""


class Homie(Dialect):
    """A device for each device, a root for each gateway."""

    topics: ClassVar = (f"{BASE}/#",)
    keys: ClassVar = _PROPERTIES
    events: ClassVar = frozenset(ALARMS)
    time_step_ms: ClassVar = None

    def tells(self, event: Event) -> bool:
        """Say whether there is a property for an event; none marks a test."""
        return super().tells(event) and not event.test

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield how roots and devices come up: init, description, ready."""
        del time_ms
        for root in self._roots():
            yield from _up(root, {"homie": "5.0", "name": root, "version": 1, "nodes": {}})
        for device in self.devices:
            yield from _up(device.id, self._described(device))

    def deaths(self, time_ms: int) -> Iterator[Message]:
        """Yield the wills of the roots; what is behind one is lost with it."""
        del time_ms
        yield from ((f"{BASE}/{root}/$state", b"lost") for root in self._roots())

    def retains(self, topic: str) -> bool:
        """Say that everything but an alarm is retained."""
        return topic.rpartition("/")[2] not in _PROPERTY_OF_ALARM.values()

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a message for each value."""
        for key, value in self.keyed(said):
            yield f"{BASE}/{said.device}/{_NODE}/{key.name}", _text(key, value.value)
        if said.event is not None and self.tells(said.event):
            active = said.event.state is EventState.ACTIVE
            name = _PROPERTY_OF_ALARM[said.event.type]
            yield f"{BASE}/{said.device}/{_NODE}/{name}", b"true" if active else b"false"

    def _roots(self) -> list[str]:
        return list(dict.fromkeys(self.gateway(device.id) for device in self.devices))

    def _described(self, device: Device) -> dict[str, object]:
        told = [(metric, self.keys[metric, ""]) for metric in device.metrics if (metric, "") in self.keys]
        properties = {
            key.name: {
                "datatype": "boolean" if key.is_flag else "float",
                "unit": METRICS[metric].unit,
                "settable": False,
            }
            for metric, key in told
        }
        return {
            "homie": "5.0",
            "name": str(device.id),
            "version": 1,
            "root": self.gateway(device.id),
            "nodes": {_NODE: {"name": "Sensor", "properties": properties}},
        }


_PROPERTY_OF_ALARM: Final = {event: name.replace("_", "-") for event, name in ALARMS.items()}


def _up(device: str, description: dict[str, object]) -> Iterator[Message]:
    yield f"{BASE}/{device}/$state", b"init"
    yield f"{BASE}/{device}/$description", orjson.dumps(description)
    yield f"{BASE}/{device}/$state", b"ready"


def _text(key: Key, value: float) -> bytes:
    raw = key.written(value)
    return (str(raw).lower() if isinstance(raw, bool) else repr(raw)).encode()
