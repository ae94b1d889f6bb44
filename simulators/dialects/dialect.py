"""What a gateway of another format is to the simulator."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar
from zoneinfo import ZoneInfo

from sensors.events import Event, EventType
from sensors.topology import Device, DeviceId, Registry
from simulators.dialects.keys import Key, Keys
from simulators.dialects.spoken import Said, Value
from simulators.incidents import UNNAMED_GATEWAY

Message = tuple[str, bytes]
MILLISECOND, SECOND = 1, 1000


class Dialect(ABC):
    """The gateways of a site that speak one format, since they were started.

    `topics` are the filters that hear all of it, `asks` those of commands that it answers, and `settings` what the
    one who reads must be told beside them. `time_step_ms` is how exactly times are told, None where none is.
    `adds` are metrics of which the gateway tells by itself.
    """

    topics: ClassVar[tuple[str, ...]]
    asks: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[Mapping[str, str]] = {}
    time_step_ms: ClassVar[int | None] = MILLISECOND
    tells_changes_only: ClassVar[bool] = False
    adds: ClassVar[frozenset[str]] = frozenset()
    keys: ClassVar[Keys] = {}
    events: ClassVar[frozenset[EventType]] = frozenset()

    def __init__(self, registry: Registry) -> None:
        """Speak for the devices of a site."""
        self.registry = registry
        self.zone = ZoneInfo(registry.site.timezone)

    @abstractmethod
    def says(self, said: Said) -> Iterator[Message]:
        """Yield the messages in which a device says something; none where the format has no word for it."""

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield what is published when the gateways start."""
        del time_ms
        yield from ()

    def restart(self, time_ms: int) -> Iterator[Message]:
        """Yield what is published when the gateways start anew."""
        yield from self.births(time_ms)

    def deaths(self, time_ms: int) -> Iterator[Message]:
        """Yield the wills that the broker publishes when the gateways are cut off."""
        del time_ms
        yield from ()

    def answers(self, topic: str, payload: bytes, time_ms: int) -> Iterator[Message]:
        """Yield the answers to a command."""
        del topic, payload, time_ms
        yield from ()

    def retains(self, topic: str) -> bool:
        """Say whether messages of this topic are published retained."""
        del topic
        return False

    def name(self, device: str) -> str:
        """Return what the gateway calls a device."""
        return device

    def key(self, device: str, value: Value) -> Key | None:
        """Return how a value of a device is told, None where the format has no word for it."""
        del device
        return self.keys.get((value.metric, value.phase))

    def step(self, device: str, value: Value) -> float | None:
        """Return how exactly a value is told, in the metric's own unit; None where it is not told at all."""
        key = self.key(device, value)
        return None if key is None else key.step

    def tells(self, event: Event) -> bool:
        """Say whether the format has a word for an event."""
        return event.type in self.events

    def keyed(self, said: Said) -> Iterator[tuple[Key, Value]]:
        """Yield the values that can be told, each with its key."""
        for value in said.values:
            key = self.key(said.device, value)
            if key is not None:
                yield key, value

    def written(self, said: Said) -> dict[str, bool | int | float]:
        """Return what is told, by the format's names."""
        return {key.name: key.written(value.value) for key, value in self.keyed(said)}

    def gateway(self, device: str) -> str:
        """Return the gateway that speaks for a device."""
        known = self.registry.devices.get(DeviceId(device))
        return UNNAMED_GATEWAY if known is None else known.gateway or UNNAMED_GATEWAY

    @property
    def devices(self) -> list[Device]:
        """Return the devices of the site, in the registry's order."""
        return list(self.registry.devices.values())
