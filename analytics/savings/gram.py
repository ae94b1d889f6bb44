"""Weighted least squares with a mean per level and a slope per column, from sums of blocks of weeks.

The sums of each block are made once; every candidate and every left-out block is then solved from them:
levels are eliminated first (Frisch and Waugh), so that a system is as large as the few columns alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RIDGE = 1e-8
"""Of a column's own variance: keeps columns apart that a block lacks, too small to be seen in a figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sums over rows, one leading entry per block: weights, use and columns by level; products of columns."""

    weight: Floats
    """Blocks x levels."""
    use: Floats
    """Blocks x levels: weighted use."""
    columns: Floats
    """Blocks x levels x columns."""
    products: Floats
    """Blocks x columns x columns."""
    by_use: Floats
    """Blocks x columns: products with use."""
    squares: Floats
    """Blocks: weighted squares of use."""

    def narrowed(self, level_of: Ints, picked: Ints) -> "Sums":
        """Return the sums with levels joined as `level_of` says and only the picked columns."""
        joined = np.zeros((level_of.max() + 1, len(level_of)))
        joined[level_of, np.arange(len(level_of))] = 1.0
        return Sums(
            weight=self.weight @ joined.T,
            use=self.use @ joined.T,
            columns=joined @ self.columns[:, :, picked],
            products=self.products[:, picked[:, None], picked],
            by_use=self.by_use[:, picked],
            squares=self.squares,
        )

    def total(self) -> "Sums":
        """Return the sums over all blocks, as one block."""
        return Sums(**{name: getattr(self, name).sum(axis=0, keepdims=True) for name in self.__slots__})

    def without_each(self) -> "Sums":
        """Return, for each block, the sums of all the others."""
        return Sums(
            **{name: getattr(self, name).sum(axis=0, keepdims=True) - getattr(self, name) for name in self.__slots__}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What is expected at each level and per column; one leading entry per system that was solved."""

    levels: Floats
    slopes: Floats

    def expected(self, sums: Sums) -> Floats:
        """Return the expected use summed over each block."""
        by_level = np.einsum("bl,bl->b", self.levels, sums.weight)
        return np.asarray(by_level + np.einsum("bq,bq->b", self.slopes, sums.columns.sum(axis=1)))

    def squared_error(self, sums: Sums) -> Floats:
        """Return the weighted squares of what the solution misses in each block."""
        crossed = np.einsum("bl,blq,bq->b", self.levels, sums.columns, self.slopes)
        linear = np.einsum("bl,bl->b", self.levels, sums.use) + np.einsum("bq,bq->b", self.slopes, sums.by_use)
        quadratic = np.einsum("bl,bl->b", self.levels**2, sums.weight) + 2 * crossed
        quadratic += np.einsum("bq,bqr,br->b", self.slopes, sums.products, self.slopes)
        return np.asarray(np.maximum(sums.squares - 2 * linear + quadratic, 0.0))


def summed(*, level: Ints, levels: int, columns: Floats, use: Floats, weight: Floats, block: Ints) -> Sums:
    """Return the sums of rows by block (0, 1, … without a gap) and level."""
    blocks = int(block.max()) + 1
    cell, cells = block * levels + level, blocks * levels
    weighted = columns * weight[:, None]

    def per_cell(values: Floats) -> Floats:
        return np.bincount(cell, values, cells).astype(np.float64).reshape(blocks, levels)

    order = np.argsort(block, kind="stable")
    edges = np.searchsorted(block[order], np.arange(1, blocks))
    parts = list(
        zip(
            np.split(columns[order], edges),
            np.split(weighted[order], edges),
            np.split(use[order], edges),
            strict=True,
        )
    )
    return Sums(
        weight=per_cell(weight),
        use=per_cell(weight * use),
        columns=np.stack([per_cell(column) for column in weighted.T], axis=-1),
        products=np.stack([plain.T @ heavy for plain, heavy, _ in parts]),
        by_use=np.stack([heavy.T @ used for _, heavy, used in parts]),
        squares=per_cell(weight * use**2).sum(axis=1),
    )


def solved(sums: Sums) -> Solution:
    """Return the least-squares solution of each block's sums; a level without rows gets the mean of all levels."""
    inner, right = reduced(sums)
    slopes = np.asarray(np.linalg.solve(inner, right[:, :, None])[:, :, 0], dtype=np.float64)
    levels = (sums.use - np.einsum("blq,bq->bl", sums.columns, slopes)) * _shares(sums)
    mean = (levels * sums.weight).sum(axis=1) / sums.weight.sum(axis=1)
    return Solution(levels=np.where(sums.weight > 0, levels, mean[:, None]), slopes=slopes)


def reduced(sums: Sums) -> tuple[Floats, Floats]:
    """Return the normal equations of the columns alone, levels eliminated: blocks x columns x columns, and x 1."""
    means = sums.columns * _shares(sums)[:, :, None]
    inner = sums.products - np.swapaxes(sums.columns, 1, 2) @ means
    right = sums.by_use - np.einsum("blq,bl->bq", means, sums.use)
    own = np.einsum("bqq->bq", inner) + np.einsum("bqq->bq", sums.products)
    ridge = RIDGE * own + np.finfo(float).tiny
    return np.asarray(inner + np.eye(inner.shape[1]) * ridge[:, None, :]), right


def _shares(sums: Sums) -> Floats:
    seen = sums.weight > 0
    return np.asarray(np.where(seen, 1.0 / np.where(seen, sums.weight, 1.0), 0.0))
