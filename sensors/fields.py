"""Fields of a written document, taken by name and kind; every fault is kept and reading goes on.

A field that cannot be read yields a stand-in, so that what depends on it can be checked in the same pass.
Where there is a fault no value leaves the reader, so a stand-in is never seen outside.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from sensors.documents import DocumentFault, ListNode, MapNode, Node, NodePath, ScalarNode
from sensors.hours import parse_hours
from sensors.local_time import find_timezone
from sensors.metrics import METRICS, Metric, UnknownMetricError, find_metric
from sensors.topology import Name

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}


class Fields:
    """The fields of one mapping. `finish` reports the keys that nobody asked for."""

    def __init__(self, node: MapNode, path: NodePath, faults: list[DocumentFault], label: str) -> None:
        """Read from `node` at `path`; faults go to `faults` and begin with `label`."""
        self.path = path
        self.label = label
        self._node = node
        self._faults = faults
        self._asked: list[str] = []

    def has(self, name: str) -> bool:
        """Say whether the field is written and not empty."""
        return self._taken(name) is not None

    def required(self, name: str, parse: Callable[[str], T], stand_in: T) -> T:
        """Return the parsed field; a missing one is a fault."""
        node = self._taken(name)
        if node is None:
            self.fail((name,), f"has no {name}; add it")
            return stand_in
        return self._parsed((name,), node, parse, stand_in)

    def optional(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Return the parsed field, or None where it is not written."""
        node = self._taken(name)
        return None if node is None else self._parsed((name,), node, parse, None)

    def many(self, name: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """Return the parsed items of a list; none where it is not written."""
        parsed = (
            self._parsed((name, position), item, parse, None)
            for position, item in enumerate(self._items(name, "values"))
        )
        return tuple(value for value in parsed if value is not None)

    def each(self, name: str, label: str) -> Iterator[tuple[int, "Fields"]]:
        """Yield position and fields of each mapping in a list; each is finished after its use."""
        for position, item in enumerate(self._items(name, "entries like {id: …}")):
            if isinstance(item, MapNode):
                fields = Fields(item, (*self.path, name, position), self._faults, f"{label}{_written_id(item)}")
                yield position, fields
                fields.finish()
            else:
                self.fail((name, position), f"{name}: an entry must be a mapping like {{id: …}}")

    def nested(self, name: str, label: str) -> "Fields | None":
        """Return the fields of a mapping inside this one; a missing one is a fault. The caller finishes it."""
        node = self._taken(name)
        if isinstance(node, MapNode):
            return Fields(node, (*self.path, name), self._faults, label)
        problem = f"has no {name}; add it" if node is None else f"{name} must be a mapping"
        self.fail((name,), problem)
        return None

    def entries(self, name: str, label: str) -> Iterator[tuple[str, "Fields"]]:
        """Yield key and fields of each mapping in a mapping with free keys; each is finished after its use."""
        outer = self.nested(name, f"{self.label}{name}")
        for key in outer.keys() if outer else ():
            inner = outer.nested(key, f"{label} {key!r}") if outer else None
            if inner is not None:
                yield key, inner
                inner.finish()

    def keys(self) -> tuple[str, ...]:
        """Return the keys as written."""
        return tuple(self._node.entries)

    def name(self, name: str, fallback: str) -> Name:
        """Return a name written as text or as {zh, en}; the id stands in for one that is not written."""
        node = self._taken(name)
        if not isinstance(node, MapNode):
            text = fallback if node is None else self._parsed((name,), node, words, "")
            return Name(zh=text, en=text)
        fields = Fields(node, (*self.path, name), self._faults, f"{self.label} {name}")
        zh, en = fields.optional("zh", words), fields.optional("en", words)
        if not zh and not en:
            fields.fail((), "needs zh or en; add one")
        fields.finish()
        return Name(zh=zh or en or "", en=en or zh or "")

    def fail(self, at: NodePath, reason: str) -> None:
        """Keep a fault at a path below this mapping."""
        self._faults.append(DocumentFault(path=(*self.path, *at), reason=f"{self.label}: {reason}".removeprefix(": ")))

    def passed_over(self, *names: str) -> None:
        """Count these fields as known though nothing can be made of them."""
        self._asked += names

    def finish(self) -> None:
        """Report every key that was not asked for, with the nearest that would have been."""
        for key in self._node.entries:
            if key not in self._asked:
                self.fail((key,), f"unknown key {key!r}; {_instead(key, self._asked)}")

    def _taken(self, name: str) -> Node | None:
        if name not in self._asked:
            self._asked.append(name)
        node = self._node.entries.get(name)
        return None if isinstance(node, ScalarNode) and node.is_null else node

    def _items(self, name: str, wanted: str) -> tuple[Node, ...]:
        node = self._taken(name)
        if isinstance(node, ListNode):
            return node.items
        if node is not None:
            self.fail((name,), f"{name} must be a list of {wanted}")
        return ()

    def _parsed(self, at: NodePath, node: Node, parse: Callable[[str], T], stand_in: T) -> T:
        if not isinstance(node, ScalarNode):
            self.fail(
                at, f"{at[0]} must be a single value, not a {'list' if isinstance(node, ListNode) else 'mapping'}"
            )
            return stand_in
        try:
            return parse(node.text.strip())
        except ValueError as exc:
            self.fail(at, f"{at[0]} {exc}")
            return stand_in


def words(text: str) -> str:
    """Return text that is not blank."""
    if not text:
        msg = "is blank; write it or leave the key out"
        raise ValueError(msg)
    return text


def slug(text: str) -> str:
    """Return an id of small letters, digits, - and _."""
    if not _SLUG.fullmatch(text):
        msg = f"{text!r} is no id; use up to 64 of a-z, 0-9, - and _, beginning with a letter or digit"
        raise ValueError(msg)
    return text


def address(text: str) -> str:
    """Return the id of a device or gateway: as a slug, with capitals, dots and colons as hardware addresses have."""
    if not _ADDRESS.fullmatch(text):
        msg = f"{text!r} is no id; use up to 64 of A-Z, a-z, 0-9, . : - and _, beginning with a letter or digit"
        raise ValueError(msg)
    return text


def number(text: str) -> float:
    """Return a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        msg = f"must be a number, not {text!r}"
        raise ValueError(msg)
    return value


def positive(text: str) -> float:
    """Return a number above 0."""
    value = number(text)
    if value <= 0:
        msg = f"must be more than 0, not {text}"
        raise ValueError(msg)
    return value


def fraction(text: str) -> float:
    """Return a number above 0 and at most 1."""
    value = positive(text)
    if value > 1:
        msg = f"must be at most 1, not {text}"
        raise ValueError(msg)
    return value


def or_none(text: str) -> str:
    """Return text that is not blank; empty where it says `none`."""
    return "" if text.lower() in {"none", "无"} else words(text)


def month_day(text: str) -> tuple[int, int]:
    """Return month and day of a date like 06-01."""
    try:
        day = date.fromisoformat(f"2024-{text}")  # a leap year, for 02-29 is a day too
    except ValueError:
        msg = f"must be a day of the year like 06-01, not {text!r}"
        raise ValueError(msg) from None
    return day.month, day.day


def whole(text: str) -> int:
    """Return a whole number from 0."""
    if not (text.isascii() and text.isdigit()):
        msg = f"must be a whole number from 0, not {text!r}"
        raise ValueError(msg)
    return int(text)


def flag(text: str) -> bool:
    """Return true or false."""
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        msg = f"must be true or false, not {text!r}"
        raise ValueError(msg) from None


def local_date(text: str) -> date:
    """Return a date like 2026-01-31."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"must be a date like 2026-01-31, not {text!r}"
        raise ValueError(msg) from None


def hours(text: str) -> str:
    """Return hours as they are written, after a look that they can be read."""
    if not parse_hours(text):
        msg = "is blank; write hours like 08:30-12:00,14:00-18:00"
        raise ValueError(msg)
    return text


def timezone(text: str) -> str:
    """Return the name of a time zone that exists."""
    find_timezone(text)
    return text


def metric(text: str) -> Metric:
    """Return the metric of a stored name or a quantity."""
    try:
        return find_metric(text)
    except UnknownMetricError:
        near = _instead(text, [*METRICS, *(each.quantity for each in METRICS.values())])
        msg = f"{text!r} is no metric; {near}"
        raise ValueError(msg) from None


def one_of(kinds: type[E]) -> Callable[[str], E]:
    """Return a reader of a closed set."""

    def read(text: str) -> E:
        if text not in kinds.__members__.values():
            msg = f"{text!r} is not known; {_instead(text, [str(kind) for kind in kinds])}"
            raise ValueError(msg)
        return kinds(text)

    return read


def one_among(names: Iterable[str], what: str) -> Callable[[str], str]:
    """Return a reader of a name that stands elsewhere; `what` says what it is the name of."""
    known = list(names)

    def read(text: str) -> str:
        if text not in known:
            found = _instead(text, known) if known else "there is none"
            msg = f"{text!r} is no {what}; {found}"
            raise ValueError(msg)
        return text

    return read


def _written_id(node: MapNode) -> str:
    identifier = node.entries.get("id")
    return f" {identifier.text}" if isinstance(identifier, ScalarNode) else ""


def _instead(written: str, known: Iterable[str]) -> str:
    choices = list(dict.fromkeys(known))
    near = get_close_matches(written, choices, n=1)
    return f"did you mean {near[0]}?" if near else f"write one of {', '.join(choices)}"
