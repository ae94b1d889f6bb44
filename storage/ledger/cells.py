"""What stands in one cell: a value of the registry as a person writes it, and back.

Several values in a cell are parted by `;` or a comma of either width, a backslash keeps such a sign in a text.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sensors.documents import ListNode, MapNode, Node, Place, ScalarNode
from storage.ledger.columns import Column, Kind

Value = str | int | float | bool | None

_BETWEEN = re.compile(r"(?<!\\)[;；,，、\n]")
_KEPT = re.compile(r"([\\;；,，、\n])")
_BACKSLASHED = re.compile(r"\\(.)", re.DOTALL)
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_UNIT = re.compile(r"\s*(?:㎡|m²|m2|平方米|平米)$", re.IGNORECASE)
_SPAN = re.compile(r"(.+?)\s*(?:/|~|至|到)\s*(.+)")
_SEASON = re.compile(r"(\d{2}-\d{2})\s*(?:/|~|至)\s*(\d{2}-\d{2})\s+(.+)")
_SHARE = re.compile(r"(.+?)[\s:：]+([\d.]+)")
_STAY = re.compile(r"(room|circuit|opening|building)\s+(\S+)(?:\s+(\S*?)(?:/|~|至)(\S*))?")
_YES = MappingProxyType({"是": "true", "有": "true", "√": "true", "否": "false", "无": "false", "×": "false"})


class CellError(ValueError):
    """A cell that cannot be read; the message says what to write."""


def node_of(column: Column, text: str, place: Place) -> Node:
    """Return what a cell says as a value of the registry's document. Raises CellError."""
    return _READERS[column.kind](column, text, place)


def value_of(column: Column, written: object, *, chinese: bool) -> Value:
    """Return what is put into a cell for a value of the registry's document."""
    if isinstance(written, list):
        return "; ".join(_WRITERS[column.kind](each) for each in written)
    if column.words and written is not None:
        word = str(written).lower() if isinstance(written, bool) else str(written)
        return column.words.get(word, word) if chinese else word
    return written if isinstance(written, str | int | float) else None


def split(text: str) -> list[str]:
    """Return the values of a cell that holds several."""
    parts = (_BACKSLASHED.sub(r"\1", part).strip() for part in _BETWEEN.split(text))
    return [part for part in parts if part]


def folded(text: str) -> str:
    """Return a text by which equal headings and names are found equal: width, case, spaces and brackets' kind aside."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _scalar(place: Place, text: str) -> ScalarNode:
    return ScalarNode(place, text, quoted=True)


def _mapping(place: Place, **values: str | None) -> MapNode:
    entries = {name: _scalar(place, value) for name, value in values.items() if value}
    return MapNode(place, entries, dict.fromkeys(entries, place))


def _text(_column: Column, text: str, place: Place) -> Node:
    return _scalar(place, text)


def _number(_column: Column, text: str, place: Place) -> Node:
    return _scalar(place, _UNIT.sub("", unicodedata.normalize("NFKC", text)))


def _word(column: Column, text: str, place: Place) -> Node:
    said = {folded(chinese): word for word, chinese in column.words.items()}
    if column.kind is Kind.FLAG:
        said |= _YES
    return _scalar(place, said.get(folded(text), text))


def _date(_column: Column, text: str, place: Place) -> Node:
    return _scalar(place, _iso(text))


def _iso(text: str) -> str:
    match = _DATE.fullmatch(text.strip())
    return f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}" if match else text.strip()


def _list(_column: Column, text: str, place: Place) -> Node:
    return ListNode(place, tuple(_scalar(place, part) for part in split(text)))


def _spans(_column: Column, text: str, place: Place) -> Node:
    def span(part: str) -> MapNode:
        match = _SPAN.fullmatch(part)
        first, last = match.groups() if match else (part, part)
        return _mapping(place, first=_iso(first), last=_iso(last))

    return ListNode(place, tuple(span(part) for part in split(text)))


def _seasons(_column: Column, text: str, place: Place) -> Node:
    # hours hold commas themselves, so that only `;` parts two seasons
    parts = [part.strip() for part in re.split(r"[;；\n]", text) if part.strip()]
    found = [_matched(_SEASON, part, "06-01/09-30 08:00-12:00,15:00-18:00") for part in parts]
    return ListNode(place, tuple(_mapping(place, first=a, last=b, working_hours=hours) for a, b, hours in found))


def _shares(_column: Column, text: str, place: Place) -> Node:
    found = [_matched(_SHARE, part, "admin 0.6; finance 0.4") for part in split(text)]
    return ListNode(place, tuple(_mapping(place, department=unit, share=share) for unit, share in found))


def _places(_column: Column, text: str, place: Place) -> Node:
    form = "room a-201 2026-01-01/2026-03-01; room a-202 2026-03-01/"
    found = [_matched(_STAY, part, form) for part in split(text)]
    return ListNode(
        place,
        tuple(_mapping(place, **{kind: at, "since": since, "until": until}) for kind, at, since, until in found),
    )


def _matched(form: re.Pattern[str], part: str, example: str) -> tuple[Any, ...]:
    match = form.fullmatch(part)
    if match is None:
        msg = f"{part!r} cannot be read; write it like {example}"
        raise CellError(msg)
    return match.groups()


_READERS: Mapping[Kind, Callable[[Column, str, Place], Node]] = MappingProxyType(
    {
        Kind.TEXT: _text,
        Kind.NUMBER: _number,
        Kind.FLAG: _word,
        Kind.CHOICE: _word,
        Kind.DATE: _date,
        Kind.LIST: _list,
        Kind.SPANS: _spans,
        Kind.SEASONS: _seasons,
        Kind.SHARES: _shares,
        Kind.PLACES: _places,
    }
)


def _escaped(value: str) -> str:
    return _KEPT.sub(r"\\\1", value)


def _span_text(span: Mapping[str, str]) -> str:
    return span["first"] if span["first"] == span["last"] else f"{span['first']}/{span['last']}"


def _stay_text(stay: Mapping[str, str]) -> str:
    kinds = ("room", "circuit", "opening", "building")
    at = " ".join(f"{kind} {stay[kind]}" for kind in kinds if kind in stay)
    dates = f" {stay.get('since', '')}/{stay.get('until', '')}"
    return at + (dates if len(dates) > len(" /") else "")


_WRITERS: Mapping[Kind, Callable[[Any], str]] = MappingProxyType(
    {
        Kind.LIST: _escaped,
        Kind.SPANS: _span_text,
        Kind.SEASONS: lambda each: f"{each['first']}/{each['last']} {each['working_hours']}",
        Kind.SHARES: lambda each: f"{each['department']} {each['share']!r}",
        Kind.PLACES: _stay_text,
    }
)


def at_key(entry: Mapping[str, object], key: str) -> object:
    """Return the field of an entry that a column shows; a name in one text is the Chinese one."""
    outer, _, inner = key.partition(".")
    found = entry.get(outer)
    if not inner:
        return found
    if isinstance(found, Mapping):
        return found.get(inner)
    return found if inner == "zh" else None


def placed(value: object, place: Place) -> Node:
    """Return a plain value of a document as a node."""
    if isinstance(value, Mapping):
        entries = {str(name): placed(each, place) for name, each in value.items()}
        return MapNode(place, entries, dict.fromkeys(entries, place))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ListNode(place, tuple(placed(each, place) for each in value))
    return _scalar(place, str(value).lower() if isinstance(value, bool) else str(value))
