"""What holds from when until when: values that change at instants and stay between them."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")

Span = tuple[int, int]
"""Half-open, in the unit of whoever uses it: minutes of a day, or UTC ms."""


@dataclass(frozen=True, slots=True)
class Timeline(Generic[T]):
    """`values[i]` holds from `starts[i]` until the next start, the last one for good."""

    starts: tuple[int, ...]
    values: tuple[T, ...]

    def at(self, moment: int) -> T:
        """Return the value at a moment; before the first start, the first value."""
        return self.values[max(bisect_right(self.starts, moment) - 1, 0)]

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, T]]:
        """Yield the length and the value of each stretch of [start, end) in which nothing changes."""
        index = max(bisect_right(self.starts, start) - 1, 0)
        starts, values = self.starts, self.values
        while start < end:
            index += 1
            until = min(starts[index], end) if index < len(starts) else end
            yield until - start, values[index - 1]
            start = until


def counted(spans: Iterable[Span], start: int) -> Timeline[int]:
    """Return how many of the spans hold, from `start` on."""
    changes: dict[int, int] = {start: 0}
    for begin, end in spans:
        changes[begin] = changes.get(begin, 0) + 1
        changes[end] = changes.get(end, 0) - 1
    total, values = 0, []
    for moment in sorted(changes):
        total += changes[moment]
        values.append(total)
    return Timeline(tuple(sorted(changes)), tuple(values))


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, with those that touch or overlap made one."""
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif begin < end:
            merged.append((begin, end))
    return merged


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Return what is left of the spans where none of those taken is."""
    left = list(spans)
    for begin, end in taken:
        left = [
            piece
            for start, stop in left
            for piece in ((start, min(stop, begin)), (max(start, end), stop))
            if piece[0] < piece[1]
        ]
    return left


def gaps(spans: list[Span]) -> list[Span]:
    """Return the stretches between joined spans."""
    return [(before[1], after[0]) for before, after in pairwise(spans)]


def clipped(spans: Iterable[Span], bounds: Span) -> list[Span]:
    """Return the parts of the spans that lie within the bounds."""
    low, high = bounds
    inside = ((max(begin, low), min(end, high)) for begin, end in spans)
    return [span for span in inside if span[0] < span[1]]
