"""Chance from a seed, the same on every machine and Python version.

Only `Random.random()` and its seeding by text are promised to stay as they are, so all else is made of them.
"""

from collections.abc import Sequence
from hashlib import sha256
from math import sqrt
from random import Random
from typing import TypeVar

T = TypeVar("T")

_MASK = 2**64 - 1
_HALF = 2**63


class Chance:
    """One stream of chance: the seed and the names of what it is for decide all that it gives."""

    def __init__(self, seed: int, *names: object) -> None:
        """Begin the stream of these names."""
        self._draw = Random("/".join(map(str, (seed, *names)))).random  # noqa: S311 - a simulation, no secret

    def happens(self, probability: float) -> bool:
        """Say whether something of this probability happens now."""
        return self._draw() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number from [low, high), all equally likely."""
        return low + (high - low) * self._draw()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int((high - low + 1) * self._draw())

    def mostly(self, low: float, mode: float, high: float) -> float:
        """Return a number from a triangular distribution: `mode` is likeliest, nothing lies outside."""
        drawn, peak = self._draw(), (mode - low) / (high - low)
        if drawn < peak:
            return low + (high - low) * sqrt(drawn * peak)
        return high - (high - low) * sqrt((1 - drawn) * (1 - peak))

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return `count` of the items, or all where there are fewer, in an order of chance."""
        left = list(items)
        return [left.pop(self.whole(0, len(left) - 1)) for _ in range(min(count, len(left)))]


def noise_key(seed: int, *names: object) -> int:
    """Return the key of a device's noise."""
    return int.from_bytes(sha256("/".join(map(str, (seed, *names))).encode()).digest()[:8], "big")


def noise(key: int, moment: int) -> float:
    """Return a number from [-1, 1) that belongs to this key and moment, whatever was asked before.

    Source: SplitMix64, Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    mixed = (key + moment * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((mixed ^ (mixed >> 31)) - _HALF) / _HALF
