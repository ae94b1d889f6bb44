"""The interval: its quantile, and how often it holds the truth."""

import pytest

from analytics.savings.spread import students_t
from tests.analytics.savings.buildings import asked, bounds, building

SEEDS = range(100, 124)


@pytest.mark.parametrize(("freedom", "quantile"), [(5, 2.015), (12, 1.782), (30, 1.697), (1000, 1.646)], ids=str)
def test_quantile_of_students_t_is_that_of_the_table(freedom: int, quantile: float) -> None:
    assert students_t(0.90, freedom) == pytest.approx(quantile, abs=0.005)


def test_zero_lies_in_the_interval_at_about_the_nominal_rate() -> None:
    intervals = [bounds(asked(building(seed, phi=0.9, noise=0.15))) for seed in SEEDS]
    held = sum(low <= 0 <= high for low, high in intervals)
    # of 24 at 90 %: fewer than 18 about one time in 100
    assert held >= 18


def test_noise_that_remembers_widens_the_interval() -> None:
    widths = [
        sum(high - low for low, high in (bounds(asked(building(seed, phi=phi))) for seed in range(3)))
        for phi in (0.0, 0.9)
    ]
    assert widths[1] > 2 * widths[0]
