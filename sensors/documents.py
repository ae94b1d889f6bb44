"""YAML that people write, read as text with the place of each value, so that a fault can name line and column.

Scalars stay text until a field says what it wants: a room named 0201 or NO keeps its name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import yaml

MAX_DEPTH = 16
MAX_NODES = 1_000_000
MAX_BYTES = 16 * 1024 * 1024

_PLAIN = frozenset({None, ""})  # Python's parser says None for a plain scalar, libyaml the empty text

NodePath = tuple[str | int, ...]
"""Keys and positions from the root, such as ("rooms", 3, "name")."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Line and column in the file, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A value as it is written."""

    place: Place
    text: str
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """Say whether nothing is written here."""
        return not self.quoted and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list of values."""

    place: Place
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MapNode:
    """Values by key, in the order of the file."""

    place: Place
    entries: Mapping[str, "Node"]
    keys: Mapping[str, Place]


Node: TypeAlias = ScalarNode | ListNode | MapNode


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFault:
    """What is wrong at a path and what to do; `place` is known once the file is at hand.

    `other` is the path of the first of two things that cannot both be.
    """

    path: NodePath
    reason: str
    place: Place | None = None
    other: NodePath | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The root of a file, and the keys written twice in it."""

    root: Node
    faults: tuple[DocumentFault, ...]


class DocumentSyntaxError(ValueError):
    """Text that is not one YAML document of the plain kind read here."""

    def __init__(self, place: Place, reason: str) -> None:
        """Keep the place beside the reason."""
        super().__init__(reason)
        self.place = place
        self.reason = reason


def parse_document(text: str) -> Document:
    """Return the document. Raises DocumentSyntaxError.

    Tags are refused, and aliases count as what they stand for, so that a small file cannot grow large.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times faster; not every wheel has it
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_NODES:  # a value takes a character at least
        _refuse_too_many(_translated(yaml.parse(text, Loader=loader)))
    composer = _Composer(_translated(yaml.parse(text, Loader=loader)))
    root = composer.document()
    return Document(root, tuple(composer.faults))


def locate(root: Node, path: NodePath) -> Place:
    """Return the place of a path; steps that are not written in the file are passed over."""
    node, place = root, root.place
    for step in path:
        if isinstance(node, MapNode) and step in node.entries:
            place, node = node.keys[str(step)], node.entries[str(step)]
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
    return place


def _translated(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    try:
        yield from events
    except yaml.MarkedYAMLError as exc:
        reason = exc.problem or exc.context or "not YAML"
        raise DocumentSyntaxError(_place(exc.problem_mark or exc.context_mark), f"not YAML: {reason}") from exc
    except yaml.YAMLError as exc:
        raise DocumentSyntaxError(Place(1, 1), f"not YAML: {str(exc).splitlines()[0]}") from exc


def _refuse_too_many(events: Iterator[yaml.Event]) -> None:
    """Count a large file's values before anything is built of them, which takes several times as long."""
    count = 0
    for event in events:
        count += isinstance(event, yaml.NodeEvent)
        if count > MAX_NODES:
            raise _too_many(_place(event.start_mark))


def _too_many(place: Place) -> DocumentSyntaxError:
    return DocumentSyntaxError(place, f"more than {MAX_NODES} values; the file is too large")


class _Mark(Protocol):
    """What both parsers, libyaml's and Python's, say of a place."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


def _place(mark: _Mark | None) -> Place:
    return Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)


class _Composer:
    """Builds nodes from the parser's events, bounded in depth and number."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.faults: list[DocumentFault] = []
        self._events = events
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0

    def document(self) -> Node:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise DocumentSyntaxError(Place(1, 1), "the file is empty")
        root = self._node(next(self._events), ())
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise DocumentSyntaxError(_place(after.start_mark), "a second document starts here; keep one")
        return root

    def _node(self, event: yaml.Event, path: NodePath) -> Node:
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event.anchor or "", place)
        before = self._count
        self._grow(1, place)
        if len(path) > MAX_DEPTH:
            raise DocumentSyntaxError(place, f"nested more than {MAX_DEPTH} deep")
        if getattr(event, "tag", None) not in {None, "!"}:
            raise DocumentSyntaxError(place, "tags (!) are not read here; leave the tag out")
        node = self._built(event, place, path)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = (node, self._count - before)
        return node

    def _built(self, event: yaml.Event, place: Place, path: NodePath) -> Node:
        if isinstance(event, yaml.SequenceStartEvent):
            return ListNode(place, tuple(self._items(path)))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place, path)
        if isinstance(event, yaml.ScalarEvent):
            return ScalarNode(place, event.value, quoted=event.style not in _PLAIN)
        raise DocumentSyntaxError(place, "no value here")

    def _items(self, path: NodePath) -> Iterator[Node]:
        position = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, (*path, position))
            position += 1

    def _mapping(self, place: Place, path: NodePath) -> MapNode:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, path)
            if not isinstance(key, ScalarNode):
                raise DocumentSyntaxError(key.place, "a key must be a plain word")
            value = self._node(next(self._events), (*path, key.text))
            if key.text in entries:
                reason = f"{key.text} is written twice; keep one"
                self.faults.append(
                    DocumentFault(path=(*path, key.text), reason=reason, place=key.place, other=(*path, key.text))
                )
                continue
            entries[key.text], keys[key.text] = value, key.place
        return MapNode(place, entries, keys)

    def _aliased(self, anchor: str, place: Place) -> Node:
        if anchor not in self._anchors:
            raise DocumentSyntaxError(place, f"*{anchor} stands for nothing that ends before it")
        node, size = self._anchors[anchor]
        self._grow(size, place)
        return node

    def _grow(self, nodes: int, place: Place) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            raise _too_many(place)
