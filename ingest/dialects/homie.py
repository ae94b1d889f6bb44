"""Homie 5: `PREFIX/5/DEVICE/NODE/PROPERTY`, plain texts without a time; `$state` and `$description` of each device.

Descriptions are kept, so that what waited at the broker over a restart is read in its units. Values are retained. The
broker's replay of one says nothing of when it was measured, so only what is published while
we listen is taken. A root that is lost takes its children with it, whatever they said last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ingest.dialects.decoded import MOST_KEPT, Context, Decoded, DialectError, Outcome
from ingest.dialects.families import device_at
from ingest.dialects.names import Names
from ingest.dialects.paths import parsed_object
from ingest.dialects.presence import OFFLINE, ONLINE, Presence
from sensors.intake import Birth

_VERSION: Final = "5"
_STATES: Final[Mapping[str, str | None]] = {
    "ready": ONLINE,
    "sleeping": ONLINE,  # sleeps on purpose, and says so
    "init": None,  # comes up; `ready` follows
    "disconnected": OFFLINE,
    "lost": OFFLINE,
}
_OF_VALUE: Final = 5
"""How many levels the topic of a value has."""
_NOT_VALUES: Final = frozenset({"set", "$target"})


@dataclass(slots=True)
class _Described:
    """What a device's description says: units by (node, property), nodes beside the first, and whose child it is."""

    root: str | None = None
    model: str | None = None
    units: dict[tuple[str, str], str] = field(default_factory=dict)
    further: frozenset[tuple[str, str]] = frozenset()


class Homie:
    """Reads all devices below one prefix."""

    def __init__(self) -> None:
        """Know no description yet."""
        self._names = Names()
        self._described: dict[str, _Described] = {}
        self._presence = Presence()

    def forget(self) -> None:
        """Forget nothing: descriptions hold, and values are not remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        levels = topic.split("/")
        if len(levels) < 4 or levels[1] != _VERSION or not all(levels):  # noqa: PLR2004 - prefix, version, device, what
            raise DialectError(reason="unknown_topic", detail=f"{topic[:200]!r} is not PREFIX/5/DEVICE/NODE/PROPERTY")
        device, what = levels[2], levels[3]
        if what == "$state":
            return self._state(device, levels, payload, context)
        if what == "$description":
            return self._description(topic, device, payload, context)
        if device.startswith("$") or what.startswith("$") or levels[-1] in _NOT_VALUES or len(levels) != _OF_VALUE:
            return _left_out("a command, a log or an alert of the device")
        return self._value(device, what, levels[4], payload, context)

    def recall(self, birth: Birth) -> None:
        """Know a description again. Raises DialectError."""
        self._learn(birth.topic.split("/")[2], birth.payload)

    def _state(self, device: str, levels: list[str], payload: bytes, context: Context) -> Decoded:
        if not payload:
            self._described.pop(device, None)
            self._presence.leave(context.device(device))
            out = _left_out("the device was taken away")
            out.births.append(context.birth("/".join([*levels[:3], "$description"]), b""))
            return out
        word = payload.decode(errors="replace")
        if word not in _STATES:
            raise DialectError(reason="no_state", detail=f"none of {', '.join(_STATES)}")
        state = _STATES[word]
        if state is None:
            return _left_out("the device comes up")
        out = Decoded()
        described = self._described.get(device)
        if described is not None and described.root is not None:
            self._presence.child(out, context.device(described.root), context.device(device), state)
        else:
            self._presence.parent(out, context.device(device), state)
        return out

    def _description(self, topic: str, device: str, payload: bytes, context: Context) -> Decoded:
        out = _left_out("nodes, properties and units of the device; they were learnt")
        if payload:
            self._learn(device, payload)
            out.births.append(context.birth(topic, payload))
        return out

    def _learn(self, device: str, payload: bytes) -> None:
        if len(self._described) >= MOST_KEPT and device not in self._described:
            self._described.clear()
        self._described[device] = _described(device, parsed_object(payload))

    def _value(self, device: str, node: str, name: str, payload: bytes, context: Context) -> Decoded:
        out = Decoded()
        path = f"{node}/{name}"
        described = self._described.get(device) or _UNKNOWN
        whole = f"{device}/{node}"
        owner = device_at(device, node, context)
        if owner is None:
            owner = context.device(whole if (node, name) in described.further else device)
        unit = described.units.get((node, name), "")
        if self._names.target(name, unit, owner, context) is not None:
            context.hear(out, owner, described.model, whole if (node, name) in described.further else device)
        text = payload.decode(errors="replace")
        self._names.apply(out, name, unit, text, path, owner, context.receipt, context)
        return out


_UNKNOWN: Final = _Described()


def _described(device: str, document: Mapping[str, Any]) -> _Described:
    """Return what there is to know of a device. A property that several nodes have is the device's in the first."""
    found = _Described(root=_text(document.get("root")), model=_text(document.get("type")))
    if found.root == device:
        found.root = None
    first: dict[str, str] = {}
    further = set()
    for node, properties in _nodes(document):
        for name, said in properties.items():
            if isinstance(said, dict) and len(found.units) < MOST_KEPT:
                found.units[node, name] = _text(said.get("unit")) or ""
                if first.setdefault(name, node) != node:
                    further.add((node, name))
    found.further = frozenset(further)
    return found


def _nodes(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    nodes = document.get("nodes")
    return [
        (node, said["properties"])
        for node, said in (nodes.items() if isinstance(nodes, dict) else ())
        if isinstance(said, dict) and isinstance(said.get("properties"), dict)
    ]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _left_out(because: str) -> Decoded:
    return Decoded(ignored=[Outcome("", "not_telemetry", because)])
