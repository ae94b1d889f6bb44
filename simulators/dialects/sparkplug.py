"""Sparkplug B: births that name values, data by their aliases, a count over all of a node, rebirth on command."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from sensors.events import Event, EventState
from sensors.topology import Device, Registry
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.keys import Key, Keys
from simulators.dialects.names import ALARMS, NAMED
from simulators.dialects.protobuf import bytes_field, double_field, number_field
from simulators.dialects.spoken import Said, Value

GROUP: Final = "premises"
SPACE: Final = f"spBv1.0/{GROUP}"
_COUNTS: Final = 256
_INT64, _DOUBLE, _BOOLEAN, _TEXT = 4, 10, 11, 12
_REBIRTH: Final = "Node Control/Rebirth"
_UNITS: Final = {"active_power": "kW", "energy_import": "Wh", "temperature": "°F"}
"""Units that births give for values that are not told in the metric's own."""
_KEYS: Final[Keys] = {
    **NAMED,
    ("active_power_w", ""): Key("active_power", scale=1e-3),
    ("energy_import_kwh", ""): Key("energy_import", scale=1e3),
}


class _Told(NamedTuple):
    """A value as it was told last, and when. None where nothing was told yet."""

    raw: bool | float | None
    time_ms: int


@dataclass(slots=True)
class _Node:
    """A node: the number of its next message, its session, and its values by device and name, in order of aliases."""

    count: int = 0
    session: int = 0
    aliases: dict[tuple[str, str], int] = field(default_factory=dict)
    told: dict[tuple[str, str], _Told] = field(default_factory=dict)


class SparkplugB(Dialect):
    """A node for each gateway, a device for each of its devices."""

    topics: ClassVar = (f"{SPACE}/#",)
    asks: ClassVar = (f"{SPACE}/NCMD/+",)
    keys: ClassVar = _KEYS
    events: ClassVar = frozenset(ALARMS)

    def __init__(self, registry: Registry) -> None:
        """Lay out nodes, devices and the numbers of their values."""
        super().__init__(registry)
        self._nodes: dict[str, _Node] = {}
        for device in self.devices:
            node = self._nodes.setdefault(self.gateway(device.id), _Node())
            for name in self._names(device):
                node.aliases[device.id, name] = len(node.aliases) + 1

    def _names(self, device: Device) -> Iterator[str]:
        """Yield the names of a device's values; what measures nothing but its battery may be a detector."""
        yield from (self.keys[metric, ""].name for metric in device.metrics if (metric, "") in self.keys)
        yield from ALARMS.values()

    def tells(self, event: Event) -> bool:
        """Say whether there is a value for an event; none marks a test."""
        return super().tells(event) and not event.test

    def births(self, time_ms: int) -> Iterator[Message]:
        """Yield the births of all nodes and of their devices."""
        for name in self._nodes:
            yield from self._births_of(name, time_ms)

    def restart(self, time_ms: int) -> Iterator[Message]:
        """Cut each node off and let it come back; then the broker tells the death of the session before once more."""
        for name, node in self._nodes.items():
            death = self._death(name, time_ms)
            yield death
            node.session += 1
            yield from self._births_of(name, time_ms)
            yield death

    def deaths(self, time_ms: int) -> Iterator[Message]:
        """Yield the wills of all nodes."""
        yield from (self._death(name, time_ms) for name in self._nodes)

    def answers(self, topic: str, payload: bytes, time_ms: int) -> Iterator[Message]:
        """Yield the births of a node that was asked for them."""
        node = topic.removeprefix(f"{SPACE}/NCMD/")
        if node in self._nodes and _REBIRTH.encode() in payload:
            yield from self._births_of(node, time_ms)

    def says(self, said: Said) -> Iterator[Message]:
        """Yield the data of a device: values by alias, only what is told."""
        name = self.gateway(said.device)
        news = [(key.name, _raw(key, value)) for key, value in self.keyed(said)]
        if said.event is not None and self.tells(said.event):
            news.append((ALARMS[said.event.type], said.event.state is EventState.ACTIVE))
        node = self._nodes[name]
        known = [(each, raw) for each, raw in news if (said.device, each) in node.aliases]
        if not known:
            return
        metrics = b""
        for each, raw in known:
            node.told[said.device, each] = _Told(raw, said.time_ms)
            alias = number_field(2, node.aliases[said.device, each])
            past = number_field(5, 1) if said.is_past else b""
            metrics += bytes_field(2, alias + number_field(3, said.time_ms) + past + _value(raw))
        yield f"{SPACE}/DDATA/{name}/{said.device}", self._payload(node, said.time_ms, metrics)

    def _births_of(self, name: str, time_ms: int) -> Iterator[Message]:
        node = self._nodes[name]
        node.count = 0
        own = _metric("bdSeq", time_ms, number_field(4, _INT64) + number_field(11, node.session))
        own += _metric(_REBIRTH, time_ms, number_field(4, _BOOLEAN) + number_field(14, 0))
        yield f"{SPACE}/NBIRTH/{name}", self._payload(node, time_ms, own)
        by_device: dict[str, bytes] = {}
        for (device, each), alias in node.aliases.items():
            told = node.told.get((device, each), _Told(None, time_ms))
            by_device[device] = by_device.get(device, b"") + _birth_metric(each, alias, told)
        for device, metrics in by_device.items():
            yield f"{SPACE}/DBIRTH/{name}/{device}", self._payload(node, time_ms, metrics)

    def _death(self, name: str, time_ms: int) -> Message:
        session = number_field(4, _INT64) + number_field(11, self._nodes[name].session)
        return f"{SPACE}/NDEATH/{name}", number_field(1, time_ms) + _metric("bdSeq", time_ms, session)

    @staticmethod
    def _payload(node: _Node, time_ms: int, metrics: bytes) -> bytes:
        count, node.count = node.count, (node.count + 1) % _COUNTS
        return number_field(1, time_ms) + metrics + number_field(3, count)


def _raw(key: Key, value: Value) -> bool | float:
    return value.value * 9 / 5 + 32 if _UNITS.get(key.name) == "°F" else key.written(value.value)


def _metric(name: str, time_ms: int, rest: bytes) -> bytes:
    return bytes_field(2, bytes_field(1, name.encode()) + number_field(3, time_ms) + rest)


def _birth_metric(name: str, alias: int, told: _Told) -> bytes:
    datatype = _BOOLEAN if name in ALARMS.values() or _is_flag(name) else _DOUBLE
    body = number_field(2, alias) + number_field(4, datatype)
    body += number_field(7, 1) if told.raw is None else b""
    if name in _UNITS:
        unit = number_field(1, _TEXT) + bytes_field(8, _UNITS[name].encode())
        body += bytes_field(9, bytes_field(1, b"engUnit") + bytes_field(2, unit))
    return _metric(name, told.time_ms, body + (b"" if told.raw is None else _value(told.raw)))


def _is_flag(name: str) -> bool:
    return any(key.is_flag for key in NAMED.values() if key.name == name)


def _value(raw: bool | float) -> bytes:  # noqa: FBT001 - what is told
    return number_field(14, int(raw)) if isinstance(raw, bool) else double_field(13, float(raw))
