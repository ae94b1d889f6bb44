"""Which entry a cell means: by its id, or by a name that only one has."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sensors.documents import Place
from storage.ledger.cells import folded

PREFIXES = {"departments": "d", "people": "p", "buildings": "b", "rooms": "r"}
"""Sections whose entries can go without an id in a ledger: official ones know names only."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(slots=True)
class Known:
    """The ids of a section and the names that lead to them."""

    section: str
    ids: set[str] = field(default_factory=set)
    by_name: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    units: dict[str, str] = field(default_factory=dict)
    """The department of each person, which tells two of one name apart."""

    def add(self, identifier: str, names: Iterable[object], unit: str | None = None) -> None:
        """Take note of an entry."""
        self.ids.add(identifier)
        for name in names:
            if isinstance(name, str) and name:
                self.by_name[folded(name)].add(identifier)
        if unit:
            self.units[identifier] = unit

    def meant(self, text: str, unit: str | None = None) -> list[str]:
        """Return the ids that a text can mean: the one that it is, else those of that name, of the unit if any are."""
        if text in self.ids:
            return [text]
        named = sorted(self.by_name.get(folded(text), ()))
        of_unit = [each for each in named if unit is not None and self.units.get(each) == unit]
        return of_unit or named

    def new_id(self, wish: str = "") -> str:
        """Return an id that nothing has: the one wished for if it can be one, else the next number."""
        wish = wish.lower()
        if _SLUG.fullmatch(wish) and wish not in self.ids:
            return wish
        number = 1
        while (found := f"{PREFIXES[self.section]}-{number}") in self.ids:
            number += 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An entry that a ledger names and no list holds, such as a person of an official ledger."""

    section: str
    identifier: str
    name: str
    sheet: str
    place: Place
    unit: str | None = None

    def entry(self) -> Mapping[str, str]:
        """Return it as an entry of the registry's document."""
        unit = {"department": self.unit} if self.unit else {}
        return {"id": self.identifier, "name": self.name, **unit}


def is_a_name(text: str) -> bool:
    """Say whether a text is rather a name than an id with a slip in it."""
    return _SLUG.fullmatch(text) is None and not text.isascii()
