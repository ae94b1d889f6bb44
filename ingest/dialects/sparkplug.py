"""Sparkplug B: `spBv1.0/GROUP/TYPE/NODE[/DEVICE]`, protobuf. Births name what data then calls by a number.

A message that is missing in the numbers of a node (`seq`, 0 to 255), or a number that no birth explained, makes the
decoder ask for the births again (`Node Control/Rebirth`), once a minute at most. Births are kept, so that what waited
at the broker while this program was away can be read by the births before it. A death counts for the birth of its
own session (`bdSeq`) only: the broker may tell an old one after a new birth.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ingest.dialects.decoded import MOST_KEPT, At, Command, Context, Decoded, DialectError, Outcome
from ingest.dialects.families import device_at
from ingest.dialects.names import Names
from ingest.dialects.presence import OFFLINE, ONLINE, Presence
from ingest.dialects.sparkplug_schema import Metric, Payload, UnreadableError, payload_reader, rebirth
from ingest.dialects.times import time_of
from sensors.intake import Birth
from sensors.readings import ReadingFlag
from sensors.topology import DeviceId

ASK_AGAIN_MS: Final = 60_000
"""How long a node has to answer before it is asked for its births again; the project's own choice."""

_NAMESPACE: Final = "spBv1.0"
_SEQS: Final = 256
_DEATH_COUNT: Final = "bdSeq"
_UNIT_KEYS: Final = frozenset({"engUnit", "EngUnit", "Engineering Units", "unit", "units"})
_OF_NODE: Final = frozenset({"NBIRTH", "NDATA", "NDEATH"})
_OF_DEVICE: Final = frozenset({"DBIRTH", "DDATA", "DDEATH"})
_SIGNED_BITS: Final = {1: 8, 2: 16, 3: 32, 4: 64}
"""Data types Int8 to Int64: they travel as unsigned numbers."""
_BOOLEAN: Final = 11
_HOUSEKEEPING: Final = ("Node Control/", "Device Control/", "Node Info/", "Properties/", _DEATH_COUNT)


class _Born(NamedTuple):
    """What a birth says of a value."""

    name: str
    datatype: int
    unit: str


@dataclass(slots=True)
class _Node:
    """What is known of a node: the next `seq`, the session, the values of the node ("") and of its devices.

    `since_ms` is when the births that were recalled came: numbers of earlier messages may have meant something else.
    """

    next_seq: int | None = None
    session: int | None = None
    is_born: bool = False
    since_ms: int = 0
    asked_ms: int | None = None
    aliases: dict[int, _Born] = field(default_factory=dict)
    names: dict[tuple[str, str], _Born] = field(default_factory=dict)


class _Topic(NamedTuple):
    group: str
    kind: str
    node: str
    device: str


