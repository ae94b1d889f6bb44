"""A registry as the file `registry.yaml` writes it: plain values, and their text with one entry a line."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sensors.registry_faults import SECTIONS
from sensors.topology import Building, Device, Name, Placement, Registry, SeasonHours

Entry = Mapping[str, object]
"""A mapping of the file: its values are texts, numbers, booleans, lists and mappings."""

CERTIFICATES = ("title_certificate", "land_certificate", "owner")
"""Fields of a building that say `none` where there is none: empty text in the registry."""


def registry_text(registry: Registry) -> str:
    """Return the file that reads back as this registry."""
    return document_text(registry_document(registry))


def registry_document(registry: Registry) -> dict[str, object]:
    """Return the mapping that the file holds; what says no more than its absence would is left out."""
    document: dict[str, object] = {"site": plain(registry.site)}
    for section in SECTIONS:
        entries = [plain(entry) for entry in getattr(registry, section).values()]
        document |= {section: entries} if entries else {}
    return document


def document_text(document: Mapping[str, object]) -> str:
    """Return a document as text, one entry of a list a line."""
    lines = []
    for name, value in document.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"  - {flow(entry)}" for entry in value)]
        else:
            lines.append(f"{name}: {flow(value)}")
    return "\n".join(lines) + "\n"


def flow(value: object) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    # JSON's scalars are YAML's; quotes keep a room named 0201 or NO as it is
    return json.dumps(value, ensure_ascii=False)


def plain(entry: object) -> dict[str, object]:
    """Return an entry, a dataclass of the registry, as a mapping of the file."""
    if isinstance(entry, SeasonHours):
        return _season_hours(entry)
    found = {name: value for name, value in _written(entry) if name != "placements"}
    if isinstance(entry, Device):
        found |= _places(entry.placements)
    if isinstance(entry, Building):
        found |= {name: "none" for name in CERTIFICATES if getattr(entry, name) == ""}
    return found


def _written(entry: object) -> Iterable[tuple[str, object]]:
    described: Any = entry
    for each in fields(described):
        value = getattr(entry, each.name)
        if value is not None and value not in ((), "") and (each.default is MISSING or value != each.default):
            yield each.name, _value(value)


def _value(value: object) -> object:
    if isinstance(value, Name):
        return value.zh if value.zh == value.en else {"zh": value.zh, "en": value.en}
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    for kind, told in _SCALARS.items():
        if isinstance(value, kind):
            return told(value)
    return plain(value)


_SCALARS: Mapping[type, Callable[[Any], object]] = MappingProxyType(
    {StrEnum: str, str: str, date: str, bool: bool, int: int, float: float}
)


def _season_hours(season: SeasonHours) -> dict[str, object]:
    spans = {"first": season.first_month_day, "last": season.last_month_day}
    days: dict[str, object] = {name: f"{month:02}-{day:02}" for name, (month, day) in spans.items()}
    return days | {"working_hours": season.working_hours}


def _places(placements: tuple[Placement, ...]) -> dict[str, object]:
    if len(placements) == 1 and placements[0].since is None and placements[0].until is None:
        return plain(placements[0])
    return {"places": [plain(place) for place in placements]} if placements else {}
