"""Log lines that repeat: one a minute for each key, with the number that was kept back."""

from collections import Counter
from collections.abc import Hashable

INTERVAL_MS = 60_000
_MOST_KEYS = 10_000


class Repeats:
    """Decides which of many like lines is written."""

    def __init__(self) -> None:
        """Start with nothing written."""
        self._next_ms: dict[Hashable, int] = {}
        self._held: Counter[Hashable] = Counter()

    def due(self, key: Hashable, now_ms: int) -> int | None:
        """Return how many were kept back before this one, None where this one is to be kept back too."""
        if now_ms < self._next_ms.get(key, 0):
            self._held[key] += 1
            return None
        if len(self._next_ms) >= _MOST_KEYS:
            self._next_ms.clear()
            self._held.clear()
        self._next_ms[key] = now_ms + INTERVAL_MS
        return self._held.pop(key, 0)