class SparkplugB:
    """Reads the nodes of one or several groups."""

    def __init__(self) -> None:
        """Know no birth yet."""
        self._read = payload_reader()
        self._names = Names()
        self._nodes: dict[tuple[str, str], _Node] = {}
        self._presence = Presence()

    def forget(self) -> None:
        """Forget the numbers of messages: those that come again are no gap. Births hold."""
        for node in self._nodes.values():
            node.next_seq = None

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError."""
        found = _topic(topic)
        out = Decoded()
        if found is None:
            out.ignored.append(Outcome("", "not_telemetry", "a command, or a host's own state"))
            return out
        if context.retained:
            out.ignored.append(Outcome("", "not_telemetry", "births and data are never retained; this is an old one"))
            return out
        said, node = self._said(payload), self._node(found)
        if found.kind.endswith("DEATH"):
            self._death(out, found, node, said, context)
        else:
            self._alive(out, found, node, said, context)
        if found.kind.endswith("BIRTH"):
            ends = f"{_NAMESPACE}/{found.group}/DBIRTH/{found.node}/" if found.kind == "NBIRTH" else ""
            out.births.append(context.birth(topic, payload, ends=ends))
        return out

    def recall(self, birth: Birth) -> None:
        """Know the values of a birth again. Raises DialectError."""
        found = _topic(birth.topic)
        if found is None:
            return
        said, node = self._said(birth.payload), self._node(found)
        if found.kind == "NBIRTH":
            _begin(node, said)
            node.since_ms = birth.received_ms
        for metric in said.metrics:
            _learn(node, found.device, metric)

    def _said(self, payload: bytes) -> Payload:
        try:
            said = self._read(payload)
        except UnreadableError as exc:
            raise DialectError(reason="not_protobuf", detail=str(exc) or "no payload of Sparkplug B") from exc
        if not all(isinstance(each.name, str) and isinstance(each.string_value, str) for each in said.metrics):
            # protobuf gives a text that is no UTF-8 as bytes.
            raise DialectError(reason="not_protobuf", detail="a name or a text is no UTF-8")
        return said

    def _node(self, topic: _Topic) -> _Node:
        if len(self._nodes) >= MOST_KEPT:
            self._nodes.clear()
        return self._nodes.setdefault((topic.group, topic.node), _Node())

    def _death(self, out: Decoded, topic: _Topic, node: _Node, said: Payload, context: Context) -> None:
        if topic.kind == "DDEATH":
            self._count(out, topic, node, said, context)
            self._presence.child(out, context.device(topic.node), _owner(topic, context), OFFLINE)
            return
        session = _session(said)
        if session is not None and node.session is not None and session != node.session:
            out.ignored.append(Outcome(_DEATH_COUNT, "repeated", f"the death of session {session}, not of this one"))
            return
        node.is_born, node.next_seq = False, None
        self._presence.parent(out, context.device(topic.node), OFFLINE)

    def _alive(self, out: Decoded, topic: _Topic, node: _Node, said: Payload, context: Context) -> None:
        is_birth = topic.kind.endswith("BIRTH")
        if topic.kind == "NBIRTH":
            self._born_again(out, topic, node, said, context)
        else:
            self._count(out, topic, node, said, context)
        owner = _owner(topic, context)
        if topic.kind == "DBIRTH":
            self._presence.child(out, context.device(topic.node), owner, ONLINE)
        if not is_birth and not node.is_born:
            _ask(out, topic, node, context)
        sent_ms = said.timestamp if said.HasField("timestamp") else None
        sent = time_of(sent_ms, "timestamp", out, context)
        for index, metric in enumerate(said.metrics):
            if is_birth:
                _learn(node, topic.device, metric)
            self._metric(out, metric, index, topic, node, owner, sent_ms, sent, context)
        if out.readings or out.events:
            context.hear(out, owner, None, topic.device or topic.node)

    def _born_again(self, out: Decoded, topic: _Topic, node: _Node, said: Payload, context: Context) -> None:
        _begin(node, said)
        node.next_seq = (said.seq + 1) % _SEQS if said.HasField("seq") else None
        self._presence.parent(out, context.device(topic.node), ONLINE)

    def _count(self, out: Decoded, topic: _Topic, node: _Node, said: Payload, context: Context) -> None:
        """Hold the message's number against the one that was due; ask for the births where some are missing."""
        if not said.HasField("seq"):
            return
        due, node.next_seq = node.next_seq, (said.seq + 1) % _SEQS
        if due is not None and said.seq != due:
            missing = (said.seq - due) % _SEQS
            out.notes.append(Outcome("seq", "seq_gap", f"{said.seq} came where {due} was due: {missing} are missing"))
            _ask(out, topic, node, context)

    def _metric(
        self,
        out: Decoded,
        metric: Metric,
        index: int,
        topic: _Topic,
        node: _Node,
        owner: DeviceId,
        sent_ms: int | None,
        sent: At,
        context: Context,
    ) -> None:
        born = _born(node, topic.device, metric, context)
        if born is None:
            detail = f"alias {metric.alias} stands in no birth that was heard; the node was asked for them"
            out.problems.append(Outcome(f"metrics[{index}]", "no_birth", detail))
            _ask(out, topic, node, context)
            return
        name, datatype, unit = born
        if name.startswith(_HOUSEKEEPING):
            out.ignored.append(Outcome(name, "by_map", "housekeeping of the node"))
            return
        own_ms = metric.timestamp
        at = sent if not own_ms or own_ms == sent_ms else time_of(own_ms, f"{name}.timestamp", out, context)
        if metric.is_historical:
            at = At(at.time_ms, at.flags | ReadingFlag.BACKFILL)
        self._names.apply(out, name, unit, _value(metric, datatype), name, owner, at, context)


