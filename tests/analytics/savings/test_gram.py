"""Sums of blocks give what least squares over the rows gives."""

import numpy as np
import pytest

from analytics.savings.gram import Sums, solved, summed

LEVEL = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
BLOCK = np.repeat([0, 1, 2], 4)
COLUMN = np.array([1.0, 2, 4, 3, 0, 5, 6, 2, 1, 1, 3, 7])[:, None]
USE = np.array([3.0, 9, 9, 11, 1, 15, 13, 9, 3, 7, 8, 20])


def sums(use: np.ndarray = USE) -> Sums:
    return summed(level=LEVEL, levels=2, columns=COLUMN, use=use, weight=np.ones(12), block=BLOCK)


def by_rows(rows: np.ndarray) -> np.ndarray:
    design = np.column_stack([LEVEL == 0, LEVEL == 1, COLUMN])[rows].astype(float)
    return np.asarray(np.linalg.lstsq(design, USE[rows], rcond=None)[0])


def test_solution_is_that_of_least_squares() -> None:
    whole = solved(sums().total())
    assert [*whole.levels[0], *whole.slopes[0]] == pytest.approx(by_rows(np.arange(12)), rel=1e-6)


def test_each_left_out_block_is_solved_from_the_others() -> None:
    without = solved(sums().without_each())
    for block in range(3):
        told = [*without.levels[block], *without.slopes[block]]
        assert told == pytest.approx(by_rows(np.flatnonzero(block != BLOCK)), rel=1e-6)


def test_squared_error_is_that_of_the_rows() -> None:
    own = sums()
    whole = solved(own.total())
    missed = USE - whole.levels[0][LEVEL] - COLUMN[:, 0] * whole.slopes[0][0]
    assert whole.squared_error(own.total())[0] == pytest.approx((missed**2).sum())
    assert whole.expected(own.total())[0] == pytest.approx(USE.sum())


def test_joined_levels_and_picked_columns_are_those_of_the_smaller_model() -> None:
    mean = solved(sums().narrowed(np.zeros(2, dtype=np.int64), np.arange(0)).total())
    assert mean.levels[0] == pytest.approx([USE.mean()])


def test_heavier_rows_count_more() -> None:
    told = summed(
        level=np.zeros(2, dtype=np.int64),
        levels=1,
        columns=np.zeros((2, 1)),
        use=np.array([10.0, 20.0]),
        weight=np.array([30.0, 10.0]),
        block=np.zeros(2, dtype=np.int64),
    )
    assert solved(told).levels[0] == pytest.approx([12.5])


def test_level_without_rows_gets_the_mean_of_the_others() -> None:
    level = np.array([0, 0, 1, 1])
    told = summed(
        level=level,
        levels=3,
        columns=np.zeros((4, 1)),
        use=np.array([1.0, 1.0, 3.0, 3.0]),
        weight=np.ones(4),
        block=np.zeros(4, dtype=np.int64),
    )
    assert solved(told).levels[0] == pytest.approx([1.0, 3.0, 2.0])
