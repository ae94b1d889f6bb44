"""What people may write of an item: refused where it cannot be so, and what changed told field by field."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from rectification.model import Item
from rectification.particulars import Particulars
from sensors.topology import Registry

LONGEST: Mapping[str, int] = MappingProxyType(
    {"title": 120, "category": 60, "location": 200, "leader": 80, "clause": 500, "source_ref": 100}
)
LONGEST_TEXT = 2000
"""Of every other text. Our own choice: more belongs into a file."""

MOST_HELPERS = 20
MOST_YUAN = 1e9


class ParticularsRefusedError(Exception):
    """Something that cannot be written of an item; `field` says where."""

    def __init__(self, field: str, advice: str) -> None:
        """Name the field and what to do."""
        super().__init__(f"{field}: {advice}")
        self.field = field
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything of an item that a person may write: its particulars, the measure, and the date."""

    given: Particulars
    measure: str = ""
    deadline: date | None = None

    @classmethod
    def of(cls, item: Item, given: Particulars) -> "Sheet":
        """Return what is written of an item now."""
        return cls(given=given, measure=item.measure, deadline=item.deadline)


def checked(given: Particulars, registry: Registry) -> Particulars:
    """Return the particulars without space round their texts. Raises ParticularsRefusedError."""
    texts: dict[str, Any] = {name: value.strip() for name, value in _texts(given)}
    tidy = replace(given, **texts)
    for field, advice in _faults(tidy, registry):
        raise ParticularsRefusedError(field, advice)
    return tidy


def _faults(given: Particulars, registry: Registry) -> Iterator[tuple[str, str]]:
    for name, text in _texts(given):
        longest = LONGEST.get(name, LONGEST_TEXT)
        if len(text) > longest:
            yield name, f"write at most {longest} characters; this has {len(text)}"
        if any(not (char.isprintable() or char in "\r\n\t") for char in text):
            yield name, "leave out control characters"
    if given.progress_pct is not None and not 0 <= given.progress_pct <= 100:  # noqa: PLR2004 - a percentage
        yield "progress_pct", "write a whole number from 0 to 100"
    if given.funds_yuan is not None and not 0 <= given.funds_yuan <= MOST_YUAN:
        yield "funds_yuan", f"write an amount from 0 to {MOST_YUAN:.0f} yuan"
    if len(given.helpers) > MOST_HELPERS:
        yield "helpers", f"name at most {MOST_HELPERS} units"
    known = ", ".join(sorted(registry.departments)) or "none"
    for name, unit in (("unit", given.unit), *(("helpers", helper) for helper in given.helpers)):
        if unit is not None and unit not in registry.departments:
            yield name, f"{unit!r} is no department of the registry; it has: {known}"


def _texts(given: Particulars) -> Iterator[tuple[str, str]]:
    for field in fields(given):
        value = getattr(given, field.name)
        if isinstance(value, str) and field.name not in _CODED:
            yield field.name, value


_CODED = frozenset({"source", "deadline_kind", "unit"})


def changed(before: Sheet, after: Sheet) -> Mapping[str, tuple[object, object]]:
    """Return the fields that differ, each with what it was and what it is."""
    names = [(field.name, before.given, after.given) for field in fields(Particulars)]
    own = [(name, before, after) for name in ("measure", "deadline")]
    pairs = {name: (getattr(old, name), getattr(new, name)) for name, old, new in (*names, *own)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def told(changes: Mapping[str, tuple[object, object]]) -> str:
    """Return changes as JSON: `{"changed": {"goal": ["before", "after"]}}`, for the step and the audit log."""
    written = {name: [_plain(value) for value in pair] for name, pair in changes.items()}
    return json.dumps({"changed": written}, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