def _topic(topic: str) -> _Topic | None:
    """Return what a topic says, None for what is nothing to be read. Raises DialectError."""
    levels = topic.split("/")
    if levels[0] == _NAMESPACE and len(levels) > 2:  # noqa: PLR2004 - namespace, group or STATE, type
        kind = levels[2]
        if len(levels) == 4 and kind in _OF_NODE and levels[3]:  # noqa: PLR2004 - … and the node
            return _Topic(levels[1], kind, levels[3], "")
        if len(levels) == 5 and kind in _OF_DEVICE and levels[3] and levels[4]:  # noqa: PLR2004 - … and the device
            return _Topic(levels[1], kind, levels[3], levels[4])
        if levels[1] == "STATE" or kind in {"NCMD", "DCMD", "STATE"}:
            return None
    raise DialectError(reason="unknown_topic", detail=f"{topic[:200]!r} is not {_NAMESPACE}/GROUP/TYPE/NODE/DEVICE")


def _owner(topic: _Topic, context: Context) -> DeviceId:
    """Return the device that a topic speaks of: two nodes may each have one of the same name."""
    if not topic.device:
        return context.device(topic.node)
    return device_at(topic.node, topic.device, context) or context.device(topic.device)


def _begin(node: _Node, said: Payload) -> None:
    """Start a session of a node: what was said before it is void."""
    node.aliases.clear()
    node.names.clear()
    node.is_born, node.since_ms, node.asked_ms = True, 0, None
    node.session = _session(said)


def _session(said: Payload) -> int | None:
    return next((each.long_value or each.int_value for each in said.metrics if each.name == _DEATH_COUNT), None)


def _learn(node: _Node, device: str, metric: Metric) -> None:
    if not metric.name or len(node.names) >= MOST_KEPT * 10:
        return
    born = _Born(metric.name, metric.datatype, _unit(metric))
    node.names[device, metric.name] = born
    if metric.HasField("alias"):
        node.aliases[metric.alias] = born


def _unit(metric: Metric) -> str:
    if not metric.HasField("properties"):
        return ""
    said = zip(metric.properties.keys, metric.properties.values, strict=False)
    unit = next((value.string_value for key, value in said if key in _UNIT_KEYS), "")
    return unit if isinstance(unit, str) else ""


def _born(node: _Node, device: str, metric: Metric, context: Context) -> _Born | None:
    """Return what the birth said of a value; one with a name needs none."""
    if metric.name:
        return node.names.get((device, metric.name)) or _Born(metric.name, metric.datatype, "")
    if context.received_ms < node.since_ms:
        return None
    return node.aliases.get(metric.alias) if metric.HasField("alias") else None


def _value(metric: Metric, datatype: int) -> object:
    """Return the value, None where there is none; a set, a template or bytes are nothing that is measured."""
    which = None if metric.is_null else metric.WhichOneof("value")
    if which is None or which == "bytes_value":
        return None
    value = getattr(metric, which)
    if datatype == _BOOLEAN:
        return bool(value)
    bits = _SIGNED_BITS.get(metric.datatype or datatype)
    if bits is not None and isinstance(value, int):
        # Some write -1 of an Int16 as 0xFFFF, others as 0xFFFFFFFF.
        value &= (1 << bits) - 1
        return value - (1 << bits) if value >> (bits - 1) else value
    return value


def _ask(out: Decoded, topic: _Topic, node: _Node, context: Context) -> None:
    """Ask a node for its births, unless it was asked a moment ago."""
    if node.asked_ms is not None and 0 <= context.received_ms - node.asked_ms < ASK_AGAIN_MS:
        return
    node.asked_ms = context.received_ms
    out.commands.append(Command(f"{_NAMESPACE}/{topic.group}/NCMD/{topic.node}", rebirth()))
