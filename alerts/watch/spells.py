"""The spells of one machine: looked up by key, looked at again when due, and taken back where a commit failed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import heappop, heappush

from alerts.watch.model import Spell


class Spells:
    """What a machine remembers. Changes count as made until `undo`; `keep` says that they are durable."""

    def __init__(self) -> None:
        """Begin with none."""
        self._by_key: dict[str, Spell] = {}
        self._before: dict[str, Spell | None] = {}
        self._durable: set[str] = set()
        self._due: list[tuple[int, str]] = []

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_key)

    def load(self, spells: Iterable[Spell]) -> None:
        """Take in what was remembered before."""
        for spell in spells:
            self._set(spell)

    def get(self, key: str) -> Spell | None:
        """Return the spell under a key."""
        return self._by_key.get(key)

    def all(self) -> list[Spell]:
        """Return all spells."""
        return list(self._by_key.values())

    def put(self, spell: Spell, *, durable: bool = True) -> None:
        """Remember a spell in the place of what was under its key; what is not durable a restart may forget."""
        self._note(spell.key, durable=durable)
        self._set(spell)

    def drop(self, key: str) -> None:
        """Forget a spell."""
        if key in self._by_key:
            self._note(key, durable=True)
            del self._by_key[key]

    @property
    def next_due_ms(self) -> int | None:
        """Return when a spell is due first, None where none is."""
        while self._due:
            due_ms, key = self._due[0]
            spell = self._by_key.get(key)
            if spell is not None and spell.due_ms == due_ms:
                return due_ms
            heappop(self._due)
        return None

    def take_due(self, until_ms: int) -> Spell | None:
        """Return the spell that is due first, by `until_ms`; it is due no longer unless it is put back."""
        due_ms = self.next_due_ms
        if due_ms is None or due_ms > until_ms:
            return None
        _, key = heappop(self._due)
        self._note(key, durable=False)
        return replace(self._by_key[key], due_ms=None)

    # What belongs to a commit.

    def changes(self) -> Mapping[str, Spell | None]:
        """Return what must become durable, by key; None is forgotten."""
        return {key: self._by_key.get(key) for key in self._durable}

    def keep(self) -> None:
        """Take the changes for durable."""
        self._before.clear()
        self._durable.clear()

    def undo(self) -> None:
        """Take back what was changed since the last `keep`."""
        for key, spell in self._before.items():
            if spell is None:
                self._by_key.pop(key, None)
            else:
                self._set(spell)
        self.keep()

    def _note(self, key: str, *, durable: bool) -> None:
        self._before.setdefault(key, self._by_key.get(key))
        if durable:
            self._durable.add(key)

    def _set(self, spell: Spell) -> None:
        self._by_key[spell.key] = spell
        if spell.due_ms is not None:
            heappush(self._due, (spell.due_ms, spell.key))


def of_device(spells: Spells, device: str, zone: str = "") -> Iterator[Spell]:
    """Yield the spells of a device; of a zone only where one is named."""
    for spell in spells.all():
        if spell.device == device and (not zone or spell.zone == zone):
            yield spell
