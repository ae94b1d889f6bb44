"""Chance from a seed, the same on every machine and Python version, whatever was asked before.

Chance is not drawn from a stream: a number belongs to a key (the seed and what it is for) and a moment, so one may ask
for any stretch of time, in any order, and get the same.
"""

from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulators.arithmetic import Floats

T = TypeVar("T")
Keys = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)
_HALF_WORD, _LOW_WORD = np.uint64(32), np.uint64(0xFFFFFFFF)
_TOP_53 = np.uint64(11)
_UNIT = 2.0**-53
_TRIANGLE = 2.0**-32


class Chance:
    """One stream of chance for what is laid out once: the seed and the names of what it is for decide all it gives."""

    def __init__(self, seed: int, *names: object) -> None:
        """Begin the stream of these names."""
        # Only Random.random() and its seeding by text are promised to stay as they are, so all else is made of them.
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

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return `count` of the items, or all where there are fewer, in an order of chance."""
        left = list(items)
        return [left.pop(self.whole(0, len(left) - 1)) for _ in range(min(count, len(left)))]


def key(seed: int, *names: object) -> int:
    """Return the key of what these names say."""
    return int.from_bytes(sha256("/".join(map(str, (seed, *names))).encode()).digest()[:8], "big")


def keys(seed: int, purpose: str, names: Sequence[object]) -> Keys:
    """Return a key for each of the names."""
    return np.array([key(seed, purpose, name) for name in names], dtype=np.uint64)


def uniform(of: Keys, moments: NDArray[np.int64]) -> Floats:
    """Return numbers from [0, 1), all equally likely; keys and moments are broadcast against each other."""
    return (_mixed(of, moments) >> _TOP_53).astype(np.float64) * _UNIT


def noise(of: Keys, moments: NDArray[np.int64]) -> Floats:
    """Return numbers from (−1, 1), triangular about 0: the sum of two uniform ones."""
    bits = _mixed(of, moments)
    drawn: Floats = ((bits >> _HALF_WORD) + (bits & _LOW_WORD)) * _TRIANGLE - 1.0
    return drawn


def mostly(drawn: Floats, low: float, mode: float, high: float) -> Floats:
    """Return numbers of a triangular distribution from uniform ones: `mode` is likeliest, nothing lies outside."""
    peak = (mode - low) / (high - low)
    rising = low + (high - low) * np.sqrt(drawn * peak)
    falling = high - (high - low) * np.sqrt((1 - drawn) * (1 - peak))
    return np.where(drawn < peak, rising, falling)


def between(drawn: Floats, low: float, high: float) -> Floats:
    """Return numbers from [low, high) from uniform ones."""
    return low + (high - low) * drawn


def _mixed(of: Keys, moments: NDArray[np.int64]) -> Keys:
    """Return 64 bits for each key and moment.

    Source: SplitMix64; Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    bits = of + moments.astype(np.uint64) * _GOLDEN
    bits ^= bits >> _SHIFT_1
    bits *= _MIX_1
    bits ^= bits >> _SHIFT_2
    bits *= _MIX_2
    bits ^= bits >> _SHIFT_3
    return bits
